"""Until when a record that nobody has can still be assigned, and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.domain.cases import NOW, condition, decided_all, lead, listed, refusal, rule, segment

from work_assignment.domain.deciding.decisions import Unassigned
from work_assignment.domain.defining.rules import AssignmentRule, Distribution, OnNoSeller
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.filters import Term
from work_assignment.domain.records import RecordKey, SegmentId
from work_assignment.domain.runs.advice import advice
from work_assignment.domain.runs.due import due_words, length_words
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.overdue import DueRun, Finding, Surroundings, judge
from work_assignment.domain.runs.stories import LoggedRun, RecordNow, story
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.solvers.on_demand import FlowSolverOnDemand

CREATED = NOW - timedelta(hours=1)
TRACED = pytest.mark.parametrize("is_traced", [True, False])


def within(hours: float, order: int = 1, **changes: Any) -> AssignmentRule:
    """A rule for records created within so many hours, which nobody can take."""
    window = timedelta(hours=hours)
    return rule(f"Rule {order}", order=order, created_within=window, match=listed(), **changes)


def unassigned(rules: Sequence[AssignmentRule], *, is_traced: bool = True) -> Unassigned:
    (decision,) = decided_all([lead(created_at=CREATED)], rules, is_traced=is_traced)
    return refusal(decision)


def hours_from_creation(decision: Unassigned) -> float | None:
    if decision.due_at is None:
        return None
    return (decision.due_at - CREATED) / timedelta(hours=1)


def endless(order: int, **changes: Any) -> AssignmentRule:
    return rule(f"Rule {order}", order=order, match=listed(), **changes)


@TRACED
@pytest.mark.parametrize(
    ("rules", "due"),
    [
        ([within(2)], 2),
        ([within(2), within(48, 2), within(6, 3)], 48),
        ([within(2), endless(2)], None),
        ([within(2), endless(2, filter=condition(["revenue", "gt", 5]))], 2),
        ([within(2, on_no_seller=OnNoSeller.STOP), endless(2)], 2),
        ([within(0.5)], 0.5),
        ([within(0.5), within(2, 2)], 2),
        ([within(0.5, filter=condition(["revenue", "gt", 5])), within(0.2, 2)], 0.2),
        ([within(0.5), endless(2)], None),
        ([within(2), endless(2, active_since=NOW)], 2),
        ([within(2, filter=condition(["revenue", "gt", 5]))], None),
        ([], None),
    ],
    ids=[
        "the end of its window",
        "the latest of several windows",
        "a rule without a window has no end",
        "unless the record does not meet it",
        "or comes behind one that stops",
        "a window that has ended is overdue",
        "as long as no later one goes on",
        "or the record never met it",
        "an endless rule outlives it",
        "a rule activated after the record does not count",
        "a record that meets no rule is never due",
        "nor is one of a segment without rules",
    ],
)
def test_a_record_is_due_until_the_last_rule_that_it_meets_can_assign_it(
    rules: list[AssignmentRule], due: float | None, is_traced: bool
) -> None:
    assert hours_from_creation(unassigned(rules, is_traced=is_traced)) == due


@TRACED
def test_a_broken_rule_counts_as_one_that_may_yet_assign_the_record(is_traced: bool) -> None:
    fault = DefinitionError("rule 'Odd'", "it is broken")
    rules = [within(0.5), within(3, 2, fault=fault)]

    decision = unassigned(rules, is_traced=is_traced)

    assert decision.status is RoutingStatus.SERVER_ISSUE
    assert hours_from_creation(decision) == 3


def test_a_filter_that_cannot_be_evaluated_does_not_hide_a_window_that_has_ended() -> None:
    odd = compile_filter(Term("revenue", "gt", ("much",)), "rule 'Odd'")
    record = lead(created_at=CREATED, columns={"revenue": 5})

    (decision,) = decided_all([record], [within(0.5, filter=odd)])

    assert hours_from_creation(refusal(decision)) == 0.5


def test_records_given_together_are_due_as_each_by_itself() -> None:
    rules = [within(2, distribution=Distribution.BEST_OVERALL), within(0.5, 2)]
    records = [lead(number, created_at=CREATED) for number in (1, 2)]

    decisions = decided_all(records, rules, solver=FlowSolverOnDemand())

    assert [hours_from_creation(refusal(decision)) for decision in decisions] == [2, 2]


def test_a_record_of_a_paused_segment_is_never_due() -> None:
    paused = segment(is_paused=True)

    (decision,) = decided_all([lead(created_at=CREATED)], [within(2)], segments=[paused])

    assert refusal(decision).due_at is None


RUN = DueRun("run-1", RecordKey("lead", "1"), "Ada", SegmentId("s"), NOW, 'W/"1"')


def last_run(run_id: str = RUN.id) -> LastRun:
    return LastRun(run_id, RoutingStatus.NO_CAPACITY, "s", None, NOW, 1)


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({}, Finding.OVERDUE),
        ({"unassigned": ()}, Finding.PAST),
        ({"last_runs": {RUN.key: last_run("run-2")}}, Finding.PAST),
        ({"last_runs": {}}, Finding.PAST),
        ({"told": {(RUN.key, NOW)}}, Finding.KNOWN),
        ({"told": {(RUN.key, NOW - timedelta(days=1))}}, Finding.OVERDUE),
        ({"unreadable": {RUN.key}}, Finding.UNKNOWN),
    ],
    ids=[
        "open and without an owner",
        "closed, gone or assigned since",
        "another outcome since",
        "its runs are gone",
        "told before of the same moment",
        "told before of another moment",
        "nobody can say",
    ],
)
def test_what_is_due_is_overdue_while_its_newest_run_says_so(
    changes: dict[str, Any], finding: Finding
) -> None:
    around: dict[str, Any] = {
        "last_runs": {RUN.key: last_run()},
        "unassigned": {RUN.key},
        "told": (),
        "segments": {},
    }

    assert judge(RUN, Surroundings(**(around | changes))) is finding


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "0 min"),
        (59.9, "59 min"),
        (60, "1 h"),
        (200, "3 h 20 min"),
        (1440, "1 d"),
        (3000, "2 d 2 h"),
        (-5, "0 min"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_units(minutes: float, said: str) -> None:
    assert length_words(timedelta(minutes=minutes)) == said


def test_a_window_has_ended_only_once_its_end_is_past() -> None:
    due = datetime(2026, 3, 4, 11, tzinfo=UTC)
    assert due_words(due, due) == "due in 0 min"
    assert due_words(due, due + timedelta(seconds=1)) == "overdue since 2026-03-04 11:00:00 UTC"
    assert due_words(None, due) == "-"


def logged(**changes: Any) -> LoggedRun:
    made: dict[str, Any] = {
        "decided_at": NOW,
        "last_attempt_at": NOW,
        "attempts": 1,
        "mode": "on",
        "status": RoutingStatus.NO_CAPACITY,
        "reason": "No room",
        "segment": "All",
        "rule": None,
        "owner": None,
        "explanation": {},
    }
    return LoggedRun(**(made | changes))


OPEN = RecordNow("Ada", "Web form", is_open=True)
IN_TWO_HOURS = NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("record", "run", "said"),
    [
        (OPEN, logged(due_at=IN_TWO_HOURS), "Assignment due in 2 h, at 2026-03-04 11:00:00 UTC"),
        (
            OPEN,
            logged(due_at=NOW - timedelta(1)),
            "Assignment overdue since 2026-03-03 09:00:00 UTC",
        ),
        (OPEN, logged(), "Assignment due in: -"),
    ],
)
def test_a_story_says_how_long_there_is_to_assign_a_record(
    record: RecordNow, run: LoggedRun, said: str
) -> None:
    assert list(story(record, [run], NOW))[1] == said


@pytest.mark.parametrize(
    ("record", "run"),
    [
        (RecordNow("Ada", "Web form", is_open=False), logged(due_at=IN_TWO_HOURS)),
        (OPEN, logged(status=RoutingStatus.ASSIGNED, owner="Bea")),
        (OPEN, logged(status=RoutingStatus.ASSIGNED_BY_HAND)),
    ],
    ids=["closed", "assigned", "assigned by hand"],
)
def test_a_story_says_nothing_of_it_where_nothing_is_due(record: RecordNow, run: LoggedRun) -> None:
    assert not any("due" in line for line in story(record, [run], NOW))


@pytest.mark.parametrize("status", RoutingStatus)
def test_every_status_has_its_advice(status: RoutingStatus) -> None:
    assert advice(status)
