"""What a run leaves behind, read from the databases of the mock and of the queues as plain values."""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.torture.journal import RECORD_TABLES, Entry, read_journal
from tests.torture.notes import Note, read_notes
from tests.torture.organization import APP_ID, NAMES

from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.mock_dataverse import text
from work_assignment.services.inbox import POISON
from work_assignment.services.intake import QUEUE

_VERSION = re.compile(r'^(?:by hand |answer \w+ |refused )?W/"(\d+)"$')
_STAYS = (RoutingStatus.RULES_OFF_FOR_SEGMENT, RoutingStatus.LEFT_ALONE)
"""Outcomes that leave a record with the owner it has, if it has one."""
GOING_ON = (1, 727000000)
"""statuscode of a sweep that is in progress or queued."""
Key = tuple[str, str]
"""A record's table and id."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as it is in the end; `size` and `account` are of leads of the moving pool."""

    key: Key
    owner: str
    is_open: bool
    result: int | None
    segment: str | None = None
    size: int | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the run log; `decided_at` is what the worker's clock said.

    `segment` and `previous_segment` are ids. `was_settled` says that the record had an owner of ours,
    or a person's, before; `due_at` is until when it was to be assigned.
    """

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
    source: int = 0
    segment: str | None = None
    previous_segment: str | None = None
    was_settled: bool = False
    due_at: str | None = None
    is_overdue: bool = False

    @property
    def has_moved(self) -> bool:
        return self.segment != self.previous_segment

    @property
    def is_forced(self) -> bool:
        return self.source == RequestSource.FORCED_BY_HAND

    @property
    def has_owner(self) -> bool:
        """Whether the record is with an owner who was chosen, by us or by hand, or whom it kept."""
        if self.status in _STAYS:
            return self.owner is not None
        return self.status in (RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND)

    @property
    def is_decision(self) -> bool:
        """Whether it says what was decided on a version of the record, and is no note of a choice."""
        return self.version.startswith('W/"') and self.previous_owner is not None

    @property
    def known_version(self) -> int | None:
        """The record's version that was decided on; None where the row is not about one."""
        found = _VERSION.search(self.version)
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A sweep as its row says in the end; moments are the run's time."""

    id: str
    status: int
    trigger: int
    created_at: float
    segment: str | None = None
    record_type: str | None = None
    record_ids: frozenset[str] | None = None
    due_at: float | None = None
    message: str = ""
    kind: int = 0


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
    `began_at` is when, by the run's time, schedules were there, and `settled_at` when everything was
    seen to be done with;
    `skew` is how far a worker's clock may be off; `lost_choices` are records of which nobody was
    told that their owner had been changed; `quiet` are the records that people left alone; `crashed`
    are processes that ended by themselves.
    """

    offsets: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    skew: float = 0.0
    began_at: float = 0.0
    settled_at: float = 0.0
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
    `segments` are names by id, `countries` those of accounts; `mutes` are people who opted out of
    something at some time.
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
    notes: Sequence[Note] = ()
    sweeps: Sequence[SweepRow] = ()
    segments: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    mutes: frozenset[str] = frozenset()
    surroundings: Surroundings = Surroundings()
    app: str = APP_ID
    names: Mapping[str, str] = field(default_factory=lambda: NAMES)

    def name(self, user: str | None) -> str:
        """A seller's name; another user's id."""
        return self.names.get(user or "", user or "nobody")

    def newest_runs(self) -> Mapping[Key, RunRow]:
        """The last row of each record, but for answers to who asked about one that stays as it is."""
        return {run.key: run for run in self.runs if run.status != RoutingStatus.UNCHANGED}


def named(key: Key) -> str:
    """What a violation calls a record."""
    return f"{key[0]} {key[1]}"


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
            notes=read_notes(db),
            sweeps=list(_sweeps(db)),
            segments=dict(db.execute("SELECT wa_segmentid, wa_name FROM wa_segment")),
            countries=dict(db.execute("SELECT accountid, address1_country FROM account")),
            mutes=frozenset(who for (who,) in db.execute("SELECT ownerid FROM wa_worklistsetting")),
            surroundings=surroundings,
        )


_RUNS = """
SELECT wa_routingrunid, wa_recordtype, wa_recordid, wa_recordversion, wa_routingstatus,
  coalesce(wa_assignedsellerid, wa_assignedteamid), wa_previousowner, wa_block, wa_decidedon,
  wa_reason, wa_tellpending OR wa_tellothers IS NOT NULL, wa_requestsource, wa_segmentid,
  wa_previoussegmentid, wa_previousresult, wa_dueon, wa_overdue
