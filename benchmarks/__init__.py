"""What is measured: one module a question, each with `show()`, which prints a table."""
