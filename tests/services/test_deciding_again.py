"""Records that nobody could take are decided again, but only when something happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.services.fakes import NOW
from tests.services.world import ANA, BEN, CEM, World

from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.intake import QUEUE as EVENTS

ASSIGNED = RoutingStatus.ASSIGNED
NO_CAPACITY = RoutingStatus.NO_CAPACITY


def full_then_room() -> tuple[World, RecordKey]:
    """A world whose one record was not assigned for want of capacity, which there is by now."""
    world = World(capacity=1)
    others = world.create_many(3)
    world.decider().answer()
    key = world.create(4)
    world.decider().answer()
    assert world.statuses(key) == [NO_CAPACITY]
    for other in others:
        world.organization.change(other, is_open=False)
    world.clock.advance(timedelta(minutes=10))
    return world, key


def test_an_unassigned_record_is_decided_again_after_an_update() -> None:
    world, key = full_then_room()

    world.update(key)
    world.decider().answer()

    assert world.owner(key) in (ANA, BEN, CEM)
    assert world.statuses(key) == [NO_CAPACITY, ASSIGNED]
    assert world.organization.runs_of(key)[1].run.source is RequestSource.UPDATED


def test_without_room_it_is_left_however_much_time_passes() -> None:
    world = World(capacity=1)
    world.create_many(3)
    world.decider().answer()
    key = world.create(4)

    world.let_time_pass(minutes=3)

    (logged,) = world.organization.runs_of(key)
    assert (logged.run.status, logged.attempts) == (NO_CAPACITY, 1)


def test_once_there_is_room_it_is_given_without_an_update() -> None:
    world, key = full_then_room()

    world.let_time_pass(minutes=3)

    assert world.statuses(key) == [NO_CAPACITY, ASSIGNED]


def test_the_same_outcome_once_more_is_counted_up() -> None:
    world = World(capacity=0)
    key = world.create()
    decider = world.decider()
    decider.answer()
    version = world.organization.records[key].version

    for _ in range(2):
        world.clock.advance(timedelta(minutes=10))
        world.event(key)
        decider.answer()

    (logged,) = world.organization.runs_of(key)
    assert (logged.attempts, logged.last_attempt_at) == (3, world.clock())
    assert world.organization.records[key].version == version


def test_an_update_while_the_record_was_decided_is_not_lost_where_clocks_differ() -> None:
    """Our clock is some seconds ahead of Dataverse's, whose time the event carries."""
    world, key = full_then_room()
    world.update(key, told=False)
    world.event(key, at=world.clock() - timedelta(seconds=2))
    world.organization.runs_of(key)[0].last_attempt_at = world.clock()

    world.decider().answer()

    assert world.statuses(key) == [NO_CAPACITY, ASSIGNED]


def test_an_event_much_older_than_the_last_decision_asks_for_nothing() -> None:
    world, key = full_then_room()
    world.event(key, at=NOW)
    world.organization.runs_of(key)[0].last_attempt_at = world.clock()

    world.decider().answer()

    assert world.statuses(key) == [NO_CAPACITY]
    assert world.queues.texts(EVENTS) == []


def test_an_undecided_record_with_an_old_failure_in_the_log_gets_its_outcome() -> None:
    """Somebody emptied the outcome of a record to have it decided again."""
    world = World(capacity=0)
    key = world.create()
    world.decider().answer()
    current = world.organization.records[key]
    world.organization.records[key] = replace(current, result=Result.UNDECIDED)

    world.clock.advance(timedelta(minutes=10))
    world.event(key)
    world.decider().answer()

    assert world.result(key) is Result.FAILED