FROM wa_routingrun WHERE wa_mode = 'on'
ORDER BY rowid"""
_NOT_GIVEN_BACK = (
    "SELECT wa_recordid FROM wa_routingrun WHERE wa_reason LIKE '%cannot be given back%'"
)
_NOTIFICATIONS = (
    "SELECT appnotificationid, ownerid, title, coalesce(body, ''), coalesce(data, '')"
    " FROM appnotification"
)
_SWEEPS = """
SELECT wa_sweepid, statuscode, wa_triggertype, createdon, wa_segmentid, wa_recordtype, wa_recordids,
  wa_duetime, wa_message, wa_instancetype
FROM wa_sweep ORDER BY createdon, wa_sweepid"""
_SELLERS = "SELECT wa_systemuserid, wa_opencount, wa_reservations FROM wa_seller"


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)
    text.register(db)
    return db


def _records(db: sqlite3.Connection) -> Iterator[RecordRow]:
    for table, key in RECORD_TABLES.items():
        columns = f"{key}, ownerid, statecode, wa_assignmentresult, wa_segmentid"
        if table == "lead":
            columns += ", numberofemployees, parentaccountid"
        for row in db.execute(f"SELECT {columns} FROM {table}"):  # noqa: S608 - our own names
            row_id, owner, state, result, *rest = row
            yield RecordRow((table, row_id), owner, state == 0, result, *rest)


def _runs(db: sqlite3.Connection) -> Iterator[RunRow]:
    for row in db.execute(_RUNS):
        run_id, table, record, version, status, owner, previous, block, decided, *rest = row
        reason, tell, source, segment, previous_segment, result, due, overdue = rest
        yield RunRow(
            run_id,
            (table, record),
            version,
            status,
            owner,
            previous,
            block or "",
            _moment(decided),
            reason or "",
            bool(tell),
            source=source or 0,
            segment=segment,
            previous_segment=previous_segment,
            was_settled=result == 0,
            due_at=due,
            is_overdue=bool(overdue),
        )


def _sweeps(db: sqlite3.Connection) -> Iterator[SweepRow]:
    for row in db.execute(_SWEEPS):
        sweep_id, status, trigger, created, segment, record_type, ids, due, message, kind = row
        yield SweepRow(
            sweep_id,
            status,
            trigger or 0,
            _moment(created),
            segment,
            record_type,
            frozenset(json.loads(ids)) if ids else None,
            _moment(due) if due else None,
            message or "",
            kind or 0,
        )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


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


def is_at_rest(database: Path, storage: Path, now: datetime) -> bool:
    """Whether nothing waits, is queued, is reserved, is still to be told, or overdue and not marked."""
    with closing(_opened(database)) as db, closing(_opened(storage)) as queues:
        counts = [
            _count(queues, "messages WHERE queue = 'wa-events'"),
            _count(db, "wa_seller WHERE coalesce(wa_reservations, '[]') != '[]'"),
            _count(db, "wa_routingrun WHERE wa_tellpending = 1 OR wa_tellothers IS NOT NULL"),
            _count(db, "wa_routingrun WHERE wa_escalateon < ?", now.isoformat()),
            *(
                _count(db, f"{table} WHERE statecode = 0 AND wa_assignmentresult IS NULL")
                for table in RECORD_TABLES
            ),
        ]
        return not any(counts)


def sweeps_have_ended(database: Path) -> bool:
    """Whether no sweep is in progress or waits for its turn."""
    with closing(_opened(database)) as db:
        return not _count(db, "wa_sweep WHERE statuscode IN (?, ?)", *GOING_ON)


def _count(db: sqlite3.Connection, what: str, *values: object) -> int:
    (count,) = db.execute(f"SELECT count(*) FROM {what}", values).fetchone()  # noqa: S608 - our own text
    return int(count)
