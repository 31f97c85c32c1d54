"""Filters: read, checked against columns, compiled into tests of rows."""
