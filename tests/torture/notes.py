"""What else happened and in which order, beside who owned what: written by the mock's database itself.

Triggers note every change of a record's segment and of the columns that decide it, every write of a
sweep's row, each new row of the run log, and who follows what.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.torture.journal import NOW, RECORD_TABLES

_TABLE = """CREATE TABLE IF NOT EXISTS torture_notes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, row_id TEXT NOT NULL,
  before TEXT, after TEXT, version INTEGER)"""
_COLUMNS = "at, kind, row_id, before, after, version"
_SEGMENT = """CREATE TRIGGER IF NOT EXISTS torture_{t}_segment AFTER UPDATE ON {t}
WHEN OLD.wa_segmentid IS NOT NEW.wa_segmentid BEGIN
  INSERT INTO torture_notes ({columns}) VALUES ({now}, 'segment', NEW.{id}, OLD.wa_segmentid,
    NEW.wa_segmentid, NEW.versionnumber);
END"""
_STANDING = """NEW.statuscode || ' ' || CASE WHEN json_valid(NEW.wa_cursor)
  THEN coalesce(json_extract(NEW.wa_cursor, '$.worker'), '') ELSE '' END"""
_OTHERS = (
    """CREATE TRIGGER IF NOT EXISTS torture_lead_columns AFTER UPDATE ON lead
WHEN OLD.numberofemployees IS NOT NEW.numberofemployees BEGIN
  INSERT INTO torture_notes ({columns}) VALUES ({now}, 'columns', NEW.leadid,
    OLD.numberofemployees, NEW.numberofemployees, NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_account_country AFTER UPDATE ON account
WHEN OLD.address1_country IS NOT NEW.address1_country BEGIN
  INSERT INTO torture_notes ({columns}) VALUES ({now}, 'country', NEW.accountid,
    OLD.address1_country, NEW.address1_country, NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_sweep_insert AFTER INSERT ON wa_sweep BEGIN
  INSERT INTO torture_notes ({columns}) VALUES ({now}, 'sweep', NEW.wa_sweepid, NEW.wa_message,
    {standing}, NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_sweep_update AFTER UPDATE ON wa_sweep BEGIN
  INSERT INTO torture_notes ({columns}) VALUES ({now}, 'sweep', NEW.wa_sweepid, NEW.wa_message,
    {standing}, NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_run_insert AFTER INSERT ON wa_routingrun BEGIN
  INSERT INTO torture_notes ({columns}) VALUES ({now}, 'run', NEW.wa_routingrunid, NULL,
    NEW.wa_recordid, NEW.versionnumber);
END""",
    """CREATE TRIGGER IF NOT EXISTS torture_follow_insert AFTER INSERT ON wa_workitemstate
WHEN NEW.wa_followed = 1 BEGIN
  INSERT INTO torture_notes ({columns}) VALUES ({now}, 'follow', NEW.wa_recordid, NULL,
    NEW.ownerid, NEW.versionnumber);
END""",
)


@dataclass(frozen=True, slots=True)
class Note:
    """One change; `at` is the real time.

    `kind` is segment or columns, of the record `row_id`; country, of an account; sweep, a write of its
    row, where `before` is what its message says then, and `after` its status and who is at it; run, a
    new row of the log about the record `after`; or follow, where `after` follows the record.
    """

    seq: int
    at: float
    kind: str
    row_id: str
    before: str | None = None
    after: str | None = None
    version: int | None = None


def keep_notes(database: Path) -> None:
    """Let the database keep them from now on; they survive with the database."""
    db = sqlite3.connect(database, timeout=30, isolation_level=None)
    try:
        db.execute(_TABLE)
        for table, key in RECORD_TABLES.items():
            db.execute(_SEGMENT.format(t=table, id=key, columns=_COLUMNS, now=NOW))
        for trigger in _OTHERS:
            db.execute(trigger.format(columns=_COLUMNS, now=NOW, standing=_STANDING))
    finally:
        db.close()


def read_notes(db: sqlite3.Connection) -> Sequence[Note]:
    """Everything that was noted, in order."""
    rows = db.execute(f"SELECT seq, {_COLUMNS} FROM torture_notes ORDER BY seq")  # noqa: S608 - our own columns
    return [
        Note(seq, at, kind, row_id, _text(before), _text(after), version)
        for seq, at, kind, row_id, before, after, version in rows
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
