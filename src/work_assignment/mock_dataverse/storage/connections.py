"""Connections to an organization's database: how each is opened, and what it notes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from .. import text
from .recording import Recorder

_BUSY_SECONDS = 5.0
_STATEMENTS = 1024
_PAGES_BETWEEN_CHECKPOINTS = 4000


class Connection(sqlite3.Connection):
    """A connection that can note the rows written through it.

    `is_rehearsal` says that nothing of the open transaction will remain: whatever leaves the
    database (a webhook, a counter) has to stay away from it. `has_news` says that something waits
    to be told once the open transaction is committed. `registered` holds what was read of the
    webhooks in the open transaction, until it writes one of their tables; None keeps nothing.
    """

    recorder: Recorder | None = None
    is_rehearsal: bool = False
    has_news: bool = False
    registered: list[Any] | None = None


def is_rehearsal(db: sqlite3.Connection) -> bool:
    """Tell whether what is written here is rolled back in any case."""
    return isinstance(db, Connection) and db.is_rehearsal


def add_news(db: sqlite3.Connection) -> None:
    """Note that somebody is to be told of the open transaction once it is committed."""
    if isinstance(db, Connection):
        db.has_news = True


def take_news(db: sqlite3.Connection) -> bool:
    """Tell whether that was noted, and forget it."""
    if not isinstance(db, Connection) or not db.has_news:
        return False
    db.has_news = False
    return True


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
