"""A sweep: the records that wait are decided block by block, oldest first, each at most once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import CurrentRecord, Gathered, LastRun, Result
from work_assignment.domain.runs.outcomes import RequestSource, Run
from work_assignment.domain.runs.sweeps import Counts, Place, Scope, Sweep, SweepStatus, Trigger
from work_assignment.domain.statuses import PASSING, RoutingStatus
from work_assignment.services.blocks import Blocks
from work_assignment.services.gathering import Gatherer
from work_assignment.services.leasing import DeciderLease, Pause
from work_assignment.services.ports import RunReport, Sweeps
from work_assignment.services.standings import claimed
from work_assignment.services.sweep_orders import Order, SweepRefused, begun, scope_of
from work_assignment.services.triage import Triage
from work_assignment.services.workshop import Workshop

BLOCK = 1000
"""Records decided together: what best overall looks at in one."""
LATER = timedelta(seconds=2)
_TRIES = 3
"""Rounds without any progress before the rest of a block is left waiting."""
_MESSAGE_LENGTH = 1000
DIED = "Its process ended early"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SweepReport:
    """What a sweep did: `unassigned` counts by reason, `left` are records that still wait."""

    sweep: Sweep
    seconds: float = 0
    assigned: int = 0
    by_hand: int = 0
    left: int = 0
    unassigned: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> Counts:
        succeeded, failed = self.assigned + self.by_hand, self.unassigned.total()
        return Counts(succeeded + failed + self.left, succeeded, failed)

    def note(self, run: Run) -> None:
        """Count an outcome."""
        match run.status:
            case RoutingStatus.ASSIGNED:
                self.assigned += 1
            case RoutingStatus.ASSIGNED_BY_HAND:
                self.by_hand += 1
            case _:
                self.unassigned[run.reason] += 1


class Sweeper:
    """Sweeps in this process. `stopped` says whether it is to end after the block at hand."""

    def __init__(
        self,
        shop: Workshop,
        sweeps: Sweeps,
        *,
        pause: Pause,
        stopped: Callable[[], bool] = lambda: False,
        block_size: int = BLOCK,
    ) -> None:
        self._shop = shop
        self._sweeps = sweeps
        self._pause = pause
        self._stopped = stopped
        self._block_size = block_size

    def sweep(self, order: Order) -> SweepReport:
        """Decide what waits, and write a row that says how it went.

        Raises SweepRefused for what does not exist and Busy while another worker decides; nothing
        is written then. Whatever else ends it early is said on the row.
        """
        if self._shop.mode == "off":
            raise SweepRefused("WA_MODE is off: nothing is decided")
        gatherer = Gatherer(self._shop.facts)
        scope = scope_of(order, gatherer.read_rulebook())
        is_dry = self._shop.mode == "dry-run"
        with DeciderLease(self._shop.leases, self._pause) as lease:
            now = self._shop.clock()
            close_dead_sweeps(self._sweeps, now)
            sweep = begun(order, scope, self._shop.new_id(), now, is_dry=is_dry)
            session = _Session(self._shop, self._sweeps, gatherer, order, sweep, lease)
            session.run(scope, self._stopped, self._block_size)
        return session.report


def close_dead_sweeps(sweeps: Sweeps, now: datetime) -> None:
    """Write the end of sweeps whose process died; to be called with the decider's lease in hand."""
    for sweep in sweeps.in_progress():
        sweeps.save(replace(sweep, status=SweepStatus.FAILED, ended_at=now, message=DIED))


