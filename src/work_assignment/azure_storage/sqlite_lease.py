"""Leases in a SQLite file, by the rules of blob leases: an id and an expiry."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from work_assignment.azure_storage.errors import LeaseLost
from work_assignment.azure_storage.sqlite_file import (
    BUSY_TIMEOUT,
    SqliteFile,
    to_number,
    utc_now,
)

HELD_FOR = timedelta(seconds=60)

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


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to be the only one until `expires_at`, as far as this value knows."""

    name: str
    id: str
    expires_at: datetime
    _leases: SqliteLeases = field(repr=False, compare=False)

    def renew(self) -> bool:
        """Hold it for the usual time from now on; False when somebody else may have it."""
        try:
            self._leases.renew(self, self._leases.held_for)
        except LeaseLost:
            return False
        return True

    def release(self) -> None:
        """Let go; nothing happens when it was lost before."""
        self._leases.release(self)


class SqliteLeases:
    """Leases for many threads and processes. `held_for` is the usual time, unless said otherwise."""

    def __init__(
        self,
        file: str | Path,
        *,
        held_for: timedelta = HELD_FOR,
        clock: Callable[[], datetime] = utc_now,
        busy_timeout: timedelta = BUSY_TIMEOUT,
    ) -> None:
        _check_time(held_for)
        self.held_for = held_for
        self._file = SqliteFile(file, _SCHEMA, busy_timeout=busy_timeout)
        self._clock = clock

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def acquire(self, name: str, *, for_: timedelta | None = None) -> Lease | None:
        """Take a lease that is free or expired; None while somebody holds it."""
        held_for = self.held_for if for_ is None else for_
        _check_time(held_for)
        now = self._clock()
        lease = Lease(name, str(uuid.uuid4()), now + held_for, self)
        values = (name, lease.id, to_number(lease.expires_at), to_number(now))
        with self._file.statements() as db:
            rows = db.execute(_ACQUIRE, values).fetchall()
        return lease if rows else None

    def renew(self, lease: Lease, for_: timedelta) -> Lease:
        """Hold a lease for so long from now on, even one that expired and nobody has taken since."""
        _check_time(for_)
        expires_at = self._clock() + for_
        with self._file.statements() as db:
            done = db.execute(_RENEW, (to_number(expires_at), lease.name, lease.id)).rowcount
        if not done:
            raise LeaseLost(lease.name)
        return replace(lease, expires_at=expires_at)

    def release(self, lease: Lease) -> None:
        """Let go of a lease; nothing happens when it was lost before."""
        with self._file.statements() as db:
            db.execute(_RELEASE, (lease.name, lease.id))


def _check_time(held_for: timedelta) -> None:
    if held_for <= timedelta(0):
        raise ValueError(f"a lease has to be held for some time, not {held_for}")
