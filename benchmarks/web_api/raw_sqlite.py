"""What the mock is measured against: the same leads in bare SQLite, without any of its rules."""

from __future__ import annotations

import json
import sqlite3
import uuid
from itertools import count

from benchmarks.web_api.leads import lead

_COLUMNS = (*lead(0), "leadid", "statecode", "createdon", "versionnumber")
_INSERT = " ".join(("INSERT INTO lead VALUES (", ", ".join("?" * len(_COLUMNS)), ")"))
_PAGE = """SELECT versionnumber, lastname, subject, revenue, createdon, leadid FROM lead
    WHERE statecode = 0 ORDER BY leadid LIMIT 5001"""


class RawLeads:
    """Leads in memory, with the indexes that their pages need."""

    def __init__(self, rows: int) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._numbers = count()
        names = ", ".join("leadid TEXT PRIMARY KEY" if n == "leadid" else n for n in _COLUMNS)
        self._db.execute(f"CREATE TABLE lead ({names})")
        for columns in ("statecode, leadid", "createdon, leadid", "versionnumber"):
            self._db.execute(f"CREATE INDEX [{columns}] ON lead ({columns})")
        self._ids = self.insert(rows)
        self._next = count()

    def insert(self, rows: int) -> list[str]:
        """Insert in one transaction."""
        self._db.execute("BEGIN")
        ids = []
        for number in (next(self._numbers) for _ in range(rows)):
            ids.append(str(uuid.uuid4()))
            moment = "2026-01-01T00:00:00Z"
            self._db.execute(_INSERT, (*lead(number).values(), ids[-1], 0, moment, number))
        self._db.execute("COMMIT")
        return ids

    def read(self) -> str:
        """Read a row by id, as JSON."""
        row_id = self._ids[next(self._next) % len(self._ids)]
        row = self._db.execute("SELECT * FROM lead WHERE leadid = ?", (row_id,)).fetchone()
        return json.dumps(dict(zip(_COLUMNS, row, strict=True)))

    def update(self, rows: int) -> None:
        """Update in one transaction."""
        self._db.execute("BEGIN")
        for _ in range(rows):
            row_id, version = self._ids[next(self._next) % len(self._ids)], next(self._numbers)
            self._db.execute(
                "UPDATE lead SET subject = ?, versionnumber = ? WHERE leadid = ?",
                ("changed", version, row_id),
            )
        self._db.execute("COMMIT")

    def page(self) -> str:
        """Read a page of 5,000, as JSON."""
        names = ("@odata.etag", "fullname", "subject", "revenue", "createdon", "leadid")
        rows = self._db.execute(_PAGE).fetchall()
        return json.dumps([dict(zip(names, row, strict=True)) for row in rows])

    def close(self) -> None:
        self._db.close()
