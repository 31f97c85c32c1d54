"""Has sweeps carried out by the running app: from the queue, on a schedule, after a lost message."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.sweeps import Sweep, SweepStatus, Trigger
from work_assignment.services import telemetry
from work_assignment.services.leasing import Busy
from work_assignment.services.poison import envelope, poison_of
from work_assignment.services.ports import Clock, Sweeps
from work_assignment.services.sweep_keeping import close_dead_sweeps
from work_assignment.services.sweep_orders import Order, SweepRefused
from work_assignment.services.sweep_requests import (
    QUEUE,
    SweepRequests,
    carried,
    due_minute,
    names_a_sweep,
)
from work_assignment.services.sweep_sessions import AWAY
from work_assignment.services.sweep_turns import TURN, NotItsTurn, before, is_waiting
from work_assignment.services.sweeping import Sweeper, is_for_the_app

TIME_BUDGET = timedelta(minutes=8)
"""A worker hands on before the function's own time ends."""
BUSY = timedelta(seconds=10)
"""When a sweep is tried again that others who decide kept waiting."""
_OVERDUE = timedelta(seconds=30)
"""How long a sweep waits before its message is taken for lost."""
_NO_SWEEP = "it names no sweep by its id, and no minute of the schedule"
_SCHEDULED = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a03")

_log = telemetry.logger(__name__)


@dataclass(frozen=True)
class SweepDesk:
    """Has sweeps carried out, each in pieces that fit into a function's time.

    Messages come at least once, and rows change hands under their versions, so that one message
    too many finds nothing to do; one too few is found by looking at the rows.
    """

    requests: SweepRequests
    sweeps: Sweeps
    new_sweeper: Callable[[], AbstractContextManager[Sweeper]]
    clock: Clock
    mode: str = "on"

    def answer(self, text: str) -> None:
        """Do what a message asks for; what is left of it then is put on the queue again."""
        due = due_minute(text)
        if due is not None:
            self._ask_for(due)
        elif names_a_sweep(text):
            self._carry_on(text)
        else:
            self._give_up(text)

    def _give_up(self, text: str) -> None:
        """Trying it again would change nothing."""
        poison = poison_of(QUEUE)
        wrapped = envelope(carried(text), why=_NO_SWEEP, at=self.clock(), tries=1)
        self.requests.put_aside(poison, wrapped)
        _log.error("a message of %s goes to %s: %s", QUEUE, poison, _NO_SWEEP)

    def _carry_on(self, sweep_id: str) -> None:
        try:
            with self.new_sweeper() as sweeper:
                has_ended = sweeper.carry_on(sweep_id, TIME_BUDGET)
            delay = timedelta(0)
            if has_ended:
                self._have_the_next_gone_on_with()
        except NotItsTurn as exc:
            _log.info("%s", exc, sweep=sweep_id)
            has_ended, delay = not exc.is_noted, TURN
        except Busy as exc:
            _log.info("it waits: %s", exc, sweep=sweep_id)
            has_ended, delay = False, BUSY
        except Unavailable as exc:
            _log.warning("it waits: %s", exc, sweep=sweep_id)
            has_ended, delay = False, exc.retry_after or AWAY
        if not has_ended:
            self.requests.put(sweep_id, delay)

    def _have_the_next_gone_on_with(self) -> None:
        """Who waited for the one that has ended need not wait until it looks again by itself."""
        try:
            going_on = self.sweeps.going_on()
        except Unavailable:
            return  # it looks by itself, only later
        for sweep in going_on:
            if is_waiting(sweep) and is_for_the_app(sweep) and before(sweep, going_on) is None:
                self.requests.put(sweep.id)

    def look_after(self) -> int:
        """Put sweeps on the queue whose message was lost or whose worker died; says how many.

        What people's processes that died had begun gets its end.
        """
        if self.mode == "off":
            return 0
        try:
            going_on = close_dead_sweeps(self.sweeps, self.clock())
        except Unavailable as exc:
            _log.warning("sweeps are looked after later: %s", exc)
            return 0
        overdue = [s for s in going_on if is_for_the_app(s) and s.idle >= _OVERDUE]
        for sweep in overdue:
            _log.warning("it is put on the queue again", sweep=sweep.id)
            self.requests.put(sweep.id)
        return len(overdue)

    def schedule(self) -> Sweep | None:
        """Ask for the sweep that is due now: once, however many timers go off for it.

        While the one before is going on it is skipped, and its row says so. A timer is not run
        again: what cannot be asked for now is put on the queue.
        """
        return self._ask_for(self.clock())

    def _ask_for(self, due: datetime) -> Sweep | None:
        if self.mode == "off":
            return None
        try:
            return self._ask(due)
        except SweepRefused as exc:
            _log.warning("the scheduled sweep is left out: %s", exc)
        except Unavailable as exc:
            _log.warning("the scheduled sweep is asked for later: %s", exc)
            self.requests.put_due(due, exc.retry_after or AWAY)
        return None

    def _ask(self, due: datetime) -> Sweep | None:
        order = Order(trigger=Trigger.SCHEDULED)
        with self.new_sweeper() as sweeper:
            asked = sweeper.asked_for(order, sweep_id=_id_of_the_minute(due))
        if any(map(_is_of_everything, self.sweeps.going_on())):
            now, why = self.clock(), "The scheduled sweep before it was still going on"
            skipped = replace(asked, status=SweepStatus.SKIPPED, ended_at=now, message=why)
            return self.sweeps.save(skipped)
        written = self.sweeps.save(asked)
        if written is not None:
            self.requests.put(written.id)
        return written


def _is_of_everything(sweep: Sweep) -> bool:
    """Whether the app's own schedule had asked for it, and not that of a segment."""
    is_of_all = sweep.segment_id is None and not sweep.cursor.is_default
    return sweep.trigger is Trigger.SCHEDULED and is_of_all and sweep.record_type is None


def _id_of_the_minute(due: datetime) -> str:
    return str(uuid5(_SCHEDULED, due.astimezone(UTC).strftime("%Y-%m-%d %H:%M")))
