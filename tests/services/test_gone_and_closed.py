"""Records that are deleted or closed before, while or after they are decided."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.services.fakes import Calls
from tests.services.world import ANA, BEN, CEM, World

from work_assignment.domain.runs.facts import Result
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.intake import QUEUE as EVENTS

ASSIGNED = RoutingStatus.ASSIGNED
SOON = timedelta(seconds=10)


def test_a_deleted_record_is_logged_once() -> None:
    world = World()
    key = world.create()
    del world.organization.records[key]

    world.decider().answer()
    world.event(key)
    world.decider().answer()

    (logged,) = world.organization.runs_of(key)
    assert logged.run.reason == "The record was deleted before it could be assigned"
    assert world.queues.texts(EVENTS) == []


def test_a_record_deleted_after_its_outcome_keeps_that_outcome() -> None:
    world = World()
    key = world.create()
    world.decider().answer()
    world.clock.advance(SOON)
    world.event(key)
    del world.organization.records[key]

    world.decider().answer()

    assert world.statuses(key) == [ASSIGNED]
    assert world.queues.texts(EVENTS) == []


def test_a_record_deleted_between_gather_and_commit_is_logged() -> None:
    world = World()
    key, other = world.create_many(2)
    calls = Calls(when={"before reserve": lambda: world.organization.records.pop(key)})

    report = world.decider(calls).answer()

    assert (report.gone, report.assigned) == (1, 1)
    assert world.turns() == {"ana": 0, "ben": 2, "cem": 0}, "the turn that was not used is back"
    (logged,) = world.organization.runs_of(key)
    assert "deleted" in logged.run.reason
    assert world.result(other) is Result.SUCCEEDED
    assert world.queues.texts(EVENTS) == []


def test_a_closed_record_is_left_alone_and_logged() -> None:
    world = World()
    key = world.create()
    world.update(key, is_open=False)

    world.decider().answer()

    assert world.owner(key) == "web"
    assert world.result(key) is Result.UNDECIDED
    (logged,) = world.organization.runs_of(key)
    assert "closed" in logged.run.reason
    assert world.queues.texts(EVENTS) == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_record_closed_between_gather_and_commit_is_left_alone(count: int) -> None:
    world = World()
    keys = world.create_many(count)
    commit = "before commit alone" if count == 1 else "before reserve"
    calls = Calls(when={commit: lambda: world.update(keys[0], is_open=False)})

    world.decider(calls).answer()
    world.let_time_pass(minutes=2)

    assert world.owner(keys[0]) == "web"
    assert "closed" in world.organization.runs_of(keys[0])[0].run.reason
    assert sum(world.organization.owned(who) for who in (ANA, BEN, CEM)) == count - 1


def test_closing_an_assigned_record_is_no_new_outcome() -> None:
    world = World()
    key = world.create()
    world.decider().answer()

    world.clock.advance(SOON)
    world.update(key, is_open=False)
    world.decider().answer()

    assert world.statuses(key) == [ASSIGNED]


def test_who_is_chosen_by_hand_for_a_closed_record_has_it_when_it_is_open_again() -> None:
    world = World()
    key = world.create()
    world.update(key, is_open=False)
    world.clock.advance(SOON)
    world.give_by_hand(key, "ben")
    world.decider().answer()
    world.clock.advance(SOON)
    world.update(key, is_open=True)
    world.let_time_pass(minutes=2)

    assert world.owner(key) == BEN
    assert world.statuses(key) == [RoutingStatus.ASSIGNED_BY_HAND]
    assert world.turns() == {"ana": 0, "ben": 0, "cem": 0}, "a closed record takes no turn"


def test_a_choice_for_a_closed_record_that_cannot_be_written_is_noted_in_the_log() -> None:
    world = World()
    world.organization.closed_is_closed = True
    key = world.create()
    world.update(key, is_open=False)
    world.clock.advance(SOON)
    world.give_by_hand(key, "ben")

    report = world.decider().answer()

    assert report.by_hand == 1
    assert world.statuses(key) == [RoutingStatus.ASSIGNED_BY_HAND]
    assert world.result(key) is Result.UNDECIDED
    assert world.queues.texts(EVENTS) == []


def test_another_choice_for_a_closed_record_that_we_had_assigned_is_noted() -> None:
    world = World()
    key = world.create()
    world.decider().answer()
    world.clock.advance(SOON)
    world.update(key, is_open=False)
    world.clock.advance(SOON)
    world.give_by_hand(key, "ben")
    world.let_time_pass(minutes=2)

    assert world.owner(key) == BEN
    assert world.statuses(key) == [ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND]
