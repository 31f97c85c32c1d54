"""What is known before a decision and written after it: facts, outcomes, sweeps, stories."""
