"""What a changed definition does to the values of whole columns."""

from __future__ import annotations

import sqlite3

from ..tables.metadata import Column, Table
from .schema import quoted


def has_duplicates(db: sqlite3.Connection, table: Table, columns: tuple[str, ...]) -> bool:
    """Tell whether two rows have the same values in all these columns; nulls are never alike."""
    names = [quoted(column) for column in columns]
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    listed = ", ".join(names)
    statement = _statement(
        *("SELECT 1 FROM", quoted(table.logical_name), "WHERE", known),
        *("GROUP BY", listed, "HAVING COUNT(*) > 1 LIMIT 1"),
    )
    return db.execute(statement).fetchone() is not None


def keep_days_only(db: sqlite3.Connection, table: Table, column: Column) -> None:
    """Cut the time of day off."""
    name = quoted(column.logical_name)
    db.execute(
        _statement("UPDATE", quoted(table.logical_name), "SET", name, "= substr(", name, ", 1, 10)")
    )


def forget_target(
    db: sqlite3.Connection, table: Table, column: Column, target: str, *, deletes: bool
) -> None:
    """Clear a lookup of several tables where it points at one of them, or delete those rows."""
    name, kind = quoted(column.logical_name), quoted(f"{column.logical_name}__type")
    place = quoted(table.logical_name)
    if deletes:
        action = _statement("DELETE FROM", place)
    else:
        action = _statement("UPDATE", place, "SET", name, "= NULL,", kind, "= NULL")
    db.execute(_statement(action, "WHERE", kind, "= ?"), (target,))


def _statement(*parts: str) -> str:
    """Join keywords and quoted names; values are always bound, never written into a statement."""
    return " ".join(parts)
