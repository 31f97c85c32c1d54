"""Leases in a SQLite file, by the rules of blob leases: an id and an expiry."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from work_assignment.azure_storage.errors import LeaseLost
from work_assignment.azure_storage.leases import HELD_FOR, Lease
from work_assignment.azure_storage.sqlite_file import (
    BUSY_TIMEOUT,
    SqliteFile,
    to_number,
    utc_now,
)

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS leases (
        name TEXT PRIMARY KEY, id TEXT NOT NULL, expires_at INTEGER NOT NULL
    ) WITHOUT ROWID""",
)
_ACQUIRE = """
INSERT INTO leases (name, id, expires_at) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET id = excluded.id, expires_at = excluded.expires_at
WHERE leases.expires_at <= ? RETURNING id"""
_RENEW = "UPDATE leases SET expires_at = ? WHERE name = ? AND id = ?"
_RELEASE = "DELETE FROM leases WHERE name = ? AND id = ?"


class SqliteLeases:
    """Leases for many threads and processes, each held for `held_for` at a time."""

    def __init__(
        self,
        file: str | Path,
        *,
        held_for: timedelta = HELD_FOR,
        clock: Callable[[], datetime] = utc_now,
        busy_timeout: timedelta = BUSY_TIMEOUT,
    ) -> None:
        if held_for <= timedelta(0):
            raise ValueError(f"a lease has to be held for some time, not {held_for}")
        self.held_for = held_for
        self._file = SqliteFile(file, _SCHEMA, busy_timeout=busy_timeout)
        self._clock = clock

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def acquire(self, name: str) -> Lease | None:
        """Take a lease that is free or expired; None while somebody holds it."""
        now = self._clock()
        lease = Lease(name, str(uuid.uuid4()), self)
        values = (name, lease.id, to_number(now + self.held_for), to_number(now))
        with self._file.statements() as db:
            rows = db.execute(_ACQUIRE, values).fetchall()
        return lease if rows else None

    def renew(self, lease: Lease) -> None:
        """Hold a lease longer, even one that expired and nobody has taken since."""
        expires_at = self._clock() + self.held_for
        with self._file.statements() as db:
            done = db.execute(_RENEW, (to_number(expires_at), lease.name, lease.id)).rowcount
        if not done:
            raise LeaseLost(lease.name)

    def release(self, lease: Lease) -> None:
        """Let go of a lease; nothing happens when it was lost before."""
        with self._file.statements() as db:
            db.execute(_RELEASE, (lease.name, lease.id))
