"""One SQLite file shared by threads and processes: opened when needed, opened again after a failure."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from work_assignment.azure_storage.errors import StorageUnavailable

BUSY_TIMEOUT = timedelta(seconds=10)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAUSE = 0.01


class SqliteFile:
    """A connection for all threads of this object; other processes have their own.

    Every SQLite failure becomes StorageUnavailable, which names the file. `busy_timeout` is how
    long to wait for other writers.
    """

    def __init__(
        self, file: str | Path, schema: Sequence[str], *, busy_timeout: timedelta = BUSY_TIMEOUT
    ) -> None:
        self._file = Path(file)
        self._schema = schema
        self._busy_seconds = busy_timeout.total_seconds()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closing: weakref.finalize[..., SqliteFile] | None = None

    @contextmanager
    def statements(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection; each statement is a transaction of its own."""
        with self._lock:
            try:
                yield self._opened()
            except sqlite3.Error as exc:
                self._forget()
                raise StorageUnavailable(self._file, str(exc)) from exc

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in one transaction: all of it is kept, or nothing."""
        with self.statements() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # SQLite itself ends it after some failures
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._closing is not None:
            self._closing()
        self._connection = self._closing = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                self._file,
                timeout=self._busy_seconds,
                isolation_level=None,
                check_same_thread=False,
            )
            self._closing = weakref.finalize(self, connection.close)
            self._prepare(connection)
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._use_write_ahead_log(connection)
        # What a process has committed outlives the process; only a power cut can take the last of it.
        connection.execute("PRAGMA synchronous = NORMAL")
        for statement in self._schema:
            connection.execute(statement)

    def _use_write_ahead_log(self, connection: sqlite3.Connection) -> None:
        """Switch to the write-ahead log, for which SQLite does not wait by itself when it is busy."""
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as exc:
                is_busy = exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_number(moment: datetime) -> int:
    """Turn an aware moment into what is stored: microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_moment(number: int) -> datetime:
    return _EPOCH + timedelta(microseconds=number)
