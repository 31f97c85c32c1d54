"""What is known when a block is decided: sellers' rows, records as they stand, the rulebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import Enum

from work_assignment.domain.deciding.definitions import Definitions
from work_assignment.domain.deciding.related_paths import NOWHERE, Reach
from work_assignment.domain.defining.notifications import Notifications
from work_assignment.domain.defining.rounds import Turn
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.rows import NO_ROWS, Rows
from work_assignment.domain.records import Owner, Record, RecordKey, RuleId, SellerId
from work_assignment.domain.runs.sweeps import Place
from work_assignment.domain.statuses import RoutingStatus


@dataclass(frozen=True, slots=True)
class Reservation:
    """Shares of a seller's capacity that one block of decisions holds until it is done.

    `records` are the turns that it gives, by the ids of the records that are to use the shares:
    nobody else decides these meanwhile. `before` are the order stamps that reserving found, by
    round, so that whoever settles the block can give turns back.
    """

    block: str
    shares: int
    expires_at: datetime
    records: Mapping[str, Turn] = field(default_factory=dict)
    before: Mapping[RuleId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SellerRow:
    """A seller's row as read: `version` is its ETag, `order_stamp` rises with each assignment.

    `rule_stamps` are those of single rules, where each has a round of its own; `unused` are turns
    that she was given in a round and could not use. `barred` says why Dataverse would refuse the
    seller as an owner, or is empty. `open_count` is what the row tells
    people; decisions count for themselves.
    """

    id: str
    seller_id: SellerId
    version: str
    order_stamp: int
    last_assigned_at: datetime | None
    reservations: tuple[Reservation, ...] = ()
    barred: str = ""
    rule_stamps: Mapping[RuleId, int] = field(default_factory=dict)
    open_count: int = 0
    unused: Mapping[RuleId, tuple[int, ...]] = field(default_factory=dict)


class Result(Enum):
    """`wa_assignmentresult` of a record."""

    UNDECIDED = None
    SUCCEEDED = 0
    FAILED = 1


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    """A record as it stands, with the version that the next write must find.

    `modified_by` is the user who wrote it last, at `modified_at`.
    """

    record: Record
    version: str
    is_open: bool
    result: Result
    modified_by: str | None = None
    modified_at: datetime | None = None

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.record.type, self.record.id)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest row of the run log about a record.

    `owner` is whom the outcome left the record with, as far as the row says, `previous_owner` whom
    it was taken from; `written_at` is when the row was made by Dataverse's clock, which events
    carry too. `changed_at` are the moments, oldest first, at which rules gave the record another
    segment or owner than it had. `due_at` is when it was to be assigned, and `is_overdue` says that
    it was found not to be. `sweep_id` is the sweep that it belongs to. Where a run left the record
    with the owner it had, `given_by` is the one before it that says how it came there.
    """

    id: str
    status: RoutingStatus
    segment_id: str | None
    rule_id: str | None
    decided_at: datetime
    attempts: int
    seller_id: SellerId | None = None
    owner: Owner | None = None
    written_at: datetime | None = None
    previous_owner: Owner | None = None
    changed_at: tuple[datetime, ...] = ()
    due_at: datetime | None = None
    is_overdue: bool = False
    sweep_id: str | None = None
    given_by: LastRun | None = None

    @property
    def keeps_owner(self) -> bool:
        """Whether it left the record with the owner it had."""
        is_kept = self.status in (RoutingStatus.RULES_OFF_FOR_SEGMENT, RoutingStatus.LEFT_ALONE)
        return is_kept and self.owner is not None


@dataclass(frozen=True)
class Rulebook:
    """The definitions in force, and the stamp under which they may be kept.

    `columns` names, by record type, what must be read of a record, and `labelled` those of them of
    which what people read is wanted too; `reach` are the rows beside it. Owners are chosen in
    `owner_column` where that is not the owner proper. An Update of `watched` columns, by table, has
    records looked at again. `faults` are definitions that cannot be used
    as they stand. In `zone` days are meant. `notifications` is how people are told.
    """

    stamp: str
    definitions: Definitions
    columns: Mapping[str, frozenset[str]]
    faults: tuple[DefinitionError, ...] = ()
    labelled: frozenset[str] = frozenset()
    reach: Reach = NOWHERE
    owner_column: str | None = None
    score_column: str | None = None
    zone: tzinfo = UTC
    watched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notifications: Notifications = field(default_factory=Notifications)


@dataclass(frozen=True)
class Gathered:
    """Everything one block is decided on, read in one go: seller rows before counts.

    `unreadable` are records, asked for or waiting, that are there and cannot be understood; `rows`
    are those of other tables that filters look at. Of a page of a sweep `reached` says by record type where the
    last record stands that it has or could not read, in Dataverse's order. `followers` are told of
    what becomes of records.
    """

    stamp: str
    sellers: tuple[SellerRow, ...]
    open_counts: Mapping[SellerId, int]
    asked: Mapping[RecordKey, CurrentRecord]
    waiting: tuple[CurrentRecord, ...]
    last_runs: Mapping[RecordKey, LastRun]
    unreadable: frozenset[RecordKey] = frozenset()
    rows: Rows = NO_ROWS
    reached: Mapping[str, Place] = field(default_factory=dict)
    followers: Mapping[RecordKey, frozenset[SellerId]] = field(default_factory=dict)
