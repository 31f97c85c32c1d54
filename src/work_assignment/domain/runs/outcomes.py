"""What is written for a decision, and what became of writing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, IntEnum

from work_assignment.domain.defining.notifications import Kind, Language
from work_assignment.domain.defining.rounds import EVERYWHERE, Round
from work_assignment.domain.records import Owner, RecordKey, RuleId, SegmentId, SellerId
from work_assignment.domain.runs.facts import LastRun, Reservation, Result, SellerRow
from work_assignment.domain.runs.news import NO_NAMES, Change, Names
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
    CAME_BACK = 727000001


class Telling(Enum):
    """When the seller is told: not at all, after the commit, or when the block is settled."""

    NOBODY = "nobody"
    AT_ONCE = "at once"
    WITH_BLOCK = "with the block"


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the run log: one record, one outcome; `sweep_id` is the sweep that it belongs to.

    `explain` writes the explanation, which takes longer than deciding, when it is wanted. Until
    `due_at` a rule can still give an owner to the record that has none. `previous_result` is what
    the record said before this was written on it. `others` are people besides its new owner who are
    to be told, `names` what people call the owner, segment and rule.
    """

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
    explain: Callable[[], str] = str
    segment_id: SegmentId | None = None
    previous_segment_id: SegmentId | None = None
    rule_id: RuleId | None = None
    owner: Owner | None = None
    previous_owner: Owner | None = None
    tell: Telling = Telling.NOBODY
    sweep_id: str | None = None
    due_at: datetime | None = None
    previous_result: Result = Result.UNDECIDED
    names: Names = NO_NAMES
    others: frozenset[SellerId] = frozenset()

    @property
    def explanation(self) -> str:
        """The trace of the decision, as JSON; empty where nothing was decided."""
        return self.explain()

    @property
    def assigns(self) -> bool:
        """Whether the owner is our choice, to be written on the record."""
        return self.status is RoutingStatus.ASSIGNED

    @property
    def change(self) -> Change:
        """What others than the new owner are told of."""
        return Change(
            self.id,
            self.block,
            self.key,
            self.others,
            replace(self.names, record=self.record_name),
            self.owner,
            self.previous_owner,
            self.segment_id,
            self.previous_segment_id,
        )


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
    unused: Mapping[RuleId, tuple[int, ...]] = field(default_factory=dict)

    def row_after(self, version: str) -> SellerRow:
        """The row once this is written."""
        return replace(
            self.row,
            version=version,
            order_stamp=self.order_stamp,
            last_assigned_at=self.last_assigned_at,
            reservations=self.reservations,
            rule_stamps=self.rule_stamps,
            unused=self.unused,
            open_count=self.row.open_count if self.open_count is None else self.open_count,
        )


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a block comes to: the ids of the records whose turns are spent.

    Those are the ones committed, and those that Dataverse kept from their sellers; all other turns
    are given back. `opened` are the committed ones that a seller did not own before, by seller.
    """

    spent: frozenset[str] = frozenset()
    opened: Mapping[SellerId, int] = field(default_factory=dict)


def settled(row: SellerRow, block: str, settlement: Settlement) -> SellerChange:
    """A seller's row without what a block had reserved on it."""
    (share,) = (entry for entry in row.reservations if entry.block == block)
    rounds = {round_: _after(row, share, round_, settlement) for round_ in share.before}
    unused = {**row.unused, **{key: place.unused for key, place in rounds.items()}}
    stamps = {key: place.stamp for key, place in rounds.items()}
    return SellerChange(
        row,
        stamps.pop(EVERYWHERE, row.order_stamp),
        row.last_assigned_at,
        tuple(entry for entry in row.reservations if entry.block != block),
        row.open_count + settlement.opened.get(row.seller_id, 0),
        {**row.rule_stamps, **stamps},
        {key: turns for key, turns in unused.items() if turns},
    )


def _after(row: SellerRow, share: Reservation, round_: RuleId, settlement: Settlement) -> Round:
    """A seller's place in a round when the turns of a block that were for nothing are given back."""
    turns = {record: turn.number for record, turn in share.records.items() if turn.round == round_}
    stamp = row.order_stamp if round_ == EVERYWHERE else row.rule_stamps.get(round_, 0)
    place = Round(stamp, tuple(row.unused.get(round_, ())))
    wasted = turns.keys() - settlement.spent
    return place.given_back(turns.values(), len(wasted), share.before[round_])


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

    `may_still_land` says that its request was lost on the way and might arrive yet; `is_its_own`
    that what is to be tried again was answered, and for this record alone (where it changed: that it
    is closed, and cannot be written). `retry_after` are the seconds that Dataverse asked to be left
    alone, if it did.
    """

    written: Written
    why: str = ""
    may_still_land: bool = False
    is_its_own: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One in-app notification: `id` is derived, so that telling again tells nothing new.

    `records` are those that it tells of; `run_id` is the run of which is noted that it was told, if
    that is not seen from the settled block. `block_runs` are the block's runs that it tells of.
    `action` is what opening the records is called. Before `after` the recipient is not to be
    disturbed. One that is not `in_app` is sent by other ways, or not wanted, and only noted as told.
    `told_outside` says that it went the other ways already, which is noted while it is refused.
    """

    id: str
    recipient: SellerId
    title: str
    body: str
    records: tuple[RecordKey, ...]
    run_id: str | None = None
    block_runs: tuple[str, ...] = ()
    kind: Kind = Kind.ASSIGNED
    language: Language = Language.ENGLISH
    action: str = "Open"
    after: datetime | None = None
    in_app: bool = True
    told_outside: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """An assignment that a block committed, as its run row says.

    `told_outside` says that of what the block brought her its seller has heard by e-mail or Teams.
    """

    block: str
    run_id: str
    key: RecordKey
    record_name: str
    seller_id: SellerId
    rule_id: RuleId | None
    previous_owner: Owner | None
    names: Names = NO_NAMES
    told_outside: bool = False


@dataclass(frozen=True, slots=True)
class Untold:
    """A run of the log of which somebody is to be told: the new owner, or who lost the record.

    `together` is all that its block brought the new owner, the run itself among it. `told_outside`
    says that she has heard of it by other ways than the app.
    """

    run_id: str
    recipient: SellerId
    key: RecordKey
    record_name: str
    is_lost: bool = False
    together: tuple[Committed, ...] = ()
    names: Names = NO_NAMES
    block: str = ""
    told_outside: bool = False
