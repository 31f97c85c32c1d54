"""The engine and Dataverse, as the mock stands for it, agree on columns of several choices."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.organisation import Organisation, running
from tests.mock_dataverse.core.solution_folder import (
    KEY_COLUMN,
    NAME_COLUMN,
    column,
    write_solution,
)

from work_assignment.dataverse import messages
from work_assignment.domain.filtering.filters import Filter, Group, Term
from work_assignment.domain.filtering.operators import ColumnKind

OPTIONS = (1, 2, 9, 12, 21, -1)
CHOSEN = [None, "1", "2", "12", "21", "1,2", "2,1,9", "9,12", "-1", "-1,1", "1,2,9,12,21,-1"]
TABLE, CHOICES = "x_thing", "x_outdoor"


def _options() -> str:
    listed = "".join(f'<option value="{value}"/>' for value in OPTIONS)
    return f"<optionset><options>{listed}</options></optionset>"


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    columns = NAME_COLUMN + KEY_COLUMN + column("x_Outdoor", "multiselectpicklist", _options())
    with running(write_solution(tmp_path_factory.mktemp("solution"), columns)) as organisation:
        rows = zip(itertools.count(), CHOSEN, strict=False)
        organisation.write(
            [messages.create("x_things", {"x_name": str(n), CHOICES: text}) for n, text in rows]
        )
        organisation.read({TABLE: ("x_name", CHOICES)})
        yield organisation


_values = st.sampled_from([*map(str, OPTIONS), "1,2", "12,9", "9,2,1", "3"])


@st.composite
def any_term(draw: st.DrawFn) -> Term:
    several = ["in", "not-in", "contain-values", "not-contain-values"]
    operator = draw(st.sampled_from(["eq", "ne", "neq", "null", "not-null", *several]))
    if operator in ("null", "not-null"):
        return Term(CHOICES, operator)
    if operator in several:
        return Term(CHOICES, operator, tuple(draw(st.lists(_values, min_size=1, max_size=3))))
    return Term(CHOICES, operator, (draw(_values),))


any_filter = st.recursive(
    any_term(),
    lambda inner: st.builds(
        Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=4,
)


def test_the_column_is_known_as_one_of_several_choices(things: Organisation) -> None:
    assert things.schemas[TABLE].kinds[CHOICES] is ColumnKind.CHOICES


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=any_filter)
def test_any_filter_finds_the_same_rows_in_both(things: Organisation, tree: Filter) -> None:
    assert things.found_by_the_engine(TABLE, tree) == things.found_by_the_mock(TABLE, tree)
