"""Sweeps while clocks are set: what was how long ago is not told by a clock that somebody sets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.services.fakes import Calls
from tests.services.sweeps import ID, SweepWorld, all_assigned, queued, row

from work_assignment.domain.runs.sweeps import SweepStatus
from work_assignment.services.sweep_keeping import SAVE_EVERY, Keeper

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize("by", [-HOUR, HOUR])
def test_the_row_of_a_living_sweep_is_written_as_often_after_the_clock_was_set(
    by: timedelta,
) -> None:
    world = SweepWorld()
    sweep, store = queued(world), world.store()
    keeper = Keeper(store, world.monotonic)
    world.set_clock(by)
    keeper.beat(sweep)
    assert store.saved == []  # no time has passed

    for _ in range(30):
        world.clock.advance(MINUTE)
        keeper.beat(sweep)

    assert len(store.saved) == 30


def test_the_row_is_not_written_more_often_than_is_worth_a_request() -> None:
    world = SweepWorld()
    sweep, store = queued(world), world.store()
    keeper = Keeper(store, world.monotonic)

    for _ in range(30):
        world.clock.advance(timedelta(seconds=1))
        keeper.beat(sweep)

    assert len(store.saved) == 30 / SAVE_EVERY.total_seconds()


@pytest.mark.parametrize("by", [-HOUR, HOUR])
def test_a_worker_hands_on_in_time_though_the_clock_is_set(by: timedelta) -> None:
    world = SweepWorld()
    keys = world.waiting(60)
    queued(world)
    slowly = Calls(
        when={"before reserve": lambda: world.set_clock(by)},
        everywhere=lambda: world.clock.advance(timedelta(seconds=3)),
    )
    began = world.monotonic()

    assert not world.carry_on(ID, slowly, block_size=2)

    assert MINUTE < timedelta(seconds=world.monotonic() - began) <= timedelta(minutes=8, seconds=30)
    assert row(world).counts.total >= 2
    while not world.carry_on(ID, block_size=10):
        continue
    assert all_assigned(world, keys)


@pytest.mark.parametrize("by", [-HOUR, HOUR])
def test_how_long_it_took_is_told_by_the_time_that_passed(by: timedelta) -> None:
    world = SweepWorld()
    world.waiting(2)
    calls = Calls(
        when={
            "before renew the lease": lambda: world.set_clock(by),
            "before settle": lambda: world.clock.advance(timedelta(seconds=4)),
        }
    )

    report = world.sweep(calls)

    assert report.sweep.status is SweepStatus.SUCCEEDED
    assert report.seconds == 4
