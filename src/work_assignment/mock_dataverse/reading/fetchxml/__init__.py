"""FetchXML: read, checked, turned into SQL, answered."""
