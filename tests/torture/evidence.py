"""What a run leaves behind, read from the databases of the mock and of the queues as plain values."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.torture.journal import RECORD_TABLES, Entry, read_journal
from tests.torture.organization import APP_ID, NAMES

from work_assignment.mock_dataverse import text
from work_assignment.services.inbox import POISON
from work_assignment.services.intake import QUEUE

Key = tuple[str, str]
"""A record's table and id."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    key: Key
    owner: str
    is_open: bool
    result: int | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the run log; `decided_at` is what the worker's clock said."""

    id: str
    key: Key
    version: str
    status: int
    owner: str | None
    previous_owner: str | None
    block: str
    decided_at: float
    reason: str = ""
    is_untold: bool = False


@dataclass(frozen=True, slots=True)
class SellerRow:
    user: str
    open_count: int | None
    reservations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notification:
    id: str
    recipient: str
    title: str
    body: str
    data: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the campaign itself knows.

    `offsets` are moments of real time, each with how far the run's time was ahead from then on;
    `skew` is how far a worker's clock may be off; `lost_choices` are records of which nobody was
    told that their owner had been changed; `quiet` are the records that people left alone; `crashed`
    are processes that ended by themselves.
    """

    offsets: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    skew: float = 0.0
    lost_choices: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()
    garbage: str = ""
    crashed: tuple[str, ...] = ()

    def run_time(self, real: float) -> float:
        """The run's time at a moment of real time."""
        place = bisect_right([at for at, _ in self.offsets], real) - 1
        return real + self.offsets[max(place, 0)][1]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is judged. `runs` are in the order in which they were written.

    `not_given_back` are records of which the log says that whom a person had chosen cannot own them.
    """

    records: Mapping[Key, RecordRow]
    runs: Sequence[RunRow]
    sellers: Sequence[SellerRow]
    notifications: Sequence[Notification]
    journal: Sequence[Entry]
    events: Sequence[str]
    poison: Sequence[str]
    integrity: Sequence[str]
    not_given_back: frozenset[str] = frozenset()
    surroundings: Surroundings = Surroundings()
    app: str = APP_ID
    names: Mapping[str, str] = field(default_factory=lambda: NAMES)

    def name(self, user: str | None) -> str:
        """A seller's name; another user's id."""
        return self.names.get(user or "", user or "nobody")

    def newest_runs(self) -> Mapping[Key, RunRow]:
        """The last row of each record."""
        return {run.key: run for run in self.runs}


def gather(database: Path, storage: Path, surroundings: Surroundings) -> Evidence:
    """Read everything."""
    with closing(_opened(database)) as db, closing(_opened(storage)) as queues:
        return Evidence(
            records={row.key: row for row in _records(db)},
            runs=list(_runs(db)),
            sellers=list(_sellers(db)),
            notifications=[Notification(*row) for row in db.execute(_NOTIFICATIONS)],
            journal=read_journal(db),
            events=_texts(queues, QUEUE),
            poison=_texts(queues, POISON),
            integrity=[*_integrity("Dataverse", db), *_integrity("the queues", queues)],
            not_given_back=frozenset(record for (record,) in db.execute(_NOT_GIVEN_BACK)),
            surroundings=surroundings,
        )


_RUNS = """
SELECT wa_routingrunid, wa_recordtype, wa_recordid, wa_recordversion, wa_routingstatus,
  coalesce(wa_assignedsellerid, wa_assignedteamid), wa_previousowner, wa_block, wa_decidedon,
  wa_reason, wa_tellpending
FROM wa_routingrun WHERE wa_mode = 'on'
ORDER BY rowid"""
_NOT_GIVEN_BACK = (
    "SELECT wa_recordid FROM wa_routingrun WHERE wa_reason LIKE '%cannot be given back%'"
)
_NOTIFICATIONS = (
    "SELECT appnotificationid, ownerid, title, coalesce(body, ''), coalesce(data, '')"
    " FROM appnotification"
)
_SELLERS = "SELECT wa_systemuserid, wa_opencount, wa_reservations FROM wa_seller"


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
    text.register(db)
    return db


def _records(db: sqlite3.Connection) -> Iterator[RecordRow]:
    for table, key in RECORD_TABLES.items():
        rows = db.execute(
            f"SELECT {key}, ownerid, statecode, wa_assignmentresult FROM {table}"  # noqa: S608 - our own names
        )
        for row_id, owner, state, result in rows:
            yield RecordRow((table, row_id), owner, state == 0, result)


def _runs(db: sqlite3.Connection) -> Iterator[RunRow]:
    for row in db.execute(_RUNS):
        run_id, table, record, version, status, owner, previous, block, decided, reason, tell = row
        yield RunRow(
            run_id,
            (table, record),
            version,
            status,
            owner,
            previous,
            block or "",
            datetime.fromisoformat(decided).timestamp(),
            reason or "",
            bool(tell),
        )


def _sellers(db: sqlite3.Connection) -> Iterator[SellerRow]:
    for user, count, reservations in db.execute(_SELLERS):
        entries: list[Any] = json.loads(reservations or "[]")
        yield SellerRow(user, count, tuple(entry["block"] for entry in entries))


def _texts(queues: sqlite3.Connection, queue: str) -> list[str]:
    rows = queues.execute("SELECT text FROM messages WHERE queue = ? ORDER BY number", (queue,))
    return [text for (text,) in rows]


def _integrity(name: str, db: sqlite3.Connection) -> Iterator[str]:
    for (problem,) in db.execute("PRAGMA integrity_check"):
        if problem != "ok":
            yield f"{name}: {problem}"


def is_at_rest(database: Path, storage: Path) -> bool:
    """Whether nothing waits, is queued, is reserved or is still to be told."""
    with closing(_opened(database)) as db, closing(_opened(storage)) as queues:
        counts = [
            _count(queues, "messages WHERE queue = 'wa-events'"),
            _count(db, "wa_seller WHERE coalesce(wa_reservations, '[]') != '[]'"),
            _count(db, "wa_routingrun WHERE wa_tellpending = 1"),
            *(
                _count(db, f"{table} WHERE statecode = 0 AND wa_assignmentresult IS NULL")
                for table in RECORD_TABLES
            ),
        ]
        return not any(counts)


def _count(db: sqlite3.Connection, what: str) -> int:
    (count,) = db.execute(f"SELECT count(*) FROM {what}").fetchone()  # noqa: S608 - our own text
    return int(count)
