"""Runs timer functions on their schedules, by the rules of Azure's timer trigger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from azure.functions.timer import TimerRequest

from work_assignment.local_host.cron import Schedule
from work_assignment.local_host.errors import HostStopping
from work_assignment.local_host.last_runs import LastRun, LastRuns
from work_assignment.local_host.specs import FunctionSpec, TimerTrigger

log = logging.getLogger(__name__)
# A longer wait is cut, so that a clock that was set or a computer that slept is noticed.
LONGEST_WAIT = 30.0


class Timer:
    """One timer function. It never runs twice at once, by schedule or by hand.

    `call` runs the function and waits for its end. `wait` waits that many seconds and says
    whether to go on; the clock and it are arguments so that time can be played through in tests.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        trigger: TimerTrigger,
        *,
        last_runs: LastRuns,
        call: Callable[[FunctionSpec, TimerRequest], object],
        clock: Callable[[], datetime],
        wait: Callable[[float], bool],
    ) -> None:
        self.spec = spec
        self._trigger = trigger
        self._schedule = Schedule(trigger.schedule)
        self._last_runs = last_runs
        self._call = call
        self._clock = clock
        self._wait = wait
        self._one_at_a_time = threading.Lock()
        self.next_at = self._schedule.next_after(clock())

    def run(self) -> None:
        """Run the function whenever it is due, until `wait` says to stop."""
        past_due = self._was_missed()
        if past_due or self._trigger.run_on_startup:
            self.next_at = self._clock()
        while self._wait_until(self.next_at):
            # Counted from the start: a run that takes too long is followed by one more at once.
            started_at = self._clock()
            following = self._schedule.next_after(started_at)
            try:
                self._run_once(past_due=past_due)
            except HostStopping:
                return
            self._last_runs.record(self.spec.name, LastRun(started_at, following))
            self.next_at, past_due = following, False

    def run_by_hand(self) -> None:
        """Run now, after a run that is under way; the schedule goes on as if nothing had been."""
        self._run_once(past_due=False)

    def _was_missed(self) -> bool:
        last = self._last_runs.get(self.spec.name)
        if last is None or not self._trigger.use_monitor:
            return False
        # A schedule that was changed meanwhile begins anew instead of being late.
        is_same_schedule = self._schedule.next_after(last.started_at) == last.next_at
        return is_same_schedule and last.next_at < self._clock()

    def _wait_until(self, moment: datetime) -> bool:
        while True:
            missing = (moment - self._clock()).total_seconds()
            if not self._wait(max(0.0, min(missing, LONGEST_WAIT))):
                return False
            if missing <= LONGEST_WAIT and self._clock() >= moment:
                return True

    def _run_once(self, *, past_due: bool) -> None:
        with self._one_at_a_time:
            try:
                self._call(self.spec, self._request(past_due))
            except HostStopping:
                raise
            except BaseException:
                # No retry: the next run is the retry.
                log.exception("%s failed", self.spec.name)

    def _request(self, past_due: bool) -> TimerRequest:
        last = self._last_runs.get(self.spec.name)
        never = datetime.min.replace(tzinfo=UTC)
        started_at = last.started_at if last else never
        next_at = last.next_at if last else self.next_at
        status = {
            "Last": started_at.isoformat(),
            "Next": next_at.isoformat(),
            "LastUpdated": started_at.isoformat(),
        }
        return TimerRequest(
            past_due=past_due, schedule_status=status, schedule={"AdjustForDST": True}
        )
