"""Runs function_app.py without Microsoft's host: HTTP, timers, queues."""
