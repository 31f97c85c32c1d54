"""Sweeps: asked for, begun in a person's process, or gone on with by whoever takes one up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from work_assignment.domain.runs.sweeps import Scope, Sweep, SweepStatus
from work_assignment.services import telemetry
from work_assignment.services.gathering import Gatherer
from work_assignment.services.leasing import DeciderLease
from work_assignment.services.sweep_keeping import DEAD_AFTER, close_dead_sweeps
from work_assignment.services.sweep_orders import (
    Order,
    SweepRefused,
    asked_for,
    order_of,
    scope_of,
    taken_up,
)
from work_assignment.services.sweep_reports import SweepReport, report_of
from work_assignment.services.sweep_sessions import MESSAGE_LENGTH, Session, Tools
from work_assignment.services.sweep_turns import (
    NotItsTurn,
    before,
    is_told_just_now,
    is_waiting,
    stepped_back,
)

_log = telemetry.logger(__name__)


class Sweeper:
    """Sweeps in this process, and hands sweeps to the running app."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._shop = tools.shop
        self._sweeps = tools.sweeps

    def asked_for(self, order: Order, sweep_id: str | None = None) -> Sweep:
        """The row, yet to be written, of a sweep that is to be taken up by the running app.

        Raises SweepRefused for what cannot be swept.
        """
        scope = self._checked(order, Gatherer(self._shop.facts, self._shop.monotonic))
        return self._asked_for(order, scope, self._shop.clock(), sweep_id)

    def _checked(self, order: Order, gatherer: Gatherer) -> Scope:
        if self._shop.mode == "off":
            raise SweepRefused("WA_MODE is off: nothing is decided")
        return scope_of(order, gatherer.read_rulebook())

    def _asked_for(
        self, order: Order, scope: Scope, now: datetime, sweep_id: str | None = None
    ) -> Sweep:
        is_dry = self._shop.mode == "dry-run"
        return asked_for(order, scope, sweep_id or self._shop.new_id(), now, is_dry=is_dry)

    def sweep(self, order: Order) -> SweepReport:
        """Decide what waits, and write a row that says how it went.

        Raises SweepRefused for what does not exist and Busy while another worker decides; nothing
        is written then. Whatever else ends it early is said on the row.
        """
        sent_before = self._tools.requests_sent()
        gatherer = Gatherer(self._shop.facts, self._shop.monotonic)
        scope = self._checked(order, gatherer)
        with DeciderLease(self._shop.leases, self._tools.pause) as lease:
            now = self._shop.clock()
            others = close_dead_sweeps(self._sweeps, now)
            asked = self._asked_for(order, scope, now)
            sweep = taken_up(asked, scope, self._shop.new_id(), now, is_attended=True)
            if before(asked, others) is not None:
                sweep = replace(sweep, status=SweepStatus.QUEUED)
            session = Session(
                self._tools,
                gatherer,
                order,
                scope,
                report_of(sweep),
                lease,
                sent_before=sent_before,
            )
            session.run()
        return session.report

    def carry_on(self, sweep_id: str, time_budget: timedelta) -> bool:
        """Take a sweep up, or go on with it, for so long; says whether nothing more is to be done.

        One that somebody else is at is left to them. Raises Unavailable, Busy and NotItsTurn when it
        cannot be gone on with just now; whoever takes it up next finds it where it was.
        """
        sent_before = self._tools.requests_sent()
        if self._shop.mode == "off":
            return True
        sweep = self._sweeps.read(sweep_id)
        if sweep is None or not is_for_the_app(sweep):
            return True
        if is_waiting(sweep):
            # What it asks for was looked into before: reading all definitions each time is too much.
            self._look_for_turn(sweep)
        gatherer = Gatherer(self._shop.facts, self._shop.monotonic)
        order = order_of(sweep)
        try:
            if sweep.fault:
                raise SweepRefused(sweep.fault)
            scope = self._checked(order, gatherer)
        except SweepRefused as exc:
            self._refuse(sweep, str(exc))
            return True
        taken = self._taken_up(sweep, scope)
        if taken is None:
            return True
        with DeciderLease(self._shop.leases, self._tools.pause, taken=False) as lease:
            session = Session(
                self._tools,
                gatherer,
                order,
                scope,
                report_of(taken),
                lease,
                sent_before=sent_before,
            )
            return session.run(time_budget, recalls=sweep.status is SweepStatus.IN_PROGRESS)

    def _taken_up(self, sweep: Sweep, scope: Scope) -> Sweep | None:
        self._look_for_turn(sweep)
        worker, now = self._shop.new_id(), self._shop.clock()
        taken = self._sweeps.save(taken_up(sweep, scope, worker, now, is_attended=False))
        if taken is None:
            _log.info("it was taken up already, for another message", sweep=sweep.id)
            return None
        first = before(sweep, self._sweeps.going_on())  # who looked when we did sees our row now
        if first is not None:
            self._step_back(sweep, taken, first)
        return taken

    def _look_for_turn(self, sweep: Sweep) -> None:
        first = before(sweep, self._sweeps.going_on())
        if first is not None:
            self._step_back(sweep, sweep, first)

    def _step_back(self, sweep: Sweep, taken: Sweep, first: Sweep) -> NoReturn:
        """Leave it for later, and say so on its row, unless another message has just done that."""
        if taken is sweep and is_told_just_now(sweep):
            raise NotItsTurn(first, is_noted=False)
        is_noted = self._sweeps.save(stepped_back(sweep, taken, first)) is not None
        raise NotItsTurn(first, is_noted=is_noted)

    def _refuse(self, sweep: Sweep, why: str) -> None:
        """An order that cannot be carried out ends, and says why."""
        _log.error("it cannot be carried out: %s", why, sweep=sweep.id)
        now = self._shop.clock()
        message = f"Refused: {why}"[:MESSAGE_LENGTH]
        self._sweeps.save(replace(sweep, status=SweepStatus.FAILED, ended_at=now, message=message))


def is_for_the_app(sweep: Sweep) -> bool:
    """Whether the app is to go on with it: nobody is at it, or whoever was has died."""
    if not sweep.is_going_on or sweep.cursor.is_attended:
        return False
    return not sweep.cursor.worker or sweep.idle >= DEAD_AFTER
