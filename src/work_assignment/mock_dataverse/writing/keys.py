"""Keys as they stand in parentheses in a URL: an id, or the values of an alternate key."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..faults import Fault, bad_request
from ..storage.rows import find_ids, has_row
from ..tables.metadata import Column, ColumnType, Table
from ..tables.values import is_guid, to_stored

_NUMBERS = (ColumnType.DECIMAL, ColumnType.DOUBLE, ColumnType.MONEY)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """Either `row_id`, or the stored `values` of an alternate key's columns."""

    row_id: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def read_key(table: Table, text: str) -> Key:
    """Read what stands between the parentheses; quotes in it are decoded already."""
    if is_guid(text):
        return Key(row_id=text.lower())
    parts = split_outside_quotes(text, ",")
    beside = [part.strip() for part in parts if not is_guid(part.strip())]
    if len(beside) < len(parts):
        raise _invalid_key(table, ",".join(beside) or text)
    pairs = dict(_pair(table, part) for part in parts)
    if len(pairs) < len(parts):
        raise _invalid_key(table, text)
    if set(pairs) == {table.primary_id} and is_guid(pairs[table.primary_id]):
        return Key(row_id=pairs[table.primary_id].lower())
    columns = {name: _key_column(table, name) for name in pairs}
    logical_names = {column.logical_name for column in columns.values()}
    if not any(set(key.columns) == logical_names for key in table.keys):
        raise _invalid_key(table, text)
    return Key(
        values={
            columns[name].logical_name: _value(table, columns[name], value)
            for name, value in pairs.items()
        }
    )


def find_row(db: sqlite3.Connection, table: Table, key: Key) -> str | None:
    """Return the id of the row with this key, or None."""
    if key.row_id is not None:
        return key.row_id if has_row(db, table, key.row_id) else None
    return next(iter(find_ids(db, table, key.values, limit=1)), None)


def key_not_found(table: Table, key: Key) -> Fault:
    """Build the 404 for a key that no row has."""
    if key.row_id is not None:
        return Fault(
            404, "0x80040217", f"{table.logical_name} With Id = {key.row_id} Does Not Exist"
        )
    return Fault(
        404,
        "0x80060891",
        f"A record with the specified key values does not exist in {table.logical_name} entity",
    )


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Split at a separator, except between single quotes."""
    parts, start, quoted = [], 0, False
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _pair(table: Table, part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise _invalid_key(table, part)
    return name.strip(), value.strip()


def _key_column(table: Table, name: str) -> Column:
    column = table.column_by_wire_name(name)
    if column is None:
        raise _invalid_key(table, name)
    return column


def _value(table: Table, column: Column, text: str) -> Any:
    if text.startswith("'") != column.type.is_text or text == "null":
        raise _invalid_key(table, text)
    if column.type.is_text:
        return to_stored(table, column, _unquoted(table, text))
    if column.type.is_lookup:
        if not is_guid(text):
            raise _invalid_key(table, text)
        return text.lower()
    if column.type in _NUMBERS:
        return to_stored(table, column, _number(table, text))
    return to_stored(table, column, text)


def _unquoted(table: Table, text: str) -> str:
    inner = text[1:-1]
    if len(text) < 2 or not text.endswith("'") or "'" in inner.replace("''", ""):
        raise _invalid_key(table, text)
    return inner.replace("''", "'")


def _number(table: Table, text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise _invalid_key(table, text)
    return float(text)


def _invalid_key(table: Table, culprit: str) -> Fault:
    return bad_request(
        "The key in the request URI is not valid for resource"
        f" 'Microsoft.Dynamics.CRM.{table.logical_name}'. Ensure that the names and number of key"
        " properties match the declared key properties for the resource"
        f" 'Microsoft.Dynamics.CRM.{table.logical_name}'. What does not fit is '{culprit}'.",
        "0x80060890",
    )
