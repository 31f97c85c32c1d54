"""When sellers work: patterns, breaks, time off, time zones."""
