"""The laws of timers, played through on a clock that stands still until it is moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.functions.timer import TimerRequest
from tests.local_host.support import FakeClock, MemoryNotes, until

from work_assignment.local_host.errors import HostStopping
from work_assignment.local_host.last_runs import LastRun, LastRuns
from work_assignment.local_host.specs import FunctionSpec, TimerTrigger
from work_assignment.local_host.timers import LONGEST_WAIT, Timer
from work_assignment.local_host.turns import turn

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
        leases: SharedLeases | None = None,
        longest_wait: float = LONGEST_WAIT,
        run: Callable[[FakeClock, int], None] = lambda clock, number: None,
    ) -> None:
        self.clock = FakeClock()
        self.last_runs = last_runs or LastRuns()
        self.runs: list[tuple[datetime, bool]] = []
        self.requests: list[TimerRequest] = []
        self.meanwhile: Callable[[], None] = lambda: None
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
            leases=leases,
            longest_wait=longest_wait,
        )

    def play(self, seconds: float) -> list[tuple[str, bool]]:
        """Let this much time pass; returns when the function ran, and whether past due."""
        self._until = self.clock.now + timedelta(seconds=seconds)
        self.timer.run()
        return [(f"{at:%H:%M:%S}", past_due) for at, past_due in self.runs]

    def _wait(self, seconds: float) -> bool:
        self.clock.move(seconds)
        self.meanwhile()
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


def test_last_runs_survive_a_restart() -> None:
    notes = MemoryNotes()
    run = LastRun(
        datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=UTC), datetime(2026, 3, 2, 9, 1, tzinfo=UTC)
    )
    LastRuns(notes).record("ring", run)
    assert LastRuns(notes).get("ring") == run
    assert LastRuns(notes).get("other") is None


@pytest.mark.parametrize("text", ["{", "[1]", '{"last": 3}', '{"last": "x"}'])
def test_a_damaged_note_of_a_last_run_counts_as_none(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    notes = MemoryNotes()
    notes.write("timer-ring", text)
    assert LastRuns(notes).get("ring") is None
    assert "counts as none" in caplog.text


class SharedLeases:
    """Leases that the hosts of one test share; `broken` is what asking for one raises."""

    held_for = timedelta(seconds=60)

    def __init__(self) -> None:
        self.holder: object | None = None
        self.renewed = threading.Event()
        self.broken: Exception | None = None

    def acquire(self, name: str) -> HeldLease | None:
        if self.broken:
            raise self.broken
        if self.holder is not None:
            return None
        lease = HeldLease(self)
        self.holder = lease
        return lease


class HeldLease:
    """One of them, while it is held."""

    def __init__(self, leases: SharedLeases) -> None:
        self._leases = leases

    def renew(self) -> bool:
        self._leases.renewed.set()
        return self._leases.holder is self

    def release(self) -> None:
        if self._leases.holder is self:
            self._leases.holder = None


def test_a_due_time_that_another_host_has_done_is_left_out() -> None:
    notes = MemoryNotes()
    one, other = (Stage(LastRuns(notes), leases=SharedLeases()) for _ in range(2))
    assert one.play(60) == [("10:01:00", False)]
    assert other.play(150) == [("10:02:00", False), ("10:03:00", False)]


def test_without_a_note_in_common_both_hosts_run_a_due_time() -> None:
    one, other = (Stage(LastRuns(MemoryNotes()), leases=SharedLeases()) for _ in range(2))
    assert one.play(60) == other.play(60) == [("10:01:00", False)]


def test_a_host_whose_clock_is_behind_does_not_repeat_what_another_did() -> None:
    notes = MemoryNotes()
    LastRuns(notes).record(
        "ring",
        LastRun(
            datetime(2026, 3, 2, 10, 1, 20, tzinfo=UTC), datetime(2026, 3, 2, 10, 2, tzinfo=UTC)
        ),
    )
    assert Stage(LastRuns(notes)).play(100) == [("10:02:00", False)]


def test_a_run_noted_far_in_the_future_does_not_silence_a_timer() -> None:
    notes = MemoryNotes()
    future = datetime(2030, 1, 1, tzinfo=UTC)
    LastRuns(notes).record("ring", LastRun(future, future + timedelta(minutes=1)))
    assert Stage(LastRuns(notes)).play(40) == [("10:01:00", False)]


def test_what_a_dead_host_was_at_is_run_when_its_lease_has_ended() -> None:
    leases = SharedLeases()
    leases.holder = "a host that died at 10:01"
    stage = Stage(leases=leases)

    def end_the_lease() -> None:
        if stage.clock.now >= datetime(2026, 3, 2, 10, 1, 40, tzinfo=UTC):
            leases.holder = None

    stage.meanwhile = end_the_lease
    assert stage.play(90) == [("10:01:40", False), ("10:02:00", False)]
    assert leases.holder is None


def test_a_storage_that_is_away_delays_a_timer_and_does_not_end_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    leases = SharedLeases()
    leases.broken = OSError("away")
    stage = Stage(leases=leases)

    def mend() -> None:
        if stage.clock.now >= datetime(2026, 3, 2, 10, 1, 5, tzinfo=UTC):
            leases.broken = None

    stage.meanwhile = mend
    assert stage.play(60) == [("10:01:06", False)]
    assert "ring is due and has to wait: away" in caplog.text


def test_a_run_that_cannot_be_noted_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    notes = MemoryNotes()

    def break_off(clock: FakeClock, number: int) -> None:
        notes.broken = OSError("away") if number == 1 else None

    stage = Stage(LastRuns(notes), run=break_off)
    stage.meanwhile = lambda: setattr(notes, "broken", None)
    assert stage.play(100) == [("10:01:00", False), ("10:02:00", False)]
    assert "the last run of ring cannot be noted" in caplog.text


def test_a_lease_is_kept_while_it_is_needed_and_then_given_back() -> None:
    leases = SharedLeases()
    leases.held_for = timedelta(milliseconds=30)
    with turn(leases, "timer-ring") as is_ours:
        assert is_ours
        assert leases.renewed.wait(10)
        with turn(leases, "timer-ring") as is_theirs:
            assert not is_theirs
    assert leases.holder is None


def test_a_lease_that_was_lost_is_said(caplog: pytest.LogCaptureFixture) -> None:
    leases = SharedLeases()
    leases.held_for = timedelta(milliseconds=30)
    with turn(leases, "timer-ring"):
        leases.holder = "somebody else"
        until(lambda: "the lease timer-ring was lost" in caplog.text)
    assert leases.holder == "somebody else"


def test_after_a_jump_over_many_due_times_a_timer_runs_once() -> None:
    stage = Stage(longest_wait=10)

    def jump_once() -> None:
        if stage.clock.now < datetime(2026, 3, 2, 10, 1, tzinfo=UTC):
            stage.clock.now = datetime(2026, 3, 2, 10, 44, 10, tzinfo=UTC)

    stage.meanwhile = jump_once
    assert stage.play(44 * 60) == [("10:44:10", False)]
    assert stage.timer.next_at == datetime(2026, 3, 2, 10, 45, tzinfo=UTC)


def test_a_clock_that_is_set_back_by_a_day_does_not_silence_a_timer() -> None:
    stage = Stage(longest_wait=10)
    back = iter([timedelta(days=1)])
    stage.meanwhile = lambda: stage.clock.move(-next(back, timedelta(0)).total_seconds())
    stage.play(100 - 86_400)
    assert stage.runs == [
        (datetime(2026, 3, 1, 10, 1, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 10, 2, tzinfo=UTC), False),
    ]


def test_a_timer_looks_at_its_clock_as_often_as_it_is_told() -> None:
    stage = Stage(longest_wait=0.5)
    looks: list[datetime] = []
    stage.meanwhile = lambda: looks.append(stage.clock.now)
    stage.play(30)
    assert len(looks) > 60
