"""Reads and writes single raw rows; every statement is built once for a shape and then reused."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from ..tables.metadata import Table
from .recording import has_unique_values, recorder_of
from .schema import quoted, stored_columns
from .tombstones import bury

REGISTRATIONS = frozenset(
    {
        "sdkmessageprocessingstep",
        "sdkmessageprocessingstepimage",
        "sdkmessagefilter",
        "serviceendpoint",
    }
)
"""The tables that say which webhooks are called."""

RawRow: TypeAlias = dict[str, Any]


def next_version(db: sqlite3.Connection) -> int:
    """Take the next row version; one counter serves the whole organization."""
    row = db.execute('UPDATE "__version" SET "value" = "value" + 1 RETURNING "value"').fetchone()
    return int(row[0])


def empty_row(table: Table) -> RawRow:
    """Return a row of nulls, with the columns in the order in which they are stored."""
    return dict.fromkeys(stored_columns(table))


def as_dict(row: sqlite3.Row) -> RawRow:
    """Return a row by column; dict(row) would search the names once for each of them."""
    return dict(zip(row.keys(), row, strict=True))


def fetch_row(db: sqlite3.Connection, table: Table, row_id: str) -> RawRow | None:
    """Read one whole row by id."""
    found = db.execute(_select_row(table.logical_name, table.primary_id), (row_id,)).fetchone()
    return None if found is None else as_dict(found)


def fetch_value(db: sqlite3.Connection, table: Table, row_id: str, column: str) -> Any:
    """Read one column of one row; None when the row or the value is missing."""
    statement = _select_column(table.logical_name, table.primary_id, column)
    found = db.execute(statement, (row_id,)).fetchone()
    return None if found is None else found[0]


def fetch_values(
    db: sqlite3.Connection, table: Table, row_id: str, columns: tuple[str, ...]
) -> RawRow | None:
    """Read some columns of one row; None when there is no such row."""
    statement = _select_columns(table.logical_name, table.primary_id, columns)
    found = db.execute(statement, (row_id,)).fetchone()
    return None if found is None else as_dict(found)


def has_row(db: sqlite3.Connection, table: Table, row_id: str) -> bool:
    statement = _select_column(table.logical_name, table.primary_id, table.primary_id)
    return db.execute(statement, (row_id,)).fetchone() is not None


def find_ids(
    db: sqlite3.Connection, table: Table, values: Mapping[str, Any], limit: int = -1
) -> list[str]:
    """List the ids of the rows that have these values."""
    statement = _select_ids(table.logical_name, table.primary_id, tuple(values))
    return [row[0] for row in db.execute(statement, (*values.values(), limit))]


def insert_row(db: sqlite3.Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row that has all columns of its table, in their order."""
    recorder = recorder_of(db)
    if recorder is not None:
        recorder.note(table, str(row[table.primary_id]), {}, row)
    _forget_registrations(db, table)
    db.execute(_insert(table.logical_name, tuple(row)), tuple(row.values()))


def update_row(
    db: sqlite3.Connection, table: Table, row_id: str, changes: Mapping[str, Any]
) -> None:
    _note_change(db, table, row_id, changes)
    statement = _update(table.logical_name, table.primary_id, tuple(changes))
    db.execute(statement, (*changes.values(), row_id))


def delete_row(db: sqlite3.Connection, table: Table, row_id: str) -> None:
    _note_change(db, table, row_id, None)
    db.execute(_delete(table.logical_name, table.primary_id), (row_id,))
    if table.tracks_changes:
        bury(db, table.logical_name, row_id, next_version(db))


def _note_change(
    db: sqlite3.Connection, table: Table, row_id: str, changes: Mapping[str, Any] | None
) -> None:
    """Note an update, or without changes a delete, with the unique values it takes and gives up."""
    _forget_registrations(db, table)
    recorder = recorder_of(db)
    if recorder is None:
        return
    before = (fetch_row(db, table, row_id) or {}) if has_unique_values(table) else {}
    recorder.note(table, row_id, before, {} if changes is None else {**before, **changes})


def _forget_registrations(db: sqlite3.Connection, table: Table) -> None:
    if table.logical_name in REGISTRATIONS:
        kept = getattr(db, "registered", None)
        if kept is not None:
            kept.clear()


@lru_cache(maxsize=256)
def _select_row(table: str, key: str) -> str:
    return _statement("SELECT * FROM", quoted(table), "WHERE", quoted(key), "= ?")


@lru_cache(maxsize=1024)
def _select_column(table: str, key: str, column: str) -> str:
    return _statement("SELECT", quoted(column), "FROM", quoted(table), "WHERE", quoted(key), "= ?")


@lru_cache(maxsize=256)
def _select_columns(table: str, key: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(quoted(column) for column in columns)
    return _statement("SELECT", names, "FROM", quoted(table), "WHERE", quoted(key), "= ?")


@lru_cache(maxsize=1024)
def _select_ids(table: str, key: str, columns: tuple[str, ...]) -> str:
    conditions = " AND ".join(f"{quoted(column)} = ?" for column in columns)
    return _statement("SELECT", quoted(key), "FROM", quoted(table), "WHERE", conditions, "LIMIT ?")


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(quoted(column) for column in columns)
    marks = ", ".join("?" * len(columns))
    return _statement("INSERT INTO", quoted(table), f"({names}) VALUES ({marks})")


@lru_cache(maxsize=1024)
def _update(table: str, key: str, columns: tuple[str, ...]) -> str:
    changes = ", ".join(f"{quoted(column)} = ?" for column in columns)
    return _statement("UPDATE", quoted(table), "SET", changes, "WHERE", quoted(key), "= ?")


@lru_cache(maxsize=256)
def _delete(table: str, key: str) -> str:
    return _statement("DELETE FROM", quoted(table), "WHERE", quoted(key), "= ?")


def _statement(*parts: str) -> str:
    """Join keywords and quoted names; values are always bound, never written into a statement."""
    return " ".join(parts)
