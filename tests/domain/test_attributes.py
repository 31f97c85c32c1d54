"""Conditions on seller attributes, of which a seller may have several values."""

from __future__ import annotations

import pytest
from tests.domain.cases import attributes, holds

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.filters import read_nested

POLYGLOT = {"Language": ("English", "Français")}


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (["Language", "eq", "ENGLISH"], True),
        (["Language", "eq", "francais"], True),
        (["Language", "eq", "German"], False),
        (["Language", "ne", "German"], True),
        (["Language", "ne", "English"], False),
        (["Language", "in", ["German", "English"]], True),
        (["Language", "not-in", ["German", "English"]], False),
        (["Language", "not-null"], True),
        (["Language", "null"], False),
        (["Region", "null"], True),
        (["Region", "eq", "EMEA"], False),
        (["Region", "ne", "EMEA"], True),
    ],
)
def test_equal_means_has_this_value(term: list[object], expected: bool) -> None:
    assert holds(attributes(term), POLYGLOT) is expected


def test_groups_join_attributes_as_they_do_columns() -> None:
    form = {"all": [["Language", "eq", "English"], {"any": [["Region", "null"]]}]}

    assert holds(attributes(form), POLYGLOT)


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (["Langage", "eq", "English"], "no seller has an attribute 'Langage'; did you mean 'Lang"),
        (["Language", "eq", "Englisch"], "no seller has the value 'Englisch'"),
        (["Language", "like", "E%"], "no operator 'like' for seller attributes"),
        (["Language", "eq"], "'eq' on attribute 'Language' has a wrong value"),
        (["Language", "null", "x"], "'null' on attribute 'Language' has a wrong value"),
    ],
)
def test_what_no_seller_has_is_refused(term: list[object], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_attributes(read_nested(term, "rule 'R'"), "rule 'R'", POLYGLOT)

    assert str(caught.value).startswith("rule 'R': ")
    assert said in str(caught.value)


def test_a_value_may_be_written_with_other_case_and_accents() -> None:
    term = read_nested(["Language", "eq", "francais"], "r")
    assert holds(compile_attributes(term, "r", POLYGLOT), {"Language": ("Français",)})


def test_attributes_have_no_related_rows() -> None:
    tree = read_nested({"any": [{"related": {"lookup": "territoryid"}}]}, "rule 'R'")

    with pytest.raises(DefinitionError, match="rule 'R': seller attributes have no related rows"):
        compile_attributes(tree, "rule 'R'")
