"""Small texts by name in a SQLite file, for what processes have to tell each other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from work_assignment.azure_storage.sqlite_file import BUSY_TIMEOUT, SqliteFile

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
)
_READ = "SELECT text FROM notes WHERE name = ?"
_WRITE = """
INSERT INTO notes (name, text) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET text = excluded.text"""


class SqliteNotes:
    """Notes for many threads and processes; the last one written counts."""

    def __init__(self, file: str | Path, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> None:
        self._file = SqliteFile(file, _SCHEMA, busy_timeout=busy_timeout)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def read(self, name: str) -> str | None:
        """Read a note; None when there is none."""
        with self._file.statements() as db:
            row = db.execute(_READ, (name,)).fetchone()
        return None if row is None else str(row[0])

    def write(self, name: str, text: str) -> None:
        """Write a note over the one there is."""
        with self._file.statements() as db:
            db.execute(_WRITE, (name, text))
