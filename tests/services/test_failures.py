"""Dataverse away, or the worker gone, at every single moment: nothing is lost, nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.services.fakes import Calls, Killed, killed, unavailable
from tests.services.organization import Organization
from tests.services.world import World, broken_laws

from work_assignment.domain.runs.facts import Result
from work_assignment.services.inbox import POISON
from work_assignment.services.intake import QUEUE as EVENTS

CAPACITY = 2


def block() -> tuple[World, int]:
    """More leads than there is room for, in one block."""
    world = World(capacity=CAPACITY)
    world.create_many(7)
    return world, 200


def small_blocks() -> tuple[World, int]:
    world = World(capacity=CAPACITY)
    world.create_many(7)
    return world, 3


def alone() -> tuple[World, int]:
    world = World(capacity=CAPACITY)
    world.create()
    return world, 200


def by_hand_and_deleted() -> tuple[World, int]:
    """One that a person took, one that is gone, and two for us."""
    world = World(capacity=CAPACITY)
    keys = world.create_many(4)
    world.give_by_hand(keys[0], "cem")
    del world.organization.records[keys[1]]
    return world, 200


SCENES = [block, small_blocks, alone, by_hand_and_deleted]
Scene = Callable[[], tuple[World, int]]


def moments(scene: Scene) -> list[str]:
    """Every moment of the scene when nothing goes wrong."""
    world, size = scene()
    calls = Calls()
    world.decider(calls, block_size=size).answer(thorough=True)
    assert broken_laws(world, capacity=CAPACITY) == []
    return calls.moments


def is_dataverses(moment: str) -> bool:
    return not any(word in moment for word in ("lease", "put", "delete", "receive"))


def at_every_moment(choose: Callable[[str], bool]) -> list[object]:
    return [
        pytest.param(scene, number, id=f"{scene.__name__}, {number}: {moment}")
        for scene in SCENES
        for number, moment in enumerate(moments(scene))
        if choose(moment)
    ]


def nothing_is_lost(organization: Organization, events: list[str]) -> bool:
    return all(
        current.result is not Result.UNDECIDED or any(key.id in text for text in events)
        for key, current in organization.records.items()
    )


@pytest.mark.parametrize(("scene", "number"), at_every_moment(is_dataverses))
def test_when_dataverse_is_away_for_a_moment_all_is_well_later(scene: Scene, number: int) -> None:
    world, size = scene()

    world.decider(Calls({number: unavailable}), block_size=size).answer(thorough=True)

    assert nothing_is_lost(world.organization, world.queues.texts(EVENTS))
    world.let_time_pass(block_size=size)
    assert broken_laws(world, capacity=CAPACITY, gap=None) == []
    assert world.queues.texts(POISON) == []


@pytest.mark.parametrize(("scene", "number"), at_every_moment(is_dataverses))
def test_when_dataverse_stays_away_the_events_stay_too(scene: Scene, number: int) -> None:
    world, size = scene()
    calls = Calls()

    def away_from_then_on() -> None:
        if len(calls.moments) > number and is_dataverses(calls.moments[-1]):
            unavailable()

    calls = Calls(everywhere=away_from_then_on)
    decider = world.decider(calls, block_size=size)
    decider.answer(thorough=True)
    for _ in range(8):
        world.clock.now = max([world.clock(), *world.queues.due("wa-bell")[:1]])
        decider.answer()

    assert nothing_is_lost(world.organization, world.queues.texts(EVENTS))
    world.let_time_pass(block_size=size)
    assert broken_laws(world, capacity=CAPACITY, gap=None) == []
    assert world.queues.texts(POISON) == []


@pytest.mark.parametrize(("scene", "number"), at_every_moment(lambda _: True))
def test_when_a_worker_dies_another_finishes(scene: Scene, number: int) -> None:
    world, size = scene()

    with pytest.raises(Killed):
        world.decider(Calls({number: killed}), block_size=size).answer(thorough=True)

    assert nothing_is_lost(world.organization, world.queues.texts(EVENTS))
    world.let_time_pass(block_size=size)
    assert broken_laws(world, capacity=CAPACITY, gap=None) == []
    assert world.queues.texts(POISON) == []


def test_a_worker_that_learns_when_to_come_back_comes_back_then() -> None:
    world, _ = alone()

    report = world.decider(Calls(when={"before gather sellers": unavailable})).answer()

    assert report.away == "Dataverse is away"
    (due,) = world.queues.due("wa-bell")
    assert (due - world.clock()).total_seconds() == 30
