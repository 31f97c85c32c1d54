"""Sweeps: what is swept, what a sweep's row says, and what it gave to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, IntEnum

from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.records import Owner, RecordKey, SegmentId


class Trigger(IntEnum):
    """What started a sweep (`wa_triggertype`)."""

    MANUAL = 0
    SCHEDULED = 1


class SweepStatus(Enum):
    """How far a sweep has come, or how it ended; a row may have a status that is not ours."""

    QUEUED = "queued"
    IN_PROGRESS = "in progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Scope:
    """The records in question: by record type, those created at a moment or later.

    `segment` None means all; the built-in default segment has the records without any.
    """

    created_from: Mapping[str, datetime]
    segment: Segment | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands among those of its type, in the order they are swept."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """The next records of a sweep, oldest first: at most `limit` behind a place in each record type.

    A type that `after` does not name begins at its first record.
    """

    scope: Scope
    after: Mapping[str, Place]
    limit: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Records taken up, those that have an owner now, those for whom none was found."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a sweep needs to be taken up where it was.

    `after` is the last place of each record type whose block is done with, `since` the moment when
    that was noted; the counts are as of then, while those beside it grow with the block at hand.
    `worker` is who is at it, empty once it was handed on; an attended sweep is a person's own
    process, in whose place nobody goes on. `limit` is of the whole sweep, and `is_default` says that
    it is of the built-in default segment. `unassigned` counts by reason, and so does `waits` what is
    left; `reserved_until` is when the last reservation in its way runs out.
    """

    after: Mapping[str, Place] = field(default_factory=dict)
    since: datetime | None = None
    worker: str = ""
    is_attended: bool = False
    limit: int | None = None
    is_default: bool = False
    assigned: int = 0
    by_hand: int = 0
    left: int = 0
    requests: int = 0
    unassigned: Mapping[str, int] = field(default_factory=dict)
    waits: Mapping[str, int] = field(default_factory=dict)
    reserved_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as its row says; `undone` counts the records that went back.

    `version` is the row's ETag, empty for one that is yet to be written; `idle` how long nobody has
    written it, by Dataverse's clock; `fault` what on the row cannot be understood.
    """

    id: str
    name: str
    status: SweepStatus
    started_at: datetime
    trigger: Trigger = Trigger.MANUAL
    segment_id: SegmentId | None = None
    record_type: str | None = None
    since: date | None = None
    ended_at: datetime | None = None
    counts: Counts = Counts()
    message: str = ""
    is_undone: bool = False
    undone: int = 0
    cursor: Cursor = Cursor()
    version: str = ""
    idle: timedelta = timedelta(0)
    fault: str = ""

    @property
    def is_going_on(self) -> bool:
        """Whether it waits for its turn or is in progress."""
        return self.status in (SweepStatus.QUEUED, SweepStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Swept:
    """A record that a sweep gave to somebody, or put into a queue.

    Its run row was made by the user `written_by` at `written_at`, together with the assignment.
    `owner` is None where that seller, team or queue was deleted since.
    """

    run_id: str
    key: RecordKey
    record_name: str
    owner: Owner | None
    previous_owner: Owner | None
    previous_segment_id: SegmentId | None
    written_by: str
    written_at: datetime

    @property
    def is_queued(self) -> bool:
        return self.owner is not None and self.owner.type == "queue"

    @property
    def place(self) -> Place:
        """Where it stands among what a sweep gave."""
        return Place(self.written_at, self.run_id)


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A record's place in a queue; somebody who works on it has picked it."""

    id: str
    queue_id: str
    is_picked: bool
