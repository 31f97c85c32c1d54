"""Filters as nested lists: read, and refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.filters import (
    EVERY_RECORD,
    Group,
    Related,
    Term,
    read_nested,
    terms,
)

WHERE = "segment 'UK'"


def test_nested_lists_become_a_tree() -> None:
    form = {
        "all": [
            ["address1_country", "eq", "United Kingdom"],
            {"any": [["leadsourcecode", "in", [7, 8]], ["subject", "not-null"]]},
        ]
    }

    assert read_nested(form, WHERE) == Group(
        "all",
        (
            Term("address1_country", "eq", ("United Kingdom",)),
            Group("any", (Term("leadsourcecode", "in", ("7", "8")), Term("subject", "not-null"))),
        ),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (1.5, "1.5"),
        (Decimal("2.50"), "2.50"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 8, tzinfo=UTC), "2026-03-01T08:00:00+00:00"),
    ],
)
def test_a_value_of_yaml_is_kept_as_the_text_of_fetchxml(value: object, text: str) -> None:
    assert read_nested(["column", "eq", value], WHERE) == Term("column", "eq", (text,))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("text", "not 'text'"),
        (["column"], "a condition is"),
        (["a", "eq", 1, 2], "a condition is"),
        ([1, "eq", "x"], "a condition is"),
        (["a", "eq", None], "None is no value"),
        (["a", "in", ["x", {"y": 1}]], "is no value"),
        ({"all": [], "any": []}, "a condition is"),
        ({}, "a condition is"),
        ({"every": []}, "'every' is none of all, any, not, related and not_related"),
        ({"not": []}, "'not' needs a condition"),
        ({"not": None}, "'not' needs a condition"),
        ({"not": {"all": []}}, "'not' of a filter without conditions holds for no record"),
        ({"not": ["createdon", "today"]}, "'not' cannot be said of [createdon, today]; say it"),
        ({"not": ["createdon", "on", "2026-03-01"]}, "say it the other way round"),
        ({"not": ["revenue", "gt", "$(budgetamount)"]}, "say it the other way round"),
        ({"al": []}, "did you mean 'all'?"),
        ({"all": ["a", "eq"]}, "a condition is"),
        ({"all": {"any": []}}, "'all' needs a list"),
        ({"relatd": {}}, "did you mean 'related'?"),
        ({"related": []}, "'related' is a mapping"),
        ({"related": {}}, "'related' needs a lookup"),
        ({"not_related": {"table": "task"}}, "'related' needs a lookup"),
        ({"related": {"lookup": 7}}, "'lookup' of 'related' is a name, not 7"),
        ({"related": {"lookup": ""}}, "'lookup' of 'related' is a name, not ''"),
        ({"related": {"lookup": "a", "table": "b", "to": "c"}}, "not both"),
        ({"related": {"lookup": "a", "filters": []}}, "did you mean 'filter'?"),
        ({"related": {"lookup": "a", "filter": "x"}}, ", related: a condition is"),
    ],
)
def test_another_shape_is_refused_and_says_where(form: object, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_nested(form, WHERE)

    assert str(caught.value).startswith(WHERE)
    assert said in str(caught.value)


BIG = {"all": [["revenue", "gt", 5]]}


@pytest.mark.parametrize(
    ("form", "tree"),
    [
        (
            {"related": {"lookup": "parentaccountid", "filter": BIG}},
            Related(
                None, None, "parentaccountid", filter=Group("all", (Term("revenue", "gt", ("5",)),))
            ),
        ),
        (
            {"related": {"lookup": "customerid", "to": "contact"}},
            Related("contact", None, "customerid"),
        ),
        (
            {"not_related": {"table": "task", "lookup": "regardingobjectid", "filter": None}},
            Related("task", "regardingobjectid", None, absent=True, filter=EVERY_RECORD),
        ),
    ],
)
def test_related_rows_are_those_pointed_at_or_those_that_point_here(
    form: object, tree: Related
) -> None:
    assert read_nested(form, WHERE) == tree


def test_the_terms_of_a_filter_are_about_its_own_table() -> None:
    form = {"all": [["subject", "null"], {"related": {"lookup": "parentaccountid", "filter": BIG}}]}

    assert list(terms(read_nested(form, WHERE))) == [Term("subject", "null")]


@pytest.mark.parametrize(
    ("operand", "columns"),
    [
        ("$(city)", ("city",)),
        ("$(city), $(country)", ("city", "country")),
        ("$()", ("",)),
        ("$(city", ()),
        ("$city", ()),
        ("100 $", ()),
    ],
)
def test_an_operand_may_name_columns_of_the_record(operand: str, columns: tuple[str, ...]) -> None:
    assert Term("address1_city", "eq", (operand,)).record_columns == columns


@pytest.mark.parametrize(
    ("form", "same"),
    [
        (["a", "eq", 1], ["a", "ne", 1]),
        (["a", "neq", 1], ["a", "eq", 1]),
        (["a", "not-in", [1, 2]], ["a", "in", [1, 2]]),
        (["a", "null", None], ["a", "not-null"]),
        (["a", "begins-with", "x"], ["a", "not-begin-with", "x"]),
        (["a", "not-contain-values", [1]], ["a", "contain-values", [1]]),
        (["a", "eq", "$(b)"], ["a", "ne", "$(b)"]),
        (["a", "eq-or-under", "x"], {"all": [["a", "ne", "x"], ["a", "not-under", "x"]]}),
        (["a", "gt", 1], {"any": [["a", "le", 1], ["a", "null"]]}),
        ([["a", "eq", 1]], {"any": [["a", "ne", 1]]}),
        ([["a", "eq", 1], ["b", "null"]], {"any": [["a", "ne", 1], ["b", "not-null"]]}),
        ({"any": [["a", "eq", 1], ["b", "null"]]}, {"all": [["a", "ne", 1], ["b", "not-null"]]}),
        ({"all": [["a", "eq", 1], {"any": []}]}, {"any": [["a", "ne", 1]]}),
        ({"not": ["a", "eq", 1]}, ["a", "eq", 1]),
        (
            {"related": {"lookup": "a", "filter": BIG}},
            {"not_related": {"lookup": "a", "filter": BIG}},
        ),
        ({"not_related": {"lookup": "a"}}, {"related": {"lookup": "a"}}),
    ],
)
def test_not_is_written_without_it(form: object, same: object) -> None:
    assert read_nested({"not": form}, WHERE) == read_nested(same, WHERE)


def test_of_several_values_a_bound_has_no_opposite() -> None:
    with pytest.raises(DefinitionError, match="'not' cannot be said of \\[Level, gt, 3\\]"):
        read_nested({"all": [{"not": ["Level", "gt", 3]}]}, WHERE, many_valued=True)
