"""What `wa doctor` looks at: one function a check, each saying what is wrong, where, and what to do."""
