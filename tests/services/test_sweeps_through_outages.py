"""Sweeps while Dataverse or the storage of the lease is away: waited out, or handed on, never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.services.fakes import Calls, unavailable
from tests.services.sweeps import (
    ID,
    SweepWorld,
    all_assigned,
    answer_all,
    desk,
    hiccup,
    queued,
    row,
)

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.sweeps import SweepStatus
from work_assignment.services.sweep_keeping import DEAD_AFTER, DIED
from work_assignment.services.sweep_reports import SweepReport


def with_room_for_four(count: int = 6) -> SweepWorld:
    world = SweepWorld(capacity=2, names=("ana", "ben"))
    world.waiting(count)
    return world


def outage(world: SweepWorld, begins: str, lasts: timedelta) -> Calls:
    """Dataverse is away from a moment on, so long; the lease does not lie there."""
    until: list[datetime] = []

    def may_be_away() -> None:
        if until and world.clock() < until[0] and "lease" not in calls.moments[-1]:
            raise Unavailable("nobody answers")

    begin = {begins: lambda: until.append(world.clock() + lasts)}
    calls = Calls(when=begin, everywhere=may_be_away)
    return calls


def is_counted_once(world: SweepWorld, report: SweepReport) -> bool:
    """Whether the report says what became of the records, and the log has each but once."""
    results = [current.result for current in world.organization.records.values()]
    found = [results.count(r) for r in (Result.SUCCEEDED, Result.FAILED, Result.UNDECIDED)]
    counted = [report.assigned, report.unassigned.total(), report.left]
    runs = [len(world.organization.runs_of(key)) for key in world.organization.records]
    return counted == found and max(runs) <= 1


def moments_of_a_sweep(*, of_the_lease: bool) -> list[tuple[int, str]]:
    """The moments of a person's sweep after it has begun: those of the lease, or the others."""
    calls = Calls()
    with_room_for_four().sweep(calls, block_size=3)
    begun = calls.moments.index("after save the sweep")
    return [
        (number, moment)
        for number, moment in enumerate(calls.moments)
        if number > begun and ("lease" in moment) is of_the_lease
    ]


def test_a_persons_sweep_waits_for_dataverse_at_any_moment_and_counts_everything_once() -> None:
    waited = 0
    for number, moment in moments_of_a_sweep(of_the_lease=False):
        world = with_room_for_four()
        try:
            report = world.sweep(Calls({number: unavailable}), block_size=3)
        except Unavailable:
            continue  # the last word could not be written
        waited += 1
        assert is_counted_once(world, report), moment
    assert waited > 15


def test_a_persons_sweep_outlasts_a_storage_that_is_away_at_any_moment_of_the_lease() -> None:
    moments = moments_of_a_sweep(of_the_lease=True)
    assert {moment.split()[1] for _, moment in moments} == {"acquire", "renew", "release"}
    for number, moment in moments:
        world = with_room_for_four()
        report = world.sweep(Calls({number: hiccup(world, moment)}), block_size=3)
        assert report.sweep.status is SweepStatus.SUCCEEDED, moment
        assert (report.assigned, report.unassigned.total(), report.left) == (4, 2, 0), moment
        assert is_counted_once(world, report), moment
        assert not any(seller.reservations for seller in world.organization.sellers.values())


def test_the_apps_sweep_outlasts_a_storage_that_is_away_at_any_moment_of_the_lease() -> None:
    world, calls = with_room_for_four(), Calls()
    queued(world)
    world.carry_on(ID, calls, block_size=3)
    moments = [(n, moment) for n, moment in enumerate(calls.moments) if "lease" in moment]
    assert {moment.split()[1] for _, moment in moments} == {"acquire", "release"}
    for number, moment in moments:
        world = with_room_for_four()
        queued(world)
        unlucky = desk(world, calls=Calls({number: hiccup(world, moment)}), block_size=3)
        unlucky.answer(ID)
        answer_all(world, desk(world, block_size=3))
        done = row(world)
        assert done.status is SweepStatus.SUCCEEDED, moment
        assert (done.counts.succeeded, done.counts.failed, done.counts.total) == (4, 2, 6), moment
        assert not any(seller.reservations for seller in world.organization.sellers.values())


@pytest.mark.parametrize("seconds", [20, 40, 70, 200])
@pytest.mark.parametrize("begins", ["after gather records", "before settle", "after settle"])
def test_a_persons_sweep_outlasts_an_outage_of_several_tries(begins: str, seconds: int) -> None:
    world = with_room_for_four()
    calls = outage(world, begins, timedelta(seconds=seconds))

    report = world.sweep(calls, block_size=3)

    assert report.sweep.status is SweepStatus.SUCCEEDED
    assert row(world) == report.sweep
    assert is_counted_once(world, report)
    assert report.sweep.counts.total == 6


@pytest.mark.parametrize("seconds", [20, 40, 200])
@pytest.mark.parametrize("begins", ["after gather records", "before settle", "after settle"])
def test_the_apps_sweep_is_gone_on_with_after_an_outage(begins: str, seconds: int) -> None:
    world = with_room_for_four()
    queued(world)
    office = desk(world, calls=outage(world, begins, timedelta(seconds=seconds)), block_size=3)

    office.answer(ID)
    for _ in range(12):
        answer_all(world, office)
        world.clock.advance(timedelta(minutes=1))
        office.look_after()

    done = row(world)
    results = [current.result for current in world.organization.records.values()]
    assert done.status is SweepStatus.SUCCEEDED
    assert done.counts.total == 6
    assert done.counts.succeeded == results.count(Result.SUCCEEDED)
    assert done.cursor.left == results.count(Result.UNDECIDED)


def test_who_stops_a_persons_sweep_during_an_outage_does_not_wait_for_its_end() -> None:
    world = SweepWorld()
    world.waiting(3)
    began: list[bool] = []
    calls = Calls(
        when={"after save the sweep": lambda: began.append(True)},
        everywhere=lambda: unavailable() if began else None,
    )
    started = world.clock()

    with pytest.raises(Unavailable):
        world.sweep(calls, stopped=lambda: world.clock() > started)

    assert world.clock() - started <= timedelta(seconds=5)


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


@pytest.mark.parametrize(
    ("meanwhile", "delay"), [(unavailable, timedelta(seconds=30)), (None, timedelta(seconds=10))]
)
def test_what_the_app_cannot_do_just_now_is_tried_again_later(
    meanwhile: Callable[[], None] | None, delay: timedelta
) -> None:
    world = SweepWorld()
    keys = world.waiting(3)
    queued(world)
    if meanwhile is None:
        world.shop().leases.acquire("decider")
        world.leases.until += timedelta(hours=1)

    away = {"before reserve": meanwhile} if meanwhile else None
    desk(world, calls=Calls(when=away)).answer(ID)

    assert world.queues.due("wa-sweeps") == [world.clock() + delay]
    assert row(world).cursor.worker == ""
    world.leases.holder = None
    desk(world).answer(ID)
    assert all_assigned(world, keys)
