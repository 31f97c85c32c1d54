"""Plays a case: events happen in order, and with each the state of records and sellers moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.decisions import (
    NO_TRACE,
    Assigned,
    Decision,
    Held,
    Unassigned,
    Unchanged,
)
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.defining.segments import DEFAULT_SEGMENT, Segment
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.filtering.rows import id_column
from work_assignment.domain.matching.best_overall import FlowSolver
from work_assignment.domain.records import Owner, Record, RecordId, SellerId, Value
from work_assignment.domain.runs.flapping import is_a_change, too_often
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus
from work_assignment.domain.text import fold
from work_assignment.services.cases.events import (
    AssignedByHand,
    Changed,
    Closed,
    Event,
    LookedAtAgain,
    New,
    RowChanged,
    Sweep,
    TimePasses,
)
from work_assignment.services.cases.owners import owner_columns, with_changes
from work_assignment.services.cases.pool_tables import PoolTables
from work_assignment.services.cases.reading import Case

_QUEUE = "queue"
_CLOSED = "the record is closed"
_NOT_READ = "no active filter reads what changed"


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one record: `status` is the outcome that it has by now."""

    at: datetime
    decision: Assigned | Unassigned | Unchanged
    status: RoutingStatus | None


@dataclass(slots=True)
class _Known:
    """A record as it stands; `status` is that of its last outcome, `changed_at` when rules
    gave it another segment or owner."""

    type: str
    id: str
    columns: Mapping[str, Value]
    created_at: datetime
    owner: Owner | None = None
    created_by: str | None = None
    score: Decimal | int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    segment: Segment | None = None
    is_settled: bool = False
    is_open: bool = True
    status: RoutingStatus | None = None
    changed_at: list[datetime] = field(default_factory=list)


def play(case: Case, solver: FlowSolver | None, *, is_traced: bool = False) -> Iterator[Decided]:
    """Let a case's events happen and give what was decided, in order.

    `solver` is needed where a rule distributes best overall.
    """
    world = _World(case, solver, is_traced=is_traced)
    for event in case.events:
        yield from world.happen(event)


