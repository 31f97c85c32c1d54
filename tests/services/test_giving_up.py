"""A record that makes deciding fail, or workers die, holds up nobody, and it is said of which it was."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.services.fakes import Calls, Killed, killed, unavailable
from tests.services.organization import Connection
from tests.services.world import World

from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import RequestSource, Written
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.culprits import LEFT_ALONE_FOR, find_culprits
from work_assignment.services.deciding import Decider
from work_assignment.services.inbox import HIDDEN_FOR, POISON, TRIES
from work_assignment.services.intake import QUEUE as EVENTS

UNNAMEABLE = cast(Any, 5)
WHY = "TypeError: 'int' object is not subscriptable"


def create_with_guilty(world: World, guilty: int, *, many: int = 20) -> RecordKey:
    """Many leads, one of which no decision can be written for."""
    keys = [
        world.create(number, **({"name": UNNAMEABLE} if number == guilty else {}))
        for number in range(1, many + 1)
    ]
    return keys[guilty - 1]


def undecided(world: World) -> list[RecordKey]:
    return [key for key, at in world.organization.records.items() if at.result is Result.UNDECIDED]


@pytest.mark.parametrize("guilty", [1, 7, 20])
def test_all_others_are_decided_at_once(guilty: int) -> None:
    world = World()
    key = create_with_guilty(world, guilty)

    report = world.decider().answer()

    assert undecided(world) == [key]
    assert report.assigned == 19
    (text,) = world.queues.texts(EVENTS)
    assert key.id in text


def test_it_alone_is_poisoned_after_five_tries_and_the_run_log_says_why() -> None:
    world = World()
    key = create_with_guilty(world, 7)

    for _ in range(TRIES):
        world.decider().answer()
        world.clock.advance(HIDDEN_FOR)

    assert world.queues.texts(EVENTS) == []
    (text,) = world.queues.texts(POISON)
    poison = json.loads(text)
    assert key.id in poison["text"]
    assert (poison["why"], poison["tries"]) == (WHY, TRIES)
    (row,) = world.organization.runs_of(key)
    assert row.run.status is RoutingStatus.SERVER_ISSUE
    assert row.run.source is RequestSource.NEW
    assert row.run.reason == (
        f"There was an issue with the server. Its event was given up after 5 tries: {WHY}"
    )


def test_the_count_of_what_was_given_up_is_reported() -> None:
    world = World()
    world.queues.put(EVENTS, "no event")

    assert world.decider().answer().given_up == 1
    assert world.decider().answer().given_up == 0


def test_what_only_waits_holds_up_nobody_either_and_is_looked_at_again_later() -> None:
    world = World()
    key = world.create(1, told=False, name=UNNAMEABLE)
    for number in range(2, 6):
        world.create(number, told=False)
    decider = world.decider()

    assert decider.answer().assigned == 4

    (row,) = world.organization.runs_of(key)
    assert row.run.reason == f"There was an issue with the server. It cannot be decided: {WHY}"
    decider.answer()
    assert len(world.organization.runs_of(key)) == 1

    world.update(key, told=False, name="Somebody")
    world.clock.advance(LEFT_ALONE_FOR)
    assert decider.answer().assigned == 1


def test_after_it_was_mended_an_event_decides_it_at_once() -> None:
    world = World()
    key = world.create(1, told=False, name=UNNAMEABLE)
    decider = world.decider()
    decider.answer()

    world.update(key, name="Somebody")

    assert decider.answer().assigned == 1


def test_a_row_that_says_so_does_not_count_as_the_records_last_outcome() -> None:
    """Or an event that is sent again would be older than that and be dropped."""
    world = World()
    key = create_with_guilty(world, 1, many=1)
    for _ in range(TRIES):
        world.decider().answer()
        world.clock.advance(HIDDEN_FOR)
    (text,) = world.queues.texts(POISON)

    world.organization.change(key, name="Somebody")
    world.queues.put(EVENTS, json.loads(text)["text"])
    world.decider().answer()

    assert world.result(key) is Result.SUCCEEDED
    assert world.queues.texts(EVENTS) == []


@pytest.mark.parametrize("moment", ["before commit", "after commit", f"after put {POISON}"])
def test_a_worker_that_dies_on_the_way_leaves_one_row_and_no_event(moment: str) -> None:
    world = World()
    key = given_up_next(world)

    with pytest.raises(Killed):
        world.decider(Calls(when={moment: killed})).answer()
    assert [t for name in (EVENTS, POISON) for t in world.queues.texts(name) if key.id in t]
    world.let_time_pass()

    assert len(world.organization.runs_of(key)) == 1
    assert world.queues.texts(EVENTS) == []
    assert {json.loads(text)["text"] for text in world.queues.texts(POISON)}
    assert len(world.queues.texts(POISON)) == (2 if "put" in moment else 1)


def given_up_next(world: World) -> RecordKey:
    """An event of a record that was decided long ago and that workers have died of five times."""
    key = world.create(1)
    world.decider().answer()
    world.organization.runs.clear()
    world.event(key)
    for _ in range(TRIES):
        with pytest.raises(Killed):
            world.decider(Calls(when={"before gather sellers": killed})).answer()
        world.clock.advance(HIDDEN_FOR)
    return key


def test_what_workers_die_of_is_given_up_too() -> None:
    world = World()
    key = given_up_next(world)

    report = world.decider().answer()

    assert report.given_up == 1
    (row,) = world.organization.runs_of(key)
    assert row.run.reason.endswith(
        "Its event was given up after 5 tries: workers came to no end with it"
    )


def test_while_the_run_log_cannot_be_written_the_event_stays_and_others_go_on() -> None:
    world = World()
    key = given_up_next(world)
    other = world.create(2)

    report = world.decider(Calls(when={"before commit": unavailable})).answer()

    assert world.result(other) is Result.SUCCEEDED
    assert report.given_up == 0
    assert any(key.id in text for text in world.queues.texts(EVENTS))
    assert world.queues.texts(POISON) == []
    world.clock.advance(HIDDEN_FOR)
    assert world.decider().answer().given_up == 1
    assert len(world.queues.texts(POISON)) == 1


def test_in_the_end_only_what_workers_die_of_is_poisoned() -> None:
    world = World()
    keys = world.create_many(30)

    def die_of_the_seventh(connection: Connection) -> None:
        gather = connection.gather

        def gathers(rulebook: Any, asked: Any, *, waiting: int) -> Any:
            if keys[6] in asked:
                raise Killed
            return gather(rulebook, asked, waiting=0)

        connection.gather = gathers  # type: ignore[method-assign]  # a gather that kills

    for _ in range(40):
        shop = world.shop(block_size=30)
        die_of_the_seventh(cast(Connection, shop.facts))
        try:
            Decider(shop).answer()
        except Killed:
            world.leases.holder = None
        world.clock.advance(HIDDEN_FOR + timedelta(seconds=1))

    assert undecided(world) == [keys[6]]
    (text,) = world.queues.texts(POISON)
    assert keys[6].id in text


def test_where_nothing_works_no_record_is_blamed() -> None:
    tried: list[int] = []

    def fail(part: object) -> None:
        tried.append(1)
        raise ValueError("the table is gone")

    keys = [RecordKey("lead", str(number)) for number in range(1000)]
    with pytest.raises(ValueError, match="the table is gone"):
        find_culprits(keys, fail)
    assert len(tried) < 40


def test_many_culprits_are_all_found_while_others_work() -> None:
    keys = [RecordKey("lead", str(number)) for number in range(100)]
    worked: list[RecordKey] = []

    def work_off(part: Any) -> None:
        if any(int(key.id) % 5 == 4 for key in part):
            raise ValueError
        worked.extend(part)

    guilty = find_culprits(keys, work_off)

    assert sorted(int(key.id) for key in guilty) == list(range(4, 100, 5))
    assert len(worked) == len(set(worked)) == 80


def test_that_dataverse_is_away_is_nobodys_fault() -> None:
    world = World()
    world.create_many(3)

    report = world.decider(Calls(when={"before gather sellers": unavailable})).answer()

    assert report.away
    assert report.given_up == 0
    assert len(world.queues.texts(EVENTS)) == 3


def test_a_record_that_dataverse_will_not_have_written_is_no_culprit() -> None:
    world = World()
    key, other = world.create_many(2)
    world.organization.spoilt[key] = Written.FAILED

    world.decider().answer()

    assert world.result(other) is Result.SUCCEEDED
    assert world.queues.texts(EVENTS) == []
