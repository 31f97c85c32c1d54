"""Filters as written: nested lists and FetchXML, read, written and refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filters import (
    Group,
    Term,
    read_fetchxml,
    read_nested,
    terms,
    write_fetchxml,
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
        ({"every": []}, "'every' is neither all nor any"),
        ({"al": []}, "did you mean 'all'?"),
        ({"all": ["a", "eq"]}, "a condition is"),
        ({"all": {"any": []}}, "'all' needs a list"),
        ({"related": {}}, "related tables ('related') are not supported"),
        ({"not_related": {}}, "related tables ('not_related') are not supported"),
    ],
)
def test_another_shape_is_refused_and_says_where(form: object, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_nested(form, WHERE)

    assert str(caught.value).startswith(WHERE + ": ")
    assert said in str(caught.value)


def test_a_filter_of_fetchxml_is_read() -> None:
    text = (
        '<filter type="or">'
        '<condition attribute="subject" operator="like" value="%show%"/>'
        '<condition attribute="leadsourcecode" operator="in">'
        "<value>7</value><value>8</value></condition>"
        '<filter><condition attribute="revenue" operator="null"/></filter>'
        "</filter>"
    )

    assert read_fetchxml(text, WHERE) == Group(
        "any",
        (
            Term("subject", "like", ("%show%",)),
            Term("leadsourcecode", "in", ("7", "8")),
            Group("all", (Term("revenue", "null"),)),
        ),
    )


def test_of_a_whole_fetch_the_filters_are_taken() -> None:
    text = (
        '<fetch version="1.0"><entity name="lead"><attribute name="subject"/>'
        '<filter><condition attribute="subject" operator="eq" value="a"/></filter>'
        '<filter type="or"><condition attribute="subject" operator="eq" value="b"/></filter>'
        '<order attribute="subject"/></entity></fetch>'
    )

    read = read_fetchxml(text, WHERE)

    assert [term.operands for term in terms(read)] == [("a",), ("b",)]
    assert isinstance(read, Group)
    assert read.join == "all"


def test_what_the_filter_editor_adds_for_show_is_ignored() -> None:
    text = (
        '<filter type="and"><condition attribute="campaignid" operator="eq" '
        'uiname="Spring" uitype="campaign" value="{0A}"/></filter>'
    )

    assert list(terms(read_fetchxml(text, WHERE))) == [Term("campaignid", "eq", ("{0A}",))]


CONDITION = '<condition attribute="a" operator="eq" value="1"/>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no well-formed XML"),
        ("<filter>", "no well-formed XML"),
        ("<entity/>", "starts with <filter> or <fetch>, not <entity>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><filter/>', "may not declare"),
        ('<filter type="not"/>', "'not' is neither and nor or"),
        ("<filter><link-entity/></filter>", "related tables are not supported"),
        ("<filter><order/></filter>", "<order> cannot be honoured"),
        (f'<filter isquickfindfields="1">{CONDITION}</filter>', "'isquickfindfields'"),
        ("<fetch/>", "<fetch> needs one <entity>"),
        ("<fetch><entity/><entity/></fetch>", "<fetch> needs one <entity>"),
        ("<fetch><entity><link-entity/></entity></fetch>", "related tables are not supported"),
        ("<fetch><entity><other/></entity></fetch>", "<other> cannot be honoured"),
        ('<filter><condition attribute="a"/></filter>', "needs an attribute and an operator"),
        ('<filter><condition operator="eq"/></filter>', "needs an attribute and an operator"),
        (
            '<filter><condition attribute="a" operator="eq" valueof="b"/></filter>',
            "'valueof' of a condition cannot be honoured",
        ),
        (
            '<filter><condition entityname="x" attribute="a" operator="eq" value="1"/></filter>',
            "'entityname' of a condition cannot be honoured",
        ),
        (
            '<filter><condition attribute="a" operator="eq"><val>1</val></condition></filter>',
            "<val> in a condition cannot be honoured",
        ),
        (
            '<filter><condition attribute="a" operator="eq" value="1"><value>2</value>'
            "</condition></filter>",
            "both",
        ),
    ],
)
def test_fetchxml_that_cannot_be_honoured_is_refused(text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_fetchxml(text, WHERE)

    assert str(caught.value).startswith(WHERE + ": ")
    assert said in str(caught.value)


def test_a_filter_nested_beyond_all_sense_is_refused_and_not_a_crash() -> None:
    with pytest.raises(DefinitionError, match="nested"):
        read_fetchxml("<filter>" * 3000 + "</filter>" * 3000, WHERE)


def test_markup_in_values_survives_writing() -> None:
    tree = Group(
        "all", (Term("subject", "eq", ('<a> & "b"\nc',)), Term("subject", "in", ("<!--",)))
    )

    assert read_fetchxml(write_fetchxml(tree), WHERE) == tree
