"""Rows beside the one that is decided: put together, made into trees, or not to be read."""

from __future__ import annotations

import pytest
from tests.domain.cases import decided, decided_all, lead, refusal, rule, segment, sellers
from tests.domain.tables import compiled, row, uid

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.rows import NO_ROWS, Rows
from work_assignment.domain.filtering.trees import Tree
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

RICH_ACCOUNT = {"lookup": "parentaccountid", "filter": {"all": [["revenue", "gt", 5]]}}


def test_rows_of_a_block_join_those_of_the_definitions_and_win() -> None:
    older = Rows({"account": [row("account", "big", revenue=1), row("account", "x", revenue=2)]})
    newer = Rows({"account": [row("account", "big", revenue=9)], "task": [{"subject": "no id"}]})

    both = older.with_others(newer)

    assert [found["revenue"] for found in both.where("account", None, uid("big"))] == [9]
    assert [found["revenue"] for found in both.where("account", None, uid("x"))] == [2]
    assert len(both.of("task")) == 1


def test_with_no_others_they_are_the_same() -> None:
    rows = Rows({"account": [row("account", "big")]})

    assert rows.with_others(NO_ROWS) is rows
    assert NO_ROWS.with_others(rows) is rows


def test_a_tree_made_of_some_rows_grows_with_others() -> None:
    some = Rows({"account": [row("account", "b", parentaccountid=uid("a"))]})
    more = Rows({"account": [row("account", "c", parentaccountid=uid("b"))]})
    assert some.tree("account", "accountid", "parentaccountid").below(uid("a")) == {uid("b")}

    both = some.with_others(more).tree("account", "accountid", "parentaccountid")

    assert both.below(uid("a")) == {uid("b"), uid("c")}


def test_a_tree_that_is_given_is_the_whole_one() -> None:
    given = Rows(trees={"account": Tree({uid("z"): uid("y")})})

    both = given.with_others(Rows({"account": [row("account", "b", parentaccountid=uid("a"))]}))

    assert both.tree("account", "accountid", "parentaccountid").above(uid("z")) == {uid("y")}


UNREAD = Rows(faults={"account": DefinitionError("table account", "cannot be read")})


def test_rows_that_could_not_be_read_stop_the_records_that_need_them() -> None:
    rich = segment("Rich", filter=compiled({"all": [{"related": RICH_ACCOUNT}]}))
    record = lead(columns={"parentaccountid": uid("big")})

    by_segment = refusal(decided(record, [], (), [rich], rows=UNREAD))
    by_rule = refusal(decided(record, [rule(filter=rich.filter)], sellers("ana"), rows=UNREAD))

    assert by_segment.segmentation is SegmentationStatus.WENT_WRONG
    assert by_rule.status is RoutingStatus.SERVER_ISSUE
    assert by_segment.detail == by_rule.detail == "table account: cannot be read"


@pytest.mark.parametrize("is_traced", [True, False])
@pytest.mark.parametrize(
    ("country", "segmentation"),
    [("UK", SegmentationStatus.WENT_WRONG), ("France", SegmentationStatus.NO_MATCHING_SEGMENT)],
)
@pytest.mark.parametrize("operator", ["eq", "begins-with"])
def test_a_record_that_does_not_match_anyway_is_not_stopped(
    operator: str, country: str, segmentation: SegmentationStatus, is_traced: bool
) -> None:
    """It makes no difference whether the index finds out or the condition is tested."""
    form = {"all": [{"related": RICH_ACCOUNT}, ["address1_country", operator, "UK"]]}
    rich = segment("Rich", filter=compiled(form))
    record = lead(columns={"parentaccountid": uid("big"), "address1_country": country})

    (decision,) = decided_all([record], [], (), [rich], rows=UNREAD, is_traced=is_traced)

    assert refusal(decision).segmentation is segmentation
