"""Queries and their answers: query options, FetchXML, paging, rows as JSON."""
