"""Sweeps of segments' schedules: one for each time that is due, whoever asks and whatever happens."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.services.fakes import Calls, Clock, Killed, killed, unavailable
from tests.services.sweeps import MemorySweeps, SweepWorld

from work_assignment.domain.defining.schedules import Schedule, read_schedule
from work_assignment.domain.errors import DefinitionError, Unavailable
from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.sweeps import Sweep, SweepStatus, Trigger
from work_assignment.domain.runs.timetables import SegmentTimes, Timetable
from work_assignment.services.scheduling import NOTE, Scheduling
from work_assignment.services.sweep_requests import QUEUE, SweepRequests

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EIGHT = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
LAST_NIGHT = EIGHT - timedelta(hours=12)


def schedule(*times: str, zone: str = "UTC", **more: Any) -> Schedule:
    return read_schedule({"times": list(times), "time_zone": zone, **more}, UTC, "schedule")


@dataclass
class Notes:
    """Notes in memory; `broken` ones can be neither read nor written."""

    texts: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    written: int = 0

    def read(self, name: str) -> str | None:
        if self.broken:
            raise OSError("the storage is away")
        return self.texts.get(name)

    def write(self, name: str, text: str) -> None:
        if self.broken:
            raise OSError("the storage is away")
        self.written += 1
        self.texts[name] = text


class Office:
    """Segments with schedules, and any number of workers that look at them."""

    def __init__(self, at: datetime = EIGHT - 10 * MINUTE) -> None:
        self.world = SweepWorld()
        self.world.clock.now = at
        self.notes = Notes()
        self.segments: dict[str, SegmentTimes] = {}
        self.limit: int | None = None
        self.kept_for = timedelta(days=90)
        self.reads = 0
        self.away = False

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def segment(self, name: str = "A", *times: str, **more: Any) -> None:
        """A segment with a schedule that somebody set last night."""
        given = {"schedule": schedule(*times)} if times else {}
        segment = SegmentTimes(SegmentId(f"id-{name}"), name, "lead", 1, "active", LAST_NIGHT)
        self.segments[name] = replace(segment, **given | more)

    def edit(self, name: str, **changes: Any) -> None:
        """Somebody writes the segment's row now."""
        self.segments[name] = replace(self.segments[name], changed_at=self.clock(), **changes)

    def timetable(self, now: datetime) -> Timetable:
        self.reads += 1
        if self.away:
            raise Unavailable("Dataverse is away")
        rows = self.world.sweeps.values()
        segments = []
        for segment in self.segments.values():
            due = [s.due_at for s in rows if s.segment_id == segment.id and s.due_at is not None]
            segments.append(replace(segment, newest_due=max(due, default=None)))
        return Timetable(tuple(segments), self.limit, self.kept_for)

    def worker(
        self, calls: Calls | None = None, *, mode: str = "on", store: MemorySweeps | None = None
    ) -> Scheduling:
        return Scheduling(
            self,
            store or self.world.store(calls),
            SweepRequests(self.world.queues),
            self.notes,
            self.clock,
            mode,
        )

    def run(self, until: datetime, *, worker: Scheduling | None = None) -> list[Sweep]:
        """Look every minute until then; what was asked for meanwhile."""
        before = set(self.world.sweeps)
        at_work = worker or self.worker()
        while self.clock() < until:
            self.clock.advance(MINUTE)
            at_work.look()
        return [sweep for key, sweep in self.world.sweeps.items() if key not in before]

    def look_once(self) -> None:
        """The timer's bell, in a process that was just started."""
        self.worker().look()

    def queued(self) -> list[str]:
        return [b64decode(text).decode() for text in self.world.queues.texts(QUEUE)]

    def due(self) -> list[datetime]:
        """What there are sweeps for."""
        return sorted(s.due_at for s in self.world.sweeps.values() if s.due_at is not None)


