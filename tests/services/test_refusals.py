"""Sellers, records and definitions that something is wrong with do not stop the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.domain.cases import rule, segment
from tests.services.fakes import Calls, Killed, killed
from tests.services.world import ANA, BEN, CEM, World, broken_laws

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import Written
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.culprits import LEFT_ALONE_FOR
from work_assignment.services.inbox import POISON
from work_assignment.services.intake import QUEUE as EVENTS


def test_definitions_that_never_stop_changing_do_not_hold_a_worker_for_ever() -> None:
    world = World()
    world.create()
    stamps = iter(range(1000))

    def change() -> None:
        world.organization.rulebook = world.rulebook(world.rules, stamp=f"new {next(stamps)}")

    report = world.decider(Calls(everywhere=change)).answer()

    assert "definitions" in report.away
    assert world.answer_bells(world.decider().answer) == 1
    assert broken_laws(world) == []


def test_a_seller_whom_dataverse_refuses_is_passed_by() -> None:
    world = World()
    world.organization.refused = {ANA: "is disabled"}
    keys = world.create_many(4)

    world.decider().answer()

    assert {world.owner(key) for key in keys} == {BEN, CEM}
    explanation = world.organization.runs_of(keys[0])[0].run.explanation
    assert '["Ana","is disabled"]' in explanation


@pytest.mark.parametrize("count", [1, 2])
def test_however_many_sellers_are_refused_the_next_one_gets_the_record(count: int) -> None:
    names = tuple("abcdefgh")
    world = World(names=names)
    world.organization.refused = {SellerId(name): "is disabled" for name in names[:-1]}
    keys = world.create_many(count)

    world.decider().answer()

    assert {world.owner(key) for key in keys} == {"h"}


def test_when_all_are_refused_the_status_says_so() -> None:
    world = World()
    world.organization.refused = dict.fromkeys((ANA, BEN, CEM), "has no security role")
    key = world.create()

    world.decider().answer()

    assert world.owner(key) == "web"
    assert world.statuses(key) == [RoutingStatus.NO_PRIVILEGES]
    assert world.result(key) is Result.FAILED


@pytest.mark.parametrize(
    ("spoilt", "status"),
    [
        (Written.FORBIDDEN, RoutingStatus.APPLICATION_USER_LACKS_PERMISSION),
        (Written.FAILED, RoutingStatus.SERVER_ISSUE),
    ],
)
@pytest.mark.parametrize("count", [1, 6])
def test_records_that_cannot_be_written_are_logged_and_tried_once_a_bell(
    spoilt: Written, status: RoutingStatus, count: int
) -> None:
    world = World()
    keys = world.create_many(count)
    world.organization.spoilt = dict.fromkeys(keys, spoilt)
    calls = Calls()

    report = world.decider(calls, block_size=2).answer()

    assert [world.statuses(key) for key in keys] == [[status]] * count
    assert all(world.owner(key) == "web" for key in keys)
    assert calls.moments.count("before commit alone") + calls.moments.count("before commit") <= (
        3 * count
    )
    assert report.rounds < 3 * count + 3
    assert world.queues.texts(EVENTS) == []


def test_records_that_cannot_be_written_do_not_keep_the_others_waiting() -> None:
    world = World()
    spoilt = [world.create(number, told=False) for number in range(1, 9)]
    world.organization.spoilt = dict.fromkeys(spoilt, Written.FAILED)
    good = world.create(9, told=False)

    world.decider(block_size=4).answer()

    assert world.owner(good) in (ANA, BEN, CEM)


def test_records_that_cannot_be_written_are_left_alone_for_a_while() -> None:
    world = World()
    spoilt = [world.create(number, told=False) for number in range(1, 9)]
    world.organization.spoilt = dict.fromkeys(spoilt, Written.FORBIDDEN)
    decider = world.decider()
    decider.answer()
    rows = len(world.organization.runs)

    for number in range(9, 12):
        world.create(number)
        assert decider.answer().rounds == 1
    assert len(world.organization.runs) == rows + 3

    world.organization.spoilt = {}
    world.clock.advance(LEFT_ALONE_FOR)
    assert decider.answer().assigned == 8


@pytest.mark.parametrize("told", [True, False], ids=["by its event", "found waiting"])
def test_a_record_that_dataverse_always_puts_off_is_given_up_and_the_others_are_not(
    told: bool,
) -> None:
    """Such as one on which a plug-in fails each time."""
    world = World()
    key = world.create(1, told=told)
    others = [world.create(number) for number in range(2, 5)]
    world.organization.spoilt = {key: Written.LATER}
    calls = Calls()
    decider = world.decider(calls)

    decider.answer()
    bells = world.answer_bells(decider.answer)

    assert bells < 10
    assert all(world.result(other) is Result.SUCCEEDED for other in others)
    (logged,) = world.organization.runs_of(key)
    assert "for a reason" in logged.run.reason
    assert len(world.queues.texts(POISON)) == told
    assert world.queues.texts(EVENTS) == []

    world.organization.spoilt = {}
    world.clock.advance(LEFT_ALONE_FOR)
    assert decider.answer().assigned == 1


def test_what_lies_behind_a_dead_block_is_found_by_the_timer() -> None:
    world = World()
    for number in range(1, 31):
        world.create(number, told=False)
    with pytest.raises(Killed):
        world.decider(Calls(when={"after reserve": killed}), block_size=30).answer()
    late = [world.create(number, told=False) for number in range(31, 34)]
    world.clock.advance(timedelta(seconds=70))

    world.decider(block_size=10).answer(thorough=True)

    assert [world.result(key) for key in late] == [Result.SUCCEEDED] * 3


def test_the_longer_others_hold_records_the_longer_a_worker_waits() -> None:
    world = World()
    world.create_many(5)
    with pytest.raises(Killed):
        world.decider(Calls(when={"after reserve": killed})).answer()
    world.clock.advance(timedelta(seconds=70))
    before = world.clock()
    decider = world.decider()

    decider.answer()
    bells = world.answer_bells(decider.answer)

    assert world.clock() - before > timedelta(minutes=3)
    assert bells < 25


def test_the_reason_of_a_refusal_fits_its_column() -> None:
    world = World()
    key = world.create()
    world.organization.spoilt = {key: Written.FAILED}
    world.decider().answer()

    assert len(world.organization.runs_of(key)[0].run.reason) <= 1000


def test_an_outcome_that_could_not_be_logged_now_is_logged_later() -> None:
    """The record is gone, and Dataverse is too busy to say so in the log."""
    world = World()
    key, other = world.create_many(2)
    calls = Calls(
        when={
            "before reserve": lambda: world.organization.records.pop(key),
            "after settle": lambda: world.clock.advance(timedelta(minutes=4)),
        }
    )

    world.decider(calls).answer()
    world.let_time_pass(minutes=2)

    assert len(world.organization.runs_of(key)) == 1
    assert world.result(other) is Result.SUCCEEDED


def test_a_broken_definition_is_the_outcome_of_the_records_it_stops() -> None:
    fault = DefinitionError("rule 'Broken'", "there is no column 'x'")
    world = World(rules=[rule("Broken", segment_id=None, fault=fault)])
    key = world.create()

    world.decider().answer()

    (logged,) = world.organization.runs_of(key)
    assert logged.run.status is RoutingStatus.SERVER_ISSUE
    assert str(fault) in logged.run.reason


def test_a_record_keeps_its_segment_when_the_segments_cannot_be_read() -> None:
    fault = DefinitionError("segment 'All'", "there is no column 'x'")
    world = World(segments=[segment(fault=fault)])
    key = world.create(segment_id="segment All")

    world.decider().answer()

    assert world.organization.records[key].record.segment_id == "segment All"
    assert world.statuses(key) == [RoutingStatus.SEGMENTATION_FAILED]


def test_an_event_that_crashes_the_worker_each_time_ends_on_the_poison_queue() -> None:
    world = World()
    world.create()

    def crash_at_reading() -> None:
        if world.queues.texts(EVENTS) and calls.moments[-1] == "before gather records":
            raise ValueError("a row that nobody can read")

    def answer() -> None:
        world.clock.advance(timedelta(minutes=6))
        world.decider(calls).answer()

    calls = Calls(everywhere=crash_at_reading)
    for _ in range(4):
        with pytest.raises(ValueError, match="nobody can read"):
            answer()
    assert world.queues.texts(POISON) == []
    answer()

    assert len(world.queues.texts(POISON)) == 1
    assert world.queues.texts(EVENTS) == []
