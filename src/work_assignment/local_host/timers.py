"""Runs timer functions on their schedules, by the rules of Azure's timer trigger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from azure.functions.timer import TimerRequest

from work_assignment.local_host.cron import Schedule
from work_assignment.local_host.errors import HostStopping
from work_assignment.local_host.last_runs import LastRun, LastRuns
from work_assignment.local_host.specs import FunctionSpec, TimerTrigger
from work_assignment.local_host.turns import Leases, turn

log = logging.getLogger(__name__)
# A longer wait is cut, so that a clock that was set or a computer that slept is noticed.
LONGEST_WAIT = 30.0
# The same for a clock that is set all the time, as a mock's is.
GLANCE = 0.1
# How often a host that must leave a due time to another one looks whether that one did it.
LOOK_AGAIN = 2.0
# Clocks of hosts differ; a run that lies further ahead was noted by a clock that was wrong.
LARGEST_SKEW = timedelta(minutes=1)


class Timer:
    """One timer function. It never runs twice at once, by schedule or by hand.

    Of several hosts one runs a due time: who has the lease, unless `last_runs` says that it was
    done. A host that dies meanwhile leaves it to the next, which may do it once more.
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
        leases: Leases | None = None,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self.spec = spec
        self._trigger = trigger
        self._schedule = Schedule(trigger.schedule)
        self._last_runs = last_runs
        self._call = call
        self._clock = clock
        self._wait = wait
        self._leases = leases
        self._longest_wait = longest_wait
        self._one_at_a_time = threading.Lock()
        self.next_at = self._schedule.next_after(clock())

    def run(self) -> None:
        """Run the function whenever it is due, until `wait` says to stop."""
        due, past_due = self._first_due()
        while (reached := self._wait_until(due)) is not None:
            due = reached
            try:
                last = self._fire(due, past_due=past_due)
            except HostStopping:
                return
            if last is None:
                if not self._wait(LOOK_AGAIN):
                    return
                continue
            # Counted from the start: a run that takes too long is followed by one more at once.
            due, past_due = self._schedule.next_after(last.started_at), False
            self.next_at = due

    def run_by_hand(self) -> None:
        """Run now, after a run that is under way; the schedule goes on as if nothing had been."""
        self._run_once(self._known_last(), past_due=False)

    def _fire(self, due: datetime, *, past_due: bool) -> LastRun | None:
        """See to it that this due time is done; gives the run that did it, None if none did yet."""
        try:
            with turn(self._leases, f"timer-{self.spec.name}") as is_ours:
                if not is_ours:
                    return None
                last = self._last_runs.get(self.spec.name)
                started_at = self._clock()
                if last is not None and due <= last.started_at <= started_at + LARGEST_SKEW:
                    return last
                self._run_once(last, past_due=past_due)
                run = LastRun(started_at, self._schedule.next_after(started_at))
                self._last_runs.record(self.spec.name, run)
                return run
        except HostStopping:
            raise
        except Exception as error:
            log.warning("%s is due and has to wait: %s", self.spec.name, error)
            return None

    def _first_due(self) -> tuple[datetime, bool]:
        last = self._known_last()
        if last is not None and self._was_missed(last):
            self.next_at = self._clock()
            return last.next_at, True
        if self._trigger.run_on_startup:
            self.next_at = self._clock()
        return self.next_at, False

    def _known_last(self) -> LastRun | None:
        try:
            return self._last_runs.get(self.spec.name)
        except Exception as error:
            log.warning("the last run of %s cannot be read: %s", self.spec.name, error)
            return None

    def _was_missed(self, last: LastRun) -> bool:
        if not self._trigger.use_monitor:
            return False
        # A schedule that was changed meanwhile begins anew instead of being late.
        is_same_schedule = self._schedule.next_after(last.started_at) == last.next_at
        return is_same_schedule and last.next_at < self._clock()

    def _wait_until(self, due: datetime) -> datetime | None:
        """Wait until it is due, which is earlier where the clock is set back; None is to stop."""
        seen = self._clock()
        while True:
            missing = (due - seen).total_seconds()
            if not self._wait(max(0.0, min(missing, self._longest_wait))):
                return None
            shown = self._clock()
            if shown < seen - LARGEST_SKEW:
                self.next_at = due = self._schedule.next_after(shown)
            if shown >= due:
                return due
            seen = shown

    def _run_once(self, last: LastRun | None, *, past_due: bool) -> None:
        with self._one_at_a_time:
            try:
                self._call(self.spec, self._request(last, past_due=past_due))
            except HostStopping:
                raise
            except BaseException:
                # No retry: the next run is the retry.
                log.exception("%s failed", self.spec.name)

    def _request(self, last: LastRun | None, *, past_due: bool) -> TimerRequest:
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
