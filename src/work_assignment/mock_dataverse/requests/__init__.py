"""Requests for rows: what HTTP asks for, done in one transaction."""
