"""Which segment a record falls into."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.domain.cases import (
    LONG_AGO,
    NOW,
    condition,
    decided,
    definitions,
    lead,
    owner_of,
    refusal,
    rule,
    segment,
    sellers,
)

from work_assignment.domain.deciding.decisions import Decision
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import Record, SegmentId
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

UK = segment("UK", priority=1, filter=condition(["address1_country", "eq", "UK"]))
BIG = segment("Big", priority=2, filter=condition(["revenue", "gt", 1000]))
REST = segment("Rest", priority=3)
RULES = [
    rule(name, id=f"rule {name}", segment_id=f"segment {name}") for name in ("UK", "Big", "Rest")
]


def segment_of(record: Record, *segments: Segment) -> str:
    decision: Decision = decided(record, RULES, sellers("ana"), segments)
    owner_of(decision)
    return decision.trace.segments[-1].segment.name


def test_the_lowest_priority_number_wins_whatever_the_order_in_the_input() -> None:
    record = lead(columns={"address1_country": "UK", "revenue": 5000})

    assert segment_of(record, BIG, REST, UK) == "UK"
    assert segment_of(lead(columns={"revenue": 5000}), REST, BIG, UK) == "Big"
    assert segment_of(lead(), REST, BIG, UK) == "Rest"


def test_of_two_with_one_priority_the_name_decides() -> None:
    twins = [segment("Rest", priority=1), segment("Big", priority=1)]

    assert segment_of(lead(), *twins) == "Big"
    assert segment_of(lead(), *reversed(twins)) == "Big"


def test_a_segment_of_another_record_type_is_not_looked_at() -> None:
    assert segment_of(lead(), segment("UK", record_type="opportunity"), REST) == "Rest"


def test_a_segment_activated_after_the_record_leaves_it_alone() -> None:
    record = lead()
    late = segment("UK", active_since=record.created_at + timedelta(seconds=1))
    in_time = segment("UK", active_since=record.created_at)

    assert segment_of(record, late, REST) == "Rest"
    assert segment_of(record, in_time, REST) == "UK"


def test_a_record_in_a_segment_stays_unless_a_higher_one_lets_records_move_in() -> None:
    record = lead(columns={"address1_country": "UK"}, segment_id="segment Rest")
    open_uk = segment("UK", filter=UK.filter, allow_move_in=True)

    assert segment_of(record, UK, REST) == "Rest"
    assert segment_of(record, open_uk, REST) == "UK"


def test_one_that_leaves_its_segment_only_goes_where_moving_in_is_allowed() -> None:
    record = lead(segment_id=SegmentId("segment UK"))
    open_rest = segment("Rest", priority=3, allow_move_in=True)

    decision = refusal(decided(record, RULES, sellers("ana"), [UK, REST]))

    assert decision.segmentation is SegmentationStatus.NO_MATCHING_SEGMENT
    assert decision.status is RoutingStatus.SEGMENTATION_FAILED
    assert segment_of(record, UK, open_rest) == "Rest"


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (None, SegmentationStatus.SUCCESSFUL),
        ("segment Rest", SegmentationStatus.MATCHED_PREVIOUS_SEGMENT),
    ],
)
def test_the_status_tells_staying_from_entering(
    before: str | None, status: SegmentationStatus
) -> None:
    decision = decided(lead(segment_id=before), RULES, sellers("ana"), [REST])

    owner_of(decision)
    assert getattr(decision, "segmentation", None) is status


def test_a_segment_that_cannot_be_used_stops_the_records_that_reach_it_and_says_why() -> None:
    fault = DefinitionError("segment 'Big'", "there is no column 'revenu'", "revenue")
    broken = segment("Big", priority=2, fault=fault)

    decision = refusal(decided(lead(), RULES, sellers("ana"), [UK, broken, REST]))

    assert decision.segmentation is SegmentationStatus.WENT_WRONG
    assert decision.status is RoutingStatus.SEGMENTATION_FAILED
    assert decision.detail == str(fault)
    assert segment_of(lead(columns={"address1_country": "UK"}), UK, broken, REST) == "UK"


def test_a_broken_segment_activated_after_the_record_does_not_stop_it() -> None:
    fault = DefinitionError("segment 'Big'", "broken")
    broken = segment("Big", active_since=NOW, fault=fault)

    assert segment_of(lead(), broken, REST) == "Rest"


def test_the_default_segment_takes_what_no_other_does() -> None:
    rules = [rule("Catch-all", segment_id=None)]

    decision = decided(lead(), rules, sellers("ana"), [UK])

    assert owner_of(decision) == "ana"
    assert [tried.segment.name for tried in decision.trace.segments] == ["UK", "default"]


def test_without_a_rule_the_default_segment_is_no_match() -> None:
    decision = refusal(decided(lead(), RULES, sellers("ana"), [UK]))

    assert decision.segmentation is SegmentationStatus.NO_MATCHING_SEGMENT
    assert decision.status is RoutingStatus.SEGMENTATION_FAILED
    assert decision.segment is None


def test_rules_alone_bring_a_type_into_scope() -> None:
    rules = [rule(segment_id=None, active_since=NOW), rule("Old", id="old", segment_id=None)]

    assert definitions(rules, (), ()).record_types == ("lead",)
    assert definitions(rules, (), ()).in_scope_since("lead") == LONG_AGO
    assert definitions((), (), [REST]).record_types == ("lead",)
    assert definitions((), (), [REST]).counted_types == ()
    assert definitions(rules, (), ()).counted_types == ("lead",)