def test_a_segment_is_swept_at_its_time_and_once() -> None:
    office = Office()
    office.limit = 500
    office.segment("A", "08:00")

    (sweep,) = office.run(EIGHT + 30 * MINUTE)

    assert (sweep.trigger, sweep.status) == (Trigger.SCHEDULED, SweepStatus.QUEUED)
    assert (sweep.due_at, sweep.started_at) == (EIGHT, EIGHT)
    assert (sweep.segment_id, sweep.record_type) == ("id-A", "lead")
    assert (sweep.cursor.limit, sweep.message) == (500, "")
    assert sweep.name == "Sweep of lead in 'A', due 2026-03-04 08:00 UTC"
    assert office.queued() == [sweep.id]


def test_every_segment_has_times_of_its_own() -> None:
    office = Office()
    office.segment("A", "08:00", "08:20")
    office.segment("B", "08:20")
    office.segment("C", schedule=None)

    found = office.run(EIGHT + 30 * MINUTE)

    assert sorted((sweep.segment_id or "", sweep.due_at) for sweep in found) == [
        ("id-A", EIGHT),
        ("id-A", EIGHT + 20 * MINUTE),
        ("id-B", EIGHT + 20 * MINUTE),
    ]


def test_looking_costs_one_request_while_nothing_is_due() -> None:
    office, calls = Office(), Calls()
    office.segment("A", "20:00")

    office.run(EIGHT, worker=office.worker(calls))

    assert office.reads == 10
    assert calls.moments == []
    assert office.notes.written == 1


def test_workers_that_look_at_once_make_one_sweep() -> None:
    office = Office()
    office.segment("A", "08:00")
    workers = [office.worker() for _ in range(3)]
    office.run(EIGHT - MINUTE, worker=workers[0])
    office.clock.now = EIGHT
    # Each reads before any writes.
    as_read = office.timetable(EIGHT)
    for worker in workers:
        worker.schedules = _Frozen(as_read)

    assert [worker.look() for worker in workers] == [1, 0, 0]

    assert len(office.world.sweeps) == 1
    assert len(office.queued()) == 1


@dataclass
class _Frozen:
    table: Timetable

    def timetable(self, now: datetime) -> Timetable:
        return self.table


MOMENTS = ["before save the sweep", "after save the sweep"]


@pytest.mark.parametrize("what", [killed, unavailable])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_that_dies_or_hears_nothing_loses_no_time_and_asks_for_none_twice(
    moment: str, what: Callable[[], object]
) -> None:
    office = Office()
    office.segment("A", "08:00")
    office.segment("B", "08:00")
    calls = Calls(when={moment: what})
    try:
        office.run(EIGHT, worker=office.worker(calls))
    except Killed:
        office.clock.advance(MINUTE)

    office.run(EIGHT + 10 * MINUTE)

    assert office.due() == [EIGHT, EIGHT]
    assert len(set(office.queued())) >= 1
    assert all(sweep.status is SweepStatus.QUEUED for sweep in office.world.sweeps.values())


def test_a_row_that_was_written_while_its_answer_was_lost_is_not_written_every_minute() -> None:
    office = Office()
    office.segment("A", "08:00")
    office.run(EIGHT)
    office.kept_for = timedelta(days=9000)
    calls = Calls()
    worker = office.worker(calls)
    frozen = replace(office.timetable(EIGHT), segments=tuple(office.segments.values()))
    worker.schedules = _Frozen(frozen)  # which knows of no sweep

    office.run(EIGHT + 10 * MINUTE, worker=worker)

    assert calls.moments == ["before save the sweep", "after save the sweep"]


def test_of_times_that_were_missed_the_newest_runs_once_and_says_so() -> None:
    office = Office()
    office.segment("A", "08:00", "13:00", "18:00")
    office.run(EIGHT + MINUTE)
    office.clock.now = EIGHT + timedelta(days=1, hours=6, minutes=20)  # the app was down

    (sweep,) = office.run(office.clock() + 10 * MINUTE)

    assert sweep.due_at == EIGHT + timedelta(days=1, hours=5)
    assert sweep.message == (
        "It was asked for 1 h 21 min late. 3 times due before it were left out"
    )
    assert sweep.cursor.asked_with == sweep.message


