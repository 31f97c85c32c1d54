"""Registered steps: which of them a write sets off, what is sent to them, and how that ends."""
