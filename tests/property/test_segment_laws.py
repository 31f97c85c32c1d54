"""Laws of finding the segment: the index leads to what looking at every segment would find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.domain.cases import LONG_AGO, NOW, lead
from tests.domain.tables import compiled, known, row, scope, uid

from work_assignment.domain.deciding.segmentation import Segmentation, required
from work_assignment.domain.defining.segments import Segment, reason_to_pass_over
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import compile_filter
from work_assignment.domain.filtering.filters import Filter, Group, Related, Term
from work_assignment.domain.filtering.rows import Rows, Scope, key_of
from work_assignment.domain.records import Record, SegmentId

COUNTRIES = ["UK", "uk ", "France", "Frânce", "Spain"]
VALUES: dict[str, list[Any]] = {
    "address1_country": [None, *COUNTRIES],
    "subject": [None, "", "UK", "spain"],
    "revenue": [None, 1, Decimal("1.0"), Decimal("1.5"), 2],
    "donotemail": [None, True, False],
    "leadsourcecode": [None, 1, 2, 3],
    "campaignid": [None, uid("a"), uid("a").upper(), uid("b")],
    "lastusedon": [None, datetime(2026, 3, 3, tzinfo=UTC), datetime(2025, 3, 3, tzinfo=UTC)],
    "estimatedclosedate": [None, date(2026, 3, 4), date(2026, 3, 5)],
    "parentaccountid": [None, uid("big"), uid("small"), uid("gone")],
}
ROWS = Rows({"account": [row("account", "big", revenue=9), row("account", "small", revenue=1)]})


def _terms(column: str, operators: list[str], operands: list[str]) -> st.SearchStrategy[Filter]:
    one = st.sampled_from(operands)
    several = st.lists(one, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Term, st.just(column), st.sampled_from(operators), st.tuples(one)),
        st.builds(Term, st.just(column), st.sampled_from(["in", "not-in"]), several),
        st.builds(Term, st.just(column), st.sampled_from(["null", "not-null"])),
    )


TERMS = st.one_of(
    _terms("address1_country", ["eq", "eq", "ne", "like"], [*COUNTRIES, "$(subject)"]),
    _terms("revenue", ["eq", "gt", "ne"], ["1", "1.50", "2"]),
    _terms("donotemail", ["eq"], ["1", "false"]),
    _terms("leadsourcecode", ["eq", "eq", "ne"], ["1", "2", "3"]),
    _terms("campaignid", ["eq", "ne"], [uid("a"), "{" + uid("b").upper() + "}"]),
    _terms("estimatedclosedate", ["eq", "on-or-after"], ["2026-03-04", "2026-03-05"]),
    st.builds(Term, st.just("lastusedon"), st.sampled_from(["last-x-days"]), st.just(("5",))),
    st.builds(
        Related,
        st.just("account"),
        st.none(),
        st.just("parentaccountid"),
        st.booleans(),
        st.just(Term("revenue", "gt", ("5",))),
    ),
)
FILTERS = st.recursive(
    TERMS,
    lambda parts: st.builds(
        Group, st.sampled_from(["all", "any"]), st.lists(parts, max_size=3).map(tuple)
    ),
    max_leaves=6,
)
RECORDS = st.builds(
    lambda columns, place, settled: lead(columns=columns, segment_id=place, is_settled=settled),
    st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in VALUES.items()}),
    st.sampled_from([None, None, "segment 0", "segment 2"]),
    st.booleans(),
)
FAULT = DefinitionError("segment", "broken")


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    number = draw(st.integers(0, 9))
    return Segment(
        SegmentId(f"segment {number}"),
        f"Segment {number}",
        "lead",
        number,
        draw(st.sampled_from([LONG_AGO] * 5 + [NOW])),
        compile_filter(draw(FILTERS), "here", known()),
        allow_move_in=draw(st.booleans()),
        fault=draw(st.sampled_from([None] * 9 + [FAULT])),
    )


def plainly(found: list[Segment], record: Record, at: Scope) -> Segment | None:
    """The first segment that matches, looked for in turn."""
    for segment in found:
        if reason_to_pass_over(record, segment, record.created_at):
            continue
        if segment.fault is not None:
            raise segment.fault
        if segment.filter.holds(record.columns, at):
            return segment
    return None


def traced(segmentation: Segmentation, record: Record, at: Scope) -> Segment | None:
    """The segment that a trace ends with; every one before it is told."""
    tried = segmentation.trace(record, at, record.created_at)
    assert [entry.segment for entry in tried] == list(segmentation.segments[: len(tried)])
    matched = [entry.segment for entry in tried if entry.matched]
    assert len(tried) == len(segmentation.segments) or tried[-1].matched
    return matched[0] if matched else None


def or_fault(find: Callable[[], Segment | None]) -> Segment | str | None:
    try:
        return find()
    except DefinitionError as fault:
        return str(fault)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(segments(), max_size=6), st.lists(RECORDS, min_size=1, max_size=4))
def test_the_index_finds_what_looking_in_turn_finds(
    found: list[Segment], records: list[Record]
) -> None:
    segmentation = Segmentation(found)
    for record in records:
        at = scope(ROWS, dict(record.columns))
        find = partial(segmentation.find, record, at, record.created_at)

        expected = or_fault(partial(plainly, found, record, at))

        assert or_fault(find) == expected
        assert or_fault(partial(traced, segmentation, record, at)) == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(segments(), max_size=6), RECORDS)
def test_both_ways_agree_where_related_rows_could_not_be_read(
    found: list[Segment], record: Record
) -> None:
    segmentation = Segmentation(found)
    at = scope(Rows(faults={"account": FAULT}), dict(record.columns))

    by_index = or_fault(partial(segmentation.find, record, at, record.created_at))

    assert or_fault(partial(traced, segmentation, record, at)) == by_index


@settings(max_examples=100, deadline=None)
@given(FILTERS, RECORDS)
def test_what_a_filter_requires_is_there_whenever_it_holds(tree: Filter, record: Record) -> None:
    tested = compile_filter(tree, "here", known())

    if tested.holds(record.columns, scope(ROWS, dict(record.columns))):
        for column, keys in required(tested).items():
            assert key_of(record.columns.get(column)) in keys


@settings(max_examples=100, deadline=None)
@given(st.lists(segments(), min_size=1, max_size=4), st.lists(RECORDS, min_size=2, max_size=6))
def test_a_story_that_records_share_is_the_story_of_each(
    found: list[Segment], records: list[Record]
) -> None:
    """What is kept to be shared tells the same as telling it anew."""
    kept = Segmentation(found)
    for record in records:
        at = scope(ROWS, dict(record.columns))
        try:
            shared = kept.trace(record, at, record.created_at)
        except DefinitionError:
            continue
        assert shared == Segmentation(found).trace(record, at, record.created_at)


def test_conditions_on_several_columns_narrow_the_search_together() -> None:
    form = {"all": [["address1_country", "in", ["UK", "France"]], ["leadsourcecode", "eq", 1]]}

    assert required(compiled(form)) == {
        "address1_country": {"uk", "france"},
        "leadsourcecode": {1},
    }


def test_of_alternatives_only_what_all_of_them_need_narrows_it() -> None:
    form = {
        "any": [
            {"all": [["address1_country", "eq", "UK"], ["leadsourcecode", "eq", 1]]},
            ["address1_country", "eq", "France"],
        ]
    }

    assert required(compiled(form)) == {"address1_country": {"uk", "france"}}
    assert required(compiled({"any": []})) == {}
    assert required(compiled(["address1_country", "ne", "UK"])) == {}
    assert required(compiled(["address1_country", "eq", "$(subject)"])) == {}


def test_two_demands_on_one_column_that_contradict_each_other_leave_nothing() -> None:
    form = {"all": [["leadsourcecode", "eq", 1], ["leadsourcecode", "in", [2, 3]]]}

    assert required(compiled(form)) == {"leadsourcecode": frozenset()}
