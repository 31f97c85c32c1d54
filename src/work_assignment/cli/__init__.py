"""The wa command, one module a command."""
