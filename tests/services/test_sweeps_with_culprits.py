"""A record that makes deciding fail holds up no sweep: all others are decided, and it is said of it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.services.fakes import Calls, unavailable
from tests.services.sweeps import ID, SweepWorld, answer_all, desk, queued, row

from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.sweeps import Counts, SweepStatus
from work_assignment.domain.statuses import RoutingStatus

UNNAMEABLE = cast(Any, 5)
WHY = "TypeError: 'int' object is not subscriptable"


def with_guilty(*guilty: int, many: int = 9) -> tuple[SweepWorld, list[RecordKey], list[RecordKey]]:
    """A world with leads that wait, some of which no decision can be written for: all, and those."""
    world = SweepWorld()
    keys = [
        world.create(n, told=False, **({"name": UNNAMEABLE} if n in guilty else {}))
        for n in range(1, many + 1)
    ]
    return world, keys, [keys[number - 1] for number in guilty]


def undecided(world: SweepWorld) -> list[RecordKey]:
    return [key for key, at in world.organization.records.items() if at.result is Result.UNDECIDED]


@pytest.mark.parametrize("guilty", [(1,), (5,), (9,), (2, 3, 8), (4, 5, 6)])
def test_all_others_are_decided_and_it_is_left_waiting(guilty: tuple[int, ...]) -> None:
    world, keys, blamed = with_guilty(*guilty)

    report = world.sweep(block_size=3)

    assert undecided(world) == blamed
    assert (report.assigned, report.left) == (9 - len(guilty), len(guilty))
    assert report.sweep.status is SweepStatus.SUCCEEDED
    assert report.sweep.counts == Counts(9, 9 - len(guilty), 0)
    assert all(len(world.organization.runs_of(key)) == 1 for key in keys)
    assert not any(seller.reservations for seller in world.organization.sellers.values())


def test_the_run_log_says_why_and_once_however_often_it_is_swept() -> None:
    world, _, (guilty,) = with_guilty(7)

    first, second = world.sweep(), world.sweep()

    (logged,) = world.organization.runs_of(guilty)
    assert logged.run.status is RoutingStatus.SERVER_ISSUE
    assert logged.run.reason.endswith(f"It cannot be decided: {WHY}")
    assert first.sweep.message == second.sweep.message
    assert first.sweep.message == (
        "1 record still waits (cannot be decided, and the run log says why). "
        "Run the sweep again once that is mended"
    )


def test_it_ends_the_apps_sweep_neither() -> None:
    world, _, blamed = with_guilty(2)
    queued(world)

    desk(world, block_size=3).answer(ID)
    answer_all(world, desk(world))

    assert undecided(world) == blamed
    assert (row(world).status, row(world).counts.succeeded) == (SweepStatus.SUCCEEDED, 8)


def test_an_outage_while_it_is_looked_for_is_waited_out_and_nobody_is_blamed_for_it() -> None:
    calls = Calls()
    with_guilty(2, many=4)[0].sweep(calls)
    decided = [n for n, moment in enumerate(calls.moments) if moment == "before gather sellers"]
    for number in decided[1:]:
        world, _, (guilty,) = with_guilty(2, many=4)

        report = world.sweep(Calls({number: unavailable}))

        assert undecided(world) == [guilty]
        assert (report.assigned, report.left) == (3, 1)
        (logged,) = world.organization.runs_of(guilty)
        assert WHY in logged.run.reason


def test_a_lease_that_others_keep_meanwhile_is_no_records_fault() -> None:
    world, _, (guilty,) = with_guilty(2, many=4)
    calls = Calls()
    rounds: list[int] = []

    def take_it_away() -> None:
        rounds.append(1)
        if len(rounds) == 2:
            world.leases.holder = object()

    calls = Calls(everywhere=lambda: _at(calls, "before gather sellers", take_it_away))

    report = world.sweep(calls)

    assert len(rounds) > 2
    assert undecided(world) == [guilty]
    assert (report.assigned, report.left) == (3, 1)


def _at(calls: Calls, moment: str, act: Any) -> None:
    if calls.moments[-1] == moment:
        act()


def test_who_stops_it_while_it_is_looked_for_is_heard() -> None:
    world, keys, _ = with_guilty(2, many=4)
    told: list[bool] = []

    def stop_and_keep_the_lease() -> None:
        told.append(True)
        world.leases.holder = object()

    calls = Calls(when={"after gather records": stop_and_keep_the_lease})

    report = world.sweep(calls, stopped=lambda: bool(told))

    assert report.sweep.message == "It was stopped after 0 records"
    assert undecided(world) == keys


def test_where_nothing_can_be_decided_no_record_is_blamed() -> None:
    everyone = tuple(range(1, 21))
    world, keys, _ = with_guilty(*everyone, many=20)

    with pytest.raises(TypeError):
        world.sweep()

    assert row(world).status is SweepStatus.FAILED
    assert undecided(world) == keys
    assert world.organization.runs == {}


def mistake() -> None:
    raise LookupError("a mistake of ours")


def test_what_fails_behind_the_reserving_is_said_and_not_tried_again_record_by_record() -> None:
    world, keys, _ = with_guilty(many=6)
    calls = Calls(when={"before commit": mistake})

    with pytest.raises(LookupError, match="a mistake of ours"):
        world.sweep(calls)

    assert calls.moments.count("before gather sellers") == 1
    assert undecided(world) == keys
    assert row(world).message == "Error: a mistake of ours"
