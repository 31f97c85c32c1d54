"""What a definition looks like in the Web API: its types, their members, and how each is read."""
