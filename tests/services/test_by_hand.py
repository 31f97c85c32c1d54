"""Somebody chooses an owner by hand, before us, after us and meanwhile: the choice stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.services.fakes import Calls
from tests.services.world import ANA, BEN, CEM, World

from work_assignment.domain.records import Owner
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.statuses import RoutingStatus

ASSIGNED, BY_HAND = RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND
NO_CAPACITY = RoutingStatus.NO_CAPACITY
SOON = timedelta(seconds=10)


def test_an_update_of_a_record_that_was_just_assigned_is_not_taken_for_a_choice_by_hand() -> None:
    world = World()
    first, _ = world.create_many(2)
    calls = Calls(when={"after tell": lambda: world.update(first)})

    report = world.decider(calls, block_size=2).answer()

    assert report.rounds > 1
    assert world.statuses(first) == [ASSIGNED]


def test_an_owner_chosen_by_hand_before_we_looked_is_left() -> None:
    world = World()
    key = world.create()
    world.give_by_hand(key, "cem")

    world.decider().answer()

    assert world.owner(key) == CEM
    assert world.result(key) is Result.SUCCEEDED
    assert world.statuses(key) == [BY_HAND]
    assert world.turns() == {"ana": 0, "ben": 0, "cem": 1}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("told", [True, False], ids=["event in time", "event late"])
def test_an_owner_chosen_by_hand_between_gather_and_commit_is_left(count: int, told: bool) -> None:
    world = World()
    keys = world.create_many(count)
    commit = "before commit alone" if count == 1 else "before reserve"
    calls = Calls(when={commit: lambda: world.give_by_hand(keys[0], "cem", told=told)})

    world.decider(calls).answer()
    if not told:
        world.event(keys[0], columns=frozenset({"ownerid"}), user="boss")
    world.let_time_pass(minutes=2)

    assert world.owner(keys[0]) == CEM
    assert set(world.statuses(keys[0])) == {BY_HAND}
    assert world.result(keys[0]) is Result.SUCCEEDED
    assert all(world.statuses(key) == [ASSIGNED] for key in keys[1:])


def test_who_is_chosen_in_the_moment_in_which_another_choice_is_noted_is_noted_too() -> None:
    world = World()
    key = world.create()
    world.decider().answer()
    world.clock.advance(SOON)
    world.give_by_hand(key, "cem")
    world.decider().answer()
    world.give_by_hand(key, "ben")
    world.decider().answer()

    assert [logged.run.owner for logged in world.organization.runs_of(key)] == [
        Owner("systemuser", ANA),
        Owner("systemuser", CEM),
        Owner("systemuser", BEN),
    ]


def test_an_owner_chosen_by_hand_after_us_is_left_and_noted() -> None:
    world = World()
    key = world.create()
    world.decider().answer()

    world.clock.advance(SOON)
    world.give_by_hand(key, "cem")
    world.decider().answer()

    assert world.owner(key) == CEM
    assert world.statuses(key) == [ASSIGNED, BY_HAND]
    assert world.turns()[CEM] == 2
    world.create(2)
    world.decider().answer()
    assert world.organization.owned(BEN) == 1


def test_an_owner_chosen_by_hand_for_an_unassigned_record_is_left_however_late_we_learn_it() -> (
    None
):
    world = World(capacity=0)
    key = world.create()
    chosen_at = world.clock()
    world.clock.advance(SOON)
    world.decider().answer()
    assert world.statuses(key) == [NO_CAPACITY]

    world.organization.change(key, owner=Owner("systemuser", "dora"))
    world.event(key, columns=frozenset({"ownerid"}), user="boss", at=chosen_at)
    world.decider().answer()

    assert world.owner(key) == "dora"
    assert world.statuses(key)[-1] is BY_HAND
    assert world.result(key) is Result.SUCCEEDED


def test_an_update_too_long_to_name_its_columns_does_not_keep_a_record_from_a_seller() -> None:
    world = World()
    key = world.create()
    world.event(key, columns=None)

    world.decider().answer()

    assert world.owner(key) == ANA
    assert world.statuses(key) == [ASSIGNED]


def test_but_when_its_owner_is_no_more_the_creator_somebody_chose() -> None:
    world = World()
    key = world.create()
    world.give_by_hand(key, "dora", told=False)
    world.event(key, columns=None)

    world.decider().answer()

    assert world.owner(key) == "dora"
    assert world.statuses(key) == [BY_HAND]


def test_a_note_that_comes_late_does_not_have_the_last_word() -> None:
    """While one worker notes Ben, Cem is chosen and another worker notes that before it."""
    world = World()
    key = world.create()
    world.decider().answer()
    world.clock.advance(timedelta(minutes=5))
    world.give_by_hand(key, BEN)

    def meanwhile() -> None:
        world.clock.advance(timedelta(seconds=2))
        world.give_by_hand(key, CEM)
        world.decider(shared_lease=True).answer()
        assert world.organization.runs_of(key)[-1].run.owner == Owner("systemuser", CEM)
        world.clock.advance(timedelta(seconds=2))

    calls = Calls(when={"before commit alone": meanwhile})
    world.decider(calls, shared_lease=True).answer()

    newest = world.organization.runs_of(key)[-1].run
    assert (newest.status, newest.owner) == (BY_HAND, Owner("systemuser", CEM))
    assert world.owner(key) == CEM
