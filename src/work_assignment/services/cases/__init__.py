"""Cases: definitions, sellers and events in one JSON file, decided without Dataverse."""
