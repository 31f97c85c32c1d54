"""What the benchmarks of the mock share: servers in their own process, clients, what is sent."""
