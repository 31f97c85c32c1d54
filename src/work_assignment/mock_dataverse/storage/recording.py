"""Notes which rows and unique values a transaction writes, for whoever has to lock them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..tables.metadata import Table
from ..text import fold

LockKey: TypeAlias = tuple[Any, ...]
_UNIQUE = "key"


@dataclass(frozen=True, slots=True)
class RowWrite:
    """One written row: its own lock first, then those of the unique values it takes or gives up."""

    locks: tuple[LockKey, ...]


@dataclass(frozen=True, slots=True)
class Recorder:
    """What was written through a connection, in order."""

    writes: list[RowWrite] = field(default_factory=list)

    def note(
        self, table: Table, row_id: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Note a write; `before` is empty for a new row, `after` for a deleted one."""
        given_up, taken = _unique_values(table, before), _unique_values(table, after)
        changed = (
            value for value in (*given_up, *taken) if (value in given_up) != (value in taken)
        )
        self.writes.append(RowWrite(((table.logical_name, row_id), *changed)))


def recorder_of(db: sqlite3.Connection) -> Recorder | None:
    """Return what notes the writes of this connection, if they are noted at all."""
    return getattr(db, "recorder", None)


def has_unique_values(table: Table) -> bool:
    """Tell whether rows of a table can be in each other's way by more than their ids."""
    return table.is_intersect or bool(table.keys)


def _unique_values(table: Table, row: Mapping[str, Any]) -> tuple[LockKey, ...]:
    """List the values of a row that no other may have; nulls are never alike."""
    return tuple(_pairs(table, row) if table.is_intersect else _alternate_keys(table, row))


def _pairs(table: Table, row: Mapping[str, Any]) -> Iterator[LockKey]:
    own = (table.primary_id, "versionnumber")
    pair = tuple((name, row[name]) for name in sorted(row) if name not in own)
    if pair:
        yield (_UNIQUE, table.logical_name, pair)


def _alternate_keys(table: Table, values: Mapping[str, Any]) -> Iterator[LockKey]:
    for key in table.keys:
        held = tuple(_comparable(values.get(name)) for name in key.columns)
        if None not in held:
            yield (_UNIQUE, table.logical_name, key.columns, held)


def _comparable(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value
