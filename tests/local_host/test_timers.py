"""The laws of timers, played through on a clock that stands still until it is moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.functions.timer import TimerRequest
from tests.local_host.support import FakeClock

from work_assignment.local_host.errors import HostStopping
from work_assignment.local_host.last_runs import LastRun, LastRuns
from work_assignment.local_host.specs import FunctionSpec, TimerTrigger
from work_assignment.local_host.timers import Timer

EVERY_MINUTE = "0 * * * * *"


class Stage:
    """A timer whose waiting moves the clock, until the play is over."""

    def __init__(
        self,
        last_runs: LastRuns | None = None,
        *,
        schedule: str = EVERY_MINUTE,
        run_on_startup: bool = False,
        use_monitor: bool = True,
        run: Callable[[FakeClock, int], None] = lambda clock, number: None,
    ) -> None:
        self.clock = FakeClock()
        self.last_runs = last_runs or LastRuns()
        self.runs: list[tuple[datetime, bool]] = []
        self.requests: list[TimerRequest] = []
        self._run = run
        trigger = TimerTrigger(schedule, None, run_on_startup, use_monitor)
        spec = FunctionSpec("ring", trigger, (), lambda timer: None, "timer")
        self.timer = Timer(
            spec,
            trigger,
            last_runs=self.last_runs,
            call=self._call,
            clock=self.clock,
            wait=self._wait,
        )

    def play(self, seconds: float) -> list[tuple[str, bool]]:
        """Let this much time pass; returns when the function ran, and whether past due."""
        self._until = self.clock.now + timedelta(seconds=seconds)
        self.timer.run()
        return [(f"{at:%H:%M:%S}", past_due) for at, past_due in self.runs]

    def _wait(self, seconds: float) -> bool:
        self.clock.move(seconds)
        return self.clock.now <= self._until

    def _call(self, spec: FunctionSpec, request: TimerRequest) -> None:
        self.runs.append((self.clock.now, request.past_due))
        self.requests.append(request)
        self._run(self.clock, len(self.runs))


def ran(started_at: datetime) -> LastRuns:
    """What an earlier host left behind, for a timer of every minute."""
    last_runs = LastRuns()
    following = (started_at + timedelta(minutes=1)).replace(second=0)
    last_runs.record("ring", LastRun(started_at, following))
    return last_runs


def test_a_timer_runs_at_each_occurrence() -> None:
    assert Stage().play(150) == [("10:01:00", False), ("10:02:00", False), ("10:03:00", False)]


def test_an_overlong_run_is_followed_by_exactly_one_catch_up() -> None:
    def slow_once(clock: FakeClock, number: int) -> None:
        clock.move(200 if number == 1 else 1)

    assert Stage(run=slow_once).play(330) == [
        ("10:01:00", False),
        ("10:04:20", False),
        ("10:05:00", False),
        ("10:06:00", False),
    ]


def test_a_failing_run_is_not_repeated_before_its_time(caplog: pytest.LogCaptureFixture) -> None:
    def fail(clock: FakeClock, number: int) -> None:
        raise ValueError("no")

    stage = Stage(run=fail)
    assert stage.play(90) == [("10:01:00", False), ("10:02:00", False)]
    assert "ring failed" in caplog.text
    assert stage.last_runs.get("ring") is not None


def test_missed_occurrences_give_one_run_past_due_at_start() -> None:
    last_runs = ran(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    assert Stage(last_runs).play(60) == [("10:00:30", True), ("10:01:00", False)]


def test_nothing_missed_means_no_run_at_start() -> None:
    last_runs = ran(datetime(2026, 3, 2, 10, 0, tzinfo=UTC))
    assert Stage(last_runs).play(60) == [("10:01:00", False)]


def test_a_timer_that_never_ran_is_not_past_due() -> None:
    assert Stage(LastRuns()).play(20) == []


def test_a_changed_schedule_begins_anew() -> None:
    last_runs = ran(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    assert Stage(last_runs, schedule="30 * * * * *").play(40) == []


def test_a_timer_without_monitor_makes_up_for_nothing() -> None:
    last_runs = ran(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    assert Stage(last_runs, use_monitor=False).play(40) == [("10:01:00", False)]


def test_run_on_startup_runs_once_at_once() -> None:
    assert Stage(run_on_startup=True).play(40) == [("10:00:30", False), ("10:01:00", False)]


def test_a_rare_timer_waits_through_to_its_hour() -> None:
    assert Stage(schedule="0 0 3 * * *").play(18 * 3600) == [("03:00:00", False)]


def test_the_function_is_told_when_it_last_ran() -> None:
    stage = Stage()
    stage.play(100)
    assert stage.requests[1].schedule_status["Last"] == "2026-03-02T10:01:00+00:00"
    assert stage.requests[1].schedule_status["Next"] == "2026-03-02T10:02:00+00:00"


def test_a_host_that_stops_ends_the_timer_without_recording_the_run() -> None:
    def stop(clock: FakeClock, number: int) -> None:
        raise HostStopping

    stage = Stage(run=stop)
    stage.play(300)
    assert len(stage.runs) == 1
    assert stage.last_runs.get("ring") is None


def test_a_run_by_hand_waits_for_the_run_under_way() -> None:
    begun, go_on = threading.Event(), threading.Event()
    overlaps: list[int] = []
    running = 0

    def hold(clock: FakeClock, number: int) -> None:
        nonlocal running
        running += 1
        overlaps.append(running)
        begun.set()
        assert go_on.wait(10)
        running -= 1

    stage = Stage(run=hold)
    first = threading.Thread(target=stage.timer.run_by_hand)
    first.start()
    assert begun.wait(10)
    second = threading.Thread(target=stage.timer.run_by_hand)
    second.start()
    go_on.set()
    first.join(10)
    second.join(10)
    assert overlaps == [1, 1]


def test_last_runs_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state" / "timers.json"
    run = LastRun(
        datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=UTC), datetime(2026, 3, 2, 9, 1, tzinfo=UTC)
    )
    LastRuns(path).record("ring", run)
    assert LastRuns(path).get("ring") == run
    assert LastRuns(path).get("other") is None


@pytest.mark.parametrize("text", ["{", "[1]", '{"ring": 3}', '{"ring": {"last": "x"}}'])
def test_a_damaged_file_of_last_runs_is_no_reason_not_to_start(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "timers.json"
    path.write_text(text)
    assert LastRuns(path).get("ring") is None
    assert "starts afresh" in caplog.text
