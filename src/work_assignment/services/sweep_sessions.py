"""One worker's time with a sweep: page after page, until all are done or time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from work_assignment.domain.defining.rules import Distribution
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.domain.runs.sweeps import (
    Page,
    Place,
    Scope,
    Sweep,
    SweepKind,
    SweepStatus,
)
from work_assignment.services import telemetry
from work_assignment.services.gathering import Gatherer
from work_assignment.services.leasing import (
    PATIENCE,
    PATIENCE_BETWEEN_BLOCKS,
    Busy,
    DeciderLease,
    Pause,
)
from work_assignment.services.ports import Sweeps
from work_assignment.services.sweep_blocks import PageOfSweep, Stopped, Surroundings
from work_assignment.services.sweep_keeping import SAVE_EVERY, Keeper, NotOurs
from work_assignment.services.sweep_orders import Order, scope_of
from work_assignment.services.sweep_reports import SweepReport, waiting_words
from work_assignment.services.sweep_turns import before, waiting_for
from work_assignment.services.workshop import Workshop

BLOCK = 2000
"""Records decided together."""
MATCHED_TOGETHER = 10_000
"""The same where best overall looks for the best for all of them."""
AWAY = timedelta(seconds=30)
"""When Dataverse, or the storage, is asked again after it could not be."""
MESSAGE_LENGTH = 1000
_AWAY_TRIES = 20
"""How often a person's sweep asks before it gives up, which is about ten minutes."""
_LOOK_EVERY = timedelta(seconds=1)
_SIGN_OF_LIFE = timedelta(seconds=30)
_LOOK_FOR_TURN = timedelta(seconds=2)

_log = telemetry.logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ending:
    status: SweepStatus
    message: str = ""


@dataclass(frozen=True)
class Tools:
    """What a process sweeps with.

    `stopped` says whether a sweep is to end after the block at hand; `waiting` hears of the sweep that
    a person's one waits for, `begun` what it means, once, and `progress` what is done, after each batch; `requests_sent` counts those to Dataverse. A block has `block_size`
    records at most, unless best overall decides otherwise.
    """

    shop: Workshop
    sweeps: Sweeps
    pause: Pause
    stopped: Callable[[], bool] = lambda: False
    waiting: Callable[[Sweep], object] = lambda first: None
    begun: Callable[[Scope], object] = lambda scope: None
    progress: Callable[[SweepReport], object] = lambda report: None
    requests_sent: Callable[[], int] = lambda: 0
    block_size: int | None = None


def block_size(scope: Scope, rulebook: Rulebook) -> int:
    """How many records of this are decided together."""
    stays = scope.segment is not None and scope.kind is SweepKind.REASSIGNMENT
    matches = any(
        rule.distribution is Distribution.BEST_OVERALL
        for record_type in scope.created_from
        for rule in rulebook.definitions.rules_of(record_type)
        if not stays or scope.segment is None or rule.segment_id == scope.segment.id
    )
    return MATCHED_TOGETHER if matches else BLOCK


