"""What is asked of a row, as SQL: one condition at a time, for $filter and FetchXML alike."""
