"""Fills a database with copies of leads that were created properly, numbered on from them.

SQLite copies a row many times faster than the mock can create it. What the mock computed comes
along; what differs from lead to lead (id, number, moment, version) is written anew.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.web_api.leads import APART, created_at
from work_assignment.mock_dataverse.storage.connections import open_writer
from work_assignment.mock_dataverse.storage.schema import quoted

AT_ONCE = 10_000
_CACHE = "PRAGMA cache_size = -400000"  # KiB: indexes by random ids are written all over
_NUMBER = "(CAST(substr(subject, 6) AS INTEGER) + :shift)"
_REVENUE = f"CAST({_NUMBER} % 100000 AS REAL)"
_ANEW = {
    "leadid": "new_id()",
    "subject": f"printf('Lead %07d', {_NUMBER})",
    "emailaddress1": f"printf('lead%d@example.com', {_NUMBER})",
    "revenue": _REVENUE,
    "revenue_base": _REVENUE,
    "createdon": "strftime('%Y-%m-%dT%H:%M:%SZ', createdon, :later)",
    "versionnumber": f":version + {_NUMBER} - :start",
}


def copy_leads(path: Path, first: int, upto: int, progress: Callable[[int], None]) -> None:
    """Add the leads from number `first` up to `upto`; those before `first` are there."""
    with closing(open_writer(path, durable=False)) as db:
        db.execute(_CACHE)
        db.create_function("new_id", 0, lambda: str(uuid.uuid4()))
        copy = _statement(db)
        start = first
        while start < upto:
            origin = start % first
            count = min(AT_ONCE, upto - start, first - origin)
            _copy(db, copy, origin, start, count)
            start += count
            progress(start)


def _statement(db: sqlite3.Connection) -> str:
    names = [row["name"] for row in db.execute("PRAGMA table_info(lead)")]
    values = ", ".join(_ANEW.get(name, quoted(name)) for name in names)
    columns = ", ".join(quoted(name) for name in names)
    origin = "FROM lead WHERE createdon >= :since AND createdon < :until"
    return " ".join(("INSERT INTO lead", f"({columns})", "SELECT", values, origin))


def _copy(db: sqlite3.Connection, statement: str, origin: int, start: int, count: int) -> None:
    """Copy some leads in one transaction, with versions of their own."""
    db.execute("BEGIN IMMEDIATE")
    take = 'UPDATE "__version" SET "value" = "value" + ? RETURNING "value"'
    (last,) = db.execute(take, (count,)).fetchone()
    shift = start - origin
    db.execute(
        statement,
        {
            "shift": shift,
            "later": f"+{shift * int(APART.total_seconds())} seconds",
            "version": last - count + 1,
            "start": start,
            "since": created_at(origin),
            "until": created_at(origin + count),
        },
    )
    db.execute("COMMIT")
