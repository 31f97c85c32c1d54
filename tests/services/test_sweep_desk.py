"""Who sees to it that sweeps are carried out: the queue, the timer, the schedule; and who ends one."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.services.fakes import Calls, Killed, killed
from tests.services.sweeps import (
    ID,
    MemorySweeps,
    SweepWorld,
    all_assigned,
    desk,
    queued,
    row,
)

from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.sweeps import Sweep, SweepStatus
from work_assignment.services.leasing import Busy
from work_assignment.services.poison import poison_of
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
    "text", ["no-uuid", "", "due tomorrow", "due 2026-13-41 00:00", f"{ID} ", "\x00\ufffe"]
)
def test_a_message_that_names_no_sweep_is_poison_at_once_and_says_why(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = SweepWorld()

    desk(world).answer(text)

    assert world.queues.texts(QUEUE) == []
    (poison,) = map(json.loads, world.queues.texts(poison_of(QUEUE)))
    assert poison["why"].startswith("it names no sweep")
    assert poison["tries"] == 1
    assert b64decode(poison["text"]).decode() == text
    (line,) = caplog.records
    assert (line.levelname, line.exc_info) == ("ERROR", None)


def test_a_sweep_that_there_is_not_is_no_poison() -> None:
    world = SweepWorld()

    desk(world).answer(ID.upper())

    assert world.queues.texts(QUEUE) == world.queues.texts(poison_of(QUEUE)) == []


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
        world.sweep(Calls(when={"before reserve": killed}))  # once the first is given up for dead
    office = desk(world)
    assert [sweep.is_going_on for sweep in world.sweeps.values()] == [True, True]

    world.clock.advance(DEAD_AFTER)

    assert office.look_after() == 1
    (persons,) = (sweep for sweep in world.sweeps.values() if sweep.id != ID)
    assert (persons.status, persons.message) == (SweepStatus.FAILED, DIED)
    assert world.sweeps[ID].status is SweepStatus.IN_PROGRESS


def test_a_sweep_straight_after_one_whose_process_died_leaves_its_row_to_the_timer() -> None:
    world = SweepWorld()
    world.waiting(4)
    with pytest.raises(Killed):
        world.sweep(Calls(when={"before commit": killed}))
    (dead,) = world.sweeps

    world.sweep()

    assert world.sweeps[dead].status is SweepStatus.IN_PROGRESS  # it may still live
    world.clock.advance(DEAD_AFTER)
    assert desk(world).look_after() == 0
    assert (world.sweeps[dead].status, world.sweeps[dead].message) == (SweepStatus.FAILED, DIED)


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


class OneUnwritable(MemorySweeps):
    """Rows of which Dataverse will not have one written."""

    unwritable = ""

    def save(self, sweep: Sweep) -> Sweep | None:
        if sweep.id == self.unwritable:
            raise LookupError("a plug-in of somebody's forbids it")
        return super().save(sweep)


def test_a_row_that_cannot_be_written_keeps_no_other_sweep_from_being_looked_after(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = SweepWorld()
    keys = world.waiting(2)
    for _ in range(2):
        with pytest.raises(Killed):
            world.sweep(Calls(when={"before reserve": killed}))
        world.leases.holder = None
    queued(world)
    first, second, _ = world.sweeps
    world.clock.advance(2 * DEAD_AFTER)
    office = desk(world)
    shared = world.store()
    store = OneUnwritable(
        shared.organization, shared.calls, shared.rows, shared.times, shared.unable_owners
    )
    store.unwritable = first

    assert replace(office, sweeps=store).look_after() == 1

    assert world.sweeps[first].status is SweepStatus.IN_PROGRESS
    assert world.sweeps[second].message == DIED
    assert f"a plug-in of somebody's forbids it [sweep={first.replace(' ', '_')}]" in caplog.text
    assert world.sweep(store=store).assigned == len(keys)
