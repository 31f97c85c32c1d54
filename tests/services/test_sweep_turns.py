"""Sweeps that may have records in common wait for each other, in the order they were asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.services.fakes import NOW, Calls, Killed, killed
from tests.services.sweeps import ID, SweepWorld, answer_all, desk, queued

from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.sweeps import Cursor, Sweep, SweepKind, SweepStatus, overlaps
from work_assignment.services.sweep_keeping import DEAD_AFTER
from work_assignment.services.sweep_keeping import stop as stop_by_hand
from work_assignment.services.sweep_orders import Order
from work_assignment.services.sweep_requests import QUEUE
from work_assignment.services.sweep_sessions import Tools
from work_assignment.services.sweep_turns import TURN, before
from work_assignment.services.sweeping import Sweeper

QUEUED, IN_PROGRESS = SweepStatus.QUEUED, SweepStatus.IN_PROGRESS
OTHER_ID = "6b2d5f0e-5d0a-4c55-9a39-3f7f1f3f8a02"
ONE, TWO = SegmentId("one"), SegmentId("two")
EVERYTHING: dict[str, Any] = {}
DEFAULT: dict[str, Any] = {"record_type": "lead", "cursor": Cursor(is_default=True)}


def a_sweep(name: str = "a", status: SweepStatus = QUEUED, **changes: Any) -> Sweep:
    asked: dict[str, Any] = {"asked_at": NOW, "version": "1"}
    return Sweep(name, name, status, NOW, **(asked | changes))


def later(seconds: int = 10) -> dict[str, Any]:
    return {"asked_at": NOW + timedelta(seconds=seconds)}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (EVERYTHING, EVERYTHING, True),
        (EVERYTHING, {"record_type": "lead", "segment_id": ONE}, True),
        ({"record_type": "lead"}, {"record_type": "account"}, False),
        ({"record_type": "lead"}, {"record_type": "lead", "segment_id": ONE}, True),
        ({"record_type": "lead", "segment_id": ONE}, {"segment_id": ONE}, True),
        ({"segment_id": ONE}, {"segment_id": TWO}, False),
        (DEFAULT, {"record_type": "lead", "segment_id": ONE}, False),
        (DEFAULT, DEFAULT, True),
        (DEFAULT, {"record_type": "lead"}, True),
        ({"record_type": "lead", "record_ids": ("1", "2")}, {"record_ids": ("2", "3")}, True),
        ({"record_type": "lead", "record_ids": ("1", "2")}, {"record_ids": ("3",)}, False),
        ({"record_type": "lead", "record_ids": ("1",)}, {"segment_id": ONE}, True),
        (
            {"record_type": "lead", "record_ids": ("1",)},
            {"record_type": "account", "record_ids": ("1",)},
            False,
        ),
    ],
)
def test_two_overlap_that_may_have_records_in_common(
    one: dict[str, Any], other: dict[str, Any], expected: bool
) -> None:
    first, second = a_sweep("a", **one), a_sweep("b", **other)
    assert overlaps(first, second) is expected
    assert overlaps(second, first) is expected


def test_of_two_that_wait_the_one_that_was_asked_for_first_goes_first() -> None:
    first, second = a_sweep("b"), a_sweep("a", **later())
    assert before(first, [first, second]) is None
    assert before(second, [first, second]) == first


def test_of_two_of_one_second_exactly_one_goes_first() -> None:
    one, other = a_sweep("a"), a_sweep("b")
    assert [before(each, [one, other]) for each in (one, other)] == [None, one]


def test_what_has_begun_is_not_overtaken_by_what_was_asked_for_earlier() -> None:
    early, begun = a_sweep("a"), a_sweep("b", IN_PROGRESS, **later())
    assert before(early, [early, begun]) == begun
    assert before(begun, [early, begun]) is None


def test_one_that_is_new_comes_behind_all_that_are_going_on() -> None:
    new, waits = a_sweep("a", version="", asked_at=None), a_sweep("b", **later(60))
    assert before(new, [waits]) == waits


def test_nobody_waits_for_one_that_nobody_can_be_at() -> None:
    waits = a_sweep("b", **later())
    for status in (QUEUED, IN_PROGRESS):
        dead = a_sweep("a", status, idle=DEAD_AFTER, cursor=Cursor(worker="w"))
        assert before(waits, [dead, waits]) is None


def test_one_that_comes_back_waits_for_a_worker_and_else_goes_by_age() -> None:
    back = a_sweep("b", IN_PROGRESS, **later())
    at_it = a_sweep("c", IN_PROGRESS, cursor=Cursor(worker="w"), **later(60))
    handed_on = replace(at_it, cursor=Cursor())
    assert before(back, [back, at_it]) == at_it
    assert before(back, [back, handed_on]) is None
    assert before(handed_on, [back, handed_on]) == back


def test_the_app_takes_rows_of_the_same_records_up_one_after_the_other() -> None:
    world = SweepWorld()
    keys = world.waiting(6)
    queued(world)
    world.clock.advance(timedelta(seconds=1))
    queued(world, OTHER_ID)
    office = desk(world)

    office.answer(OTHER_ID)  # out of turn

    second = world.sweeps[OTHER_ID]
    assert (second.status, second.cursor.worker) == (QUEUED, "")
    assert second.message == f"It waits for '{ID}' ({ID}), which is queued"
    assert world.queues.due(QUEUE) == [world.clock() + TURN]

    office.answer(ID)
    answer_all(world, office)

    assert [world.sweeps[each].counts.total for each in (ID, OTHER_ID)] == [6, 0]
    assert world.sweeps[OTHER_ID].message == ""
    assert {len(world.organization.runs_of(key)) for key in keys} == {1}


def test_as_soon_as_one_has_ended_the_next_is_gone_on_with() -> None:
    world = SweepWorld()
    queued(world)
    world.clock.advance(timedelta(seconds=1))
    queued(world, OTHER_ID)
    office = desk(world)
    office.answer(OTHER_ID)

    office.answer(ID)

    assert world.sweeps[ID].status is SweepStatus.SUCCEEDED
    assert min(world.queues.due(QUEUE)) == world.clock()


def test_a_second_message_for_one_that_waits_does_not_come_again() -> None:
    world = SweepWorld()
    queued(world)
    world.clock.advance(timedelta(seconds=1))
    queued(world, OTHER_ID)
    office = desk(world)

    office.answer(OTHER_ID)
    office.answer(OTHER_ID)

    assert len(world.queues.texts(QUEUE)) == 1


def test_what_waits_looks_for_its_turn_without_reading_the_definitions_each_time() -> None:
    world, calls = SweepWorld(), Calls()
    queued(world)
    world.clock.advance(timedelta(seconds=1))
    queued(world, OTHER_ID)
    office = desk(world, calls=calls)

    for _ in range(4):
        office.answer(OTHER_ID)
        world.clock.advance(TURN)

    assert world.sweeps[OTHER_ID].status is QUEUED
    assert calls.moments.count("before rulebook") == 1


def test_what_waits_is_not_taken_for_lost() -> None:
    world = SweepWorld()
    queued(world)
    world.clock.advance(timedelta(seconds=31))
    queued(world, OTHER_ID)
    office = desk(world)
    office.answer(OTHER_ID)

    world.clock.advance(TURN)

    assert office.look_after() == 1  # the first one, whose message never came
    assert len(world.queues.texts(QUEUE)) == 2


def attended(
    world: SweepWorld, told: list[Sweep], *, stopped_after: int = 10_000, **wait: Any
) -> Sweeper:
    """A person's worker; what happens while it waits is `meanwhile`, once."""
    meanwhile = wait.get("meanwhile")

    def pause(time: timedelta) -> None:
        nonlocal meanwhile
        world.clock.advance(time)
        if meanwhile is not None and told:
            happens, meanwhile = meanwhile, None
            happens()

    def stopped() -> bool:
        return len(told) >= stopped_after

    shop = world.shop()
    tools = Tools(shop, world.store(), pause=pause, stopped=stopped, waiting=told.append)
    return Sweeper(tools)


