"""The decision: segment, rule, who may take it, who comes first, and why."""
