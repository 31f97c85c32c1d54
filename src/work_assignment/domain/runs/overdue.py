"""Records that nobody got in time: which runs still say so, and what the manager hears."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from work_assignment.domain.records import RecordKey, SegmentId, SellerId
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.outcomes import Notice


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run that left its record with nobody, who was to be found by `due_at`.

    `looked_at` is since when it is to be looked at: then, or when the manager is to be disturbed.
    `version` is the row's, which the next write must find. `told_outside` says that the manager was
    told by e-mail or Teams already, and only in the app is to be yet.
    """

    id: str
    key: RecordKey
    record_name: str
    segment_id: SegmentId | None
    due_at: datetime
    version: str
    told_outside: bool = False
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ManagedSegment:
    """A segment's name, and the user who is told of what is overdue in it."""

    name: str
    manager: SellerId | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known when runs that are due are looked at.

    `unassigned` are the records that are open and have no owner of ours, `unreadable` those of which
    nobody can say; of records and due moments in `told` somebody was told before.
    """

    last_runs: Mapping[RecordKey, LastRun]
    unassigned: Collection[RecordKey]
    told: Collection[tuple[RecordKey, datetime]]
    segments: Mapping[SegmentId, ManagedSegment]
    unreadable: Collection[RecordKey] = frozenset()


class Finding(Enum):
    """What a run that was due turns out to be."""

    OVERDUE = "overdue"
    KNOWN = "overdue, as another run of the record said before"
    PAST = "not overdue"
    UNKNOWN = "its record cannot be read"


def judge(run: DueRun, around: Surroundings) -> Finding:
    """Whether a record is overdue: only its newest run counts, and each due moment once."""
    if run.key in around.unreadable:
        return Finding.UNKNOWN
    last = around.last_runs.get(run.key)
    if last is None or last.id != run.id or run.key not in around.unassigned:
        return Finding.PAST
    return Finding.KNOWN if (run.key, run.due_at) in around.told else Finding.OVERDUE


@dataclass(frozen=True, slots=True)
class Overdue:
    """A record of which a segment's manager is told that nobody got it in time."""

    run: DueRun
    segment: str
    manager: SellerId


@dataclass(frozen=True, slots=True)
class Marks:
    """Runs that are marked together, all or none, and with them told of, if anybody is.

    With `until` they are only to be looked at again then.
    """

    runs: tuple[DueRun, ...]
    is_overdue: bool
    notice: Notice | None = None
    until: datetime | None = None
