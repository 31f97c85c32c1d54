"""Routes under /__mock/: for those who run the mock, not part of Dataverse."""
