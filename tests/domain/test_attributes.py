"""Conditions on seller attributes, of which a seller may have several values."""

from __future__ import annotations

import pytest
from tests.domain.cases import attributes, decided, holds, lead, owner_of, rule, seller

from work_assignment.domain.defining.rules import SellerMatch
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


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (["Language", "like", "e%sh"], True),
        (["Language", "like", "g%"], False),
        (["Language", "not-like", "e%"], False),
        (["Language", "not-like", "g%"], True),
        (["Language", "begins-with", "franç"], True),
        (["Language", "not-begin-with", "Fr"], False),
        (["Language", "ends-with", "AIS"], True),
        (["Language", "not-end-with", "ais"], False),
        (["Language", "gt", "f"], True),
        (["Language", "gt", "9"], True),
        (["Level", "gt", "9"], True),
        (["Level", "gt", "10"], False),
        (["Level", "ge", "10.0"], True),
        (["Level", "lt", "3"], True),
        (["Level", "le", "1.9"], False),
        (["Level", "eq", "2.0"], True),
        (["Level", "ne", "10.00"], False),
        (["Level", "between", ["3", "9"]], False),
        (["Level", "between", ["9", "11"]], True),
        (["Level", "not-between", ["3", "9"]], True),
        (["Level", "not-between", ["9", "11"]], False),
        (["Region", "gt", "0"], False),
        (["Region", "not-like", "%"], True),
        (["Region", "not-between", ["0", "9"]], True),
    ],
)
def test_some_value_fits_or_none_does(term: list[object], expected: bool) -> None:
    assert holds(attributes(term), {**POLYGLOT, "Level": ("2", "10")}) is expected


@pytest.mark.parametrize("name", ["language", "LANGUAGE", "Länguage"])
def test_a_name_may_be_written_with_other_case_and_accents(name: str) -> None:
    tree = read_nested([name, "eq", "English"], "r")

    assert holds(compile_attributes(tree, "r", POLYGLOT), POLYGLOT)


def test_sellers_who_write_a_name_otherwise_are_told_apart() -> None:
    match = SellerMatch(attributes=attributes(["Language", "eq", "German"]))
    everyone = [
        seller("ana", attributes={"language": ("English",)}),
        seller("ben", attributes={"LANGUAGE": ("German",)}),
    ]

    decision = decided(lead(), [rule(match=match)], everyone)

    assert owner_of(decision) == "ben"
    assert [dropped.why for dropped in decision.trace.rules[0].dropped] == [
        "not Language eq German (Language is English)"
    ]


def test_groups_join_attributes_as_they_do_columns() -> None:
    form = {"all": [["Language", "eq", "English"], {"any": [["Region", "null"]]}]}

    assert holds(attributes(form), POLYGLOT)


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (["Langage", "eq", "English"], "no seller has an attribute 'Langage'; did you mean 'Lang"),
        (["Language", "eq", "Englisch"], "no seller has the value 'Englisch'"),
        (["Language", "under", "E"], "no operator 'under' for seller attributes"),
        (["Language", "between", "E"], "'between' on attribute 'Language' has a wrong value"),
        (["Language", "like", ["E%", "F%"]], "'like' on attribute 'Language' has a wrong value"),
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
