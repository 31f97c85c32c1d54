"""Sweeps that the app carries out: taken up, handed on, killed, gone on with, stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.services.fakes import Calls, Killed, killed
from tests.services.sweeps import (
    EIGHT_MINUTES,
    ID,
    SweepWorld,
    all_assigned,
    desk,
    queued,
    row,
)

from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.sweeps import Counts, Cursor, SweepStatus
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.sweep_keeping import DEAD_AFTER

ASSIGNED, NO_CAPACITY = RoutingStatus.ASSIGNED, RoutingStatus.NO_CAPACITY


def test_a_row_that_is_queued_is_carried_out() -> None:
    world = SweepWorld()
    keys = world.waiting(5)
    queued(world)

    assert world.carry_on(ID, block_size=2)

    assert all_assigned(world, keys)
    done = row(world)
    assert (done.status, done.counts) == (SweepStatus.SUCCEEDED, Counts(5, 5, 0))
    assert done.name == "Sweep of everything, 2026-03-04 09:00:00 UTC"
    assert {logged.run.sweep_id for logged in world.organization.runs.values()} == {ID}


def test_a_message_too_many_finds_nothing_to_do() -> None:
    world = SweepWorld()
    world.waiting(2)
    queued(world)
    world.carry_on(ID)
    before = (dict(world.organization.runs), dict(world.sweeps))

    assert world.carry_on(ID)
    assert world.carry_on("6b2d5f0e-0000-4c55-9a39-3f7f1f3f8a01")

    assert (world.organization.runs, world.sweeps) == before


def test_when_the_time_is_up_it_is_handed_on_and_gone_on_with_where_it_was() -> None:
    world = SweepWorld(capacity=3, names=("ana", "ben"))
    keys = world.waiting(9)
    queued(world)
    slowly = Calls(everywhere=lambda: world.clock.advance(timedelta(seconds=10)))

    assert not world.carry_on(ID, slowly, block_size=2)

    half = row(world)
    assert half.status is SweepStatus.IN_PROGRESS
    assert 0 < half.counts.total < 9
    assert half.cursor.worker == ""
    while not world.carry_on(ID, block_size=2):
        continue
    assert row(world).counts == Counts(9, 6, 3)
    assert row(world).started_at == half.started_at
    assert all(len(world.organization.runs_of(key)) == 1 for key in keys)
    assert all(world.organization.runs_of(key)[0].attempts == 1 for key in keys)


def test_the_limit_holds_over_all_who_work_on_it() -> None:
    world = SweepWorld()
    keys = world.waiting(7)
    queued(world, cursor=Cursor(limit=5))
    slowly = Calls(everywhere=lambda: world.clock.advance(timedelta(seconds=10)))
    world.carry_on(ID, slowly, block_size=2)
    assert row(world).counts.total < 5

    while not world.carry_on(ID, block_size=2):
        continue

    assert row(world).counts.total == 5
    assert [world.result(key) for key in keys].count(Result.SUCCEEDED) == 5


def test_one_that_somebody_is_at_is_left_to_them() -> None:
    world = SweepWorld()
    keys = world.waiting(4)
    queued(world)
    ended: list[bool] = []
    meddling = Calls(when={"before reserve": lambda: ended.append(world.carry_on(ID))})

    assert world.carry_on(ID, meddling)

    assert ended == [True]
    assert all_assigned(world, keys)
    assert row(world).counts == Counts(4, 4, 0)


def test_of_two_who_take_it_up_at_once_one_goes_away() -> None:
    world = SweepWorld()
    keys = world.waiting(4)
    queued(world)
    other = Calls(when={"after read the sweep": lambda: world.carry_on(ID)})

    assert world.carry_on(ID, other)

    assert all_assigned(world, keys)
    assert row(world).status is SweepStatus.SUCCEEDED
    assert "gather sellers" not in {moment.partition(" ")[2] for moment in other.moments}


def test_whoever_comes_back_from_the_dead_leaves_it_to_who_went_on() -> None:
    world = SweepWorld()
    keys = world.waiting(6)
    queued(world)

    def sleep_while_another_goes_on() -> None:
        world.clock.advance(DEAD_AFTER)
        while not world.carry_on(ID, shared_lease=True):
            world.clock.advance(DEAD_AFTER)

    slow = Calls(when={"before reserve": sleep_while_another_goes_on})

    assert world.carry_on(ID, slow, block_size=2, shared_lease=True)

    assert all_assigned(world, keys)
    assert (row(world).status, row(world).counts.succeeded) == (SweepStatus.SUCCEEDED, 6)


def test_it_survives_its_worker_dying_at_any_moment() -> None:
    world = SweepWorld(capacity=2, names=("ana", "ben"))
    world.waiting(6)
    queued(world)
    calls = Calls()
    world.carry_on(ID, calls, block_size=3)
    assert len(calls.moments) > 20
    for number, moment in enumerate(calls.moments):
        world = SweepWorld(capacity=2, names=("ana", "ben"))
        keys = world.waiting(6)
        queued(world)
        with pytest.raises(Killed):
            world.carry_on(ID, Calls({number: killed}), block_size=3)
        world.let_time_pass(minutes=12)
        for _ in range(3):
            world.clock.advance(DEAD_AFTER)
            world.carry_on(ID, block_size=3)

        done = row(world)
        assert done.status is SweepStatus.SUCCEEDED, moment
        owned = [key for key in keys if world.result(key) is Result.SUCCEEDED]
        assert len(owned) == 4, moment
        assert all(len(world.organization.runs_of(key)) == 1 for key in keys), moment
        assert not any(seller.reservations for seller in world.organization.sellers.values())


@pytest.mark.parametrize("most_counted", [None, 1])
def test_what_a_dead_worker_had_written_is_counted(most_counted: int | None) -> None:
    world = SweepWorld(capacity=2, names=("ana",))
    world.waiting(4)
    queued(world)
    with pytest.raises(Killed):
        world.carry_on(ID, Calls(when={"before settle": killed}), block_size=3)
    assert row(world).counts.total == 0
    world.clock.advance(timedelta(minutes=12))
    world.let_time_pass(minutes=1, mode="off")
    store = world.store()
    store.most_counted = most_counted

    assert world.carry_on(ID, store=store, block_size=3)

    assert row(world).counts == Counts(4, 2, 2)
    assert row(world).cursor.unassigned.keys() == {
        NO_CAPACITY.reason,
        f"{NO_CAPACITY.reason} (Anyone)",
    }


def test_memory_stays_flat_whatever_was_done() -> None:
    world = SweepWorld(capacity=0)
    world.waiting(30)
    queued(world)
    sizes: list[int] = []
    sweeper = world.sweeper(
        block_size=3, progress=lambda report: sizes.append(len(repr(report.sweep.cursor)))
    )

    assert sweeper.carry_on(ID, EIGHT_MINUTES)

    assert len(sizes) >= 10
    assert sizes[-1] - sizes[len(sizes) // 2] < 10  # a digit more here and there


def test_progress_is_heard_of_within_a_block_and_on_its_row() -> None:
    world = SweepWorld()
    world.waiting(6)
    queued(world)
    heard: list[int] = []
    store = world.store()
    slowly = Calls(everywhere=lambda: world.clock.advance(timedelta(seconds=2)))

    world.sweeper(slowly, store=store, progress=lambda report: heard.append(report.done)).carry_on(
        ID, EIGHT_MINUTES
    )

    assert heard == sorted(heard)
    assert {1, 2, 3} <= set(heard)
    totals = [sweep.counts.total for sweep in store.saved]
    assert totals == sorted(totals)
    assert any(0 < total < 6 for total in totals)


def test_others_decide_while_a_block_is_committed() -> None:
    world = SweepWorld()
    world.waiting(3)
    queued(world)
    holders: list[object] = []
    calls = Calls(when={"before commit": lambda: holders.append(world.leases.holder)})

    world.carry_on(ID, calls)

    assert holders == [None]
    assert calls.moments.index("before release the lease") < calls.moments.index("before commit")


# orders


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"record_type": "leed"}, "Refused: records of type 'leed' are not routed; did you mean"),
        ({"segment_id": "gone"}, "Refused: its segment gone is not active any more"),
        ({"fault": "wa_cursor cannot be read"}, "Refused: wa_cursor cannot be read"),
    ],
)
def test_a_bad_order_ends_as_failed_and_says_why(columns: dict[str, Any], said: str) -> None:
    world = SweepWorld()
    keys = world.waiting(1)
    queued(world, **columns)

    assert world.carry_on(ID)

    assert row(world).status is SweepStatus.FAILED
    assert row(world).message.startswith(said)
    assert row(world).ended_at is not None
    assert world.result(keys[0]) is Result.UNDECIDED


def test_while_the_mode_is_off_a_row_stays_queued() -> None:
    world = SweepWorld()
    world.waiting(1)
    queued(world)

    assert world.carry_on(ID, mode="off")
    assert desk(world, mode="off").look_after() == 0

    assert row(world).status is SweepStatus.QUEUED
