"""Writes inside an open transaction: payloads, rows, links, owners, states."""
