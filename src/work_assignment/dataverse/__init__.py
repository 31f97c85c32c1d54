"""The Dataverse Web API, outbound."""
