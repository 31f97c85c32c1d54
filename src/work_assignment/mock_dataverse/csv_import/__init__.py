"""Rows from CSV files, one file for each table, written by the mock's own rules."""
