"""Records that are in a segment already: staying, moving, and what becomes of their owner."""

from __future__ import annotations

from typing import Any

import pytest
from tests.domain.cases import (
    condition,
    decided,
    decided_all,
    lead,
    leads,
    owner_of,
    owners,
    refusal,
    rule,
    segment,
    seller,
    sellers,
    unchanged,
)
from tests.domain.test_segments import BIG, REST, RULES, UK

from work_assignment.domain.deciding.decisions import Decision
from work_assignment.domain.deciding.explanations import summary
from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.records import Owner, Record
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

OPEN_UK = segment("UK", priority=1, filter=UK.filter, allow_move_in=True)
QUIET_UK = segment("UK", priority=1, filter=UK.filter, allow_move_in=True, reassign_on_move=False)
OPEN_REST = segment("Rest", priority=3, allow_move_in=True)
BRITISH = {"address1_country": "UK"}


def british(place: str | None, *, settled: bool = True, **changes: Any) -> Record:
    segment_id = place and f"segment {place}"
    made = {"columns": BRITISH, "segment_id": segment_id, "is_settled": settled}
    return lead(**(made | changes))


def outcome(record: Record, *segments: Segment, **more: Any) -> Decision:
    return decided(record, RULES, sellers("ana"), segments, **more)


def test_a_settled_record_that_still_matches_its_segment_keeps_its_owner() -> None:
    decision = unchanged(outcome(british("UK"), UK, REST))

    assert decision.segmentation is SegmentationStatus.MATCHED_PREVIOUS_SEGMENT
    assert (decision.segment, decision.status) == (UK, None)
    assert summary(decision) == "Unchanged: Matched with previous segment"


def test_a_record_without_an_owner_yet_is_given_one_in_the_segment_it_is_in() -> None:
    decision = outcome(british("UK", settled=False), UK, REST)

    assert owner_of(decision) == "ana"
    assert getattr(decision, "segmentation", None) is SegmentationStatus.MATCHED_PREVIOUS_SEGMENT


@pytest.mark.parametrize("settled", [True, False])
def test_it_moves_to_a_higher_segment_that_lets_records_in_and_rules_run(settled: bool) -> None:
    decision = outcome(british("Rest", settled=settled), OPEN_UK, REST)

    assert owner_of(decision) == "ana"
    assert getattr(decision, "segmentation", None) is SegmentationStatus.SUCCESSFUL
    assert getattr(decision, "segment", None) is OPEN_UK


@pytest.mark.parametrize("settled", [True, False])
def test_it_does_not_move_where_moving_in_is_not_allowed(settled: bool) -> None:
    decision = outcome(british("Rest", settled=settled), UK, REST)

    assert getattr(decision, "segment", None) is REST
    assert getattr(decision, "segmentation", None) is SegmentationStatus.MATCHED_PREVIOUS_SEGMENT
    assert decision.trace.segments[0].passed_over == "does not let records of other segments in"


def test_it_stays_in_a_higher_segment_though_a_lower_one_lets_records_in() -> None:
    assert unchanged(outcome(british("UK"), UK, OPEN_REST)).segment is UK


def test_it_moves_down_when_it_no_longer_matches_its_segment() -> None:
    decision = outcome(british("UK", columns={}), UK, OPEN_REST)

    assert owner_of(decision) == "ana"
    assert getattr(decision, "segment", None) is OPEN_REST


def test_one_that_matches_nothing_any_more_keeps_its_owner() -> None:
    decision = unchanged(outcome(british("UK", columns={}), UK, REST))

    assert decision.segmentation is SegmentationStatus.NO_MATCHING_SEGMENT
    assert (decision.segment, decision.status) == (None, None)


def test_without_the_switch_the_owner_stays_and_the_rules_do_not_run() -> None:
    decision = unchanged(outcome(british("Rest"), QUIET_UK, REST))

    assert decision.segmentation is SegmentationStatus.SUCCESSFUL
    assert decision.status is RoutingStatus.RULES_OFF_FOR_SEGMENT
    assert decision.segment is QUIET_UK
    assert summary(decision) == "Unchanged: Rules won't run for this segment"
    assert decision.trace.rules == ()


def test_a_record_that_moves_without_the_switch_and_has_no_owner_stays_without() -> None:
    decision = refusal(outcome(british("Rest", settled=False), QUIET_UK, REST))

    assert decision.status is RoutingStatus.RULES_OFF_FOR_SEGMENT
    assert decision.segment is QUIET_UK


def test_the_switch_has_no_say_for_records_that_were_in_no_segment() -> None:
    assert owner_of(outcome(british(None, settled=False), QUIET_UK, REST)) == "ana"


def test_a_settled_record_in_no_segment_is_in_the_default_one() -> None:
    assert unchanged(outcome(british(None), UK, REST)).segment is None
    assert owner_of(outcome(british(None), OPEN_UK, REST)) == "ana"


def test_what_the_default_segment_gave_stays_with_its_owner() -> None:
    rules = [*RULES, rule("Catch-all", segment_id=None)]

    decision = unchanged(decided(british(None, columns={}), rules, sellers("ana"), [UK]))

    assert decision.segmentation is SegmentationStatus.MATCHED_PREVIOUS_SEGMENT
    assert decision.segment is not None
    assert decision.segment.id is None


