"""Functions and actions, bound and unbound."""
