"""Copies of a whole organization, by name, and how the live rows are replaced by one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import text
from .versions import current_version, take_over_counter


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy in a file of its own; it is the past of the live rows up to version `kept`."""

    path: Path
    kept: int

    def delete(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


class Snapshots:
    """The copies of one organization, in a folder that goes with the process.

    Whoever works with a copy holds `lock` meanwhile, so that nobody deletes it.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self.lock = threading.Lock()
        self._folder = folder
        self._by_name: dict[str, Snapshot] = {}
        self._made = 0

    def names(self) -> list[str]:
        return sorted(self._by_name)

    def __getitem__(self, name: str) -> Snapshot:
        return self._by_name[name]

    def take(self, name: str, db: sqlite3.Connection) -> None:
        """Copy what a connection sees; a copy of that name is replaced."""
        before, self._by_name[name] = self._by_name.get(name), self.copied(db)
        if before is not None:
            before.delete()

    def copied(self, db: sqlite3.Connection) -> Snapshot:
        """Copy what a connection sees, without a name."""
        path = self.new_path()
        try:
            with _opened(path) as copy:
                db.backup(copy)
                return Snapshot(path, current_version(copy))
        except BaseException:
            Snapshot(path, kept=0).delete()
            raise

    def forget(self, name: str) -> None:
        self._by_name.pop(name).delete()

    def new_path(self) -> Path:
        self._made += 1
        return self._folder() / f"snapshot-{self._made}.db"


def put_back(snapshot: Snapshot, live: sqlite3.Connection) -> None:
    """Replace everything behind a connection; nobody else writes meanwhile, readers may read."""
    with _opened(snapshot.path) as copy:
        copy.execute("BEGIN IMMEDIATE")
        _stop_what_waited(copy)
        take_over_counter(live, copy, snapshot.kept)
        _take_over_row_numbers(live, copy)
        copy.execute("COMMIT")
        copy.backup(live)


def _stop_what_waited(copy: sqlite3.Connection) -> None:
    """End the jobs of the copy: what they were to do was done after it, or is not wanted now."""
    if _has(copy, "__outbox"):
        copy.execute('DELETE FROM "__outbox"')
    copy.execute(
        'UPDATE "asyncoperation" SET "statecode" = 3, "statuscode" = 32 WHERE "statecode" <> 3'
    )


def _take_over_row_numbers(live: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Go on with the numbers of the live rows: who reads a queue remembers how far it got."""
    if not _has(live, "sqlite_sequence"):
        return
    create = 'SELECT "sql" FROM "sqlite_master" WHERE "name" = ?'
    for name, number in live.execute('SELECT "name", "seq" FROM "sqlite_sequence"').fetchall():
        if not _has(copy, name):
            copy.execute(live.execute(create, (name,)).fetchone()[0])
        copy.execute('DELETE FROM "sqlite_sequence" WHERE "name" = ?', (name,))
        copy.execute('INSERT INTO "sqlite_sequence" VALUES (?, ?)', (name, number))


def _has(db: sqlite3.Connection, table: str) -> bool:
    found = db.execute('SELECT 1 FROM "sqlite_master" WHERE "name" = ?', (table,))
    return found.fetchone() is not None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        text.register(db)
        db.execute("PRAGMA synchronous = OFF")
        yield db
