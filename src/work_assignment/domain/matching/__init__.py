"""Best overall: many records and sellers matched at once."""