def test_a_persons_sweep_waits_and_says_for_which() -> None:
    world = SweepWorld()
    keys = world.waiting(4)
    queued(world)
    told: list[Sweep] = []

    report = attended(world, told, meanwhile=lambda: desk(world).answer(ID)).sweep(Order())

    assert [sweep.id for sweep in told] == [ID]
    assert world.sweeps[ID].counts.total == 4
    assert (report.sweep.status, report.counts.total) == (SweepStatus.SUCCEEDED, 0)
    assert {len(world.organization.runs_of(key)) for key in keys} == {1}


def test_a_persons_sweep_that_is_stopped_while_it_waits_says_so() -> None:
    world = SweepWorld()
    (key,) = world.waiting(1)
    queued(world)
    told: list[Sweep] = []

    report = attended(world, told, stopped_after=1).sweep(Order())

    assert report.sweep.status is SweepStatus.FAILED
    assert report.sweep.message.startswith("It was stopped. It waits for ")
    assert world.statuses(key) == []


def test_a_persons_sweep_that_waits_can_be_stopped_from_elsewhere() -> None:
    world = SweepWorld()
    world.waiting(1)
    queued(world)
    told: list[Sweep] = []

    def stop_it() -> None:
        (own,) = (sweep for sweep in world.sweeps.values() if sweep.id != ID)
        assert stop_by_hand(world.store(), own.id, world.clock()) is not None

    report = attended(world, told, meanwhile=stop_it).sweep(Order())

    assert report.sweep.status is SweepStatus.FAILED
    assert world.sweeps[report.sweep.id].message == "It was stopped by hand"


def test_a_dead_one_keeps_nobody_waiting_for_ever() -> None:
    world = SweepWorld()
    keys = world.waiting(4)
    queued(world)
    with pytest.raises(Killed):
        world.carry_on(ID, Calls(when={"before reserve": killed}))
    world.clock.advance(timedelta(minutes=1))

    report = world.sweep()

    assert report.assigned == 4
    world.clock.advance(timedelta(minutes=12))
    assert world.carry_on(ID)
    assert {len(world.organization.runs_of(key)) for key in keys} == {1}


def test_other_segments_and_records_are_not_waited_for() -> None:
    world = SweepWorld()
    (key,) = world.waiting(1)
    queued(world, record_type="account")
    queued(world, OTHER_ID, kind=SweepKind.FORCE, record_type="lead", record_ids=("0",))

    sweep = Order(record_type="lead", record_ids=(key.id,))
    report = world.sweeper().sweep(sweep)

    assert report.assigned == 1
    assert {world.sweeps[each].status for each in (ID, OTHER_ID)} == {QUEUED}
