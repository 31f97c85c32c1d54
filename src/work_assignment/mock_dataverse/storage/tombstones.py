"""What is left of deleted rows in tables that track changes: table, id, and when by version."""

from __future__ import annotations

import sqlite3

TOMBSTONES = "__deleted"
_CREATE = (
    'CREATE TABLE IF NOT EXISTS "__deleted" ("table" TEXT NOT NULL, "id" TEXT NOT NULL,'
    ' "version" INTEGER NOT NULL, PRIMARY KEY ("table", "id")) WITHOUT ROWID',
    'CREATE INDEX IF NOT EXISTS "by____deleted__version" ON "__deleted" ("table", "version")',
)


def create_tombstones(db: sqlite3.Connection) -> None:
    """Make the table where it is missing."""
    for statement in _CREATE:
        db.execute(statement)


def bury(db: sqlite3.Connection, table: str, row_id: str, version: int) -> None:
    """Note a deletion; of a row that was deleted, created anew and deleted, the last one counts."""
    db.execute('INSERT OR REPLACE INTO "__deleted" VALUES (?, ?, ?)', (table, row_id, version))