class _World:
    """Everything that events move. What filters look at in other rows are the case's own rows."""

    def __init__(self, case: Case, solver: FlowSolver | None, *, is_traced: bool) -> None:
        self._case = case
        self._rows = case.rows.copy()
        self._solver = solver
        self._is_traced = is_traced
        self._at = case.at
        self._pool_tables = PoolTables(case.rules)
        self._known: dict[str, _Known] = {}
        self._definitions = self._define()
        self._assigner: Assigner | None = None
        self._counted = frozenset(self._definitions.counted_types)
        self._columns_read: dict[str, frozenset[str]] = {}
        self._standings = _standings(case, self._counted)

    def happen(self, event: Event) -> Iterator[Decided]:
        match event:
            case New():
                yield self._new(event)
            case Changed():
                yield self._changed(event)
            case Sweep():
                yield from self._sweep(event)
            case LookedAtAgain():
                yield self._look_again(event)
            case RowChanged():
                self._row_changed(event)
            case AssignedByHand():
                self._assigned_by_hand(event)
            case Closed():
                self._closed(event)
            case TimePasses():
                self._at, self._assigner = event.at, None
            case _:
                assert_never(event)

    # records

    def _new(self, event: New) -> Decided:
        owner, created_by = event.owner, event.columns.get("createdby")
        known = _Known(
            event.type,
            event.id,
            event.columns,
            event.created_at,
            owner,
            None if created_by is None else str(created_by),
            event.score,
            event.labels,
        )
        self._known[known.id] = known
        if self._standing(owner) is not None:
            self._assigner = None
        self._count(known, 1)
        self._put(known)
        (decided,) = self._decide([known], since={})
        return decided

    def _changed(self, event: Changed) -> Decided:
        known = self._known[event.id]
        known.columns = {**known.columns, **event.columns}
        kept = {name: text for name, text in known.labels.items() if name not in event.columns}
        known.labels = {**kept, **event.labels}
        self._put(known)
        if not known.is_open:
            return self._left_alone(known, _CLOSED)
        if self._read(known.type).isdisjoint(event.columns):
            return self._left_alone(known, _NOT_READ)
        (decided,) = self._decide([known], since={known.id: self._at})
        return decided

    def _look_again(self, event: LookedAtAgain) -> Decided:
        known = self._known[event.id]
        if not known.is_open:
            return self._left_alone(known, _CLOSED)
        since = {known.id: self._at}
        (decided,) = self._decide([known], since=since, as_new=event.is_forced)
        return decided

    def _left_alone(self, known: _Known, detail: str) -> Decided:
        status = SegmentationStatus.NOT_REQUIRED
        record = self._record(known)
        outcome = Unchanged(record, status, known.segment, None, NO_TRACE, detail)
        return Decided(self._at, outcome, known.status)

    def _read(self, record_type: str) -> frozenset[str]:
        """The columns of a type whose change can change an outcome."""
        if record_type not in self._columns_read:
            self._columns_read[record_type] = self._definitions.columns_read(record_type)
        return self._columns_read[record_type]

    def _sweep(self, event: Sweep) -> list[Decided]:
        waiting = [
            known
            for known in self._known.values()
            if known.is_open
            and not known.is_settled
            and event.segment in (None, _segment_name(known))
            and event.type in (None, known.type)
        ]
        return self._decide(waiting, since={known.id: self._at for known in waiting})

    def _assigned_by_hand(self, event: AssignedByHand) -> None:
        known = self._known.get(event.id)
        if known is None:
            columns = {id_column(event.type): event.id}
            known = self._known[event.id] = _Known(event.type, event.id, columns, self._at)
            self._count(known, 1)
        if event.owner.type != _QUEUE:
            self._give(known, event.owner)
        known.is_settled, known.status = True, RoutingStatus.ASSIGNED_BY_HAND
        receiver = self._standing(event.owner)
        if receiver is not None and event.type in self._counted:
            newest = 1 + max(standing.newest_turn for standing in self._standings.values())
            receiver.receive(newest, self._at)
        self._assigner = None

    def _closed(self, event: Closed) -> None:
        known = self._known[event.id]
        self._count(known, -1)
        known.is_open = False
        self._assigner = None

    def _row_changed(self, event: RowChanged) -> None:
        row = self._rows.find(event.table, event.id) or {}
        self._rows.put(event.table, event.id, with_changes(row, event.columns, self._rows))
        self._look_anew(event.table)

    # deciding

    def _decide(
        self, waiting: Sequence[_Known], since: Mapping[str, datetime], *, as_new: bool = False
    ) -> list[Decided]:
        """Decide records, oldest first; those that are not in `since` have just been created."""
        records = [self._record(known) for known in waiting]
        if as_new:
            records = [record.as_new() for record in records]
        assigner = self._assigner = self._assigner or self._new_assigner()
        decisions = assigner.decide_all(records, since)
        for decision in decisions:
            taker = self._standing(decision.owner) if isinstance(decision, Assigned) else None
            if taker is not None:
                taker.taken = 0  # from now on it is counted by owner
        return [self._note(decision, is_by_hand=as_new) for decision in decisions]

    def _new_assigner(self) -> Assigner:
        return Assigner(
            self._definitions,
            self._standings,
            at=self._at,
            solver=self._solver,
            is_traced=self._is_traced,
        )

    def _note(self, decision: Decision, *, is_by_hand: bool) -> Decided:
        if isinstance(decision, Held):
            raise RuntimeError(f"{decision.record.id} was held, though nobody reserves in a case")
        known = self._known[decision.record.id]
        before, was_settled = (known.owner, known.segment), known.is_settled
        if isinstance(decision, Assigned) and decision.owner.type != _QUEUE:
            self._give(known, decision.owner)
        known.is_settled = not isinstance(decision, Unassigned)
        known.status = decision.status or known.status
        if _says_segment(decision):
            known.segment = decision.segment
        if decision.status is not None and is_a_change(
            decision.status,
            segment=(_id(before[1]), _id(known.segment)),
            owner=(before[0], known.owner),
            was_settled=was_settled,
            is_by_hand=is_by_hand,
        ):
            known.changed_at.append(self._at)
        return Decided(self._at, decision, known.status)

    def _give(self, known: _Known, owner: Owner) -> None:
        """Make somebody the owner; whoever loses a record gets better, which asks for new lines."""
        self._count(known, -1)
        if self._standing(known.owner) is not None:
            self._assigner = None
        known.owner = owner
        known.columns = {**known.columns, **owner_columns(owner)}
        self._count(known, 1)
        self._put(known)

    def _count(self, known: _Known, by: int) -> None:
        """Count a record among its owner's open ones, or no more."""
        standing = self._standing(known.owner)
        if standing is not None and known.is_open and known.type in self._counted:
            standing.open_records += by

    def _standing(self, owner: Owner | None) -> Standing | None:
        """Where an owner stands who is a seller."""
        return None if owner is None else self._standings.get(SellerId(owner.id))

    def _record(self, known: _Known) -> Record:
        return Record(
            known.type,
            RecordId(known.id),
            known.created_at,
            known.columns,
            known.owner,
            segment_id=known.segment.id if known.segment else None,
            created_by=known.created_by,
            labels=known.labels,
            is_settled=known.is_settled,
            score=self._score(known),
            restless=too_often(known.changed_at, self._case.policy.flap_limit, self._at),
        )

    def _score(self, known: _Known) -> Decimal | int:
        if known.score is not None:
            return known.score
        value = known.columns.get(self._case.score_column or "")
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value
        return 0

    # what filters look at

    def _put(self, known: _Known) -> None:
        self._rows.put(known.type, known.id, known.columns)
        self._look_anew(known.type)

    def _look_anew(self, table: str) -> None:
        """Who may be given what is known in advance, unless it depends on rows of that table."""
        if table in self._pool_tables:
            self._definitions, self._assigner = self._define(), None

    def _define(self) -> Definitions:
        case = self._case
        return define(
            case.segments,
            case.rules,
            [entry.seller for entry in case.sellers],
            case.others,
            case.policy,
            self._rows,
        )


def _standings(case: Case, counted: frozenset[str]) -> dict[SellerId, Standing]:
    """Where sellers stand at the start; equal times of the last assignment are one turn."""
    times = sorted({entry.last_assigned_at for entry in case.sellers if entry.last_assigned_at})
    turns = {at: number for number, at in enumerate(times, 1)}
    return {
        entry.seller.id: Standing(
            entry.seller.id,
            open_records=sum(
                count for kind, count in entry.open_records.items() if kind in counted
            ),
            turn=turns[entry.last_assigned_at] if entry.last_assigned_at else 0,
            last_assigned_at=entry.last_assigned_at,
        )
        for entry in case.sellers
    }


def _id(segment: Segment | None) -> str | None:
    return None if segment is None else segment.id


def _segment_name(known: _Known) -> str:
    return DEFAULT_SEGMENT if known.segment is None else fold(known.segment.name)


def _says_segment(decision: Assigned | Unassigned | Unchanged) -> bool:
    """Whether the record is in the decision's segment from now on, even if that is none."""
    if decision.segmentation in (SegmentationStatus.WENT_WRONG, SegmentationStatus.NOT_REQUIRED):
        return False
    return decision.segment is not None or isinstance(decision, Unassigned)
