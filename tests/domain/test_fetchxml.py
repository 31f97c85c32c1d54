"""Filters as FetchXML: read, written and refused."""

from __future__ import annotations

import pytest

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.fetchxml import read_fetchxml, write_fetchxml
from work_assignment.domain.filtering.filters import (
    EVERY_RECORD,
    Filter,
    Group,
    Related,
    Term,
    terms,
)

WHERE = "segment 'UK'"


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
        ("<filter><link-entity/></filter>", "type 'inner' cannot be honoured here"),
        ('<filter><link-entity link-type="any"/></filter>', "needs name, from and to"),
        ("<filter><order/></filter>", "<order> cannot be honoured"),
        (f'<filter isquickfindfields="1">{CONDITION}</filter>', "'isquickfindfields'"),
        ("<fetch/>", "<fetch> needs one <entity>"),
        ("<fetch><entity/><entity/></fetch>", "<fetch> needs one <entity>"),
        ("<fetch><entity><link-entity/></entity></fetch>", "needs name, from and to"),
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


TASKS = 'name="task" from="regardingobjectid" to="leadid"'
TO_ACCOUNT = 'name="account" from="accountid" to="parentaccountid"'
OPEN = '<condition attribute="statecode" operator="eq" value="0"/>'


def account(inner: Filter, *, absent: bool = False) -> Related:
    return Related("account", "accountid", "parentaccountid", absent, inner)


@pytest.mark.parametrize(("kind", "absent"), [("any", False), ("not any", True)])
def test_a_link_in_a_filter_asks_for_a_related_row_or_for_none(kind: str, absent: bool) -> None:
    text = (
        f'<filter><link-entity {TASKS} link-type="{kind}"><filter>{OPEN}</filter></link-entity>'
        "</filter>"
    )

    is_open = Group("all", (Term("statecode", "eq", ("0",)),))
    assert read_fetchxml(text, WHERE) == Group(
        "all", (Related("task", "regardingobjectid", "leadid", absent, is_open),)
    )


@pytest.mark.parametrize("kind", ["", 'link-type="inner"', 'link-type="exists"', 'link-type="in"'])
def test_a_link_that_a_whole_fetch_joins_asks_for_a_related_row(kind: str) -> None:
    text = (
        f'<fetch><entity name="lead"><link-entity {TO_ACCOUNT} {kind} alias="a">'
        f'<attribute name="name"/><filter>{CONDITION}</filter></link-entity>'
        f"<filter>{CONDITION}</filter></entity></fetch>"
    )

    is_one = Group("all", (Term("a", "eq", ("1",)),))
    assert read_fetchxml(text, WHERE) == Group("all", (account(is_one), is_one))


def test_links_nest_and_a_link_without_filter_asks_for_any_row() -> None:
    text = (
        f'<fetch><entity name="lead"><link-entity {TO_ACCOUNT}>'
        '<link-entity name="contact" from="parentcustomerid" to="accountid">'
        f'<filter><link-entity {TASKS} link-type="not any"/></filter></link-entity>'
        "</link-entity></entity></fetch>"
    )

    no_tasks = Related("task", "regardingobjectid", "leadid", True, EVERY_RECORD)
    contacts = Related("contact", "parentcustomerid", "accountid", False, Group("all", (no_tasks,)))
    assert read_fetchxml(text, WHERE) == account(contacts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *(
            (
                f'<fetch><entity name="lead"><link-entity {TO_ACCOUNT} link-type="{kind}"/>'
                "</entity></fetch>",
                f"a link-entity of type '{kind}' cannot be honoured here",
            )
            for kind in (
                "outer",
                "any",
                "not any",
                "all",
                "not all",
                "matchfirstrowusingcrossapply",
            )
        ),
        *(
            (
                f'<filter><link-entity {TO_ACCOUNT} link-type="{kind}"/></filter>',
                "it is one of any, not any",
            )
            for kind in ("inner", "all", "not all", "exists")
        ),
        (
            f'<filter><link-entity {TO_ACCOUNT} link-type="any" enableprefiltering="1"/></filter>',
            "'enableprefiltering' of a link-entity",
        ),
        (
            '<filter><link-entity name="account" from="accountid" link-type="any"/></filter>',
            "needs name, from and to",
        ),
        (
            f'<filter><link-entity {TO_ACCOUNT} link-type="any"><foo/></link-entity></filter>',
            "<foo> cannot be honoured",
        ),
    ],
)
def test_links_that_cannot_be_honoured_are_refused(text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_fetchxml(text, WHERE)

    assert str(caught.value).startswith(WHERE + ": ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("attribute", "said"),
    [('top="50"', "'top' of a fetch"), ('aggregate="true"', "'aggregate' of a fetch")],
)
def test_a_fetch_that_says_more_than_a_filter_is_refused(attribute: str, said: str) -> None:
    text = f'<fetch {attribute}><entity name="lead"/></fetch>'

    with pytest.raises(DefinitionError, match=said):
        read_fetchxml(text, WHERE)


def test_what_only_pages_or_sorts_a_fetch_is_ignored() -> None:
    text = (
        '<fetch aggregate="false" distinct="true" count="50" page="2"><entity name="lead"/></fetch>'
    )

    assert read_fetchxml(text, WHERE, "lead") == EVERY_RECORD


def test_a_fetch_about_another_table_is_refused() -> None:
    text = '<fetch><entity name="contact"/></fetch>'

    with pytest.raises(DefinitionError, match="the fetch is about 'contact', not about 'lead'"):
        read_fetchxml(text, WHERE, "lead")


def test_links_nested_beyond_all_sense_are_refused_and_not_a_crash() -> None:
    link = f'<link-entity {TO_ACCOUNT} link-type="any"><filter>'
    text = f"<filter>{link * 2000}{'</filter></link-entity>' * 2000}</filter>"

    with pytest.raises(DefinitionError, match="nested"):
        read_fetchxml(text, WHERE)


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize(
    "inner", [EVERY_RECORD, Group("any", (Term("a", "null"), Term("b", "in", ("1",))))]
)
def test_related_parts_survive_writing(absent: bool, inner: Group) -> None:
    tree = Group("any", (account(inner, absent=absent), Term("c", "null")))

    assert read_fetchxml(write_fetchxml(tree), WHERE) == tree


def test_a_related_part_without_names_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="without names"):
        write_fetchxml(Related(None, None, "parentaccountid"))
