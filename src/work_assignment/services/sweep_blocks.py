"""One page of the records that a sweep takes up: read, decided together, written, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from work_assignment.domain.deciding.assignment import segments_of
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.facts import (
    CurrentRecord,
    Gathered,
    LastRun,
    Result,
    Rulebook,
)
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import Page, Scope, Trigger
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
    OVERTAKEN,
    PUT_OFF,
    RESERVED,
    UNDECIDABLE,
    SweepReport,
)
from work_assignment.services.triage import Triage
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
    its worker died; None where no worker did.
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
            note=around.report.note,
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
        rulebook, gathered = around.gatherer.gather_page(page)
        keys = [current.key for current in gathered.waiting]
        self._or_find_culprits(
            keys, lambda: self._decide(rulebook, gathered, gathered.waiting, now)
        )
        for key in self._work_off_the_rest(keys):
            around.report.note_left(*self._why_left(key))
        around.lease.let_go()
        return gathered

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
        there = [gathered.asked[key] for key in keys if key in gathered.asked]
        self.finish(key for key in keys if key not in gathered.asked)
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
        if segment is None:
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
            elif self._was_tried(current, last) or self._is_passed_by(current, last):
                sorted_out.done.append(current.key)
            elif _chosen_by_hand(current, last, self._blocks.owners_seen):
                sorted_out.by_hand.append(current)
            else:
                sorted_out.decide.append(current)
                self._note_why(sorted_out, current)
        return sorted_out

    def _was_tried(self, current: CurrentRecord, last: LastRun | None) -> bool:
        """Whether a worker of this sweep that died had written this record's outcome."""
        since = self._around.tried_since
        if since is None or last is None or current.result is not Result.FAILED:
            return False
        if last.decided_at < since.replace(microsecond=0):
            return False
        self._around.report.note_before(last)
        return True

    def _is_passed_by(self, current: CurrentRecord, last: LastRun | None) -> bool:
        """Whether the record does not wait any more, or not for what a schedule brings."""
        if not current.is_open or current.result is Result.SUCCEEDED:
            return True
        if self._around.order.trigger is Trigger.MANUAL or current.result is Result.UNDECIDED:
            return False
        return last is None or last.status not in PASSING

    def _note_why(self, sorted_out: Triage, current: CurrentRecord) -> None:
        order = self._around.order
        forced = order.since is not None
        if forced or current.result is Result.FAILED:
            # It is asked for now, so what has been activated since it came counts for it too.
            sorted_out.since[current.record.id] = self._around.report.sweep.started_at
        if order.trigger is Trigger.SCHEDULED:
            source = RequestSource.SCHEDULED
        else:
            source = RequestSource.FORCED_BY_HAND if forced else RequestSource.BY_HAND
        sorted_out.sources[current.key] = source


def _chosen_by_hand(
    current: CurrentRecord, last: LastRun | None, owners_seen: dict[RecordKey, Owner | None]
) -> bool:
    """Whether somebody chose another owner since we last looked, though no event has told us."""
    owner = current.record.owner
    if current.key in owners_seen:
        return owners_seen[current.key] != owner
    if current.result is Result.UNDECIDED or last is None or None in (owner, last.owner):
        return False
    return last.owner != owner
