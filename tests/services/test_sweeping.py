"""Sweeps: what waits is decided, each record once, and the row says how it went."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.domain.cases import condition, rule, segment
from tests.services.fakes import NOW, Calls, Killed, killed
from tests.services.sweeps import SweepWorld, row
from tests.services.world import ANA, BEN, CEM, LONG_AGO

from work_assignment.domain.records import SegmentId
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import RequestSource, Written
from work_assignment.domain.runs.sweeps import Counts, SweepStatus, Trigger
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.leasing import PATIENCE, Busy
from work_assignment.services.sweep_keeping import DIED
from work_assignment.services.sweep_orders import SweepRefused
from work_assignment.services.sweep_reports import RESERVED, SweepReport, report_of

ASSIGNED, NO_CAPACITY = RoutingStatus.ASSIGNED, RoutingStatus.NO_CAPACITY
DAY = timedelta(days=1)


def nobody_yet() -> SweepWorld:
    """A world in which no seller has room for anything."""
    return SweepWorld(capacity=0)


def make_room(world: SweepWorld) -> None:
    world.organization.rulebook = SweepWorld(capacity=10).organization.rulebook


def test_what_waits_gets_owners_and_the_row_says_so() -> None:
    world = SweepWorld()
    keys = world.waiting(3)

    report = world.sweep()

    assert sorted(world.owners(keys)) == [ANA, BEN, CEM]
    assert (report.assigned, report.left, report.unassigned.total()) == (3, 0, 0)
    assert world.sweeps[report.sweep.id] == report.sweep
    assert report.sweep.status is SweepStatus.SUCCEEDED
    assert report.sweep.counts == Counts(3, 3, 0)
    assert report.sweep.ended_at is not None
    assert report.sweep.name == "Sweep of everything, 2026-03-04 09:00:00 UTC"


def test_every_outcome_bears_the_sweep_and_what_asked_for_it() -> None:
    world = SweepWorld(capacity=1)
    keys = world.waiting(4)

    report = world.sweep()

    runs = [logged.run for key in keys for logged in world.organization.runs_of(key)]
    assert {run.sweep_id for run in runs} == {report.sweep.id}
    assert {run.source for run in runs} == {RequestSource.BY_HAND}
    assert [run.status for run in runs].count(NO_CAPACITY) == 1


def test_records_that_found_nobody_before_are_taken_up_again() -> None:
    world = nobody_yet()
    (key,) = world.waiting(1)
    world.decider().answer()
    assert world.statuses(key) == [NO_CAPACITY]
    make_room(world)

    report = world.sweep()

    assert report.assigned == 1
    assert world.statuses(key) == [NO_CAPACITY, ASSIGNED]


def test_the_same_failure_is_counted_up_and_told_by_its_reason() -> None:
    world = nobody_yet()
    keys = world.waiting(2)
    world.decider().answer()

    report = world.sweep()

    assert all(world.organization.runs_of(key)[0].attempts == 2 for key in keys)
    assert list(report.unassigned.items()) == [(f"{NO_CAPACITY.reason} (Anyone)", 2)]
    assert report.sweep.counts == Counts(2, 0, 2)
    assert report.sweep.status is SweepStatus.SUCCEEDED


def test_blocks_follow_one_another_oldest_first_and_the_counts_grow_with_them() -> None:
    world = SweepWorld(capacity=1, names=("ana", "ben"))
    keys = [
        world.create(number, told=False, created_at=NOW - timedelta(minutes=number))
        for number in range(1, 6)
    ]
    store = world.store()

    report = world.sweep(store=store, block_size=2)

    assert [world.result(key) for key in keys] == [Result.FAILED] * 3 + [Result.SUCCEEDED] * 2
    assert [saved.counts.total for saved in store.saved] == [0, 2, 4, 5, 5]
    assert report.sweep.counts == Counts(5, 2, 3)


def test_a_record_is_decided_once_a_sweep_though_it_still_waits_afterwards() -> None:
    world = nobody_yet()
    keys = world.waiting(5)

    report = world.sweep(block_size=2)

    assert report.unassigned.total() == 5
    assert all(len(world.organization.runs_of(key)) == 1 for key in keys)
    assert all(world.organization.runs_of(key)[0].attempts == 1 for key in keys)


def test_a_limit_takes_the_oldest() -> None:
    world = SweepWorld()
    old = world.create(1, told=False, created_at=NOW - DAY)
    young = world.create(2, told=False)

    assert world.sweep(limit=1).sweep.counts.total == 1

    assert (world.result(old), world.result(young)) == (Result.SUCCEEDED, Result.UNDECIDED)


def test_history_is_left_alone_unless_a_day_is_named() -> None:
    world = SweepWorld()
    old = world.create(1, told=False, created_at=LONG_AGO - 2 * DAY)
    older = world.create(2, told=False, created_at=LONG_AGO - 9 * DAY)

    assert world.sweep().sweep.counts.total == 0
    report = world.sweep(since=(LONG_AGO - 3 * DAY).date())

    assert (world.result(old), world.result(older)) == (Result.SUCCEEDED, Result.UNDECIDED)
    assert world.organization.runs_of(old)[0].run.source is RequestSource.FORCED_BY_HAND
    assert report.sweep.since == (LONG_AGO - 3 * DAY).date()


def test_a_day_begins_where_filters_have_it_begin() -> None:
    world = SweepWorld()
    rulebook = world.organization.rulebook
    world.organization.rulebook = replace(rulebook, zone=ZoneInfo("Pacific/Auckland"))
    midnight = (NOW - 2 * DAY).replace(hour=11)  # 13 hours ahead, in March
    late = world.create(1, told=False, created_at=midnight)
    early = world.create(2, told=False, created_at=midnight - timedelta(seconds=1))

    world.sweep(since=(NOW - DAY).date())

    assert (world.result(late), world.result(early)) == (Result.SUCCEEDED, Result.UNDECIDED)


@pytest.mark.parametrize(
    ("name", "taken"), [("UK", {1, 2}), ("default", {3, 4, 5}), (None, {1, 2, 3, 4, 5})]
)
def test_a_segment_takes_its_own_and_new_ones_that_fall_into_it(
    name: str | None, taken: set[int]
) -> None:
    uk = segment("UK", filter=condition({"all": [["address1_country", "eq", "UK"]]}))
    world = SweepWorld(segments=[uk], rules=[rule(segment_id=None), rule("UK", segment_id=uk.id)])
    world.create(1, told=False, segment_id=uk.id, columns={"address1_country": "UK"})
    world.create(2, told=False, columns={"address1_country": "UK"})
    keys = [world.create(number, told=False) for number in range(3, 6)]
    assert len(keys) == 3

    report = world.sweep(segment=name)

    swept = {key for key in world.organization.records if world.result(key) is Result.SUCCEEDED}
    assert {int(key.id[-2:]) for key in swept} == taken
    assert report.sweep.counts.total == len(taken)
    assert report.sweep.segment_id == (uk.id if name == "UK" else None)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"segment": "UK trade"}, "no active segment 'UK trade'; did you mean 'UK trades'?"),
        ({"record_type": "leed"}, "records of type 'leed' are not routed; did you mean 'lead'?"),
        ({"limit": 0}, "a limit of 0 leaves nothing to sweep"),
        ({"mode": "off"}, "WA_MODE is off"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anything_is_written(
    order: dict[str, Any], said: str
) -> None:
    world = SweepWorld(segments=[segment("UK trades")])
    world.waiting(1)

    with pytest.raises(SweepRefused, match=re.escape(said)):
        world.sweep(**order)

    assert world.sweeps == {}
    assert world.organization.runs == {}


def test_a_name_that_several_record_types_use_needs_the_record_type() -> None:
    segments = [
        segment("UK", id=SegmentId("1")),
        segment("UK", id=SegmentId("2"), record_type="opportunity"),
    ]
    world = SweepWorld(segments=segments)

    with pytest.raises(SweepRefused, match="segments of lead and opportunity are called 'UK'"):
        world.sweep(segment="UK")

    assert world.sweep(segment="UK", record_type="lead").sweep.record_type == "lead"


def test_an_owner_chosen_by_hand_of_whom_no_event_told_is_left() -> None:
    world = nobody_yet()
    (key,) = world.waiting(1)
    world.decider().answer()
    world.give_by_hand(key, "cem", told=False)
    make_room(world)

    report = world.sweep()

    assert (report.by_hand, report.assigned) == (1, 0)
    assert world.owner(key) == CEM
    assert world.statuses(key)[-1] is RoutingStatus.ASSIGNED_BY_HAND


def test_an_owner_chosen_by_hand_in_the_middle_of_a_sweep_is_left() -> None:
    world = SweepWorld()
    first, *others = world.waiting(3)
    calls = Calls(when={"before reserve": lambda: world.give_by_hand(first, "cem", told=False)})

    report = world.sweep(calls)

    assert (report.by_hand, report.assigned) == (1, 2)
    assert world.owner(first) == CEM
    assert all(world.statuses(key) == [ASSIGNED] for key in others)


def test_records_closed_or_decided_since_they_were_found_are_passed_by() -> None:
    world = SweepWorld()
    closed, decided, left = world.waiting(3)

    def meanwhile() -> None:
        world.organization.change(closed, is_open=False)
        world.organization.change(decided, result=Result.SUCCEEDED)

    report = world.sweep(Calls(when={"before gather sellers": meanwhile}))

    assert report.sweep.counts == Counts(1, 1, 0)
    assert [world.statuses(key) for key in (closed, decided, left)] == [[], [], [ASSIGNED]]


def test_a_seller_whom_dataverse_refuses_is_replaced() -> None:
    world = SweepWorld()
    world.organization.refused[ANA] = "is disabled"
    keys = world.waiting(4)

    assert world.sweep().assigned == 4

    assert ANA not in world.owners(keys)


def test_a_record_that_cannot_be_written_is_counted_with_the_reason() -> None:
    world = SweepWorld()
    keys = world.waiting(3)
    world.organization.spoilt[keys[1]] = Written.FORBIDDEN

    report = world.sweep()

    assert report.sweep.counts == Counts(3, 2, 1)
    (reason,) = report.unassigned
    assert reason.startswith("The application user doesn't have the necessary permissions: for a")


def test_what_only_others_reservations_stand_in_the_way_of_is_left_waiting() -> None:
    world = SweepWorld(capacity=1, names=("ana",))
    world.waiting(1)
    dead = world.decider(Calls(when={"after reserve": killed}), shared_lease=True)
    world.create(2, told=False)
    with pytest.raises(Killed):
        dead.answer()

    report = world.sweep()

    assert report.left == 2
    assert report.sweep.message == (
        "2 records still wait (held by what a worker has reserved until 09:05 UTC). "
        "The running app takes up by itself what was never decided; "
        "run the sweep again after 09:05 UTC for the rest"
    )
    assert report_of(row(world)).waits == {RESERVED: 2}


def test_what_dataverse_puts_off_is_told_with_its_reason_and_in_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = SweepWorld()
    keys = world.waiting(5)
    world.organization.spoilt.update(dict.fromkeys(keys[:3], Written.LATER))

    report = world.sweep()

    assert (report.assigned, report.left) == (2, 3)
    assert report.sweep.message.startswith("3 records still wait (not written yet: for a reason")
    said = [entry.getMessage() for entry in caplog.records if "still wait" in entry.getMessage()]
    assert said
    assert all(line.startswith("3 records still wait: for a reason") for line in said)
    assert all(f"record=lead/{keys[0].id}" in line for line in said)


def test_what_became_of_records_is_known_in_the_middle_of_their_block() -> None:
    world = SweepWorld(capacity=2, names=("ana",))
    world.waiting(5)
    heard: list[tuple[int, int, int]] = []

    def hear(report: SweepReport) -> None:
        heard.append((report.done, report.assigned, report.unassigned.total()))

    report = world.sweep(progress=hear)

    assert heard[:5] == [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 2, 2), (5, 2, 3)]
    assert set(heard[5:]) == {(5, 2, 3)}
    assert report.sweep.counts == Counts(5, 2, 3)


def test_another_worker_is_waited_for_a_little() -> None:
    world = SweepWorld()
    world.waiting(1)
    lease = world.shop().leases.acquire("decider")
    assert lease is not None

    report = world.sweep(Calls(when={"after acquire the lease": lease.release}))

    assert report.assigned == 1
    assert timedelta(0) < world.clock.now - NOW < PATIENCE


def test_a_worker_that_does_not_let_go_ends_it_before_anything_is_written() -> None:
    world = SweepWorld()
    world.waiting(1)
    lease = world.shop().leases.acquire("decider")
    assert lease is not None

    with pytest.raises(Busy, match="another worker is deciding"):
        world.sweep()

    assert world.sweeps == {}
    assert timedelta(0) < world.clock.now - NOW <= PATIENCE


def test_a_stop_ends_it_after_the_block_and_the_row_says_so() -> None:
    world = SweepWorld()
    keys = world.waiting(5)
    told = iter([False, True])

    report = world.sweep(stopped=lambda: next(told), block_size=2)

    assert report.sweep.status is SweepStatus.FAILED
    assert report.sweep.message == "It was stopped after 2 records"
    assert [world.result(key) for key in keys].count(Result.SUCCEEDED) == 2
    assert world.leases.holder is None


def interrupted() -> None:
    raise KeyboardInterrupt


def spoilt() -> None:
    raise LookupError("a mistake of ours")


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        (interrupted, KeyboardInterrupt, "It was stopped by hand in the middle of a block"),
        (spoilt, LookupError, "Error: a mistake of ours"),
    ],
)
def test_whatever_ends_it_early_is_on_the_row(
    what: Callable[[], None], error: type[BaseException], said: str
) -> None:
    world = SweepWorld()
    world.waiting(3)

    with pytest.raises(error):
        world.sweep(Calls(when={"before commit": what}))

    (sweep,) = world.sweeps.values()
    assert (sweep.status, sweep.message) == (SweepStatus.FAILED, said)
    assert sweep.ended_at is not None
    assert world.leases.holder is None


def test_a_sweep_whose_process_died_is_ended_by_the_next() -> None:
    world = SweepWorld()
    keys = world.waiting(3)
    with pytest.raises(Killed):
        world.sweep(Calls(when={"after commit": killed}))
    world.clock.advance(timedelta(minutes=6))

    report = world.sweep()

    dead, done = world.sweeps.values()
    assert (dead.status, dead.message) == (SweepStatus.FAILED, DIED)
    assert done == report.sweep
    assert report.assigned == 2
    assert all(world.statuses(key) == [ASSIGNED] for key in keys)


def test_a_dry_run_logs_and_leaves_the_records_alone() -> None:
    world = SweepWorld()
    keys = world.waiting(3)

    report = world.sweep(mode="dry-run", block_size=2)

    assert report.assigned == 3
    assert report.sweep.name.endswith(", dry run")
    assert set(world.owners(keys)) == {"web"}
    assert {world.result(key) for key in keys} == {Result.UNDECIDED}


UNMET = rule(segment_id=None, filter=condition({"all": [["revenue", "gt", 5]]}))


@pytest.mark.parametrize(
    ("options", "taken"),
    [({"capacity": 0}, 1), ({"rules": [UNMET]}, 0)],
    ids=["no capacity", "no conditions met"],
)
def test_a_schedule_takes_up_only_failures_that_can_pass(
    options: dict[str, Any], taken: int
) -> None:
    world = SweepWorld(**options)
    world.waiting(1)
    world.decider().answer()

    assert world.sweep(trigger=Trigger.SCHEDULED).sweep.counts.total == taken
    assert world.sweep().sweep.counts.total == 1
