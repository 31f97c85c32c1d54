"""The order in which records changed hands, written by the mock's database itself.

Triggers note every change of owner, state and result, of a seller's capacity, and whether she is
disabled, in the transaction that makes it: what happened before what is then no matter of anybody's clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD_TABLES = {"lead": "leadid", "opportunity": "opportunityid"}

_TABLE = """CREATE TABLE IF NOT EXISTS torture_journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  row_id TEXT NOT NULL, before TEXT, after TEXT, was_open INTEGER, is_open INTEGER, result INTEGER,
  by_user TEXT, version INTEGER)"""
NOW = "(julianday('now') - 2440587.5) * 86400.0"
_COLUMNS = "at, kind, name, row_id, before, after, was_open, is_open, result, by_user, version"
_ON_RECORDS = (
    """CREATE TRIGGER IF NOT EXISTS torture_{t}_insert AFTER INSERT ON {t} BEGIN
  INSERT INTO torture_journal ({columns}) VALUES ({now}, 'create', '{t}', NEW.{id}, NULL,
    NEW.ownerid, 0, NEW.statecode = 0, NEW.wa_assignmentresult, NEW.createdby, NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_{t}_update AFTER UPDATE ON {t}
WHEN OLD.ownerid IS NOT NEW.ownerid OR OLD.statecode IS NOT NEW.statecode
  OR OLD.wa_assignmentresult IS NOT NEW.wa_assignmentresult BEGIN
  INSERT INTO torture_journal ({columns}) VALUES ({now}, 'update', '{t}', NEW.{id}, OLD.ownerid,
    NEW.ownerid, OLD.statecode = 0, NEW.statecode = 0, NEW.wa_assignmentresult, NEW.modifiedby,
    NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_{t}_again AFTER UPDATE OF ownerid ON {t}
WHEN OLD.ownerid IS NEW.ownerid BEGIN
  INSERT INTO torture_journal ({columns}) VALUES ({now}, 'again', '{t}', NEW.{id}, OLD.ownerid,
    NEW.ownerid, OLD.statecode = 0, NEW.statecode = 0, NEW.wa_assignmentresult, NEW.modifiedby,
    NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_{t}_delete AFTER DELETE ON {t} BEGIN
  INSERT INTO torture_journal ({columns}) VALUES ({now}, 'delete', '{t}', OLD.{id}, OLD.ownerid,
    NULL, OLD.statecode = 0, 0, OLD.wa_assignmentresult, NULL, OLD.versionnumber);
END""",
)
_ON_SELLERS = (
    """CREATE TRIGGER IF NOT EXISTS torture_seller_insert AFTER INSERT ON wa_seller BEGIN
  INSERT INTO torture_journal ({columns}) VALUES ({now}, 'capacity', 'wa_seller',
    NEW.wa_systemuserid, NULL, NEW.wa_maxcapacity, 0, 0, NULL, NEW.createdby, NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_seller_update AFTER UPDATE ON wa_seller
WHEN OLD.wa_maxcapacity IS NOT NEW.wa_maxcapacity BEGIN
  INSERT INTO torture_journal ({columns}) VALUES ({now}, 'capacity', 'wa_seller',
    NEW.wa_systemuserid, OLD.wa_maxcapacity, NEW.wa_maxcapacity, 0, 0, NULL, NEW.modifiedby,
    NEW.versionnumber);
END""",
)
_ON_USERS = (
    """CREATE TRIGGER IF NOT EXISTS torture_user_disabled AFTER UPDATE ON systemuser
WHEN NEW.isdisabled = 1 AND OLD.isdisabled IS NOT 1 BEGIN
  INSERT INTO torture_journal ({columns}) VALUES ({now}, 'disabled', 'systemuser',
    NEW.systemuserid, NULL, NULL, 0, 0, NULL, NEW.modifiedby, NEW.versionnumber);
END""",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `kind` is create, update, delete, capacity, disabled, or again, where somebody
    chose the owner that a record has; `at` is the real time.

    Of a record `before` and `after` are owners, of a seller they are her capacity.
    """

    seq: int
    at: float
    kind: str
    name: str
    row_id: str
    before: str | None
    after: str | None
    was_open: bool
    is_open: bool
    result: int | None
    by_user: str | None
    version: int | None


def keep_journal(database: Path) -> None:
    """Let the database write its journal from now on; it survives with the database."""
    db = sqlite3.connect(database, timeout=30, isolation_level=None)
    try:
        db.execute(_TABLE)
        for table, key in RECORD_TABLES.items():
            for trigger in _ON_RECORDS:
                db.execute(trigger.format(t=table, id=key, columns=_COLUMNS, now=NOW))
        for trigger in (*_ON_SELLERS, *_ON_USERS):
            db.execute(trigger.format(columns=_COLUMNS, now=NOW))
    finally:
        db.close()


def read_journal(db: sqlite3.Connection) -> Sequence[Entry]:
    """Everything that happened, in order."""
    rows = db.execute(f"SELECT seq, {_COLUMNS} FROM torture_journal ORDER BY seq")  # noqa: S608 - our own columns
    return [_entry(row) for row in rows]


def _entry(row: tuple[Any, ...]) -> Entry:
    seq, at, kind, name, row_id, before, after, was_open, is_open, result, by_user, version = row
    return Entry(
        seq,
        at,
        kind,
        name,
        row_id,
        before,
        after,
        was_open=bool(was_open),
        is_open=bool(is_open),
        result=result,
        by_user=by_user,
        version=version,
    )
