"""What the benchmarks of the whole app share: its processes, an organization, counts and checks."""
