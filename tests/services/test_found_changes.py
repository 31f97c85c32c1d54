"""What a change that reconciling found says of an owner: the run log knows whose the record was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.services.fakes import Calls
from tests.services.organization import Connection
from tests.services.world import LONG_AGO, World

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import Gathered
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.events import FOUND, Event
from work_assignment.services.inbox import Pending
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.triage import Triage, triage


def find(world: World, key: RecordKey, message: str = "Update") -> None:
    """Reconciling queues what it found, and a worker looks at it."""
    event = Event(
        table=key.table,
        record_id=key.id,
        message=message,
        occurred_at=world.clock(),
        user_id="somebody",
        depth=FOUND,
    )
    world.queues.put(EVENTS, event.to_text())
    world.decider().answer()


@pytest.fixture
def world() -> World:
    return World()


def assigned(world: World) -> RecordKey:
    key = world.create()
    world.decider().answer()
    world.clock.advance(timedelta(hours=1))
    return key


def sorted_out(world: World, key: RecordKey, gathered: Gathered) -> Triage:
    entry = Pending(key, world.clock(), is_new=False, by_hand_at=None, was_found=True)
    return triage([entry], gathered, world.organization.rulebook, {})


def test_another_owner_than_the_log_says_was_chosen_by_hand(world: World) -> None:
    key = assigned(world)
    world.give_by_hand(key, "dee", told=False)
    find(world, key)
    assert world.owner(key) == "dee"
    assert world.statuses(key) == [RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND]


def test_the_owner_that_the_log_says_was_not(world: World) -> None:
    key = assigned(world)
    world.update(key, told=False, name="Other")
    find(world, key)
    assert world.statuses(key) == [RoutingStatus.ASSIGNED]


def test_a_closed_record_has_its_choice_noted_too(world: World) -> None:
    key = assigned(world)
    world.give_by_hand(key, "dee", told=False)
    world.organization.change(key, is_open=False)
    find(world, key)
    assert world.statuses(key)[-1] is RoutingStatus.ASSIGNED_BY_HAND


def test_a_record_that_somebody_had_from_the_start_is_decided(world: World) -> None:
    key = world.create(told=False, owner=Owner("systemuser", "dee"))
    find(world, key)
    assert world.statuses(key) == [RoutingStatus.ASSIGNED]
    assert world.owner(key) != "dee"


def test_a_record_from_before_the_definitions_is_left_alone(world: World) -> None:
    key = world.create(told=False, created_at=LONG_AGO - timedelta(days=1))
    find(world, key)
    assert world.statuses(key) == []
    assert world.queues.texts(EVENTS) == []


def test_a_deleted_record_without_an_outcome_gets_one(world: World) -> None:
    key = world.create(told=False)
    del world.organization.records[key]
    find(world, key, "Delete")
    (logged,) = world.organization.runs_of(key)
    assert "deleted" in logged.run.reason


def test_a_deleted_record_with_an_outcome_keeps_it(world: World) -> None:
    key = assigned(world)
    del world.organization.records[key]
    find(world, key, "Delete")
    assert world.statuses(key) == [RoutingStatus.ASSIGNED]


def test_a_record_read_before_another_worker_wrote_it_is_no_choice(world: World) -> None:
    key = assigned(world)
    world.update(key, told=False, name="Other")
    as_read = world.organization.records[key]
    world.give_by_hand(key, "dee", told=False)
    world.clock.advance(timedelta(minutes=1))
    find(world, key)
    gathered = Connection(world.organization, Calls()).gather(
        world.organization.rulebook, [key], waiting=0
    )
    assert gathered.last_runs[key].owner == Owner("systemuser", "dee")
    torn = Gathered(gathered.stamp, gathered.sellers, {}, {key: as_read}, (), gathered.last_runs)
    assert sorted_out(world, key, torn).by_hand == []


def test_a_choice_of_which_a_webhook_tells_beside_it_is_a_choice_still(world: World) -> None:
    key = assigned(world)
    world.give_by_hand(key, "dee")
    find(world, key)
    assert world.statuses(key) == [RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND]
    find(world, key)
    assert len(world.statuses(key)) == 2
