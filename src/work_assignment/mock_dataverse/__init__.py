"""The Dataverse Web API, inbound: a server for trying and testing on one machine."""
