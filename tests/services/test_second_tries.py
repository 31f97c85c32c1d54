"""What found nobody goes out as soon as capacity or availability comes back, oldest first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from tests.domain.cases import rule
from tests.services.fakes import NOW, Calls, Killed
from tests.services.test_related_rounds import with_fault
from tests.services.world import ANA, World

from work_assignment.domain.hours.availability import EVERY_DAY, Calendar, WorkingHours
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import Sweep, SweepStatus
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider

ASSIGNED = RoutingStatus.ASSIGNED
NO_CAPACITY = RoutingStatus.NO_CAPACITY
NO_AVAILABILITY = RoutingStatus.NO_AVAILABILITY


def full() -> tuple[World, RecordKey, RecordKey, RecordKey]:
    """Ana alone has the one record that she may have; two others wait, the second for longer."""
    world = World(names=[ANA], capacity=1)
    hers = world.create(1)
    world.decider().answer()
    younger = world.create(2, created_at=NOW + timedelta(minutes=2))
    older = world.create(3, created_at=NOW + timedelta(minutes=1))
    world.decider().answer()
    assert world.owner(hers) == ANA
    assert world.statuses(younger) == world.statuses(older) == [NO_CAPACITY]
    world.clock.advance(timedelta(minutes=10))
    return world, hers, older, younger


def close(world: World, key: RecordKey) -> None:
    world.organization.change(key, is_open=False)
    world.event(key, "Update", columns=frozenset({"statecode"}))


def test_a_closed_record_lets_the_oldest_that_waits_go_out_at_once() -> None:
    world, hers, older, younger = full()
    close(world, hers)

    world.decider().answer()

    assert world.statuses(older) == [NO_CAPACITY, ASSIGNED]
    assert world.organization.runs_of(older)[1].run.source is RequestSource.CAME_BACK
    assert world.statuses(younger) == [NO_CAPACITY]


def test_what_still_finds_nobody_is_not_written_again() -> None:
    world, hers, _, younger = full()
    version = world.organization.records[younger].version
    close(world, hers)

    world.decider().answer()

    (logged,) = world.organization.runs_of(younger)
    assert logged.attempts == 1
    assert world.organization.records[younger].version == version


def test_who_had_room_before_is_not_back_when_one_of_hers_is_closed() -> None:
    world = World(names=[ANA], capacity=5)
    hers = world.create(1)
    world.decider().answer()
    close(world, hers)
    calls = Calls()

    world.decider(calls).answer()

    assert calls.moments.count("before gather sellers") == 1


def test_a_record_given_away_by_hand_makes_room_too() -> None:
    world, hers, older, _ = full()
    world.give_by_hand(hers, "somebody else")

    world.decider().answer()

    assert world.owner(older) == ANA


def test_a_closing_of_which_no_event_told_is_found_by_the_timers_bell() -> None:
    world, hers, older, _ = full()
    decider = world.decider()
    decider.answer(thorough=True)
    world.organization.change(hers, is_open=False)

    decider.answer(thorough=True)

    assert world.owner(older) == ANA


def test_a_raised_maximum_lets_as_many_more_go_out() -> None:
    world, _, older, younger = full()
    decider = world.decider()
    decider.answer(thorough=True)
    change_ana(world, max_capacity=2)
    world.clock.advance(timedelta(minutes=2))

    decider.answer(thorough=True)

    assert world.owner(older) == ANA
    assert world.statuses(younger) == [NO_CAPACITY]


def test_an_event_of_her_row_is_followed_at_once() -> None:
    world, _, older, _ = full()
    decider = world.decider()
    decider.answer(thorough=True)
    change_ana(world, max_capacity=2)
    world.event(
        RecordKey("wa_seller", "00000000-0000-4000-8000-000000000000"),
        "Update",
        columns=frozenset({"wa_maxcapacity"}),
    )

    decider.answer()

    assert world.owner(older) == ANA


def test_who_is_switched_on_again_gets_what_waits() -> None:
    world = World(names=[ANA])
    change_ana(world, takes_assignments=False)
    key = world.create(1)
    decider = world.decider()
    decider.answer(thorough=True)
    assert world.statuses(key) == [RoutingStatus.NO_SELLERS]
    change_ana(world, takes_assignments=True)
    world.clock.advance(timedelta(minutes=2))

    decider.answer(thorough=True)

    assert world.owner(key) == ANA


def at_night(*, hours: int = 1) -> tuple[World, RecordKey, Decider]:
    """Ana works from nine; at five a record comes that is only for who works within an hour."""
    within = timedelta(hours=hours)
    world = World(rules=[rule(segment_id=None, available_within=within)], names=[ANA])
    nine_to_five = WorkingHours(EVERY_DAY, time(9), time(17), UTC)
    change_ana(world, calendar=Calendar(hours=(nine_to_five,)))
    world.clock.now = datetime(2026, 3, 5, 5, 0, tzinfo=UTC)
    key = world.create(1)
    decider = world.decider()
    decider.answer(thorough=True)
    assert world.statuses(key) == [NO_AVAILABILITY]
    return world, key, decider


def test_who_comes_to_work_within_the_rules_hours_gets_what_waited_for_her() -> None:
    world, key, decider = at_night()

    world.clock.now = datetime(2026, 3, 5, 7, 59, tzinfo=UTC)
    decider.answer(thorough=True)
    assert world.statuses(key) == [NO_AVAILABILITY]
    world.clock.now = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
    decider.answer(thorough=True)

    assert world.statuses(key) == [NO_AVAILABILITY, ASSIGNED]


def test_a_process_that_has_just_begun_looks_once_at_everything_that_waits() -> None:
    world, key, _ = at_night()
    world.clock.now = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)

    world.decider().answer(thorough=True)

    assert world.owner(key) == ANA


def test_records_of_a_sweep_that_is_going_on_are_its_own_until_it_has_ended() -> None:
    world, hers, older, _ = full()
    close(world, hers)
    going_on = [Sweep("sweep", "Mine", SweepStatus.IN_PROGRESS, NOW)]
    decider = Decider(replace(world.shop(), sweeps=GoingOn(going_on)))

    decider.answer()
    assert world.statuses(older) == [NO_CAPACITY]
    going_on.clear()
    decider.answer(thorough=True)

    assert world.owner(older) == ANA


def test_one_record_that_cannot_be_decided_keeps_nobody_else_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, hers, older, younger = full()
    close(world, hers)
    with_fault(monkeypatch, older)

    world.decider().answer()

    assert world.owner(younger) == ANA


def test_in_a_dry_run_nothing_is_tried_again() -> None:
    world, hers, older, _ = full()
    close(world, hers)

    world.decider(mode="dry-run").answer()

    assert world.statuses(older) == [NO_CAPACITY]


class Deadly:
    """Whoever asks which sweeps are going on dies of it."""

    def going_on(self) -> list[Sweep]:
        raise Killed


class GoingOn:
    """The sweeps that are going on."""

    def __init__(self, sweeps: list[Sweep]) -> None:
        self._sweeps = sweeps

    def going_on(self) -> list[Sweep]:
        return list(self._sweeps)


def change_ana(world: World, **changes: object) -> None:
    world.change_seller(SellerId(ANA), **changes)


def test_two_records_closed_together_make_room_although_their_events_come_apart() -> None:
    world = World(names=[ANA], capacity=2)
    first, second = world.create(1), world.create(2)
    world.decider().answer()
    waiting = [world.create(3), world.create(4)]
    world.decider().answer()
    world.organization.change(first, is_open=False)
    world.organization.change(second, is_open=False)

    world.event(first, "Update", columns=frozenset({"statecode"}))
    world.decider().answer()

    assert [world.owner(key) for key in waiting] == [ANA, ANA]


def test_who_is_back_at_work_gets_what_needs_no_room_although_she_is_full() -> None:
    within = timedelta(hours=1)
    rules = [
        rule("Counts", segment_id=None, order=1, uses_capacity=True),
        rule("Any", segment_id=None, order=2, available_within=within),
    ]
    world = World(rules=rules, names=[ANA], capacity=1)
    world.create(1)
    world.decider().answer()
    hours = WorkingHours(EVERY_DAY, time(9), time(17), UTC)
    change_ana(world, calendar=Calendar(hours=(hours,)))
    world.clock.now = datetime(2026, 3, 5, 5, 0, tzinfo=UTC)
    waiting = world.create(2)
    decider = world.decider()
    decider.answer(thorough=True)
    assert world.result(waiting) is Result.FAILED

    world.clock.now = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    decider.answer(thorough=True)

    assert world.owner(waiting) == ANA


def test_a_worker_that_dies_before_it_tries_again_leaves_the_trace_that_somebody_is_back() -> None:
    world, hers, older, _ = full()
    other = world.decider()
    other.answer(thorough=True)
    world.organization.change(hers, is_open=False)
    dying = Decider(replace(world.shop(), sweeps=Deadly()))
    with suppress(Killed):
        dying.answer(thorough=True)
    world.clock.advance(timedelta(minutes=2))

    other.answer(thorough=True)

    assert world.owner(older) == ANA
