"""Sweeps: what is swept, what a sweep's row says, and what it gave to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, IntEnum

from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.records import Owner, RecordKey, SegmentId, SellerId
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus


class Trigger(IntEnum):
    """What started a sweep (`wa_triggertype`)."""

    MANUAL = 0
    SCHEDULED = 1


class SweepKind(IntEnum):
    """What a sweep does with its records (`wa_instancetype`).

    It decides what waits; or routes records anew as if they had just come, whoever has them; or
    looks whether records fall into another segment by now, which only that moves.
    """

    REASSIGNMENT = 0
    FORCE = 1
    RESEGMENTATION = 727000000


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

    `segment` None means all; the built-in default segment has the records without any. With
    `named` it is these records and no others.
    """

    created_from: Mapping[str, datetime]
    segment: Segment | None = None
    kind: SweepKind = SweepKind.REASSIGNMENT
    named: tuple[RecordKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands among those of its type, in the order they are swept."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """The next records of a sweep, oldest first: at most `limit` behind a place in each record type.

    A type that `after` does not name begins at its first record. With `failed_only` those that are
    not decided yet are left out. `named` are the next ones of a sweep that names its records.
    """

    scope: Scope
    after: Mapping[str, Place]
    limit: int
    failed_only: bool = False
    named: tuple[RecordKey, ...] = ()


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
    left; `reserved_until` is when the last reservation in its way runs out. `unchanged` records are as
    they were, `asked_with` is what its schedule had to say, and `passed_by` counts, by reason, those
    that were asked for by name and left out.
    `named` is how many of these are done with, and `blocks` are those of the last noted second.
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
    asked_with: str = ""
    unchanged: int = 0
    passed_by: Mapping[str, int] = field(default_factory=dict)
    named: int = 0
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as its row says; `undone` counts the records that went back.

    `record_ids` are those of single records of its type, None where it takes all that are meant
    otherwise; `asked_at` is when the row was made, by Dataverse's clock, and `asked_by` who made it. `version` is the row's ETag, empty for one that is yet to be written; `idle` how long nobody has
    written it, by Dataverse's clock; `fault` what on the row cannot be understood. `due_at` is
    when the schedule of its segment wanted it.
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
    due_at: datetime | None = None
    version: str = ""
    idle: timedelta = timedelta(0)
    fault: str = ""
    kind: SweepKind = SweepKind.REASSIGNMENT
    record_ids: tuple[str, ...] | None = None
    asked_at: datetime | None = None
    asked_by: SellerId | None = None

    @property
    def is_going_on(self) -> bool:
        """Whether it waits for its turn or is in progress."""
        return self.status in (SweepStatus.QUEUED, SweepStatus.IN_PROGRESS)


def overlaps(one: Sweep, other: Sweep) -> bool:
    """Whether two sweeps may have records in common, as far as what they were asked for says.

    Sweeps of two segments have none: what falls into one is not in the other.
    """
    types = {sweep.record_type for sweep in (one, other)}
    if len(types) == 2 and None not in types:
        return False
    if one.record_ids is not None and other.record_ids is not None:
        return not set(one.record_ids).isdisjoint(other.record_ids)
    segments = {_segment_of(sweep) for sweep in (one, other)}
    return len(segments) == 1 or None in segments


def _segment_of(sweep: Sweep) -> str | None:
    return "default" if sweep.cursor.is_default else sweep.segment_id


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """What a sweep wrote about one record, as the run log says; `names` are those of what is named by
    id. `is_placed` says that it got an owner, or was put into a queue.
    """

    run_id: str
    key: RecordKey
    record_name: str
    segmentation: SegmentationStatus
    status: RoutingStatus
    reason: str
    block: str
    segment_id: SegmentId | None
    previous_segment_id: SegmentId | None
    owner: Owner | None
    previous_owner: Owner | None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_placed(self) -> bool:
        return self.status is RoutingStatus.ASSIGNED

    @property
    def is_kept(self) -> bool:
        """Whether its owner was looked at and stays who it is."""
        return not self.is_placed and self.owner is not None

    @property
    def has_moved(self) -> bool:
        return self.segment_id != self.previous_segment_id


@dataclass(frozen=True, slots=True)
class Swept:
    """A record that a sweep gave to somebody, put into a queue, or changed otherwise.

    Its run row was made by the user `written_by` at `written_at`, together with the change.
    `owner` is None where that seller, team or queue was deleted since. One that is not `is_placed`
    was left with its owner; `was_settled` says that an owner had been chosen for it before.
    """

    run_id: str
    key: RecordKey
    record_name: str
    owner: Owner | None
    previous_owner: Owner | None
    previous_segment_id: SegmentId | None
    written_by: str
    written_at: datetime
    is_placed: bool = True
    was_settled: bool = False

    @property
    def is_queued(self) -> bool:
        return self.is_placed and self.owner is not None and self.owner.type == "queue"

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