class Session:
    """One worker's time with a sweep."""

    def __init__(
        self,
        tools: Tools,
        gatherer: Gatherer,
        order: Order,
        scope: Scope,
        report: SweepReport,
        lease: DeciderLease,
        *,
        sent_before: int,
    ) -> None:
        self._tools = tools
        self._shop = tools.shop
        self._gatherer = gatherer
        self._order = order
        self._scope = scope
        self.report = report
        self._lease = lease
        self._keeper = Keeper(tools.sweeps, tools.shop.monotonic)
        self._sent_before = sent_before - report.requests
        self._after: dict[str, Place] = dict(report.sweep.cursor.after)
        self._named = report.sweep.cursor.named
        self._began = tools.shop.monotonic()
        before = tools.shop.clock() - report.sweep.started_at
        self._seconds_before = max(before.total_seconds(), 0.0)
        self._longest = 0.0
        self._lost: NotOurs | None = None
        self._away = 0
        self._must_recall = False
        self._around = Surroundings(
            shop=tools.shop,
            gatherer=gatherer,
            order=order,
            scope=scope,
            report=report,
            lease=lease,
            take_lease=self._take_lease,
            pause=tools.pause,
            progress=self._note_progress,
        )

    def run(self, time_budget: timedelta | None = None, *, recalls: bool = False) -> bool:
        """Work blocks off until all are done or time is up; says whether the sweep has ended.

        The row says how it ended, whatever happens, or that it is to be gone on with. `recalls`
        says that another worker began, who may not have come to noting all that was written.
        """
        self._must_recall = recalls
        until = None if time_budget is None else self._began + time_budget.total_seconds()
        try:
            if not self.report.sweep.version:
                self._save()
            ending = self._await_turn() if self._is_attended else None
            if ending is None:
                self._tools.begun(self._scope)
                ending = self._work(until)
            if ending is not None:
                self._end(ending)
        except NotOurs as exc:
            self._leave(exc)
            return True
        except (Unavailable, Busy) as exc:
            if self._is_attended:
                self._end_early(exc)
            else:
                self._hand_on()
            raise
        except BaseException as exc:
            self._end_early(exc)
            raise
        if ending is None:
            self._hand_on()
        return ending is not None

    def _await_turn(self) -> _Ending | None:
        """Wait until no other sweep of these records comes first; an end when it is stopped before."""
        has_waited = False
        while True:
            try:
                first = self._first()
                if first is None and self.report.sweep.status is SweepStatus.QUEUED:
                    self._begin()
                    continue  # and look once more, now that others can see it
            except Unavailable as exc:
                self._wait_until_back(exc)
                continue
            if first is None:
                break
            if self._tools.stopped():
                return _Ending(SweepStatus.FAILED, f"It was stopped. {waiting_for(first)}")
            has_waited = True
            self._step_back(first)
            self._tools.pause(_LOOK_FOR_TURN)
        self._must_recall, self._away = False, 0
        if has_waited:
            self._scope = scope_of(self._order, self._gatherer.read_rulebook())
            self._around.scope = self._scope
        return None

    def _first(self) -> Sweep | None:
        """The sweep that comes before this one."""
        going_on = self._tools.sweeps.going_on()
        own = next((sweep for sweep in going_on if sweep.id == self.report.sweep.id), None)
        if own is None:
            self._save()  # which says who ended it
        return before(own or self.report.sweep, going_on)

    def _begin(self) -> None:
        sweep = self.report.sweep
        now = self._shop.clock()
        cursor = replace(sweep.cursor, since=now)
        status = SweepStatus.IN_PROGRESS
        self.report.sweep = replace(sweep, status=status, started_at=now, message="", cursor=cursor)
        self._seconds_before, self._began = 0.0, self._shop.monotonic()
        self._save()

    def _step_back(self, first: Sweep) -> None:
        """Be one of those that wait, and say for whom; then now and then that we still do."""
        sweep, told = self.report.sweep, waiting_for(first)
        self._lease.let_go()
        if sweep.status is SweepStatus.QUEUED and sweep.message == told:
            self._keeper.beat(sweep, _SIGN_OF_LIFE)
            return
        self.report.sweep = replace(sweep, status=SweepStatus.QUEUED, message=told)
        self._save()
        self._tools.waiting(first)

    def _recall(self) -> None:
        """Count what was written behind the last noted place: by another worker, or by us."""
        if not self._must_recall:
            return
        self.report.go_back()
        self._around.tried_since = self.report.sweep.cursor.since
        if self._shop.mode == "on" and self._scope.kind is SweepKind.REASSIGNMENT:
            self._recall_what_was_placed()
        elif self._shop.mode == "on":
            self._recall_what_was_written()
        self._must_recall = False

    def _recall_what_was_written(self) -> None:
        """Of each record there is a row that says what became of it.

        Stored times have whole seconds, so that those of the last page may be among them.
        """
        sweep = self.report.sweep
        since = sweep.cursor.since or sweep.started_at
        written = [
            outcome
            for outcome in self._tools.sweeps.outcomes(sweep.id, since.replace(microsecond=0))
            if outcome.block not in sweep.cursor.blocks
        ]
        self.report.recall(written)
        self._around.recalled = frozenset(outcome.run_id for outcome in written)

    def _recall_what_was_placed(self) -> None:
        sweeps, sweep = self._tools.sweeps, self.report.sweep
        placed = sweeps.placed(sweep.id, None)
        if placed is not None:
            self.report.note_placed(placed, anew=True)
        elif (late := sweeps.placed(sweep.id, sweep.cursor.since)) is not None:
            self.report.note_placed(late, anew=False)

    @property
    def _is_attended(self) -> bool:
        return self.report.sweep.cursor.is_attended

    def _work(self, until: float | None) -> _Ending | None:
        """The end of it, or None when the time is up before."""
        while not self._tools.stopped():
            if until is not None and self._shop.monotonic() + self._longest > until:
                return None
            try:
                self._recall()
                found = self._block()
            except Stopped:
                break
            except Unavailable as exc:
                self._wait_until_back(exc)
                continue
            if not found:
                return _Ending(SweepStatus.SUCCEEDED)
        self._recall()
        return _Ending(SweepStatus.FAILED, f"It was stopped after {self._taken} records")

    @property
    def _taken(self) -> int:
        return self.report.counts.total

    def _room(self) -> int:
        rulebook = self._gatherer.rulebook()
        size = self._tools.block_size or block_size(self._scope, rulebook)
        limit = self._order.limit
        return size if limit is None else max(min(size, limit - self._taken), 0)

    def _block(self) -> bool:
        """Work the next page off; False when there is none."""
        room = self._room()
        if not room:
            return False
        started = self._shop.monotonic()
        named = self._scope.named[self._named : self._named + room]
        if self._scope.named and not named:
            return False
        page = Page(self._scope, self._after, room, named=named)
        gathered = PageOfSweep(self._around).work_off(page)
        if self._lost is not None:
            raise self._lost
        if not (gathered.reached or named):
            return False
        self._after |= gathered.reached
        self._named += len(named)
        self._away = 0
        self._around.tried_since, self._around.recalled = None, frozenset()
        self._note_requests()
        self.report.reached(self._after, self._shop.clock(), self._named)
        self._save()
        self._tools.progress(self.report)
        self._longest = max(self._longest, self._shop.monotonic() - started)
        return True

    def _take_lease(self) -> None:
        """Between blocks others decide, and a sweep that has begun waits for them."""
        patience = PATIENCE_BETWEEN_BLOCKS if self._is_attended else PATIENCE
        self._lease.keep(patience, self._while_waiting)

    def _while_waiting(self) -> None:
        if self._tools.stopped():
            raise Stopped
        self._beat(_SIGN_OF_LIFE)

    def _wait_until_back(self, error: Unavailable) -> None:
        """A person's sweep waits where the app's is handed on; what was written is to be read back."""
        self._away += 1
        if not self._is_attended or self._away >= _AWAY_TRIES:
            raise error
        _log.warning("it waits: %s", error, sweep=self.report.sweep.id)
        self._must_recall = True
        self._lease.let_go()
        left = error.retry_after or AWAY
        while left > timedelta(0) and not self._tools.stopped():
            self._tools.pause(min(left, _LOOK_EVERY))
            left -= _LOOK_EVERY

    def _note_progress(self) -> None:
        self._note_requests()
        self._tools.progress(self.report)
        self._beat(_SIGN_OF_LIFE if self._is_attended else SAVE_EVERY)

    def _note_requests(self) -> None:
        self.report.requests = self._tools.requests_sent() - self._sent_before

    # the row

    def _beat(self, every: timedelta) -> None:
        """Keep the row current; that it is not ours any more is seen to after the block."""
        if self._lost is None:
            try:
                self._keeper.beat(self.report.noted(), every)
            except NotOurs as exc:
                self._lost = exc

    def _save(self) -> None:
        self.report.sweep = self._keeper.save(self.report.sweep)

    def _hand_on(self) -> None:
        """Leave the sweep for whoever takes it up next, at the last noted place."""
        sweep = self.report.sweep
        mine = replace(sweep, cursor=replace(sweep.cursor, worker=""))
        try:
            self._keeper.save(mine)
        except (Unavailable, NotOurs) as exc:
            _log.warning("that it is handed on cannot be written: %s", exc, sweep=sweep.id)

    def _leave(self, error: NotOurs) -> None:
        """Somebody ended it or went on with it: what they wrote stands."""
        _log.warning("it is left: %s", error, sweep=self.report.sweep.id)
        there = error.sweep or replace(
            self.report.sweep, status=SweepStatus.FAILED, message=f"It ended early: {error}"
        )
        self.report.sweep = there
        self.report.seconds = self._seconds()

    def _end(self, ending: _Ending) -> None:
        now = self._shop.clock()
        self._note_requests()
        self.report.reached(self._after, now, self._named)
        asked_with = self.report.sweep.cursor.asked_with
        said = (asked_with, ending.message, waiting_words(self.report))
        message = ". ".join(filter(None, said))[:MESSAGE_LENGTH]
        self.report.sweep = replace(
            self.report.sweep, status=ending.status, ended_at=now, message=message
        )
        self.report.seconds = self._seconds()
        self._save()
        self._note_requests()
        self._tools.progress(self.report)

    def _seconds(self) -> float:
        return self._seconds_before + self._shop.monotonic() - self._began

    def _end_early(self, error: BaseException) -> None:
        by_hand = isinstance(error, KeyboardInterrupt)
        why = "It was stopped by hand in the middle of a block" if by_hand else f"Error: {error}"
        try:
            self._must_recall = self._must_recall or bool(self.report.landed)
            self._recall()
            self._end(_Ending(SweepStatus.FAILED, why))
        except (Unavailable, NotOurs) as exc:
            # Whoever looks after sweeps finds the row without an end, and writes it.
            _log.warning(
                "it has ended, but its row cannot say so: %s", exc, sweep=self.report.sweep.id
            )
