"""What tables there are: columns, keys, relationships, the standard ones and those of solutions."""
