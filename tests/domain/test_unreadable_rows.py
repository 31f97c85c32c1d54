"""Related rows that could not be read: who asks for them is told, everybody else goes on."""

from __future__ import annotations

from tests.domain.cases import NOW, lead, rule, segment, sellers, standings
from tests.domain.tables import TABLES

from work_assignment.domain.deciding.assignment import decide_block
from work_assignment.domain.deciding.decisions import Assigned, Decision, Unassigned
from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.rules import AssignmentRule, SellerMatch
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import Condition, compile_filter
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.rows import NO_ROWS, Rows
from work_assignment.domain.filtering.schemas import Vocabulary
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

UNREAD = Rows(faults={"task": DefinitionError("rows of task", "not allowed")})


def has_tasks(table: str) -> Condition:
    tree = read_nested({"related": {"table": "task", "lookup": "regardingobjectid"}}, "here")
    return compile_filter(
        tree, "here", Vocabulary(table, TABLES[table], TABLES["lead"], TABLES.get)
    )


def decided(
    segments: list[Segment], rules: list[AssignmentRule], *, rows: Rows, known: Rows = NO_ROWS
) -> Decision:
    everybody = sellers("ada")
    definitions = define(segments, rules, everybody, rows=known)
    record = lead(columns={"leadid": "lead-001"})
    at = standings(everybody)
    (decision,) = decide_block([record], definitions, at, at=NOW, since={}, rows=rows)
    return decision


def test_a_record_that_reaches_a_segment_that_asks_for_them_cannot_be_segmented() -> None:
    asking = segment(filter=has_tasks("lead"))
    decision = decided([asking], [rule()], rows=UNREAD)
    assert isinstance(decision, Unassigned)
    assert decision.segmentation is SegmentationStatus.WENT_WRONG
    assert decision.detail == "rows of task: not allowed"


def test_a_rule_that_asks_for_them_is_said_to_have_failed() -> None:
    decision = decided([segment()], [rule(filter=has_tasks("lead"))], rows=UNREAD)
    assert isinstance(decision, Unassigned)
    assert decision.status is RoutingStatus.SERVER_ISSUE
    assert decision.detail == "rows of task: not allowed"


def test_sellers_of_whom_they_are_asked_are_not_guessed_at() -> None:
    asking = rule(match=SellerMatch(columns=has_tasks("systemuser")))
    decision = decided([segment()], [asking], rows=NO_ROWS, known=UNREAD)
    assert isinstance(decision, Unassigned)
    assert decision.status is RoutingStatus.SERVER_ISSUE


def test_whoever_does_not_ask_goes_on() -> None:
    asking = rule("Asking", filter=has_tasks("lead"), order=2)
    decision = decided([segment()], [rule(), asking], rows=UNREAD, known=UNREAD)
    assert isinstance(decision, Assigned)
