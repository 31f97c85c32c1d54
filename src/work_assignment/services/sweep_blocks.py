"""One page of the records that a sweep takes up: read, decided together, written, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from work_assignment.domain.deciding.assignment import segments_of
from work_assignment.domain.deciding.decisions import Unassigned, Unchanged
from work_assignment.domain.deciding.explanations import summary
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import (
    CurrentRecord,
    Gathered,
    LastRun,
    Result,
    Rulebook,
)
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import Page, Scope, SweepKind, Trigger
from work_assignment.domain.statuses import PASSING
from work_assignment.services import telemetry
from work_assignment.services.blocks import Blocks
from work_assignment.services.culprits import find_culprits, in_words
from work_assignment.services.gathering import Gatherer
from work_assignment.services.giving_up import note_undecidable
from work_assignment.services.leasing import Busy, DeciderLease, Pause
from work_assignment.services.ports import RunReport
from work_assignment.services.standings import claimed, unexpired
from work_assignment.services.sweep_orders import Order
from work_assignment.services.sweep_reports import (
    CLOSED,
    GONE,
    NOT_PASSING,
    OVERTAKEN,
    PUT_OFF,
    RESERVED,
    SETTLED,
    UNDECIDABLE,
    UNREADABLE,
    SweepReport,
)
from work_assignment.services.triage import Triage, chosen_unheard
from work_assignment.services.workshop import Workshop

LATER = timedelta(seconds=2)
_TRIES = 3
"""Rounds without any progress before the rest of a page is left waiting."""

_log = telemetry.logger(__name__)


class Stopped(Exception):
    """Whoever waits for the lease is to end."""


_NO_RECORDS_FAULT = (Unavailable, Busy, Stopped)


@dataclass
class Surroundings:
    """What the pages of one sweep share: tools, and what is remembered from page to page.

    `take_lease` waits for the decider's lease as long as the sweep may, and raises Busy or Stopped;
    `barred` are the sellers
    whom Dataverse refused. What failed at `tried_since` or later this sweep had tried already, before
    its worker died; None where no worker did. The runs in `recalled` are counted as read back.
    """

    shop: Workshop
    gatherer: Gatherer
    order: Order
    scope: Scope
    report: SweepReport
    lease: DeciderLease
    take_lease: Callable[[], object]
    pause: Pause
    progress: Callable[[], object]
    barred: dict[SellerId, str] = field(default_factory=dict)
    tried_since: datetime | None = None
    recalled: frozenset[str] = frozenset()

    @property
    def kind(self) -> SweepKind:
        """What becomes of the records."""
        return self.scope.kind


class PageOfSweep:
    """The work on one page; nothing of it is remembered afterwards, however many there are."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._finished: set[RecordKey] = set()
        self._claimed: set[RecordKey] = set()
        self._reserved_until: datetime | None = None
        self._has_reserved = False
        self._told = RunReport()
        self._blocks = Blocks(
            around.shop,
            self,
            self._told,
            sweep_id=around.report.sweep.id,
            asked_by=around.report.sweep.asked_by,
            note=around.report.note,
            left=self._note_unchanged,
            on_reserved=self._let_go,
            progress=lambda count: around.progress(),
            landed=around.report.land,
        )
        self._blocks.barred = around.barred

    def finish(self, keys: Iterable[RecordKey]) -> None:
        """These records need nothing more in this sweep."""
        self._finished.update(keys)

    def work_off(self, page: Page) -> Gathered:
        """Read the page and decide it, anew where something came between; gives what was read.

        Others may decide while it is committed. What could not be decided is counted as left.
        """
        around = self._around
        around.take_lease()
        now = around.shop.clock()  # before reading: what counts as expired must not be read as live
        rulebook, gathered = self._read(page)
        records = [*gathered.waiting, *self._there(gathered, page.named)]
        keys = [current.key for current in records]
        self._or_find_culprits(keys, lambda: self._decide(rulebook, gathered, records, now))
        for key in self._work_off_the_rest(keys):
            around.report.note_left(*self._why_left(key))
        around.lease.let_go()
        return gathered

    def _read(self, page: Page) -> tuple[Rulebook, Gathered]:
        if page.named:
            return self._around.gatherer.gather(page.named, waiting=0)
        return self._around.gatherer.gather_page(page)

    def _there(self, gathered: Gathered, keys: Sequence[RecordKey]) -> list[CurrentRecord]:
        """Those of these records that can be read; the others are done with."""
        for key in keys:
            if key not in gathered.asked:
                self.finish([key])
                self._pass_by(key, UNREADABLE if key in gathered.unreadable else GONE)
        return [gathered.asked[key] for key in keys if key in gathered.asked]

    def _pass_by(self, key: RecordKey, why: str) -> None:
        """Count a record that is left out, where somebody has asked for it by name."""
        if self._around.scope.named:
            self._around.report.pass_by(key, why)

    def _note_unchanged(self, decision: Unassigned | Unchanged) -> None:
        report, record = self._around.report, decision.record
        if isinstance(decision, Unchanged):
            report.unchanged += 1
        else:
            report.pass_by(RecordKey(record.type, record.id), summary(decision))

    def _why_left(self, key: RecordKey) -> tuple[str, datetime | None]:
        """Why a record is left waiting, and when what is reserved runs out, where that is why."""
        put_off = self._blocks.put_off.get(key)
        if key not in self._claimed and put_off is not None:
            return PUT_OFF + put_off, None
        if key in self._claimed or key in self._told.waited:
            return RESERVED, self._reserved_until
        return OVERTAKEN, None

    def _work_off_the_rest(self, keys: Sequence[RecordKey]) -> list[RecordKey]:
        """Decide anew what is not finished; gives what is left waiting."""
        left = self._unfinished(keys)
        idle = 0 if self._progress() else 1
        while left and idle < _TRIES:
            before = self._progress()
            self._around.lease.let_go()
            self._around.pause(LATER)
            self._or_find_culprits(left, partial(self._round, left))
            left = self._unfinished(left)
            idle = 0 if self._progress() > before else idle + 1
        return left

    def _unfinished(self, keys: Sequence[RecordKey]) -> list[RecordKey]:
        return [key for key in keys if key not in self._finished]

    def _progress(self) -> int:
        return len(self._finished) + len(self._blocks.barred)

    def _round(self, keys: Sequence[RecordKey]) -> None:
        around = self._around
        around.take_lease()
        now = around.shop.clock()
        rulebook, gathered = around.gatherer.gather(keys, waiting=0)
        there = self._there(gathered, keys)
        self._decide(rulebook, gathered, there, now)

    def _decide(
        self,
        rulebook: Rulebook,
        gathered: Gathered,
        records: Sequence[CurrentRecord],
        now: datetime,
    ) -> None:
        sorted_out = self._sorted(records, gathered, claimed(gathered.sellers, now))
        self._leave_to_other_segments(rulebook, gathered, sorted_out, now)
        self.finish(sorted_out.done)
        self._claimed.difference_update(current.key for current in records)
        self._claimed.update(sorted_out.claimed)
        self._reserved_until = max(
            (entry.expires_at for row in gathered.sellers for entry in unexpired(row, now)),
            default=None,
        )
        self._blocks.work_off(rulebook, gathered, sorted_out, now)

    def _leave_to_other_segments(
        self, rulebook: Rulebook, gathered: Gathered, sorted_out: Triage, now: datetime
    ) -> None:
        """A sweep of one segment takes new records that fall into it, and no others."""
        segment = self._around.scope.segment
        if segment is None or self._around.kind is not SweepKind.REASSIGNMENT:
            return
        new = [at.record for at in sorted_out.decide if at.record.segment_id is None]
        found = segments_of(
            new, rulebook.definitions, at=now, since=sorted_out.since, rows=gathered.rows
        )
        others = {record_id for record_id, into in found.items() if into != segment.id}
        sorted_out.done += [at.key for at in sorted_out.decide if at.record.id in others]
        sorted_out.decide = [at for at in sorted_out.decide if at.record.id not in others]

    def _let_go(self) -> None:
        self._has_reserved = True
        self._around.lease.let_go()

    def _or_find_culprits(self, keys: Sequence[RecordKey], decide: Callable[[], object]) -> None:
        """Decide; where records make that fail, decide all others and leave those waiting.

        What fails behind the reserving goes through: what is reserved is everybody's claim, so that
        nothing could be decided anew.
        """
        self._has_reserved = False
        try:
            decide()
        except _NO_RECORDS_FAULT:
            raise
        except Exception as exc:
            if self._has_reserved:
                raise
            _log.warning("a block fails, looking for what makes it: %s", in_words(exc))
            self._find_culprits(keys)

    def _find_culprits(self, keys: Sequence[RecordKey]) -> None:
        around = self._around
        guilty = find_culprits(self._unfinished(keys), self._round, nobodys_fault=_NO_RECORDS_FAULT)
        for key, why in guilty.items():
            note_undecidable(around.shop, key, in_words(why))
        self.finish(guilty)
        for _ in guilty:
            around.report.note_left(UNDECIDABLE)

    def _sorted(
        self, records: Sequence[CurrentRecord], gathered: Gathered, taken: Collection[str]
    ) -> Triage:
        sorted_out = Triage()
        for current in records:
            last = gathered.last_runs.get(current.key)
            if current.key.id in taken:
                sorted_out.claimed.append(current.key)
            elif self._was_tried(current, last):
                sorted_out.done.append(current.key)
            elif (why := self._why_passed_by(current, last)) is not None:
                sorted_out.done.append(current.key)
                self._pass_by(current.key, why)
            elif self._is_chosen_by_hand(current, last):
                sorted_out.by_hand.append(current)
            else:
                sorted_out.decide.append(current)
                self._note_why(sorted_out, current)
        return sorted_out

    def _was_tried(self, current: CurrentRecord, last: LastRun | None) -> bool:
        """Whether this sweep has written this record's outcome: a worker that died, or late."""
        if self._around.kind is not SweepKind.REASSIGNMENT:
            return self._is_ours(last)
        since = self._around.tried_since
        if since is None or last is None or current.result is not Result.FAILED:
            return False
        if last.decided_at < since.replace(microsecond=0):
            return False
        self._around.report.note_before(last)
        return True

    def _is_ours(self, last: LastRun | None) -> bool:
        around = self._around
        if last is None or last.sweep_id != around.report.sweep.id:
            return False
        if last.id not in around.recalled:
            around.report.note_late(last)
        return True

    def _why_passed_by(self, current: CurrentRecord, last: LastRun | None) -> str | None:
        """Why there is nothing to decide about a record for this sweep; None where there is."""
        if not current.is_open:
            return CLOSED
        if self._around.kind is not SweepKind.REASSIGNMENT:
            return None
        if current.result is Result.SUCCEEDED:
            return SETTLED
        if self._around.order.trigger is Trigger.MANUAL or current.result is Result.UNDECIDED:
            return None
        return NOT_PASSING if last is None or last.status not in PASSING else None

    def _is_chosen_by_hand(self, current: CurrentRecord, last: LastRun | None) -> bool:
        """Whether somebody chose the owner behind our back, so that it is left so.

        One who had been chosen before it was asked to move the record, or to route it anew, is what
        is to be looked at. While that is carried out a person's choice counts, and not that of another
        worker of ours.
        """
        kind, seen = self._around.kind, self._blocks.owners_seen
        if kind is SweepKind.REASSIGNMENT:
            return chosen_unheard(current, last, seen)
        owner = current.record.owner
        if current.key in seen:
            is_from_us = last is not None and last.owner == owner
            return seen[current.key] != owner and not is_from_us
        is_settled = current.result is Result.SUCCEEDED
        return kind is not SweepKind.FORCE and not is_settled and chosen_unheard(current, last, {})

    def _note_why(self, sorted_out: Triage, current: CurrentRecord) -> None:
        around, order = self._around, self._around.order
        is_meant = bool(around.scope.named) or around.kind is SweepKind.FORCE
        if is_meant or order.since is not None or current.result is not Result.UNDECIDED:
            # It is asked for now, so what has been activated since it came counts for it too.
            sorted_out.since[current.record.id] = around.report.sweep.started_at
        sorted_out.sources[current.key] = _source(order)
        if around.kind is SweepKind.FORCE:
            sorted_out.as_new.add(current.key)
        if around.scope.named and around.kind is not SweepKind.REASSIGNMENT:
            sorted_out.answered.add(current.key)


def _source(order: Order) -> RequestSource:
    """Why its records are looked at."""
    if order.kind is SweepKind.RESEGMENTATION:
        return RequestSource.RESEGMENTED_BY_HAND
    if order.kind is SweepKind.FORCE:
        return RequestSource.FORCED_BY_HAND
    if order.trigger is Trigger.SCHEDULED:
        return RequestSource.SCHEDULED
    return RequestSource.BY_HAND if order.since is None else RequestSource.FORCED_BY_HAND
