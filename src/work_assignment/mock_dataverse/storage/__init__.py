"""The database of an organization: its schema, its rows, the first of them."""
