"""Definitions that are created, changed and deleted over the Web API."""
