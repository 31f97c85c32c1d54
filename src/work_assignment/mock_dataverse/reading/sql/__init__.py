"""`sql=`: one SELECT in T-SQL, read, checked against the metadata, written anew for SQLite."""
