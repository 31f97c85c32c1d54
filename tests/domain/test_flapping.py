"""Which changes of a record's history count against the limit, and when they are too many."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cases import (
    NOW,
    decided,
    lead,
    owner_of,
    rule,
    segment,
    sellers,
    unchanged,
)

from work_assignment.domain.deciding.decisions import Unassigned
from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.records import Owner, SegmentId
from work_assignment.domain.runs.flapping import is_a_change, too_often
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

ASSIGNED = RoutingStatus.ASSIGNED
LIMIT = FlapLimit(3, timedelta(hours=24))
ANA, BEN = Owner("systemuser", "ana"), Owner("systemuser", "ben")


def changes(
    status: RoutingStatus = ASSIGNED,
    *,
    segments: tuple[str | None, str | None] = ("here", "here"),
    owners: tuple[Owner, Owner | None] = (ANA, ANA),
    was_settled: bool = True,
    is_by_hand: bool = False,
) -> bool:
    """Whether one outcome, of a record that had its owner chosen before, counts."""
    return is_a_change(
        status,
        segment=segments,
        owner=owners,
        was_settled=was_settled,
        is_by_hand=is_by_hand,
    )


def test_the_first_owner_is_no_change_however_often_that_was_tried() -> None:
    assert not changes(owners=(ANA, BEN), segments=(None, "here"), was_settled=False)
    assert not changes(owners=(ANA, BEN), was_settled=False)


def test_every_owner_and_segment_after_the_first_counts() -> None:
    assert changes(owners=(ANA, BEN))
    assert changes(RoutingStatus.RULES_OFF_FOR_SEGMENT, segments=("here", "there"))
    assert changes(segments=(None, "there"))


def test_a_move_counts_although_nobody_was_found_there_or_before() -> None:
    moved = ("here", "there")
    assert changes(RoutingStatus.NO_CAPACITY, segments=moved, owners=(ANA, None))
    assert changes(RoutingStatus.NO_CAPACITY, segments=moved, owners=(ANA, None), was_settled=False)


def test_what_changed_nothing_does_not_count() -> None:
    assert not changes(RoutingStatus.LEFT_ALONE)
    assert not changes()


def test_what_a_person_chose_asked_for_or_undid_does_not_count() -> None:
    moved = ("here", "there")
    assert not changes(RoutingStatus.ASSIGNED_BY_HAND, segments=moved, owners=(ANA, BEN))
    assert not changes(RoutingStatus.UNDONE, segments=moved, owners=(ANA, BEN))
    assert not changes(segments=moved, owners=(ANA, BEN), is_by_hand=True)


def test_as_many_changes_as_the_limit_within_its_hours_are_too_many() -> None:
    hours = [NOW - timedelta(hours=n) for n in (1, 2, 23)]

    assert too_often(hours, LIMIT, NOW) == ("3 changes of segment or owner within 24 hours")
    assert too_often(hours[:2], LIMIT, NOW) == ""
    assert too_often([*hours[:2], NOW - timedelta(hours=24)], LIMIT, NOW) == ""


def test_without_a_limit_nothing_is_too_often() -> None:
    assert too_often([NOW] * 100, None, NOW) == ""


@given(st.lists(st.integers(0, 100), max_size=12), st.integers(1, 6), st.integers(1, 48))
def test_a_restless_record_comes_to_rest_when_no_more_changes_come(
    hours_ago: list[int], moves: int, hours: int
) -> None:
    limit = FlapLimit(moves, timedelta(hours=hours))
    changes = [NOW - timedelta(hours=n) for n in hours_ago]

    later = NOW + timedelta(hours=hours)

    assert too_often(changes, limit, later) == ""
    assert bool(too_often(changes, limit, NOW)) == (sum(n < hours for n in hours_ago) >= moves)


def test_a_restless_record_keeps_segment_and_owner_and_says_where_it_would_go() -> None:
    here = segment("Here", priority=2)
    there = segment("There", priority=1, allow_move_in=True)
    record = lead(
        segment_id=SegmentId("segment Here"),
        is_settled=True,
        owner=Owner("systemuser", "ana"),
        restless="3 changes of segment or owner",
    )
    rules = [rule(segment_id=there.id)]

    decision = unchanged(decided(record, rules, sellers("ana", "ben"), [here, there]))

    assert (decision.segment, decision.status) == (here, RoutingStatus.LEFT_ALONE)
    assert decision.segmentation is SegmentationStatus.NOT_REQUIRED
    assert decision.detail == "3 changes of segment or owner; else it would move to 'There'"


def test_a_restless_record_without_an_owner_gets_one_in_its_segment_and_goes_to_no_other() -> None:
    restless = "3 changes of segment or owner"
    here, there = segment("Here"), segment("There", allow_move_in=True)
    record = lead(segment_id=here.id, restless=restless)

    stays = decided(record, [rule(segment_id=here.id)], sellers("ana"), [here])
    goes = decided(record, [rule(segment_id=there.id)], sellers("ana"), [there])

    assert owner_of(stays) == "ana"
    assert isinstance(goes, Unassigned)
    assert goes.status is RoutingStatus.LEFT_ALONE


def test_a_restless_record_that_would_stay_anyway_says_nothing() -> None:
    record = lead(
        segment_id=SegmentId("segment All"),
        is_settled=True,
        restless="3 changes of segment or owner",
    )

    assert unchanged(decided(record, [rule()], sellers("ana"), [segment()])).status is None


def test_whom_a_person_chose_before_there_was_a_segment_keeps_the_record() -> None:
    into = segment("All", allow_move_in=False)
    record = lead(is_settled=True, is_chosen=True, owner=Owner("systemuser", "cem"))

    decision = unchanged(decided(record, [rule()], sellers("ana"), [into]))

    assert (decision.segment, decision.status) == (into, RoutingStatus.ASSIGNED_BY_HAND)
