"""The same condition finds the same rows by $filter, by FetchXML and by the engine in Python."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.organisation import Organisation, running, uid
from tests.property.three_ways import (
    ACCOUNTS,
    DAYS,
    ITEMS,
    KINDS,
    MOMENTS,
    NUMBERS,
    TEXTS,
    found_by_filter,
    item_id,
    make_table,
    write_rows,
)

from work_assignment.domain.filtering.filters import Filter, Group, Related, Term
from work_assignment.domain.filtering.operators import DATES, OPERATORS, ColumnKind, Needs
from work_assignment.mock_dataverse.conditions.special_operators import SPECIAL_OPERATORS
from work_assignment.mock_dataverse.reading.filter_functions import FUNCTIONS

ONLY_FOR_A_CALLER = {
    *("eq-userid", "ne-userid", "eq-businessid", "ne-businessid", "eq-userteams"),
    *("eq-useroruserteams", "eq-useroruserhierarchy", "eq-useroruserhierarchyandteams"),
    "eq-userlanguage",
}
"""Operators that the engine does not have: nobody asks when it decides."""
_AS_OPERATORS_OF_ODATA = {"eq", "ne", "neq", "gt", "ge", "lt", "le", "null", "not-null"}
_PATTERNS = (
    "u%",
    "%t",
    "a_b",
    "a[_]b",
    "%[%]%",
    "[a-z]oe",
    "[^z]%",
    "straße",
    "%",
    "",
    "O'%",
    "%E",
)


@pytest.fixture(scope="module")
def items() -> Iterator[Organisation]:
    with running() as organisation:
        make_table(organisation)
        write_rows(organisation, Random(20260304))  # noqa: S311 - the same rows each time
        yield organisation


def test_every_operator_can_be_written_in_each_of_the_three() -> None:
    assert set(OPERATORS) - set(FUNCTIONS.values()) == _AS_OPERATORS_OF_ODATA
    assert set(SPECIAL_OPERATORS) - set(OPERATORS) == ONLY_FOR_A_CALLER
    assert set(SPECIAL_OPERATORS) <= set(FUNCTIONS.values())


def test_the_columns_are_of_the_kinds_that_the_terms_are_drawn_for(items: Organisation) -> None:
    kinds = items.schemas["new_item"].kinds

    assert {name: kinds[name] for name in KINDS} == KINDS


def _values(column: str) -> st.SearchStrategy[str]:
    match KINDS[column]:
        case ColumnKind.TEXT:
            return st.sampled_from([text for text in TEXTS if text])
        case ColumnKind.YES_NO:
            return st.sampled_from(["true", "false"])
        case ColumnKind.MOMENT | ColumnKind.WALL_CLOCK:
            return st.sampled_from([moment for moment in MOMENTS if moment])
        case ColumnKind.DAY:
            return st.sampled_from([day for day in DAYS if day])
        case ColumnKind.CHOICES:
            return st.sampled_from(["1", "2", "3"])
        case ColumnKind.LOOKUP if column == "new_account":
            return st.sampled_from([uid(name) for name in ACCOUNTS])
        case ColumnKind.LOOKUP:
            return st.integers(0, ITEMS).map(item_id)
    return st.sampled_from([str(number) for number in NUMBERS[column] if number is not None])


def _operands(column: str, operator: str) -> st.SearchStrategy[tuple[str, ...]]:
    known, values = OPERATORS[operator], _values(column)
    if known.arity == 0:
        return st.just(())
    if "like" in operator:
        return st.tuples(st.sampled_from(_PATTERNS))
    if known.kinds <= DATES:
        return _about_dates(operator)
    if known.arity is None:
        return st.lists(values, min_size=1, max_size=3).map(tuple)
    return st.tuples(*[values] * known.arity)


def _about_dates(operator: str) -> st.SearchStrategy[tuple[str, ...]]:
    if operator in ("on", "on-or-after", "on-or-before"):
        return st.tuples(st.sampled_from([day for day in DAYS if day]))
    years = st.sampled_from(["2024", "2025", "2026"])
    if operator.endswith("period-and-year"):
        return st.tuples(st.sampled_from(["1", "2", "4"]), years)
    if operator == "in-fiscal-year":
        return st.tuples(years)
    return st.tuples(st.sampled_from(["1", "2", "3"]))


def _fits(column: str, operator: str) -> bool:
    kind = KINDS[column]
    if OPERATORS[operator].needs is Needs.TREE:
        return column == "new_account"  # the engine knows the trees of Dynamics only
    if kind is ColumnKind.CHOICES:
        return operator in ("in", "not-in", "contain-values", "not-contain-values", "null")
    return kind in OPERATORS[operator].kinds


FITTING = [(column, name) for column in KINDS for name in OPERATORS if _fits(column, name)]


@st.composite
def terms(draw: st.DrawFn) -> Term:
    column, operator = draw(st.sampled_from(FITTING))
    return Term(column, operator, draw(_operands(column, operator)))


def _grouped(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(Group, st.sampled_from(["all", "any"]), parts)


@st.composite
def related(draw: st.DrawFn, depth: int = 2) -> Filter:
    """Whether some item lies below this one and fulfils a condition, or none does."""
    inner: Filter = Group("all", (draw(terms()),))
    if depth and draw(st.booleans()):
        inner = Group(draw(st.sampled_from(["all", "any"])), (inner, draw(related(depth - 1))))
    return Related("new_item", "new_above", "new_itemid", draw(st.booleans()), inner)


FILTERS: st.SearchStrategy[Filter] = st.recursive(terms() | related(), _grouped, max_leaves=5)


def _found(organisation: Organisation, table: str, tree: Filter) -> list[object]:
    """The rows that our engine finds, the mock by FetchXML, and the mock by $filter."""
    return [
        organisation.found_by_the_engine(table, tree),
        organisation.found_by_the_mock(table, tree),
        found_by_filter(organisation, table, tree),
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=FILTERS)
def test_any_condition_finds_the_same_rows_three_ways(items: Organisation, tree: Filter) -> None:
    by_engine, by_fetchxml, by_filter = _found(items, "new_item", tree)
    assert by_engine == by_fetchxml == by_filter


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_each_operator_finds_the_same_rows_three_ways(items: Organisation, operator: str) -> None:
    fitting = [column for column in KINDS if _fits(column, operator)]

    @settings(max_examples=5 * len(fitting), deadline=None)
    @given(draw=st.data())
    def agreed(draw: st.DataObject) -> None:
        column = draw.draw(st.sampled_from(fitting), "column")
        operands = draw.draw(_operands(column, operator), "operands")
        by_engine, by_fetchxml, by_filter = _found(
            items, "new_item", Term(column, operator, operands)
        )
        assert by_engine == by_fetchxml == by_filter

    agreed()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    tree=st.builds(
        Related,
        st.just("new_item"),
        st.just("new_account"),
        st.just("accountid"),
        st.booleans(),
        terms().map(lambda term: Group("all", (term,))),
    )
)
def test_conditions_on_rows_of_another_table_find_the_same_rows_three_ways(
    items: Organisation, tree: Filter
) -> None:
    by_engine, by_fetchxml, by_filter = _found(items, "account", tree)
    assert by_engine == by_fetchxml == by_filter
