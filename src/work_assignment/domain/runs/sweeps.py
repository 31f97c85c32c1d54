"""Sweeps: what is swept, what a sweep's row says, and what it gave to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, IntEnum

from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.records import Owner, RecordKey, SegmentId


class Trigger(IntEnum):
    """What started a sweep (`wa_triggertype`)."""

    MANUAL = 0
    SCHEDULED = 1


class SweepStatus(Enum):
    """How far a sweep has come, or how it ended."""

    QUEUED = "queued"
    IN_PROGRESS = "in progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


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
class Counts:
    """Records taken up, those that have an owner now, those for whom none was found."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as its row says; `undone` counts the records that went back."""

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


@dataclass(frozen=True, slots=True)
class Given:
    """All that a sweep gave; `undone` are the run rows that say that something was taken back."""

    swept: tuple[Swept, ...]
    undone: frozenset[str]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A record's place in a queue; somebody who works on it has picked it."""

    id: str
    queue_id: str
    is_picked: bool