def test_it_is_made_up_for_when_dataverse_was_away() -> None:
    office = Office()
    office.segment("A", "08:00")
    worker = office.worker()
    office.run(EIGHT - MINUTE, worker=worker)
    office.away = True
    assert office.run(EIGHT + 20 * MINUTE, worker=worker) == []
    office.away = False

    (sweep,) = office.run(EIGHT + 22 * MINUTE, worker=worker)

    assert sweep.message == "It was asked for 21 min late"


def test_a_new_schedule_does_not_run_for_times_before_it_was_set() -> None:
    office = Office(EIGHT + 30 * MINUTE)
    office.segment("A", "08:00", changed_at=EIGHT + 30 * MINUTE)

    assert office.run(EIGHT + DAY - MINUTE) == []
    assert [sweep.due_at for sweep in office.run(EIGHT + DAY)] == [EIGHT + DAY]


@pytest.mark.parametrize("had_run", [True, False])
def test_an_edit_of_the_segment_right_after_a_time_does_not_lose_it(had_run: bool) -> None:
    office = Office(EIGHT - DAY - 10 * MINUTE if had_run else EIGHT - 10 * MINUTE)
    office.segment("A", "08:00", changed_at=office.clock())
    office.run(EIGHT - MINUTE)
    office.clock.now = EIGHT + timedelta(seconds=20)
    office.edit("A", priority=7)
    office.clock.now = EIGHT + timedelta(seconds=40)

    assert office.worker().look() == 1

    assert office.due()[-1] == EIGHT


def test_a_time_before_the_schedule_changed_is_due_by_the_one_there_was() -> None:
    office = Office()
    office.segment("A", "08:00")
    office.run(EIGHT - MINUTE)
    office.clock.now = EIGHT + timedelta(seconds=20)
    office.edit("A", schedule=schedule("07:00", "12:00"))

    found = office.run(EIGHT + timedelta(hours=5))

    assert [sweep.due_at for sweep in found] == [EIGHT, EIGHT + timedelta(hours=4)]


def test_a_time_that_a_changed_schedule_sets_before_the_change_is_not_run() -> None:
    office = Office()
    office.segment("A", "08:00")
    office.run(EIGHT + MINUTE)
    office.clock.now = EIGHT + timedelta(hours=7)
    office.edit("A", schedule=schedule("10:00"))

    assert office.run(EIGHT + timedelta(hours=9)) == []
    assert [s.due_at for s in office.run(EIGHT + timedelta(hours=27))] == [
        EIGHT + timedelta(hours=26)
    ]


def test_an_inactive_segment_does_not_run_and_makes_nothing_up_when_it_is_switched_on() -> None:
    office = Office()
    office.segment("A", "08:00")
    office.run(EIGHT + MINUTE)
    office.edit("A", state="inactive")
    assert office.run(EIGHT + 3 * DAY + MINUTE) == []

    office.edit("A", state="active")

    assert office.run(EIGHT + 4 * DAY - MINUTE) == []
    assert [s.due_at for s in office.run(EIGHT + 4 * DAY)] == [EIGHT + 4 * DAY]


def test_of_a_paused_segment_the_history_says_that_there_was_nothing_to_run() -> None:
    office = Office()
    office.segment("A", "08:00", state="paused")

    (sweep,) = office.run(EIGHT + MINUTE)

    assert (sweep.status, sweep.ended_at) == (SweepStatus.SKIPPED, EIGHT)
    assert sweep.message == "The segment is paused: no rule runs"
    assert office.queued() == []


def test_nothing_is_asked_for_while_the_mode_is_off() -> None:
    office = Office()
    office.segment("A", "08:00")

    office.run(EIGHT + MINUTE, worker=office.worker(mode="off"))

    assert (office.reads, office.world.sweeps) == (0, {})


