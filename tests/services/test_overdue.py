"""What becomes overdue is marked and told to the segment's manager, once."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.services.fakes import NOW, Clock

from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import RecordKey, SegmentId, SellerId
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.outcomes import Notice
from work_assignment.domain.runs.overdue import DueRun, ManagedSegment, Marks, Surroundings
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.overdue import AT_ONCE, LEFT_OUT_FOR, Escalation

INES, OTTO = SellerId("ines"), SellerId("otto")
EAST, WEST, NOBODYS = SegmentId("east"), SegmentId("west"), SegmentId("nobody's")
DUE = NOW - timedelta(minutes=5)


def due_run(number: int, segment: SegmentId | None = EAST, due_at: datetime = DUE) -> DueRun:
    key = RecordKey("lead", f"lead-{number:04}")
    return DueRun(f"run-{number:04}", key, f"Lead {number}", segment, due_at, "1")


@dataclass
class Rows:
    """Runs in memory: those that are due, and what became of them."""

    runs: dict[str, DueRun] = field(default_factory=dict)
    assigned: set[RecordKey] = field(default_factory=set)
    unreadable: set[RecordKey] = field(default_factory=set)
    unwritable: set[str] = field(default_factory=set)
    marked: dict[str, bool] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    questions: int = 0

    def add(self, *runs: DueRun) -> None:
        self.runs |= {run.id: run for run in runs}

    def due(self, now: datetime, behind: DueRun | None, limit: int) -> Sequence[DueRun]:
        self.questions += 1
        place = ("",) if behind is None else (behind.due_at.isoformat(), behind.id)
        found = sorted((run.due_at.isoformat(), run.id) for run in self.runs.values())
        behind_it = [self.runs[run_id] for at, run_id in found if (at, run_id) > place]
        waiting = [
            run
            for run in behind_it
            if (run.looked_at or run.due_at) < now and run.id not in self.marked
        ]
        return waiting[:limit]

    def look(self, runs: Sequence[DueRun]) -> Surroundings:
        told = {
            (run.key, run.due_at) for run in self.runs.values() if self.marked.get(run.id) is True
        }
        newest = {run.key: run for run in self.runs.values()}
        return Surroundings(
            last_runs={
                key: LastRun(run.id, RoutingStatus.NO_CAPACITY, run.segment_id, None, NOW, 1)
                for key, run in newest.items()
            },
            unassigned={run.key for run in runs} - self.assigned,
            told=told,
            segments={
                EAST: ManagedSegment("East", INES),
                WEST: ManagedSegment("West", OTTO),
                NOBODYS: ManagedSegment("Nobody's"),
            },
            unreadable=self.unreadable,
        )

    def mark(self, marks: Sequence[Marks]) -> Sequence[DueRun]:
        refused: list[DueRun] = []
        for one in marks:
            wrong = [run for run in one.runs if run.id in self.unwritable]
            refused += wrong
            if wrong or any(self.runs[run.id].version != run.version for run in one.runs):
                continue
            if one.until is not None:
                self.runs |= {run.id: replace(run, looked_at=one.until) for run in one.runs}
                continue
            self.marked |= {run.id: one.is_overdue for run in one.runs}
            if one.notice is not None:
                self.notices[one.notice.id] = one.notice
        return refused


@dataclass
class People:
    """Those who can be told of something."""

    there: dict[SellerId, Recipient] = field(
        default_factory=lambda: {who: Recipient(who) for who in (INES, OTTO)}
    )

    def of(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        return {who: self.there[who] for who in ids if who in self.there}


@dataclass
class Box:
    """What is told by other ways."""

    notices: list[Notice] = field(default_factory=list)
    is_away: bool = False

    def put(self, notices: Sequence[Notice]) -> None:
        if self.is_away:
            raise Unavailable("the queue is away")
        self.notices += notices


class Office:
    """A worker that looks, with everything around it."""

    def __init__(self, *runs: DueRun, mode: str = "on") -> None:
        self.rows, self.people, self.box, self.clock = Rows(), People(), Box(), Clock()
        self.notifications = Notifications()
        self.mode = mode
        self.quiet: dict[SellerId, datetime] = {}
        self.rows.add(*runs)

    def worker(self) -> Escalation:
        return Escalation(
            self.rows,
            self.people,
            self.box,
            lambda: self.notifications,
            self.clock,
            mode=self.mode,
            monotonic=self.clock.monotonic,
            quiet_until=lambda who, at: begin if (begin := self.quiet.get(who, at)) > at else None,
        )

    def told(self) -> list[tuple[str, int]]:
        """Who was told in the app, and of how many records."""
        return sorted((n.recipient, len(n.records)) for n in self.rows.notices.values())


def test_each_manager_hears_once_of_all_that_became_overdue() -> None:
    office = Office(due_run(1), due_run(2), due_run(3), due_run(4, WEST))

    assert office.worker().look() == 4
    assert office.told() == [("ines", 3), ("otto", 1)]
    assert set(office.rows.marked.values()) == {True}
    assert {notice.kind for notice in office.rows.notices.values()} == {Kind.OVERDUE}


def test_looking_again_tells_nothing_new_and_costs_one_question() -> None:
    office = Office(due_run(1))
    worker = office.worker()
    worker.look()
    office.rows.questions = 0

    assert worker.look() == 0
    assert (office.told(), office.rows.questions) == ([("ines", 1)], 1)


def test_what_is_due_later_is_left_until_then() -> None:
    office = Office(due_run(1, due_at=NOW + timedelta(minutes=1)))
    assert (office.worker().look(), office.rows.marked) == (0, {})

    office.clock.advance(timedelta(minutes=2))
    assert (office.worker().look(), office.told()) == (1, [("ines", 1)])


def test_of_a_record_that_has_an_owner_by_now_nobody_is_told() -> None:
    office = Office(due_run(1), due_run(2))
    office.rows.assigned.add(due_run(1).key)

    assert office.worker().look() == 1
    assert office.rows.marked == {"run-0001": False, "run-0002": True}
    assert office.told() == [("ines", 1)]


def test_another_run_of_the_same_record_and_moment_is_marked_and_not_told() -> None:
    office = Office(due_run(1))
    office.worker().look()
    office.rows.add(replace(due_run(1), id="run-0001b"))

    assert office.worker().look() == 0
    assert office.rows.marked["run-0001b"] is True
    assert office.told() == [("ines", 1)]


def test_a_record_that_misses_another_moment_is_told_of_again() -> None:
    office = Office(due_run(1))
    office.worker().look()
    office.rows.add(replace(due_run(1, WEST, NOW - timedelta(minutes=1)), id="run-0001b"))

    assert office.worker().look() == 1
    assert office.told() == [("ines", 1), ("otto", 1)]


@pytest.mark.parametrize("segment", [NOBODYS, None], ids=["without manager", "the default one"])
def test_where_a_segment_has_no_manager_records_are_only_marked(segment: SegmentId | None) -> None:
    office = Office(due_run(1, segment))

    assert office.worker().look() == 1
    assert (office.rows.marked, office.told()) == ({"run-0001": True}, [])


@pytest.mark.parametrize(
    ("person", "said"),
    [(None, "does not exist any more"), (Recipient(INES, is_disabled=True), "is disabled")],
)
def test_a_manager_who_has_left_is_named_in_the_log_and_others_are_told(
    person: Recipient | None, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(due_run(1), due_run(2, WEST))
    del office.people.there[INES]
    if person is not None:
        office.people.there[INES] = person

    with caplog.at_level(logging.WARNING):
        office.worker().look()

    assert f"user ines, who manages their segment, {said}" in caplog.text
    assert (len(office.rows.marked), office.told()) == (2, [("otto", 1)])


def test_a_manager_is_told_when_her_working_hours_begin_and_the_others_at_once() -> None:
    office = Office(due_run(1), due_run(2), due_run(3, WEST))
    office.quiet[INES] = NOW + timedelta(hours=3)
    assert [office.worker().look() for _ in range(2)] == [1, 0]
    assert (office.rows.marked, office.told()) == ({"run-0003": True}, [("otto", 1)])

    office.clock.advance(timedelta(hours=3, seconds=1))
    assert [office.worker().look() for _ in range(2)] == [2, 0]
    assert office.told() == [("ines", 2), ("otto", 1)]
    assert [notice.recipient for notice in office.box.notices] == [OTTO, INES]


def test_what_went_the_other_ways_already_is_told_in_the_app_alone() -> None:
    told = [replace(due_run(number), told_outside=True) for number in (1, 2)]
    office = Office(*told, due_run(3))
    office.worker().look()
    assert office.told() == [("ines", 3)]
    assert [len(notice.records) for notice in office.box.notices] == [1]


def test_a_manager_who_opted_out_is_not_told() -> None:
    office = Office(due_run(1))
    office.people.there[INES] = Recipient(INES, muted=frozenset({Kind.OVERDUE}))

    assert office.worker().look() == 1
    assert (office.rows.marked, office.told()) == ({"run-0001": True}, [])
    assert office.box.notices == []


@pytest.mark.parametrize(
    ("ways", "in_app"), [({Channel.APP, Channel.TEAMS}, 1), ({Channel.TEAMS}, 0), (set(), 0)]
)
def test_the_outbox_hears_of_it_and_the_app_where_it_is_a_way(
    ways: set[Channel], in_app: int
) -> None:
    office = Office(due_run(1))
    office.notifications = Notifications({Kind.OVERDUE: frozenset(ways)})
    office.worker().look()

    assert (len(office.box.notices), len(office.rows.notices)) == (1, in_app)
    assert office.rows.marked == {"run-0001": True}


def test_while_the_outbox_is_away_nothing_is_marked_and_nothing_lost() -> None:
    office = Office(due_run(1))
    office.box.is_away = True
    with pytest.raises(Unavailable):
        office.worker().look()
    assert (office.rows.marked, office.told()) == ({}, [])

    office.box.is_away = False
    office.worker().look()
    assert office.told() == [("ines", 1)]


@pytest.mark.parametrize("mode", ["dry-run", "off"])
def test_an_app_that_assigns_nothing_escalates_nothing(mode: str) -> None:
    office = Office(due_run(1), mode=mode)

    assert office.worker().look() == 0
    assert (office.rows.questions, office.rows.marked) == (0, {})


def test_two_workers_at_once_tell_once() -> None:
    office = Office(due_run(1), due_run(2))
    first, second = office.worker(), office.worker()
    look = office.rows.look

    def look_while_another_does(runs: Sequence[DueRun]) -> Surroundings:
        office.rows.look = look  # type: ignore[method-assign]  # the second worker is not delayed
        found = look(runs)
        second.look()
        office.rows.runs = {k: replace(run, version="2") for k, run in office.rows.runs.items()}
        return found

    office.rows.look = look_while_another_does  # type: ignore[method-assign]  # the first one is
    first.look()

    assert office.told() == [("ines", 2)]


def test_what_cannot_be_read_or_written_keeps_nobody_waiting_and_is_tried_again() -> None:
    early: dict[str, Any] = {"due_at": NOW - timedelta(hours=1)}
    stuck = [due_run(number, WEST, **early) for number in range(AT_ONCE)]
    office = Office(*stuck, due_run(9000))
    office.rows.unwritable = {run.id for run in stuck[1:]}
    office.rows.unreadable = {stuck[0].key}
    worker = office.worker()
    worker.look()
    assert office.told() == []

    worker.look()
    assert office.told() == [("ines", 1)]

    office.rows.unwritable, office.rows.unreadable = set(), set()
    office.clock.advance(timedelta(seconds=LEFT_OUT_FOR))
    worker.look()
    assert office.told() == [("ines", 1), ("otto", AT_ONCE)]


def test_the_notification_names_the_segment_and_its_id_follows_from_what_it_tells() -> None:
    offices = [Office(due_run(1), due_run(2)) for _ in range(2)]
    for office in offices:
        office.worker().look()
    (first,), (second,) = (office.rows.notices.values() for office in offices)

    assert first == second
    assert "East" in first.title
    assert "2" in first.title
