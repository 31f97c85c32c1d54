"""A sweep undone: its records go back to their previous owners, where nothing changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.outcomes import Outcome, Telling, WriteResult, Written
from work_assignment.domain.runs.sweeps import Place, Sweep, Swept
from work_assignment.domain.runs.undoing import Left, Surroundings, Why, judge
from work_assignment.services import telemetry
from work_assignment.services.blocks import RESERVED_FOR
from work_assignment.services.gathering import Gatherer
from work_assignment.services.leasing import PATIENCE_BETWEEN_BLOCKS, Busy, DeciderLease, Pause
from work_assignment.services.notifying import Teller
from work_assignment.services.ports import Sweeps
from work_assignment.services.recording import Writer, undone_id
from work_assignment.services.sweep_blocks import LATER
from work_assignment.services.sweep_keeping import amend, close_dead_sweeps
from work_assignment.services.sweep_orders import SweepRefused
from work_assignment.services.workshop import Workshop

BLOCK = 500
STOPPED = "it was stopped"
NAMED = 1000
"""Records that a report names; the others are only counted, or it would grow with the sweep."""
_TRIES = 3
"""How often a record is looked at that changes under our hands, or cannot be written just now."""

_log = telemetry.logger(__name__)


@dataclass(slots=True)
class UndoReport:
    """What went back, or would; `before` counts what had gone back already.

    `ended_early` says why there may be more that it did not come to.
    Of very many only the first are named: `more_back` and `more_left` count the others.
    """

    sweep: Sweep
    before: int = 0
    back: list[Swept] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    more_back: int = 0
    more_left: Counter[Why] = field(default_factory=Counter)
    ended_early: str = ""

    @property
    def came_back(self) -> int:
        """How many went back."""
        return len(self.back) + self.more_back

    @property
    def done(self) -> int:
        """Records that are through, whatever became of them."""
        return self.before + self.came_back + self.reasons.total()

    @property
    def reasons(self) -> Counter[Why]:
        """How many were left, and why."""
        return self.more_left + Counter(entry.why for entry in self.left)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left that another try might bring back."""
        return not (self.ended_early or self.reasons[Why.NOT_WRITTEN])

    @property
    def is_empty(self) -> bool:
        """Whether it tells of no record at all."""
        return not (self.came_back or self.before or self.left)

    def note_back(self, swept: Swept) -> None:
        """Count a record that went back."""
        if len(self.back) < NAMED:
            self.back.append(swept)
        else:
            self.more_back += 1

    def note_left(self, left: Left) -> None:
        """Count a record that stays where it is."""
        if len(self.left) < NAMED:
            self.left.append(left)
        else:
            self.more_left[left.why] += 1


class _Stopped(Exception):
    """It was told to stop."""


@dataclass(frozen=True, slots=True)
class Following:
    """Who follows an undo: `stopped` ends it after the part at hand, `progress` hears of each part."""

    stopped: Callable[[], bool] = lambda: False
    progress: Callable[[UndoReport], object] = lambda report: None


class Undoer:
    """Undoes sweeps. Begun again after it died it goes on where it was; done twice it does nothing."""

    def __init__(
        self, shop: Workshop, sweeps: Sweeps, *, pause: Pause, following: Following | None = None
    ) -> None:
        self._shop = shop
        self._sweeps = sweeps
        self._pause = pause
        self._following = following or Following()

    def undo(self, sweep_id: str, *, dry_run: bool = False) -> UndoReport:
        """Give back what can be given back, and say so on the sweep's row; a dry run only looks.

        Stopped it ends after the part at hand, and says so in the report.

        Raises SweepRefused for a sweep that there is not, and where it cannot even begin Busy, as
        another worker decides, or Unavailable.
        """
        if self._shop.mode != "on" and not dry_run:
            raise SweepRefused(f"WA_MODE is {self._shop.mode}: no owner is written")
        if dry_run:
            return self._begun(sweep_id).look()
        with DeciderLease(self._shop.leases, self._pause) as lease:
            close_dead_sweeps(self._sweeps, self._shop.clock())
            undoing = self._begun(sweep_id)
            if undoing.report.sweep.is_going_on:
                raise SweepRefused(f"sweep {sweep_id} is still going on; stop it first")
            return undoing.take_back(lease)

    def _begun(self, sweep_id: str) -> _Undoing:
        sweep = self._sweeps.read(sweep_id)
        if sweep is None:
            raise SweepRefused(f"there is no sweep {sweep_id}")
        return _Undoing(self._shop, self._sweeps, sweep, self._following)