def test_a_sweep_of_a_dry_run_says_so() -> None:
    office = Office()
    office.segment("A", "08:00")

    (sweep,) = office.run(EIGHT, worker=office.worker(mode="dry-run"))

    assert sweep.name.endswith(", dry run")


def test_what_ran_so_long_ago_that_its_row_may_be_deleted_does_not_run_again() -> None:
    office = Office()
    office.segment("A", schedule=schedule("08:00", until="2026-03-04"))
    office.kept_for = 2 * DAY
    office.run(EIGHT + MINUTE)
    office.clock.now = EIGHT + 3 * DAY
    office.world.sweeps.clear()
    office.notes.texts.clear()

    assert office.run(EIGHT + 3 * DAY + 3 * MINUTE) == []


def test_a_broken_schedule_is_said_once_and_all_others_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    office = Office()
    fault = DefinitionError("segment 'A', schedule", "there is no time zone 'Mars'")
    office.segment("A", schedule=None, fault=fault)
    office.segment("B", "08:00")

    found = office.run(EIGHT)

    assert [sweep.segment_id for sweep in found] == ["id-B"]
    assert caplog.text.count("there is no time zone 'Mars'") == 1


def test_a_sweep_that_cannot_be_written_keeps_no_other_from_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refused() -> None:
        raise LookupError("the row is refused")

    office = Office()
    office.segment("A", "08:00")
    office.segment("B", "08:00")

    office.run(EIGHT, worker=office.worker(Calls(when={"before save the sweep": refused})))
    assert [s.segment_id for s in office.world.sweeps.values()] == ["id-B"]
    assert "the sweep of 'A' cannot be asked for" in caplog.text
    office.run(EIGHT + MINUTE)
    assert len(office.world.sweeps) == 2


def test_schedules_run_while_nothing_can_be_noted() -> None:
    office = Office()
    office.notes.broken = True
    office.segment("A", "08:00")

    found = office.run(EIGHT + DAY + MINUTE)

    assert [sweep.due_at for sweep in found] == [EIGHT, EIGHT + DAY]


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"id-A": 5}', '{"id-A": [{}, "soon"]}'])
def test_a_note_that_cannot_be_read_is_as_good_as_none(text: str) -> None:
    office = Office()
    office.notes.texts[NOTE] = text
    office.segment("A", "08:00")

    assert [sweep.due_at for sweep in office.run(EIGHT)] == [EIGHT]


def test_what_is_noted_of_other_segments_counts_beside_what_cannot_be_read() -> None:
    office = Office()
    office.segment("A", "08:00")
    office.segment("B", "08:00")
    office.look_once()
    noted = json.loads(office.notes.texts[NOTE])
    noted["id-A"] = [{"times": ["08:00"], "time_zone": "Europe/Atlantis"}, EIGHT.isoformat()]
    office.notes.texts[NOTE] = json.dumps(noted)
    office.clock.now = EIGHT + timedelta(seconds=20)
    office.edit("B", schedule=schedule("12:00"))

    office.look_once()

    assert {sweep.segment_id for sweep in office.world.sweeps.values()} == {"id-A", "id-B"}


def test_of_a_segment_that_was_deleted_nothing_is_noted_any_more() -> None:
    office = Office()
    office.segment("A", "08:00")
    office.segment("B", "08:00")
    office.look_once()
    del office.segments["A"]

    office.look_once()

    assert list(json.loads(office.notes.texts[NOTE])) == ["id-B"]


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-03-29", "2026-03-29T01:00"),  # the clocks jump from 2 to 3
        ("2026-10-25", "2026-10-25T00:30"),  # 02:30 comes twice
    ],
)
def test_a_time_that_clocks_skip_or_show_twice_runs_once(day: str, due: str) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    office = Office(start.astimezone(UTC))
    office.segment("A", changed_at=start, schedule=schedule("02:30", zone="Europe/Berlin"))

    found = office.run(start.astimezone(UTC) + timedelta(hours=8))

    assert [sweep.due_at for sweep in found] == [datetime.fromisoformat(due).replace(tzinfo=UTC)]
    assert found[0].message == ""
