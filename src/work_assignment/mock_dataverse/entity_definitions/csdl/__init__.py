"""The metadata document `$metadata`: everything that can be asked of the service, in CSDL."""