class _Session:
    """One sweep on its way."""

    def __init__(
        self,
        shop: Workshop,
        sweeps: Sweeps,
        gatherer: Gatherer,
        order: Order,
        sweep: Sweep,
        lease: DeciderLease,
    ) -> None:
        self._shop = shop
        self._sweeps = sweeps
        self._gatherer = gatherer
        self._order = order
        self._lease = lease
        self._finished: set[RecordKey] = set()
        self.report = SweepReport(sweep)
        self._blocks = Blocks(shop, self, RunReport(), sweep_id=sweep.id, note=self.report.note)

    def finish(self, keys: Iterable[RecordKey]) -> None:
        """These records need nothing more in this sweep."""
        self._finished.update(keys)

    def run(self, scope: Scope, stopped: Callable[[], bool], block_size: int) -> None:
        """Work all blocks off; the row says how it ended, whatever happens."""
        self._save()
        try:
            status, message = self._work(scope, stopped, block_size)
        except BaseException as exc:
            self._end_early(exc)
            raise
        self._end(status, message)

    def _work(
        self, scope: Scope, stopped: Callable[[], bool], block_size: int
    ) -> tuple[SweepStatus, str]:
        after: dict[str, Place] = {}
        while not stopped():
            limit = self._order.limit
            room = block_size if limit is None else min(block_size, limit - self._taken)
            found = self._sweeps.waiting(scope, after, room) if room else []
            if not found:
                left = f"{self.report.left} records still wait" if self.report.left else ""
                return SweepStatus.SUCCEEDED, left
            after |= {key.table: place for key, place in found}
            self._lease.keep()
            self.report.left += self._work_off([key for key, _ in found])
            self._save()
        return SweepStatus.FAILED, f"It was stopped after {self._taken} records"

    @property
    def _taken(self) -> int:
        return self.report.counts.total

    def _work_off(self, keys: Sequence[RecordKey]) -> int:
        """Decide these records, anew where something came between; says how many are left waiting."""
        left, idle = list(keys), 0
        while left:
            before = self._progress()
            self._round(left)
            left = [key for key in left if key not in self._finished]
            idle = 0 if self._progress() > before else idle + 1
            if idle == _TRIES:
                break
            if left:
                self._lease.wait(LATER)
        return len(left)

    def _progress(self) -> int:
        return len(self._finished) + len(self._blocks.barred)

    def _round(self, keys: Sequence[RecordKey]) -> None:
        now = self._shop.clock()  # before reading: what counts as expired must not be read as live
        rulebook, gathered = self._gatherer.gather(keys, waiting=0)
        taken = claimed(gathered.sellers, now, self._blocks.own_blocks)
        sorted_out = self._sorted(keys, gathered, taken)
        self.finish(sorted_out.done)
        self._blocks.work_off(rulebook, gathered, sorted_out, now)

    def _sorted(
        self, keys: Sequence[RecordKey], gathered: Gathered, taken: Collection[str]
    ) -> Triage:
        sorted_out = Triage()
        for key in keys:
            current, last = gathered.asked.get(key), gathered.last_runs.get(key)
            if key.id in taken:
                sorted_out.claimed.append(key)
            elif current is None or self._is_passed_by(current, last):
                sorted_out.done.append(key)
            elif _chosen_by_hand(current, last, self._blocks.owners_seen):
                sorted_out.by_hand.append(current)
            else:
                sorted_out.decide.append(current)
                self._note_why(sorted_out, current)
        return sorted_out

    def _is_passed_by(self, current: CurrentRecord, last: LastRun | None) -> bool:
        """Whether the record does not wait any more, or not for what a schedule brings."""
        if not current.is_open or current.result is Result.SUCCEEDED:
            return True
        if self._order.trigger is Trigger.MANUAL or current.result is Result.UNDECIDED:
            return False
        return last is None or last.status not in PASSING

    def _note_why(self, sorted_out: Triage, current: CurrentRecord) -> None:
        forced = self._order.since is not None
        if forced or current.result is Result.FAILED:
            # It is asked for now, so what has been activated since it came counts for it too.
            sorted_out.since[current.record.id] = self.report.sweep.started_at
        if self._order.trigger is Trigger.SCHEDULED:
            source = RequestSource.SCHEDULED
        else:
            source = RequestSource.FORCED_BY_HAND if forced else RequestSource.BY_HAND
        sorted_out.sources[current.key] = source

    # the row

    def _save(self) -> None:
        self.report.sweep = replace(self.report.sweep, counts=self.report.counts)
        self._sweeps.save(self.report.sweep)

    def _end(self, status: SweepStatus, message: str) -> None:
        now = self._shop.clock()
        ended = replace(
            self.report.sweep, status=status, ended_at=now, message=message[:_MESSAGE_LENGTH]
        )
        self.report.sweep = ended
        self.report.seconds = (now - ended.started_at).total_seconds()
        self._save()

    def _end_early(self, error: BaseException) -> None:
        by_hand = isinstance(error, KeyboardInterrupt)
        why = "It was stopped by hand in the middle of a block" if by_hand else f"Error: {error}"
        try:
            self._end(SweepStatus.FAILED, why)
        except Unavailable as exc:
            # The next sweep or undo finds the row without an end, and writes it.
            _log.warning("sweep %s has ended, but its row cannot say so: %s", self._sweep_id, exc)

    @property
    def _sweep_id(self) -> str:
        return self.report.sweep.id


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
