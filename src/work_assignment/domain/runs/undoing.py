"""Whether a record that a sweep gave away can go back to whom it belonged before.

What "nothing changed since" means is read from Dataverse's own marks. A record and the run row that
says who got it are written in one change set, by one user, the record first: as long as nobody
writes the record again, its last writer is the row's creator and its last change is not later than
the row. Dataverse sets all four, so neither our clock nor the user who undoes has a say. A version
number kept at commit cannot serve: it is known only after the change set that would have to hold
it. What happens between reading and writing is caught by the record's version.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import CurrentRecord, Gathered
from work_assignment.domain.runs.sweeps import QueueItem, Swept


class Why(Enum):
    """Why a record is left with whom it is."""

    CHANGED = "changed since"
    REASSIGNED = "reassigned since"
    CLOSED = "closed since"
    GONE = "gone"
    OWNER_CANNOT = "previous owner cannot take it"
    NOT_ROUTED = "record type not routed any more"
    NOT_WRITTEN = "could not be written"


@dataclass(frozen=True, slots=True)
class Left:
    """A record that does not go back; `detail` says more where there is more to say."""

    swept: Swept
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of a few records that a sweep gave away.

    `routed` are the record types in question, `unable` those who cannot own records and why.
    """

    gathered: Gathered
    routed: Collection[str]
    unable: Mapping[Owner, str]
    queue_items: Mapping[RecordKey, QueueItem]
    owner_column: str | None = None


def judge(swept: Swept, around: Surroundings) -> Left | None:
    """Why a record cannot go back, or None when it can."""
    current = around.gathered.asked.get(swept.key)
    if swept.key.table not in around.routed:
        return Left(swept, Why.NOT_ROUTED)
    if swept.key in around.gathered.unreadable:
        return Left(swept, Why.NOT_WRITTEN, "it cannot be read")
    if current is None:
        return Left(swept, Why.GONE)
    if not current.is_open:
        return Left(swept, Why.CLOSED)
    last = around.gathered.last_runs.get(swept.key)
    if last is None or last.id != swept.run_id or not _is_where_put(swept, current, around):
        return Left(swept, Why.REASSIGNED)
    if not _is_untouched(swept, current):
        return Left(swept, Why.CHANGED)
    return _owner_problem(swept, around)


def _is_where_put(swept: Swept, current: CurrentRecord, around: Surroundings) -> bool:
    if not swept.is_placed:
        return current.record.owner == swept.previous_owner
    if swept.owner is None:
        return False
    if not swept.is_queued:
        return current.record.owner == swept.owner
    item = around.queue_items.get(swept.key)
    if item is None or item.queue_id != swept.owner.id or item.is_picked:
        return False
    return current.record.owner == swept.previous_owner


def _is_untouched(swept: Swept, current: CurrentRecord) -> bool:
    return (
        current.modified_by == swept.written_by
        and current.modified_at is not None
        and current.modified_at <= swept.written_at
    )


def _owner_problem(swept: Swept, around: Surroundings) -> Left | None:
    owner = swept.previous_owner
    if swept.is_queued or not swept.is_placed:
        return None  # the owner is who it was all along
    if owner is None:
        is_known = around.owner_column is not None  # such a column may have been empty
        return None if is_known else Left(swept, Why.OWNER_CANNOT, "nobody knows who it was")
    problem = around.unable.get(owner)
    return Left(swept, Why.OWNER_CANNOT, problem) if problem else None
