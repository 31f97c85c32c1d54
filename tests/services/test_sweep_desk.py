"""Who sees to it that sweeps are carried out: the queue, the timer, the schedule; and who ends one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.services.fakes import Calls, Killed, killed, unavailable
from tests.services.sweeps import (
    ID,
    SweepWorld,
    all_assigned,
    desk,
    queued,
    row,
)

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.sweeps import SweepStatus, Trigger
from work_assignment.services.leasing import Busy
from work_assignment.services.sweep_keeping import DEAD_AFTER, DIED, STOPPED, stop
from work_assignment.services.sweep_orders import Order, SweepRefused
from work_assignment.services.sweep_requests import QUEUE


def test_what_is_left_is_put_on_the_queue_again() -> None:
    world = SweepWorld()
    world.waiting(9)
    queued(world)
    slowly = Calls(everywhere=lambda: world.clock.advance(timedelta(seconds=20)))

    desk(world, calls=slowly, block_size=2).answer(ID)

    assert len(world.queues.texts(QUEUE)) == 1
    assert world.queues.due(QUEUE) == [world.clock()]


@pytest.mark.parametrize(
    ("what", "delay"), [(unavailable, timedelta(seconds=30)), (None, timedelta(seconds=10))]
)
def test_what_cannot_be_done_just_now_is_tried_again_later(
    what: Callable[[], None] | None, delay: timedelta
) -> None:
    world = SweepWorld()
    keys = world.waiting(3)
    queued(world)
    if what is None:
        world.shop().leases.acquire("decider")
        world.leases.until += timedelta(hours=1)

    desk(world, calls=Calls(when={"before reserve": what} if what else None)).answer(ID)

    assert world.queues.due(QUEUE) == [world.clock() + delay]
    assert row(world).cursor.worker == ""
    world.leases.holder = None
    desk(world).answer(ID)
    assert all_assigned(world, keys)


def test_a_sweep_without_a_message_is_found_by_the_timer() -> None:
    world = SweepWorld()
    world.waiting(1)
    queued(world)
    office = desk(world)
    assert office.look_after() == 0  # its message may still be on its way

    world.clock.advance(timedelta(minutes=1))

    assert office.look_after() == 1
    assert len(world.queues.texts(QUEUE)) == 1


def test_a_sweep_whose_worker_died_is_found_by_the_timer_but_nobody_goes_on_for_a_person() -> None:
    world = SweepWorld()
    world.waiting(4)
    queued(world)
    with pytest.raises(Killed):
        world.carry_on(ID, Calls(when={"before reserve": killed}))
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises(Killed):
        world.sweep(Calls(when={"before reserve": killed}))
    office = desk(world)
    assert office.look_after() == 0

    world.clock.advance(DEAD_AFTER)

    assert office.look_after() == 1
    (persons,) = (sweep for sweep in world.sweeps.values() if sweep.id != ID)
    assert (persons.status, persons.message) == (SweepStatus.FAILED, DIED)
    assert world.sweeps[ID].status is SweepStatus.IN_PROGRESS


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


def test_a_sweep_that_is_stopped_ends_after_its_block() -> None:
    world = SweepWorld()
    keys = world.waiting(6)
    queued(world)
    told = Calls(
        when={"before reserve": lambda: stop(world.store(), ID, world.clock())},
        everywhere=lambda: world.clock.advance(timedelta(seconds=2)),
    )

    assert world.carry_on(ID, told, block_size=3)

    assert (row(world).status, row(world).message) == (SweepStatus.FAILED, STOPPED)
    assert [world.result(key) for key in keys].count(Result.SUCCEEDED) == 3
    assert not any(seller.reservations for seller in world.organization.sellers.values())
    assert stop(world.store(), ID, world.clock()) is None


def test_a_sweep_whose_row_somebody_edits_goes_on() -> None:
    world = SweepWorld()
    keys = world.waiting(6)
    queued(world)

    def rename() -> None:
        store = world.store()
        sweep = store.read(ID)
        assert sweep is not None
        store.save(replace(sweep, message="Somebody was here"))

    assert world.carry_on(ID, Calls(when={"before reserve": rename}), block_size=3)

    assert all_assigned(world, keys)
    assert row(world).status is SweepStatus.SUCCEEDED


def test_a_persons_sweep_that_was_given_up_for_dead_and_lives_goes_on() -> None:
    world = SweepWorld()
    keys = world.waiting(6)

    def be_silent() -> None:
        world.clock.advance(DEAD_AFTER)
        assert desk(world).look_after() == 0
        assert row(world).message == DIED

    report = world.sweep(Calls(when={"before reserve": be_silent}), block_size=3)

    assert all_assigned(world, keys)
    assert (report.assigned, row(world).status) == (6, SweepStatus.SUCCEEDED)


def test_a_persons_sweep_waits_for_dataverse_at_any_moment_and_counts_everything_once() -> None:
    world = SweepWorld(capacity=2, names=("ana", "ben"))
    world.waiting(6)
    calls = Calls()
    world.sweep(calls, block_size=3)
    begun = calls.moments.index("after save the sweep")
    waited = 0
    for number, moment in enumerate(calls.moments[begun + 1 :], begun + 1):
        if "lease" in moment:
            continue  # that is not Dataverse
        world = SweepWorld(capacity=2, names=("ana", "ben"))
        keys = world.waiting(6)
        try:
            report = world.sweep(Calls({number: unavailable}), block_size=3)
        except Unavailable:
            continue  # the last word could not be written
        waited += 1
        results = [world.result(key) for key in keys]
        counted = (report.assigned, report.unassigned.total(), report.left)
        found = (Result.SUCCEEDED, Result.FAILED, Result.UNDECIDED)
        assert counted == tuple(map(results.count, found)), moment
        assert all(len(world.organization.runs_of(key)) <= 1 for key in keys), moment
    assert waited > 15


def test_a_persons_sweep_gives_up_when_dataverse_stays_away() -> None:
    world = SweepWorld()
    world.waiting(3)
    began: list[bool] = []
    calls = Calls(
        when={"after save the sweep": lambda: began.append(True)},
        everywhere=lambda: unavailable() if began else None,
    )

    with pytest.raises(Unavailable):
        world.sweep(calls)

    assert row(world).status is SweepStatus.IN_PROGRESS
    world.clock.advance(DEAD_AFTER)
    desk(world).look_after()
    assert row(world).message == DIED


def test_a_sweep_that_goes_on_cannot_be_undone() -> None:
    world = SweepWorld()
    queued(world)

    with pytest.raises(SweepRefused, match="is still going on; stop it first"):
        world.undo(ID)


def test_an_app_that_waits_in_vain_for_the_lease_says_so() -> None:
    world = SweepWorld()
    queued(world)
    world.shop().leases.acquire("decider")
    world.leases.until += timedelta(hours=1)

    with pytest.raises(Busy):
        world.carry_on(ID)

    assert row(world).status is SweepStatus.IN_PROGRESS


def test_what_is_asked_for_knows_its_limit_and_the_default_segment() -> None:
    world = SweepWorld()
    asked = world.sweeper().asked_for(Order(segment="default", record_type="lead", limit=3))
    assert (asked.cursor.limit, asked.cursor.is_default, asked.segment_id) == (3, True, None)
    assert asked.status is SweepStatus.QUEUED
