"""Sweeps that look at records which have their owner: moved where they belong, or routed anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.domain.cases import condition, listed, rule, segment
from tests.services.fakes import Calls, Killed, killed
from tests.services.sweeps import ID, SweepWorld, queued
from tests.services.world import ANA, BEN

from work_assignment.domain.records import RecordKey, SegmentId, SellerId
from work_assignment.domain.runs.facts import Result
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.sweeps import Scope, Sweep, SweepKind, SweepStatus
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus
from work_assignment.services.sweep_orders import Order, SweepRefused, asked_for
from work_assignment.services.sweep_reports import CLOSED, GONE, SETTLED

FORCE, RESEGMENTATION = SweepKind.FORCE, SweepKind.RESEGMENTATION
BIG, OTHERS = SegmentId("segment Big"), SegmentId("segment Others")
MOVED_BY_HAND = RequestSource.RESEGMENTED_BY_HAND
ASSIGNED = RoutingStatus.ASSIGNED
SEVEN = datetime(2026, 3, 2, 7, tzinfo=UTC)


def a_world(*, capacity: int | None = None, reassign: bool = True) -> SweepWorld:
    """Big leads are Ana's and others Ben's; big ones are let in."""
    is_big = condition({"all": [["revenue", "ge", 500]]})
    big = segment("Big", filter=is_big, priority=1, allow_move_in=True, reassign_on_move=reassign)
    others = segment("Others", priority=2)
    uses = capacity is not None
    rules = [
        rule("For Ana", segment_id=BIG, match=listed("ana"), uses_capacity=uses),
        rule("For Ben", segment_id=OTHERS, match=listed("ben"), uses_capacity=uses),
    ]
    return SweepWorld(capacity=capacity, names=("ana", "ben"), rules=rules, segments=(big, others))


def settled(world: SweepWorld, count: int = 4) -> list[RecordKey]:
    """So many leads that Ben has."""
    keys = world.waiting(count, columns={"revenue": 10})
    world.decider().answer()
    assert set(world.owners(keys)) == {BEN}
    world.clock.advance(timedelta(minutes=1))
    return keys


def grow(world: SweepWorld, *keys: RecordKey) -> None:
    for key in keys:
        world.update(key, told=False, columns={"revenue": 900})


def ids(*keys: RecordKey) -> tuple[str, ...]:
    return tuple(key.id for key in keys)


def named(kind: SweepKind, *keys: RecordKey) -> dict[str, Any]:
    """An order of single records, in words."""
    return {"record_type": "lead", "record_ids": ids(*keys), "kind": kind}


def test_what_falls_into_another_segment_moves_and_the_rest_is_not_written() -> None:
    world = a_world()
    keys = settled(world)
    grow(world, keys[1])
    versions = [world.organization.records[key].version for key in keys]

    report = world.sweep(kind=RESEGMENTATION)

    assert (report.assigned, report.unchanged, report.counts.total) == (1, 3, 4)
    assert world.owners(keys) == [BEN, ANA, BEN, BEN]
    kept = [world.organization.records[key].version for key in keys]
    assert [now == then for now, then in zip(kept, versions, strict=True)] == [
        True,
        False,
        True,
        True,
    ]
    (_, moved) = world.organization.runs_of(keys[1])
    assert moved.run.source is MOVED_BY_HAND
    assert (moved.run.previous_segment_id, moved.run.segment_id) == (OTHERS, BIG)
    assert moved.run.previous_owner is not None
    assert moved.run.previous_owner.id == BEN
    assert [len(world.organization.runs_of(key)) for key in keys] == [1, 2, 1, 1]


def test_a_record_may_move_and_keep_its_owner() -> None:
    world = a_world(reassign=False)
    (key,) = settled(world, 1)
    grow(world, key)

    report = world.sweep(kind=RESEGMENTATION)

    assert (report.assigned, report.by_hand, report.unchanged) == (0, 1, 0)
    assert world.owner(key) == BEN
    assert world.organization.records[key].record.segment_id == BIG
    assert world.statuses(key)[-1] is RoutingStatus.RULES_OFF_FOR_SEGMENT


def test_what_is_named_and_stays_is_answered_in_the_log_alone() -> None:
    world = a_world()
    (key,) = settled(world, 1)
    before = world.organization.records[key]

    report = world.sweep(**named(RESEGMENTATION, key))

    assert report.unchanged == 1
    assert world.organization.records[key] == before
    answer = world.organization.runs_of(key)[-1].run
    assert answer.segmentation is SegmentationStatus.MATCHED_PREVIOUS_SEGMENT
    assert (answer.source, answer.segment_id) == (MOVED_BY_HAND, OTHERS)


def test_by_force_a_record_is_taken_from_whom_a_person_gave_it() -> None:
    world = a_world()
    (key,) = settled(world, 1)
    world.give_by_hand(key, ANA)
    world.decider().answer()
    assert world.statuses(key)[-1] is RoutingStatus.ASSIGNED_BY_HAND

    report = world.sweep(**named(FORCE, key))

    assert (report.assigned, world.owner(key)) == (1, BEN)
    forced = world.organization.runs_of(key)[-1].run
    assert forced.source is RequestSource.FORCED_BY_HAND
    assert forced.previous_segment_id == OTHERS


def test_by_force_what_she_has_already_takes_no_second_place() -> None:
    world = a_world(capacity=4)
    keys = settled(world, 3)

    report = world.sweep(**named(FORCE, *keys))

    assert report.assigned == 3
    assert world.owners(keys) == [BEN] * 3
    (row,) = (row for row in world.organization.sellers.values() if row.seller_id == BEN)
    assert (row.open_count, row.reservations) == (3, ())


def test_what_is_gone_or_closed_is_passed_by_and_the_reason_told() -> None:
    world = a_world()
    gone, closed, moved = settled(world, 3)
    grow(world, moved)
    del world.organization.records[gone]
    world.organization.change(closed, is_open=False)

    report = world.sweep(**named(RESEGMENTATION, gone, closed, moved))

    assert report.passed == {gone: GONE, closed: CLOSED}
    assert (report.assigned, report.passed_by, report.left) == (1, {GONE: 1, CLOSED: 1}, 0)
    assert report.sweep.status is SweepStatus.SUCCEEDED


def test_single_records_may_be_tried_again_without_being_moved() -> None:
    world = a_world()
    (has_owner,) = settled(world, 1)
    (waits,) = [world.create(9, told=False, columns={"revenue": 10})]

    report = world.sweep(**named(SweepKind.REASSIGNMENT, has_owner, waits))

    assert (report.assigned, report.passed) == (1, {has_owner: SETTLED})


def test_named_records_are_done_in_pages_and_each_once() -> None:
    world = a_world()
    keys = settled(world, 7)
    grow(world, *keys)

    report = world.sweep(**named(RESEGMENTATION, *keys, *keys), block_size=3)

    assert report.assigned == 7
    assert {len(world.organization.runs_of(key)) for key in keys} == {2}


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (Order(kind=FORCE), "needs records by their ids, or a segment"),
        (Order(kind=FORCE, record_type="lead"), "needs records by their ids, or a segment"),
        (Order(record_ids=(ID,)), "not of which record type"),
        (Order(record_type="lead", record_ids=()), "it names no record"),
        (Order(record_type="lead", record_ids=(ID,), limit=3), "no segment, day or limit"),
        (Order(record_type="lead", record_ids=(ID,), segment="Big"), "no segment, day or limit"),
    ],
)
def test_an_order_that_cannot_be_meant_is_refused_and_nothing_is_written(
    order: Order, why: str
) -> None:
    world = a_world()
    settled(world, 1)

    with pytest.raises(SweepRefused, match=why):
        world.sweeper().sweep(order)

    assert world.sweeps == {}


def test_a_segment_by_force_is_meant_and_its_records_go_by_priority() -> None:
    world = a_world()
    keys = settled(world, 3)
    grow(world, keys[0])

    report = world.sweep(segment="Others", kind=FORCE)

    assert report.assigned == 3
    assert world.owners(keys) == [ANA, BEN, BEN]


@pytest.mark.parametrize("kind", [FORCE, RESEGMENTATION])
@pytest.mark.parametrize("is_of_segment", [False, True])
def test_every_record_has_one_outcome_wherever_a_worker_dies(
    kind: SweepKind, is_of_segment: bool
) -> None:
    moments = _moments(kind, is_of_segment=is_of_segment)
    assert len(moments) > 40

    for number in range(len(moments)):
        world, keys = _asked(kind, is_of_segment=is_of_segment)
        with pytest.raises(Killed):
            world.carry_on(ID, Calls({number: killed}), block_size=2)
        world.clock.advance(timedelta(minutes=12))

        world.carry_on(ID, block_size=2)

        row = world.sweeps[ID]
        assert row.status is SweepStatus.SUCCEEDED, moments[number]
        assert world.owners(keys) == [ANA] * 5, moments[number]
        runs = [len(world.organization.runs_of(key)) for key in keys]
        assert runs == [2] * 5, moments[number]
        assert (row.counts.total, row.counts.succeeded) == (5, 5), moments[number]


def _asked(kind: SweepKind, *, is_of_segment: bool) -> tuple[SweepWorld, list[RecordKey]]:
    world = a_world()
    keys = settled(world, 5)
    grow(world, *keys)
    if is_of_segment:
        queued(world, kind=kind, segment_id=OTHERS, record_type="lead")
    else:
        queued(world, kind=kind, record_type="lead", record_ids=ids(*keys))
    return world, keys


def _moments(kind: SweepKind, *, is_of_segment: bool) -> list[str]:
    world, _ = _asked(kind, is_of_segment=is_of_segment)
    calls = Calls()
    assert world.carry_on(ID, calls, block_size=2)
    return calls.moments


@pytest.mark.parametrize("kind", [FORCE, RESEGMENTATION])
def test_undone_it_is_as_it_was(kind: SweepKind) -> None:
    world = a_world()
    (key,) = settled(world, 1)
    grow(world, key)
    sweep_id = world.sweep(**named(kind, key)).sweep.id
    assert world.owner(key) == ANA
    world.clock.advance(timedelta(seconds=10))

    report = world.undo(sweep_id)

    assert report.came_back == 1
    assert (world.owner(key), world.result(key)) == (BEN, Result.SUCCEEDED)
    assert world.organization.records[key].record.segment_id == OTHERS


def test_undone_a_move_without_a_new_owner_goes_back_too() -> None:
    world = a_world(reassign=False)
    (key,) = settled(world, 1)
    grow(world, key)
    sweep_id = world.sweep(**named(RESEGMENTATION, key)).sweep.id
    world.clock.advance(timedelta(seconds=10))

    report = world.undo(sweep_id)

    assert report.came_back == 1
    assert world.organization.records[key].record.segment_id == OTHERS
    assert (world.owner(key), world.result(key)) == (BEN, Result.SUCCEEDED)


def test_what_stays_as_it_is_needs_no_undoing() -> None:
    world = a_world()
    (key,) = settled(world, 1)
    sweep_id = world.sweep(**named(RESEGMENTATION, key)).sweep.id

    report = world.undo(sweep_id)

    assert report.is_empty


def test_a_row_that_cannot_be_read_is_refused_in_words() -> None:
    world = a_world()
    settled(world, 1)
    queued(world, record_type="lead", record_ids=(), fault="wa_recordids cannot be read: no list")

    assert world.carry_on(ID)

    ended: Sweep = world.sweeps[ID]
    assert ended.status is SweepStatus.FAILED
    assert ended.message == "Refused: wa_recordids cannot be read: no list"


def test_a_person_who_chooses_while_it_is_forced_has_the_last_word() -> None:
    world = a_world()
    (key,) = settled(world, 1)
    calls = Calls(when={"before commit alone": lambda: world.give_by_hand(key, ANA, told=False)})

    report = world.sweep(calls, **named(FORCE, key))

    assert (world.owner(key), report.by_hand) == (ANA, 1)
    assert world.statuses(key)[-1] is RoutingStatus.ASSIGNED_BY_HAND


@pytest.mark.parametrize("asked_by", [None, ANA, BEN])
def test_who_has_her_own_record_routed_by_hand_is_not_told_that_it_went(
    asked_by: SellerId | None,
) -> None:
    world = a_world()
    (key, *_) = settled(world)
    grow(world, key)
    world.organization.notices.clear()
    queued(world, **named(FORCE, key), asked_by=asked_by)
    assert world.carry_on(ID)
    assert world.owners([key]) == [ANA]
    told = {notice.recipient for notice in world.organization.notices.values()}
    assert told == ({ANA} if asked_by == BEN else {ANA, BEN})


@pytest.mark.parametrize(
    ("record_type", "said"),
    [
        ("lead", "2 leads"),
        ("opportunity", "2 opportunities"),
        ("cr1_partner", "2 records of cr1_partner"),
    ],
)
def test_a_sweep_of_single_records_is_called_by_how_many_there_are(
    record_type: str, said: str
) -> None:
    keys = [RecordKey(record_type, f"{number}") for number in (1, 2)]
    order = Order(record_type=record_type, kind=RESEGMENTATION, record_ids=("1", "2", "1"))
    scope = Scope({record_type: SEVEN}, kind=RESEGMENTATION, named=tuple(keys))
    asked = asked_for(order, scope, ID, SEVEN, is_dry=False)
    assert asked.name == f"Re-segmentation of {said}, 2026-03-02 07:00:00 UTC"
