"""The rows of the outbox: what waits to be sent to webhooks, kept until it has ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Container
from dataclasses import dataclass, replace
from itertools import islice

from ..storage.connections import add_news

_CREATE_OUTBOX = """
CREATE TABLE IF NOT EXISTS "__outbox" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  "operation_id" TEXT NOT NULL,
  "message" TEXT NOT NULL,
  "table_name" TEXT NOT NULL,
  "row_id" TEXT NOT NULL,
  "correlation_id" TEXT NOT NULL,
  "depth" INTEGER NOT NULL,
  "user_id" TEXT NOT NULL,
  "business_unit_id" TEXT NOT NULL,
  "occurred_at" TEXT NOT NULL,
  "step_id" TEXT NOT NULL,
  "step_name" TEXT NOT NULL,
  "endpoint_id" TEXT NOT NULL,
  "deletes_job" INTEGER NOT NULL,
  "body" TEXT NOT NULL,
  "is_trimmed" INTEGER NOT NULL,
  "attempts" INTEGER NOT NULL DEFAULT 0
)"""

_COLUMNS = (
    "operation_id",
    "message",
    "table_name",
    "row_id",
    "correlation_id",
    "depth",
    "user_id",
    "business_unit_id",
    "occurred_at",
    "step_id",
    "step_name",
    "endpoint_id",
    "deletes_job",
    "body",
    "is_trimmed",
)
_KEEP = " ".join(
    (
        'INSERT INTO "__outbox" (',
        ", ".join(f'"{name}"' for name in _COLUMNS),
        ") VALUES (",
        ", ".join("?" * len(_COLUMNS)),
        ")",
    )
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body on its way to one endpoint.

    `id` is its place in the outbox once it is kept; `attempts` were made and have failed.
    """

    operation_id: str
    message: str
    table_name: str
    row_id: str
    correlation_id: str
    depth: int
    user_id: str
    business_unit_id: str
    occurred_at: str
    step_id: str
    step_name: str
    endpoint_id: str
    deletes_job: bool
    body: str
    is_trimmed: bool
    id: int = 0
    attempts: int = 0


def create_outbox(db: sqlite3.Connection) -> None:
    """Make the outbox's table where it is missing."""
    db.execute(_CREATE_OUTBOX)


def has_outbox(db: sqlite3.Connection) -> bool:
    """Tell whether the table is there; a database that was put back may not have it yet."""
    found = db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '__outbox'")
    return found.fetchone() is not None


def keep(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Add a delivery, in the transaction of the write it tells of."""
    add_news(db)
    values = tuple(getattr(delivery, name) for name in _COLUMNS)
    try:
        db.execute(_KEEP, values)
    except sqlite3.OperationalError:
        create_outbox(db)
        db.execute(_KEEP, values)


def waiting(db: sqlite3.Connection, *, besides: Container[str], limit: int) -> list[Delivery]:
    """Return the oldest deliveries but for those with the operation ids of `besides`."""
    if not has_outbox(db):
        return []
    ids = db.execute('SELECT "id", "operation_id" FROM "__outbox" ORDER BY "id"')
    wanted = (row["id"] for row in ids if row["operation_id"] not in besides)
    return [
        _delivery(db.execute('SELECT * FROM "__outbox" WHERE "id" = ?', (row_id,)).fetchone())
        for row_id in list(islice(wanted, limit))
    ]


def count_waiting(db: sqlite3.Connection) -> int:
    if not has_outbox(db):
        return 0
    return int(db.execute('SELECT count(*) FROM "__outbox"').fetchone()[0])


def is_kept(db: sqlite3.Connection, delivery: Delivery) -> bool:
    """Tell whether a delivery is in the outbox still."""
    found = db.execute(
        'SELECT 1 FROM "__outbox" WHERE "id" = ? AND "operation_id" = ?',
        (delivery.id, delivery.operation_id),
    )
    return found.fetchone() is not None


def note_attempt(db: sqlite3.Connection, delivery: Delivery) -> Delivery:
    """Remember that an attempt failed, so that no restart makes a third one."""
    tried = replace(delivery, attempts=delivery.attempts + 1)
    db.execute('UPDATE "__outbox" SET "attempts" = ? WHERE "id" = ?', (tried.attempts, tried.id))
    return tried


def forget(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Take a delivery out of the outbox: it has ended one way or the other."""
    db.execute('DELETE FROM "__outbox" WHERE "id" = ?', (delivery.id,))


def _delivery(row: sqlite3.Row) -> Delivery:
    return replace(
        Delivery(**dict(row)),
        deletes_job=bool(row["deletes_job"]),
        is_trimmed=bool(row["is_trimmed"]),
    )
