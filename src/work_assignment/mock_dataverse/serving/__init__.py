"""HTTP: connections, who asks, batches, which part answers, errors."""
