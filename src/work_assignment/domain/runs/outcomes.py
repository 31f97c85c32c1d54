"""What is written for a decision, and what became of writing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum

from work_assignment.domain.records import Owner, RecordKey, RuleId, SegmentId, SellerId
from work_assignment.domain.runs.facts import LastRun, Reservation, Result, SellerRow
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus


class RequestSource(IntEnum):
    """Why a record was looked at (`wa_routingrequestsource`)."""

    NEW = 0
    UPDATED = 1
    BY_HAND = 2
    SCHEDULED = 3
    RESEGMENTED_BY_HAND = 4
    FORCED_BY_HAND = 5
    FOUND_WAITING = 727000000


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the run log: one record, one outcome; `sweep_id` is the sweep that it belongs to."""

    id: str
    key: RecordKey
    record_name: str
    record_version: str
    source: RequestSource
    segmentation: SegmentationStatus
    status: RoutingStatus
    reason: str
    decided_at: datetime
    block: str
    mode: str
    explanation: str = ""
    segment_id: SegmentId | None = None
    previous_segment_id: SegmentId | None = None
    rule_id: RuleId | None = None
    owner: Owner | None = None
    previous_owner: Owner | None = None
    tell: bool = False
    sweep_id: str | None = None

    @property
    def assigns(self) -> bool:
        """Whether the owner is our choice, to be written on the record."""
        return self.status is RoutingStatus.ASSIGNED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written for one record, all or nothing.

    `result` None leaves the record itself alone (it is gone, closed, or this is a dry run); `again`
    is the run row of the same outcome before, which is counted up instead of writing a new one;
    `turn` the order stamp that an assignment gives the seller; `gives_back` says that the run's
    owner is written although it is not what rules chose; `owner_column` the column that the owner is
    written to, None for the owner proper; `queue_item` what is taken out of its queue with it.
    """

    run: Run
    version: str
    result: Result | None
    again: LastRun | None = None
    turn: int = 0
    gives_back: bool = False
    owner_column: str | None = None
    queue_item: str | None = None


@dataclass(frozen=True, slots=True)
class SellerChange:
    """What a block writes on a seller's row, provided it is still at `row.version`."""

    row: SellerRow
    order_stamp: int
    last_assigned_at: datetime | None
    reservations: tuple[Reservation, ...]
    open_count: int | None = None
    rule_stamps: Mapping[RuleId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turns:
    """Order stamps: of a seller, and hers of single rules."""

    turn: int
    by_rule: Mapping[RuleId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a block comes to for one seller: `committed` records of those reserved.

    `written` are the order stamps that reserving wrote; `settled` those that what was committed
    gives her. Turns of what was not committed are given back.
    """

    committed: int
    written: Turns
    settled: Turns

    def turns_after(self, row: SellerRow) -> Turns:
        """The turns as the block leaves them; one that others have moved on since is theirs."""
        by_rule = {
            rule: self.settled.by_rule[rule] if stamp == self.written.by_rule.get(rule) else stamp
            for rule, stamp in row.rule_stamps.items()
        }
        is_ours = row.order_stamp == self.written.turn
        return Turns(self.settled.turn if is_ours else row.order_stamp, by_rule)


class Written(Enum):
    """What became of writing one outcome."""

    DONE = "done"
    CHANGED = "the record changed meanwhile"
    GONE = "the record is gone"
    REFUSED = "Dataverse refused the owner"
    FORBIDDEN = "the application user lacks a privilege"
    FAILED = "Dataverse could not do it"
    LATER = "not written, to be tried again"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one outcome; `why` is Dataverse's word when it refused.

    `may_still_land` says that its request was lost on the way and might arrive yet.
    """

    written: Written
    why: str = ""
    may_still_land: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """One in-app notification: `id` is derived, so that telling again tells nothing new."""

    id: str
    run_id: str
    recipient: SellerId
    key: RecordKey
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Untold:
    """A run of the log of which somebody is to be told: the new owner, or who lost the record."""

    run_id: str
    recipient: SellerId
    key: RecordKey
    record_name: str
    reason: str
    is_lost: bool = False
