"""The schedule's sweeps: one for each time that is due, made up for when Dataverse was away then."""

from __future__ import annotations

from base64 import b64decode
from datetime import timedelta

import pytest
from tests.services.fakes import Calls, unavailable
from tests.services.sweeps import SweepWorld, all_assigned, answer_all, desk, queued, row

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.sweeps import SweepStatus, Trigger
from work_assignment.services.sweep_requests import QUEUE

SEGMENT = SegmentId("6b2d5f0e-5d0a-4c55-9a39-3f7f1f3f8a02")


def test_a_schedule_asks_once_however_many_timers_go_off() -> None:
    world = SweepWorld()
    keys = world.waiting(2)
    office = desk(world)

    first, second = office.schedule(), desk(world).schedule()

    assert first is not None
    assert second is None
    assert (first.trigger, first.status) == (Trigger.SCHEDULED, SweepStatus.QUEUED)
    assert len(world.queues.texts(QUEUE)) == 1
    office.answer(first.id)
    assert all_assigned(world, keys)


def test_a_scheduled_sweep_is_skipped_while_the_one_before_goes_on() -> None:
    world = SweepWorld()
    office = desk(world)
    office.schedule()
    world.clock.advance(timedelta(minutes=5))

    skipped = office.schedule()

    assert skipped is not None
    assert skipped.status is SweepStatus.SKIPPED
    assert skipped.message == "The scheduled sweep before it was still going on"
    assert len(world.queues.texts(QUEUE)) == 1


def test_a_sweep_that_a_segments_schedule_asked_for_keeps_it_from_nothing() -> None:
    world = SweepWorld()
    queued(world, trigger=Trigger.SCHEDULED, segment_id=SEGMENT, due_at=world.clock())

    asked = desk(world).schedule()

    assert asked is not None
    assert asked.status is SweepStatus.QUEUED


MOMENTS = ["before rulebook", "before read sweeps", "before save the sweep", "after save the sweep"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_scheduled_sweep_is_made_up_for_when_dataverse_was_away(moment: str) -> None:
    world = SweepWorld()
    keys = world.waiting(3)

    assert desk(world, calls=Calls(when={moment: unavailable})).schedule() is None

    assert world.queues.due(QUEUE) == [world.clock() + timedelta(seconds=30)]
    assert answer_all(world, desk(world)) <= 2
    answer_everything_later(world)
    assert all_assigned(world, keys)
    assert (row(world).trigger, row(world).status) == (Trigger.SCHEDULED, SweepStatus.SUCCEEDED)


def answer_everything_later(world: SweepWorld) -> None:
    """The timer looks after sweeps whose message was lost."""
    world.clock.advance(timedelta(minutes=1))
    desk(world).look_after()
    answer_all(world, desk(world))


def test_it_is_made_up_for_however_long_dataverse_was_away_and_once() -> None:
    world = SweepWorld()
    keys = world.waiting(3)
    back = world.clock() + timedelta(minutes=10)

    def may_be_away() -> None:
        if world.clock() < back:
            raise Unavailable("nobody answers")

    office = desk(world, calls=Calls(everywhere=may_be_away))
    for _ in range(3):  # three timers, or a function that is run again
        office.schedule()
    (again,) = {b64decode(text).decode() for text in world.queues.texts(QUEUE)}

    answer_all(world, office, most=100)
    desk(world).answer(again)  # messages come at least once

    assert world.clock() >= back
    assert all_assigned(world, keys)
    assert row(world).status is SweepStatus.SUCCEEDED
    assert world.queues.texts(QUEUE) == []


def test_what_was_put_off_is_not_swept_while_the_mode_is_off() -> None:
    world = SweepWorld()
    world.waiting(1)
    desk(world, calls=Calls(when={"before rulebook": unavailable})).schedule()

    answer_all(world, desk(world, mode="off"))

    assert world.sweeps == {}
    assert world.queues.texts(QUEUE) == []


def test_a_schedule_that_finds_nothing_to_sweep_is_left_out() -> None:
    world = SweepWorld()
    world.organization.rulebook = world.rulebook([])

    assert desk(world).schedule() is None

    assert (world.sweeps, world.queues.texts(QUEUE)) == ({}, [])
