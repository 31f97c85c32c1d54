"""Whether the rows of a table can be routed, read from Dataverse's metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from work_assignment.dataverse.choices import AssignmentResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import NotFound
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import SEGMENT, RoutedColumn
from work_assignment.dataverse.schemas import cast, definition_request
from work_assignment.domain.defining.definition_rows import RecordTypeFacts


def read_record_type(client: DataverseClient, table: str) -> RecordTypeFacts | None:
    """Read what decides whether a table's rows can be routed; None when there is no such table."""
    asked = definition_request(table, options={"$select": "OwnershipType,IsValidForQueue"})
    try:
        row = client.send(asked).json
    except NotFound:
        return None
    return RecordTypeFacts(
        is_user_owned=row["OwnershipType"] == "UserOwned",
        is_queue_enabled=bool((row.get("IsValidForQueue") or {}).get("Value")),
        lacks=tuple(_lacking(client, table)),
    )


def _lacking(client: DataverseClient, table: str) -> Iterator[str]:
    lookup, result = RoutedColumn.SEGMENT, RoutedColumn.ASSIGNMENT_RESULT
    found = _column(client, table, lookup.column, "Lookup", {"$select": "SchemaName,Targets"})
    targets = list((found or {}).get("Targets") or ())
    if found is None or targets != [SEGMENT.logical_name]:
        yield f"{lookup.column}, a lookup to {SEGMENT.logical_name}"
    elif found["SchemaName"] != lookup.navigation:  # writing a lookup spells its schema name
        yield f"{lookup.column} with the schema name {lookup.navigation}, not {found['SchemaName']}"
    options = {"$select": "LogicalName", "$expand": "OptionSet"}
    if not _numbers(_column(client, table, result, "Picklist", options)) >= set(AssignmentResult):
        yield f"{result}, a choice with the global choice {result}"


def _column(
    client: DataverseClient, table: str, column: str, kind: str, options: Mapping[str, str]
) -> Row | None:
    """A column's definition, if it is there and of that kind."""
    path = f"/Attributes(LogicalName='{column}')/{cast(kind)}"
    try:
        return client.send(definition_request(table, path, options)).json
    except NotFound:
        return None


def _numbers(column: Row | None) -> set[int]:
    return {
        option["Value"] for option in ((column or {}).get("OptionSet") or {}).get("Options", ())
    }
