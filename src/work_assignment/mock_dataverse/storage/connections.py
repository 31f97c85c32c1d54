"""Connections to an organization's database: how each is opened, and what it notes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .. import text
from .recording import Recorder

_BUSY_SECONDS = 5.0
_STATEMENTS = 1024
_PAGES_BETWEEN_CHECKPOINTS = 4000


class Connection(sqlite3.Connection):
    """A connection that can note the rows written through it.

    `is_rehearsal` says that nothing of the open transaction will remain: whatever leaves the
    database (a webhook, a counter) has to stay away from it.
    """

    recorder: Recorder | None = None
    is_rehearsal: bool = False


def is_rehearsal(db: sqlite3.Connection) -> bool:
    """Tell whether what is written here is rolled back in any case."""
    return isinstance(db, Connection) and db.is_rehearsal


def open_writer(path: Path, *, durable: bool) -> Connection:
    """Open the one connection that writes; with `durable` a killed process loses no commit."""
    db = _open(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {'NORMAL' if durable else 'OFF'}")
        db.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}")
    except BaseException:
        db.close()
        raise
    return db


def open_reader(path: Path) -> Connection:
    """Open a connection that reads beside the writer and cannot write."""
    db = _open(path)
    db.execute("PRAGMA query_only = ON")
    return db


def _open(path: Path) -> Connection:
    db = sqlite3.connect(
        path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
        factory=Connection,
    )
    try:
        db.row_factory = sqlite3.Row
        text.register(db)
        db.execute("PRAGMA schema_version")  # a file that is no database is found out here
        db.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        db.close()
        raise
    return db
