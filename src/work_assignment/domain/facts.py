"""What is known when a block is decided: sellers' rows, records as they stand, the rulebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from work_assignment.domain.assignment import Definitions
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import Record, RecordKey, SellerId
from work_assignment.domain.statuses import RoutingStatus


@dataclass(frozen=True, slots=True)
class Reservation:
    """Shares of a seller's capacity that one block of decisions holds until it is done.

    `records` are the ids of the records that are to use them: nobody else decides these meanwhile.
    """

    block: str
    shares: int
    expires_at: datetime
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SellerRow:
    """A seller's row as read: `version` is its ETag, `order_stamp` rises with each assignment.

    `barred` says why Dataverse would refuse the seller as an owner, or is empty.
    """

    id: str
    seller_id: SellerId
    version: str
    order_stamp: int
    last_assigned_at: datetime | None
    reservations: tuple[Reservation, ...] = ()
    barred: str = ""


class Result(Enum):
    """`wa_assignmentresult` of a record."""

    UNDECIDED = None
    SUCCEEDED = 0
    FAILED = 1


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    """A record as it stands, with the version that the next write must find."""

    record: Record
    version: str
    is_open: bool
    result: Result

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.record.type, self.record.id)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest row of the run log about a record."""

    id: str
    status: RoutingStatus
    segment_id: str | None
    rule_id: str | None
    decided_at: datetime
    attempts: int
    seller_id: SellerId | None = None


@dataclass(frozen=True)
class Rulebook:
    """The definitions in force, and the stamp under which they may be kept.

    `columns` names, by record type, what must be read of a record. `faults` are definitions that
    cannot be used as they stand.
    """

    stamp: str
    definitions: Definitions
    columns: Mapping[str, frozenset[str]]
    faults: tuple[DefinitionError, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """Everything one block is decided on, read in one go: seller rows before counts.

    `unreadable` are records asked for that are there and cannot be understood.
    """

    stamp: str
    sellers: tuple[SellerRow, ...]
    open_counts: Mapping[SellerId, int]
    asked: Mapping[RecordKey, CurrentRecord]
    waiting: tuple[CurrentRecord, ...]
    last_runs: Mapping[RecordKey, LastRun]
    unreadable: frozenset[RecordKey] = frozenset()
