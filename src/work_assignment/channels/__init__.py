"""Ways by which people are told outside Dataverse, outbound."""
