"""Writes that carry our tag and another user: those of our own processes, and those of tools."""

from __future__ import annotations

from datetime import timedelta

from tests.services.world import World

from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.intake import TAG

ASSIGNED, BY_HAND = RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND


def chosen_with_a_tool(world: World, key: RecordKey, owner: str) -> None:
    """Somebody assigns the record with a tool that sends our tag."""
    world.organization.change(key, owner=Owner("systemuser", owner))
    world.event(key, columns=frozenset({"ownerid"}), user="boss", tag=TAG)


def test_a_choice_made_with_a_tool_that_sends_our_tag_stays() -> None:
    world = World(names=("ana", "ben"))
    key = world.create(told=False)
    chosen_with_a_tool(world, key, "ben")

    world.decider().answer()

    assert world.owner(key) == "ben"
    assert world.statuses(key) == [BY_HAND]


def test_so_does_one_that_is_made_after_we_assigned_the_record() -> None:
    world = World(names=("ana", "ben"))
    key = world.create()
    world.decider().answer()
    other = {"ana": "ben", "ben": "ana"}[world.owner(key)]
    world.clock.advance(timedelta(minutes=2))
    chosen_with_a_tool(world, key, other)

    world.decider().answer()

    assert world.owner(key) == other
    assert world.statuses(key) == [ASSIGNED, BY_HAND]


def test_what_another_of_our_processes_assigned_is_nobodys_choice() -> None:
    world = World(names=("ana", "ben"))
    key = world.create()
    world.decider().answer()
    columns = frozenset({"ownerid", "wa_assignmentresult"})
    at = world.clock() + timedelta(seconds=3)  # their transaction took a while
    world.event(key, columns=columns, user="an admin", tag=TAG, at=at)

    world.let_time_pass(minutes=2)

    assert world.statuses(key) == [ASSIGNED]
    assert world.result(key) is Result.SUCCEEDED
    assert world.queues.texts("wa-events") == []