class _Undoing:
    """One undo on its way."""

    def __init__(self, shop: Workshop, sweeps: Sweeps, sweep: Sweep, following: Following) -> None:
        self._shop = shop
        self._following = following
        self._sweeps = sweeps
        self._gatherer = Gatherer(shop.facts, shop.monotonic)
        self._teller = Teller(shop)
        self.report = UndoReport(sweep)

    def look(self) -> UndoReport:
        """Say what would go back."""
        try:
            for part in self._parts():
                self._look_at(part)
        except _Stopped:
            self.report.ended_early = STOPPED
        return self.report

    def _look_at(self, part: Sequence[Swept]) -> None:
        around = self._surroundings(part)
        for swept in part:
            left = judge(swept, around)
            if left is None:
                self.report.note_back(swept)
            else:
                self.report.note_left(left)

    def _parts(self) -> Iterator[list[Swept]]:
        """What has not gone back yet, page by page; raises _Stopped before the next one."""
        behind: Place | None = None
        self._following.progress(self.report)
        while given := self._next_page(behind):
            behind = given[-1].place
            undone = self._sweeps.runs_there([undone_id(swept.run_id) for swept in given])
            staying = [swept for swept in given if undone_id(swept.run_id) not in undone]
            self.report.before += len(given) - len(staying)
            if staying:
                yield staying
            self._following.progress(self.report)

    def _next_page(self, behind: Place | None) -> Sequence[Swept]:
        self._go_on()
        return self._sweeps.given(self.report.sweep, behind, BLOCK)

    def _go_on(self) -> None:
        if self._following.stopped():
            raise _Stopped

    def take_back(self, lease: DeciderLease) -> UndoReport:
        """Give records back, part by part; the sweep's row says how many after each."""
        try:
            for part in self._parts():
                self._take_part_back(part, lease)
                self._save()
            self._save()  # also for what a worker that died had given back
        except _Stopped:
            self.report.ended_early = STOPPED
        except (Busy, Unavailable) as exc:
            if self.report.is_empty:
                raise
            _log.warning("its undoing ends early: %s", exc, sweep=self.report.sweep.id)
            self.report.ended_early = str(exc)
        return self.report

    def _take_part_back(self, part: Sequence[Swept], lease: DeciderLease) -> None:
        lease.keep(PATIENCE_BETWEEN_BLOCKS, self._go_on)
        unclear = self._round(part)
        for _ in range(_TRIES - 1):
            if not unclear or self._following.stopped():
                break
            lease.wait(LATER, PATIENCE_BETWEEN_BLOCKS)
            unclear = self._round([entry.swept for entry in unclear])
        for entry in unclear:
            self.report.note_left(entry)

    def _save(self) -> None:
        undone, sweep = self.report.before + self.report.came_back, self.report.sweep
        if undone != sweep.undone:
            noted = amend(
                self._sweeps, sweep, lambda row: replace(row, is_undone=True, undone=undone)
            )
            self.report.sweep = noted or sweep

    def _round(self, part: Sequence[Swept]) -> list[Left]:
        """Look and write once; gives back those that are to be looked at again."""
        now = self._shop.clock()
        around = self._surroundings(part)
        going = [swept for swept in part if self._can_go(swept, around)]
        if not going:
            return []
        outcomes = self._outcomes(going, around, now)
        until = now + RESERVED_FOR  # nothing is reserved, so there is no hurry
        results = self._shop.outcomes.commit(outcomes, until=until)
        written = list(zip(going, outcomes, results, strict=True))
        done = [outcome.run for _, outcome, result in written if result.written is Written.DONE]
        if done:
            self._shop.sequences.follow(done)
        self._teller.tell([run for run in done if run.tell is Telling.AT_ONCE])
        return [left for swept, _, result in written if (left := self._unclear(swept, result))]

    def _can_go(self, swept: Swept, around: Surroundings) -> bool:
        last = around.gathered.last_runs.get(swept.key)
        if last is not None and last.id == undone_id(swept.run_id):
            self.report.note_back(swept)  # the answer to an earlier try was lost
            return False
        left = judge(swept, around)
        if left is not None:
            self.report.note_left(left)
        return left is None

    def _outcomes(
        self, going: Sequence[Swept], around: Surroundings, now: datetime
    ) -> list[Outcome]:
        writer = Writer(
            self._shop.new_id(), self._shop.mode, now, around.owner_column, self.report.sweep.id
        )
        return [
            writer.undone(
                swept,
                around.gathered.asked[swept.key],
                around.queue_items[swept.key].id if swept.is_queued else None,
            )
            for swept in going
        ]

    def _unclear(self, swept: Swept, result: WriteResult) -> Left | None:
        """Note what became of writing; a record that is to be looked at again comes back."""
        match result.written:
            case Written.DONE:
                record = f"{swept.key.table}/{swept.key.id}"
                sweep_id = self.report.sweep.id
                _log.info("its sweep is undone, it goes back", sweep=sweep_id, record=record)
                self.report.note_back(swept)
            case Written.GONE:
                self.report.note_left(Left(swept, Why.GONE))
            case Written.REFUSED:
                self.report.note_left(Left(swept, Why.OWNER_CANNOT, result.why))
            case Written.FORBIDDEN | Written.FAILED:
                self.report.note_left(Left(swept, Why.NOT_WRITTEN, result.why))
            case _:
                return Left(swept, Why.NOT_WRITTEN, result.why)
        return None

    def _surroundings(self, part: Sequence[Swept]) -> Surroundings:
        rulebook, gathered = self._gatherer.gather([swept.key for swept in part], waiting=0)
        self._teller.follow(rulebook)
        return Surroundings(
            gathered,
            rulebook.definitions.record_types,
            self._sweeps.unable({s.previous_owner for s in part if s.previous_owner is not None}),
            self._sweeps.queue_items([s.key for s in part if s.is_queued]),
            rulebook.owner_column,
        )
