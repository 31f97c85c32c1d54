"""Solvers from elsewhere, made to fit the domain's Protocols; nothing else imports their libraries."""
