"""What `wa doctor` looks at: one function a check, saying what is wrong and what to do."""
