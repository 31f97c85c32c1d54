"""The columns of tables for offline work: of definitions in a file, or of an environment."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import InvalidRequest, NotFound
from work_assignment.dataverse.schemas import read_schema, read_table_names, schema_of
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.schemas import TableSchema


class FileTables:
    """Tables as a file of Dataverse's EntityDefinitions, with their Attributes, defines them.

    The JSON holds one definition, a list of them, or what Dataverse answers: `{"value": [...]}`.
    """

    def __init__(self, text: str, file: str) -> None:
        definitions = _definitions(text, file)
        self._schemas = {schema.table: schema for schema in map(schema_of, definitions)}

    def schema(self, table: str) -> TableSchema | None:
        """A table's columns; None when there is no such table."""
        return self._schemas.get(table)

    def table_names(self) -> Collection[str]:
        """The logical names of all tables."""
        return self._schemas


def _definitions(text: str, file: str) -> Iterator[dict[str, Any]]:
    try:
        root = json.loads(text)
    except ValueError as exc:
        raise DefinitionError(file, f"this is no JSON: {exc}") from None
    except RecursionError:
        raise DefinitionError(file, "lists and mappings are nested too deeply") from None
    if isinstance(root, dict) and isinstance(root.get("value"), list):
        listed = root["value"]
    else:
        listed = root if isinstance(root, list) else [root]
    for number, definition in enumerate(listed, 1):
        problem = _problem(definition)
        if problem:
            raise DefinitionError(file, f"table definition {number}: {problem}")
        yield definition


def _problem(definition: object) -> str:
    """What keeps a value from being a table's definition, or nothing."""
    if not isinstance(definition, dict) or not isinstance(definition.get("LogicalName"), str):
        return "it has no LogicalName"
    attributes = definition.get("Attributes")
    if not isinstance(attributes, list) or not attributes:
        return f"{definition['LogicalName']} has no Attributes (ask with $expand=Attributes)"
    for number, row in enumerate(attributes, 1):
        named = row if isinstance(row, dict) else {}
        if not all(isinstance(named.get(key), str) for key in ("LogicalName", "AttributeType")):
            return f"attribute {number} of {definition['LogicalName']} has no name or no type"
    return ""


class LiveTables:
    """Tables of an environment, each read when it is first asked for."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._schemas: dict[str, TableSchema | None] = {}
        self._names: Collection[str] = ()

    def schema(self, table: str) -> TableSchema | None:
        """A table's columns; None when there is no such table."""
        if table not in self._schemas:
            try:
                self._schemas[table] = read_schema(self._client, table)
            except (NotFound, InvalidRequest):
                self._schemas[table] = None
        return self._schemas[table]

    def table_names(self) -> Collection[str]:
        """The logical names of all tables."""
        if not self._names:
            self._names = read_table_names(self._client)
        return self._names
