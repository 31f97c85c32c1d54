"""Configuration as code: a folder of YAML read, checked, compared with Dataverse and applied."""
