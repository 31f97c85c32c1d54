"""Events that come after their record was decided cost Dataverse nothing."""

from __future__ import annotations

from tests.services.fakes import Calls
from tests.services.world import World, broken_laws

from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.recent import Recent


def gathered(calls: Calls) -> int:
    return calls.moments.count("before gather sellers")


def test_that_decided_records_were_created_is_not_looked_at() -> None:
    world = World()
    keys = [world.create(number, told=False) for number in range(1, 51)]
    calls = Calls()
    decider = world.decider(calls)
    decider.answer()
    before = gathered(calls)
    for key in keys:
        world.event(key, "Create", columns=None)
    decider.answer()
    assert gathered(calls) == before
    assert world.queues.texts(EVENTS) == []
    assert broken_laws(world) == []


def test_what_happened_to_a_decided_record_since_is_looked_at() -> None:
    world = World()
    key = world.create(told=False)
    calls = Calls()
    decider = world.decider(calls)
    decider.answer()
    before = gathered(calls)
    world.event(key, "Create", columns=None)
    world.give_by_hand(key, "cem")
    assert decider.answer().by_hand == 1
    assert gathered(calls) > before
    assert world.owner(key) == "cem"


def test_news_of_others_among_old_news_is_decided() -> None:
    world = World()
    old = world.create(1, told=False)
    calls = Calls()
    decider = world.decider(calls)
    decider.answer()
    world.event(old, "Create", columns=None)
    world.create(2)
    assert decider.answer().assigned == 1
    assert broken_laws(world) == []


def test_the_timer_looks_whatever_came() -> None:
    world = World()
    key = world.create(1, told=False)
    decider = world.decider(Calls())
    decider.answer()
    world.event(key, "Create", columns=None)
    world.create(2, told=False)
    assert decider.answer(thorough=True).assigned == 1


def test_another_process_looks_and_finds_nothing_to_do() -> None:
    world = World()
    key = world.create(told=False)
    world.decider().answer()
    world.event(key, "Create", columns=None)
    report = world.decider().answer()
    assert report.written == 0
    assert world.queues.texts(EVENTS) == []
    assert broken_laws(world) == []


def test_only_the_latest_records_are_remembered() -> None:
    world = World()
    first, second, third = world.create_many(3)
    recent = Recent(most=2)
    for key in (first, second, first, third):
        recent.add(key)
    assert [key in recent for key in (first, second, third)] == [True, False, True]
