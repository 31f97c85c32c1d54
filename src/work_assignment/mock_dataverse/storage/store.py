"""The database of an organization: one connection that writes, and as many as read beside it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from ..tables.metadata import Catalog
from .connections import Connection, open_reader, open_writer
from .imports import create_imports
from .private_folders import DatabaseLock, PrivateFolder
from .recording import Recorder
from .row_locks import RowLocks, lock_timeout
from .schema import bring_up_to_date
from .seeds import seed
from .snapshots import Snapshot, Snapshots, put_back
from .versions import create_counter

Clock: TypeAlias = Callable[[], datetime]
IN_MEMORY = ":memory:"
WRITER_TIMEOUT = 60.0


class StoreUnavailable(Exception):
    """A database file that cannot be used; the message names it."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def _trouble(exc: sqlite3.Error) -> str:
    """Say why a file cannot be had; who keeps it locked is nearly always another mock."""
    if getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return "is in use by another mock; stop that one or name another file"
    return f"cannot be used: {exc}"


class Store:
    """The rows of an organization; a file opened again keeps them and gains new tables and columns.

    `:memory:` is a file too, in a temporary folder that goes with the store: only a file can be
    read by many while one writes. Whoever waits for the writer longer than `writer_timeout`
    seconds is refused as by a lock.
    """

    def __init__(
        self,
        catalog: Catalog,
        database: str | Path = IN_MEMORY,
        *,
        clock: Clock = utc_now,
        writer_timeout: float = WRITER_TIMEOUT,
    ) -> None:
        self.catalog = catalog
        self.clock = clock
        self.database = str(database)
        self.row_locks = RowLocks()
        self._seeded_catalog = catalog
        self._writer_timeout = writer_timeout
        self._writer_lock = threading.Lock()
        self._writer_thread: int | None = None
        self._turn_lock = threading.Lock()
        self._pool_lock = threading.Lock()
        self._idle_readers: list[Connection] = []  # last in, first out: its statements are warm
        self._is_closed = False
        self._folder: PrivateFolder | None = None
        self._file_lock: DatabaseLock | None = None
        self._snapshots = Snapshots(self._private_path)
        self._start: Snapshot | None = None
        self._pristine: Snapshot | None = None
        try:
            self._path = self._place()
            self._writer = self._open()
        except sqlite3.Error as exc:
            self._give_back_places()
            raise StoreUnavailable(f"The database {self.database} {_trouble(exc)}.") from exc

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that sees one state of the rows, whatever is written meanwhile.

        Inside a transaction of the same thread it is that of the transaction.
        """
        if self._writer_thread == threading.get_ident():
            yield self._writer
            return
        db = self._take_reader()
        try:
            db.execute("BEGIN")
            yield db
        finally:
            self._give_back(db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in one transaction: committed at the end, rolled back on an error."""
        with self._alone() as db:
            db.execute("BEGIN IMMEDIATE")
            db.registered = []
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # some errors have rolled back already
                    db.execute("ROLLBACK")
                raise
            finally:
                db.registered = None

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Let batches of transactions go one after the other, rather than by turns at each of them.

        Only one can write at a time anyway, and handing over costs more than a transaction. Who
        waits too long goes without its turn; where rows are locked, all wait for rows alone.
        """
        if self.row_locks.settings.enabled:
            yield
            return
        is_in_turn = self._turn_lock.acquire(timeout=self._writer_timeout)
        try:
            yield
        finally:
            if is_in_turn:
                self._turn_lock.release()

    @contextmanager
    def rehearsing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection in a transaction that is rolled back in any case."""
        with self._alone() as db:
            db.execute("BEGIN IMMEDIATE")
            db.is_rehearsal = True
            try:
                yield db
            finally:
                db.is_rehearsal = False
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def recording(self) -> Iterator[Recorder]:
        """Note what the open transaction of this thread writes from here on."""
        recorder = self._writer.recorder = Recorder()
        try:
            yield recorder
        finally:
            self._writer.recorder = None

    def snapshots(self) -> list[str]:
        """Name the copies that can be restored, in order."""
        return self._snapshots.names()

    def snapshot(self, name: str) -> None:
        """Keep a copy of all rows under a name; a copy of that name is replaced."""
        with self._snapshots.lock, self.reading() as db:
            self._snapshots.take(name, db)

    def restore(self, name: str) -> None:
        """Return to a copy; KeyError when there is none of that name."""
        with self._snapshots.lock:
            self._put_back(self._snapshots[name])

    def forget_snapshot(self, name: str) -> None:
        """Delete a copy; KeyError when there is none of that name."""
        with self._snapshots.lock:
            self._snapshots.forget(name)

    def keep_start(self) -> None:
        """Let a reset return to the rows of now, instead of those of an empty organization."""
        with self._snapshots.lock, self.reading() as db:
            before, self._start = self._start, self._snapshots.copied(db)
            if before is not None:
                before.delete()

    def reset(self, *, to_empty: bool = False) -> None:
        """Return to the start that was kept, else to the rows an organization has before any other."""
        with self._snapshots.lock:
            if self._start is not None and not to_empty:
                self._put_back(self._start)
                return
            if self._pristine is None:
                self._pristine = self._make_pristine()
            self._put_back(self._pristine)

    def close(self) -> None:
        """Close what is open; a reader still at work is closed when it ends."""
        with self._writer_lock:
            with self._pool_lock:
                self._is_closed = True
                readers, self._idle_readers = self._idle_readers, []
            for reader in readers:
                reader.close()
            self._writer.close()
            self._give_back_places()

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """Yield the writer with no other thread writing."""
        if self._writer_thread == threading.get_ident():
            raise RuntimeError("A transaction is open already; transactions do not nest.")
        # The receiver of a synchronous webhook may write while its own caller waits for it.
        if not self._writer_lock.acquire(timeout=self._writer_timeout):
            raise lock_timeout()
        try:
            self._writer_thread = threading.get_ident()
            yield self._writer
        finally:
            self._writer_thread = None
            self._writer_lock.release()

    def _take_reader(self) -> Connection:
        with self._pool_lock:
            if self._is_closed:
                raise sqlite3.ProgrammingError("The database is closed.")
            if self._idle_readers:
                return self._idle_readers.pop()
        return open_reader(self._path)

    def _give_back(self, db: Connection) -> None:
        if db.in_transaction:
            db.execute("ROLLBACK")
        with self._pool_lock:
            if not self._is_closed:
                self._idle_readers.append(db)
                return
        db.close()

    def _put_back(self, snapshot: Snapshot) -> None:
        with self._alone() as db:
            put_back(snapshot, db)

    def _make_pristine(self) -> Snapshot:
        """Write a fresh database beside the live one; it is the past of no row of today."""
        path = self._snapshots.new_path()
        db = open_writer(path, durable=False)
        try:
            self._prepare(db)
        finally:
            db.close()
        return Snapshot(path, kept=0)

    def _private_path(self) -> Path:
        if self._folder is None:
            self._folder = PrivateFolder()
        return self._folder.path

    def _place(self) -> Path:
        if self.database == IN_MEMORY:
            return self._private_path() / "mock.db"
        return Path(self.database).resolve()  # one file has one lock, by whatever name

    def _open(self) -> Connection:
        is_kept = self.database != IN_MEMORY
        db = open_writer(self._path, durable=is_kept)
        try:
            if is_kept:
                # Two servers on one file would both send its webhooks; the second is refused.
                self._file_lock = DatabaseLock(self._path.with_name(f"{self._path.name}-lock"))
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        create_counter(db)
        create_imports(db)
        bring_up_to_date(db, self._seeded_catalog)
        seed(db, self._seeded_catalog, self.clock())
        db.execute("COMMIT")

    def _give_back_places(self) -> None:
        if self._file_lock is not None:
            self._file_lock.release()
        if self._folder is not None:
            self._folder.remove()
