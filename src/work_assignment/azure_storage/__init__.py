"""Queues and leases, on Azure Storage's terms."""
