"""Which changes of a record's history count against the limit, and when they are too many."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cases import NOW, decided, lead, rule, segment, sellers, unchanged

from work_assignment.domain.deciding.decisions import Unassigned
from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.records import Owner, SegmentId
from work_assignment.domain.runs.flapping import Step, changes_in, too_often
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

ASSIGNED = RoutingStatus.ASSIGNED
LIMIT = FlapLimit(3, timedelta(hours=24))


def way(*statuses: RoutingStatus, moves: bool = True, by_hand: bool = False) -> list[Step]:
    """A history, an hour between any two outcomes."""
    return [
        Step(NOW + timedelta(hours=n), status, has_moved=moves, is_by_hand=by_hand)
        for n, status in enumerate(statuses)
    ]


def test_the_first_owner_is_no_change_however_often_that_was_tried() -> None:
    tried = [RoutingStatus.NO_CAPACITY, RoutingStatus.NO_AVAILABILITY, ASSIGNED]

    assert changes_in(way(*tried)) == ()


def test_every_owner_and_segment_after_the_first_counts() -> None:
    assert len(changes_in(way(ASSIGNED, ASSIGNED, RoutingStatus.RULES_OFF_FOR_SEGMENT))) == 2


def test_a_move_after_which_nobody_was_found_counts_and_so_does_the_owner_found_later() -> None:
    assert len(changes_in(way(ASSIGNED, RoutingStatus.NO_CAPACITY, ASSIGNED))) == 2


def test_what_changed_nothing_does_not_count() -> None:
    assert changes_in(way(ASSIGNED, RoutingStatus.LEFT_ALONE, moves=False)) == ()


def test_what_a_person_asked_for_does_not_count() -> None:
    assert changes_in(way(ASSIGNED, ASSIGNED, ASSIGNED, by_hand=True)) == ()


def test_after_an_undo_the_next_owner_is_a_first_one_again() -> None:
    assert changes_in(way(ASSIGNED, RoutingStatus.UNDONE, ASSIGNED)) == (NOW + timedelta(hours=1),)


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


def test_a_restless_record_without_an_owner_stays_without() -> None:
    record = lead(segment_id=SegmentId("segment All"), restless="3 changes of segment or owner")

    decision = decided(record, [rule()], sellers("ana"), [segment()])

    assert isinstance(decision, Unassigned)
    assert decision.status is RoutingStatus.LEFT_ALONE


def test_a_restless_record_that_would_stay_anyway_says_nothing() -> None:
    record = lead(
        segment_id=SegmentId("segment All"),
        is_settled=True,
        restless="3 changes of segment or owner",
    )

    assert unchanged(decided(record, [rule()], sellers("ana"), [segment()])).status is None
