"""The definitions of tables, as the Web API shows them."""
