"""`$apply`: read, checked, answered as groups and totals."""
