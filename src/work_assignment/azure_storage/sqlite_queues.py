"""Queues in a SQLite file, by the rules of Azure Storage queues."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from work_assignment.azure_storage.errors import MessageLost
from work_assignment.azure_storage.messages import (
    Message,
    QueueLength,
    check_delay,
    check_hidden_for,
    check_limit,
    check_name,
    check_renewal,
    checked_text,
)
from work_assignment.azure_storage.sqlite_file import (
    BUSY_TIMEOUT,
    SqliteFile,
    to_moment,
    to_number,
    utc_now,
)

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL,
        receipt TEXT NOT NULL DEFAULT '',
        dequeue_count INTEGER NOT NULL DEFAULT 0,
        inserted_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages (queue, visible_at, number)",
)
_PUT = "INSERT INTO messages (queue, id, text, inserted_at, visible_at) VALUES (?, ?, ?, ?, ?)"
_IS_ANY_VISIBLE = "SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ? AND visible_at <= ?)"
_RECEIVE = """
UPDATE messages SET
    receipt = lower(hex(randomblob(16))), dequeue_count = dequeue_count + 1, visible_at = ?
WHERE number IN (
    SELECT number FROM messages WHERE queue = ? AND visible_at <= ?
    ORDER BY visible_at, number LIMIT ?
)
RETURNING number, id, text, receipt, dequeue_count, inserted_at"""
_PEEK = """
SELECT number, id, text, '', dequeue_count, inserted_at FROM messages
WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, number LIMIT ?"""
_RENEW = """
UPDATE messages SET receipt = lower(hex(randomblob(16))), visible_at = ?
WHERE queue = ? AND id = ? AND receipt = ? AND dequeue_count > 0 RETURNING receipt"""
_DELETE = "DELETE FROM messages WHERE queue = ? AND id = ? AND receipt = ? AND dequeue_count > 0"
_LENGTH = """
SELECT coalesce(sum(visible_at <= ?), 0), coalesce(sum(visible_at > ?), 0)
FROM messages WHERE queue = ?"""
_OLDEST = "SELECT min(inserted_at) FROM messages WHERE queue = ?"


class SqliteQueues:
    """Queues for many threads and processes. A queue comes into being with its first message.

    A message taken is hidden for a while and comes back unless it is deleted: at least once. Its
    receipt holds until somebody else takes the message, even beyond that while.
    """

    def __init__(
        self,
        file: str | Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        busy_timeout: timedelta = BUSY_TIMEOUT,
    ) -> None:
        self._file = SqliteFile(file, _SCHEMA, busy_timeout=busy_timeout)
        self._clock = clock

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None:
        """Add a message that can be taken after `delay`."""
        self.put_many(queue, [text], delay=delay)

    def put_many(
        self, queue: str, texts: Sequence[str], *, delay: timedelta = timedelta(0)
    ) -> None:
        """Add messages in this order, all or none."""
        check_name(queue)
        check_delay(delay)
        checked = [checked_text(queue, text) for text in texts]
        now = self._clock()
        at, visible_at = to_number(now), to_number(now + delay)
        rows = [(queue, str(uuid.uuid4()), text, at, visible_at) for text in checked]
        with self._file.transaction() as db:
            db.execute("INSERT OR IGNORE INTO queues (name) VALUES (?)", (queue,))
            db.executemany(_PUT, rows)

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]:
        """Take up to `limit` messages, those visible longest first, and hide them from others."""
        check_name(queue)
        check_limit(limit)
        check_hidden_for(hidden_for)
        now = self._clock()
        at, until = to_number(now), to_number(now + hidden_for)
        with self._file.statements() as db:
            # Asking first leaves the file to writers while listeners find nothing.
            if db.execute(_IS_ANY_VISIBLE, (queue, at)).fetchone() == (0,):
                return []
            rows = db.execute(_RECEIVE, (until, queue, at, limit)).fetchall()
        return _messages(sorted(rows))

    def peek(self, queue: str, limit: int) -> list[Message]:
        """Show up to `limit` messages that could be taken, and leave them as they are."""
        check_name(queue)
        check_limit(limit)
        with self._file.statements() as db:
            return _messages(db.execute(_PEEK, (queue, to_number(self._clock()), limit)).fetchall())

    def renew(self, queue: str, message: Message, hidden_for: timedelta) -> Message:
        """Hide a message for so long from now on, under a new receipt; no time at all frees it."""
        renewed = self.renew_many(queue, [message], hidden_for)
        if not renewed:
            raise MessageLost(queue, [message.id])
        return renewed[0]

    def renew_many(
        self, queue: str, messages: Sequence[Message], hidden_for: timedelta
    ) -> list[Message]:
        """Hide messages for so long from now on; those that are lost are left out."""
        check_name(queue)
        check_renewal(hidden_for)
        until = to_number(self._clock() + hidden_for)
        with self._file.transaction() as db:
            renewed = [(message, _renew(db, queue, message, until)) for message in messages]
        return [replace(message, receipt=receipt) for message, receipt in renewed if receipt]

    def delete(self, queue: str, message: Message) -> None:
        """Delete a message: it is done with."""
        self.delete_many(queue, [message])

    def delete_many(self, queue: str, messages: Sequence[Message]) -> None:
        """Delete messages. Those lost are named in MessageLost once the others are deleted."""
        check_name(queue)
        with self._file.transaction() as db:
            lost = [message.id for message in messages if not _delete(db, queue, message)]
        if lost:
            raise MessageLost(queue, lost)

    def length(self, queue: str) -> QueueLength:
        check_name(queue)
        now = to_number(self._clock())
        with self._file.statements() as db:
            visible, hidden = db.execute(_LENGTH, (now, now, queue)).fetchone()
        return QueueLength(visible, hidden)

    def oldest(self, queue: str) -> datetime | None:
        """Return when the oldest message was put, hidden or not; None when the queue is empty."""
        check_name(queue)
        with self._file.statements() as db:
            (inserted_at,) = db.execute(_OLDEST, (queue,)).fetchone()
        return None if inserted_at is None else to_moment(inserted_at)

    def names(self) -> list[str]:
        """List the queues that ever had a message."""
        with self._file.statements() as db:
            return [name for (name,) in db.execute("SELECT name FROM queues ORDER BY name")]


def _renew(db: sqlite3.Connection, queue: str, message: Message, until: int) -> str | None:
    """Its new receipt, or None when it is not ours."""
    rows = db.execute(_RENEW, (until, queue, message.id, message.receipt)).fetchall()
    return str(rows[0][0]) if rows else None


def _delete(db: sqlite3.Connection, queue: str, message: Message) -> bool:
    return db.execute(_DELETE, (queue, message.id, message.receipt)).rowcount == 1


def _messages(rows: Iterable[tuple[int, str, str, str, int, int]]) -> list[Message]:
    return [
        Message(id, text, receipt, dequeue_count, to_moment(inserted_at))
        for _, id, text, receipt, dequeue_count, inserted_at in rows
    ]
