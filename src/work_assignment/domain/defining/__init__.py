"""What admins define: segments, rules, sellers, teams, queues, settings."""
