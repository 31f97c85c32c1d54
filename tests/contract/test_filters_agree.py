"""The engine and Dataverse, as the mock stands for it, find the same records by the same filter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.organisation import Organisation, running

from work_assignment.dataverse import messages
from work_assignment.dataverse.names import LEAD
from work_assignment.domain.filtering.filters import Filter, Group, Term
from work_assignment.domain.filtering.operators import ORDERED, ColumnKind

TEXTS = ["Ümlaut", "umlaut ", "UMLAUT", "50% off", "a_b", "axb", "[x]", "Zoë", "zoe", "Straße"]
COUNTRIES = ["France", "france", "Côte d'Ivoire", "Cote d'Ivoire", None]
NUMBERS = [None, 0, 7, 499, 500]
AMOUNTS = [None, 0, 0.1, 1000, 1000.25]
CHOICES = [None, 1, 7, 8]
YES_NO = [True, False]
DAYS = [None, "2026-02-28", "2026-03-01", "2026-12-31"]
COLUMNS: dict[str, list[Any]] = {
    "subject": TEXTS,
    "address1_country": COUNTRIES,
    "numberofemployees": NUMBERS,
    "estimatedamount": AMOUNTS,
    "leadsourcecode": CHOICES,
    "donotemail": YES_NO,
    "estimatedclosedate": DAYS,
}
PATTERNS = ["u%", "%t", "a_b", "a[_]b", "%[%]%", "[a-z]oe", "[^z]%", "straße", "%", ""]


@pytest.fixture(scope="module")
def leads() -> Iterator[Organisation]:
    with running() as organisation:
        longest = max(map(len, COLUMNS.values())) * 4
        cycles = {name: itertools.cycle(values) for name, values in COLUMNS.items()}
        rows = [{name: next(values) for name, values in cycles.items()} for _ in range(longest)]
        organisation.write(
            [messages.create(LEAD.entity_set, {"lastname": "Person", **row}) for row in rows]
        )
        organisation.read({"lead": tuple(COLUMNS)})
        yield organisation


def operand_texts(column: str) -> st.SearchStrategy[str]:
    """Values of the column as a definition writes them."""
    values = [value for value in COLUMNS[column] if value is not None]
    return st.sampled_from(
        [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    )


@st.composite
def any_term(draw: st.DrawFn) -> Term:
    column = draw(st.sampled_from(sorted(COLUMNS)))
    values = operand_texts(column)
    kinds = KINDS[column]
    operators = ["eq", "ne", "neq", "in", "not-in", "null", "not-null"]
    if kinds in ORDERED:
        operators += ["gt", "ge", "lt", "le", "between", "not-between"]
    if kinds is ColumnKind.TEXT:
        operators += ["like", "not-like", "begins-with", "not-begin-with", "ends-with"]
        operators += ["not-end-with"]
    if kinds is ColumnKind.DAY:
        operators += ["on", "on-or-after", "on-or-before"]
    operator = draw(st.sampled_from(operators))
    if operator in ("null", "not-null"):
        return Term(column, operator)
    if operator in ("in", "not-in"):
        return Term(column, operator, tuple(draw(st.lists(values, min_size=1, max_size=3))))
    if operator in ("between", "not-between"):
        return Term(column, operator, (draw(values), draw(values)))
    if operator in ("like", "not-like"):
        return Term(column, operator, (draw(st.sampled_from(PATTERNS)),))
    return Term(column, operator, (draw(values),))


KINDS = {
    "subject": ColumnKind.TEXT,
    "address1_country": ColumnKind.TEXT,
    "numberofemployees": ColumnKind.NUMBER,
    "estimatedamount": ColumnKind.NUMBER,
    "leadsourcecode": ColumnKind.CHOICE,
    "donotemail": ColumnKind.YES_NO,
    "estimatedclosedate": ColumnKind.DAY,
}
any_filter = st.recursive(
    any_term(),
    lambda inner: st.builds(
        Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=5,
)


def test_the_columns_are_of_the_kinds_that_the_terms_are_drawn_for(leads: Organisation) -> None:
    kinds = leads.schemas["lead"].kinds

    assert {name: kinds[name] for name in KINDS} == KINDS


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=any_filter)
def test_any_filter_finds_the_same_leads_in_both(leads: Organisation, tree: Filter) -> None:
    assert leads.found_by_the_engine("lead", tree) == leads.found_by_the_mock("lead", tree)