def test_nothing_moves_back_into_the_default_segment() -> None:
    rules = [*RULES, rule("Catch-all", segment_id=None)]

    decision = unchanged(decided(british("UK", columns={}), rules, sellers("ana"), [UK]))

    assert decision.segmentation is SegmentationStatus.NO_MATCHING_SEGMENT


def test_a_record_whose_segment_is_gone_moves_where_moving_in_is_allowed() -> None:
    assert owner_of(outcome(british("Old"), OPEN_UK, REST)) == "ana"
    assert unchanged(outcome(british("Old"), UK, REST)).segment is None


def test_of_several_that_let_records_in_the_highest_is_taken() -> None:
    open_big = segment("Big", priority=2, filter=BIG.filter, allow_move_in=True)
    record = british("Rest", columns={**BRITISH, "revenue": 5000})

    assert getattr(outcome(record, open_big, OPEN_UK, REST), "segment", None) is OPEN_UK


PAUSED = segment("UK", priority=1, filter=UK.filter, is_paused=True)


def test_a_paused_segment_takes_records_and_gives_none() -> None:
    decision = refusal(outcome(british(None, settled=False), PAUSED, REST))

    assert decision.segment is PAUSED
    assert decision.segmentation is SegmentationStatus.SUCCESSFUL
    assert decision.status is RoutingStatus.RULES_OFF_FOR_SEGMENT
    assert summary(decision) == "Rules won't run for this segment: the segment is paused"


def test_a_settled_record_of_a_paused_segment_is_left_alone() -> None:
    decision = unchanged(outcome(british("UK"), PAUSED, REST))

    assert decision.status is None


def test_a_settled_record_that_moves_into_a_paused_segment_keeps_its_owner() -> None:
    open_pause = segment("UK", priority=1, filter=UK.filter, is_paused=True, allow_move_in=True)

    decision = unchanged(outcome(british("Rest"), open_pause, REST))

    assert decision.status is RoutingStatus.RULES_OFF_FOR_SEGMENT
    assert decision.segment is open_pause
    assert "the segment is paused" in summary(decision)


KEEPS = Policy(keeps_self_created=True)
HERS: dict[str, Any] = {"owner": Owner("systemuser", "ana"), "created_by": "ana"}


def own_lead(policy: Policy, **changes: Any) -> Decision:
    record = lead(columns=BRITISH, **(HERS | changes))
    return decided(record, RULES, sellers("ana", "ben"), [OPEN_UK, REST], policy=policy)


def test_a_seller_keeps_what_she_made_for_herself_where_the_organisation_says_so() -> None:
    decision = unchanged(own_lead(KEEPS))

    assert decision.status is RoutingStatus.ASSIGNED_BY_HAND
    assert decision.segmentation is SegmentationStatus.SUCCESSFUL
    assert decision.segment is OPEN_UK
    assert summary(decision) == "Unchanged: Owner assigned manually, its creator keeps it"


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        (Policy(), {}),
        (KEEPS, {"created_by": "web"}),
        (KEEPS, {"owner": Owner("systemuser", "web"), "created_by": "web"}),
        (KEEPS, {"owner": Owner("team", "north")}),
        (KEEPS, {"owner": None}),
        (KEEPS, {"segment_id": "segment Rest"}),
        (KEEPS, {"segment_id": "segment Rest", "is_settled": True}),
    ],
)
def test_otherwise_it_is_given_as_any_other(policy: Policy, changes: dict[str, Any]) -> None:
    assert owners([own_lead(policy, **changes)]) != [None]


def test_what_she_keeps_counts_as_received() -> None:
    records = [lead(1, **HERS), *leads(3)[1:]]

    decisions = decided_all(records, [rule()], sellers("ana", "ben"), policy=KEEPS)

    assert owners(decisions) == [None, "ben", "ana"]


def test_a_segment_may_compare_two_columns_of_the_record() -> None:
    hers = segment("Hers", filter=condition(["subject", "eq", "$(address1_country)"]))

    record = lead(columns={"subject": "Chad", "address1_country": "chad"})
    assert refusal(decided(record, [], (), [hers])).segment is hers


def test_routed_by_force_a_record_may_stay_with_its_owner_who_has_no_room_for_another() -> None:
    ana = [seller("ana", capacity=1)]
    hers = british("UK", owner=Owner("systemuser", "ana")).as_new()
    limited = rule(segment_id=UK.id, uses_capacity=True)

    decision = decided(hers, [limited], ana, [UK], ana={"open_records": 1})

    assert owner_of(decision) == "ana"
    assert summary(decision) == ("Anyone: Ana, it is hers already, and nobody has room for another")


def test_routed_by_force_it_goes_to_somebody_who_has_room_before() -> None:
    both = [seller("ana", capacity=1), seller("ben", capacity=1)]
    hers = british("UK", owner=Owner("systemuser", "ana")).as_new()

    limited = rule(segment_id=UK.id, uses_capacity=True)

    decision = decided(hers, [limited], both, [UK], ana={"open_records": 1})

    assert owner_of(decision) == "ben"
