"""The database of an organization: one SQLite connection, shared by all threads under one lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import TypeAlias

from .. import text
from ..tables.metadata import Catalog
from .schema import bring_up_to_date
from .seeds import seed

Clock: TypeAlias = Callable[[], datetime]
IN_MEMORY = ":memory:"


class StoreUnavailable(Exception):
    """A database file that cannot be used; the message names it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The rows of an organization; a file opened again keeps them and gains new tables and columns."""

    def __init__(
        self, catalog: Catalog, database: str | Path = IN_MEMORY, *, clock: Clock = utc_now
    ) -> None:
        self.catalog = catalog
        self.clock = clock
        self.database = str(database)
        self._lock = RLock()
        try:
            self._db = self._open()
        except sqlite3.Error as exc:
            raise StoreUnavailable(f"The database {self.database} cannot be used: {exc}.") from exc

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection with nobody writing meanwhile."""
        with self._lock:
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in one transaction: committed at the end, rolled back on an error."""
        with self._lock:
            if self._db.in_transaction:
                raise RuntimeError("A transaction is open already; transactions do not nest.")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # some errors have rolled back already
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.database,
            check_same_thread=False,
            isolation_level=None,
            timeout=0.2,
            cached_statements=1024,
        )
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.row_factory = sqlite3.Row
        text.register(db)
        if self.database != IN_MEMORY:
            # Two servers on one file would both send its webhooks; the second is refused.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        db.execute("BEGIN IMMEDIATE")
        db.execute('CREATE TABLE IF NOT EXISTS "__version" ("value" INTEGER NOT NULL)')
        db.execute(
            'INSERT INTO "__version" SELECT 1000000 WHERE NOT EXISTS (SELECT 1 FROM "__version")'
        )
        bring_up_to_date(db, self.catalog)
        seed(db, self.catalog, self.clock())
        db.execute("COMMIT")
