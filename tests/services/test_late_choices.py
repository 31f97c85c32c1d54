"""A person's choice of which we hear only after we have decided: the last one counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.services.fakes import Calls, unavailable
from tests.services.world import World

from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS


def choose(world: World, key: RecordKey, who: str) -> Event:
    """A person gives the record to somebody; the event is still on its way."""
    world.clock.advance(timedelta(seconds=1))
    owner = Owner("systemuser", who)
    world.organization.change(key, owner=owner)
    event = Event(
        table=key.table,
        record_id=key.id,
        message="Update",
        occurred_at=world.clock(),
        user_id="boss",
        depth=1,
        columns=frozenset({"ownerid"}),
        owner=owner,
    )
    world.clock.advance(timedelta(seconds=1))
    return event


def hear(world: World, event: Event) -> None:
    """The event comes, and a worker looks at it."""
    world.queues.put(EVENTS, event.to_text())
    world.decider().answer()


def test_a_choice_before_our_decision_counts_when_we_hear_of_it() -> None:
    world = World()
    key = world.create()
    chosen = choose(world, key, "cem")
    world.decider().answer()
    assert world.owner(key) == "ana"

    hear(world, chosen)

    assert world.owner(key) == "cem"
    assert world.statuses(key) == [RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND]


@pytest.mark.parametrize("first_heard", [0, 1])
def test_of_two_choices_the_last_counts_whichever_is_heard_first(first_heard: int) -> None:
    world = World()
    key = world.create()
    chosen = [choose(world, key, "ben"), choose(world, key, "cem")]
    world.decider().answer()
    assert world.owner(key) == "ana"

    hear(world, chosen[first_heard])
    hear(world, chosen[1 - first_heard])

    assert world.owner(key) == "cem"


@pytest.mark.parametrize("choices", [["cem"], ["ben", "cem"]])
def test_a_choice_made_while_a_worker_reads_counts_too(choices: list[str]) -> None:
    world = World()
    key = world.create()
    chosen: list[Event] = []

    def somebody_chooses() -> None:
        chosen.extend(choose(world, key, who) for who in choices)

    world.decider(Calls(when={"before gather sellers": somebody_chooses})).answer()
    assert world.owner(key) == "ana"

    for event in chosen:
        hear(world, event)

    assert world.owner(key) == choices[-1]


def test_a_seller_who_was_chosen_again_after_us_keeps_the_record() -> None:
    world = World()
    key = world.create()
    world.decider().answer()
    world.clock.advance(timedelta(minutes=1))

    hear(world, choose(world, key, "ana"))

    assert world.owner(key) == "ana"
    assert world.statuses(key)[-1] is RoutingStatus.ASSIGNED_BY_HAND


def test_a_choice_after_us_is_noted_though_our_clock_is_ahead() -> None:
    world = World()
    key = world.create()
    world.clock.advance(timedelta(seconds=30))
    world.decider().answer()
    world.clock.advance(timedelta(seconds=-25))  # Dataverse's clock, and the person's

    hear(world, choose(world, key, "cem"))

    assert world.owner(key) == "cem"
    assert world.statuses(key) == [RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND]


def test_a_record_that_goes_back_to_somebody_takes_a_place_of_hers() -> None:
    world = World(capacity=1, names=("ana", "ben"))
    key = world.create(1)
    chosen = choose(world, key, "ben")
    world.decider().answer()
    assert world.owner(key) == "ana"
    other = world.create(2)
    world.queues.put(EVENTS, chosen.to_text())
    world.decider().answer()
    assert world.owner(key) == "ben"
    assert world.owner(other) != "ben"


def test_a_choice_that_cannot_be_honoured_any_more_is_said_and_not_tried_for_ever() -> None:
    world = World(names=("ana",))
    key = world.create()
    chosen = choose(world, key, "ben")
    world.decider().answer()
    world.organization.refused = {SellerId("ben"): "is disabled"}

    hear(world, chosen)
    bells = world.answer_bells(world.decider().answer)

    assert bells <= 1
    assert world.owner(key) == "ana"
    assert world.queues.texts(EVENTS) == []
    *_, logged = world.organization.runs_of(key)
    assert "cannot be given back" in logged.run.reason
    assert "is disabled" in logged.run.reason


def test_a_choice_that_cannot_be_honoured_is_not_forgotten_before_the_log_says_so() -> None:
    world = World(names=("ana",))
    key = world.create()
    chosen = choose(world, key, "ben")
    world.decider().answer()
    world.organization.refused = {SellerId("ben"): "is disabled"}
    world.queues.put(EVENTS, chosen.to_text())

    def no_rows_alone() -> None:
        if calls.moments[-1] == "before commit":
            unavailable()

    calls = Calls(everywhere=no_rows_alone)
    world.decider(calls).answer()
    assert len(world.queues.texts(EVENTS)) == 1
    world.let_time_pass(minutes=1)

    *_, logged = world.organization.runs_of(key)
    assert "cannot be given back" in logged.run.reason
    assert world.queues.texts(EVENTS) == []
