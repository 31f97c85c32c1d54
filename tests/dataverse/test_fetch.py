"""FetchXML: what is written is what was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from work_assignment.dataverse.errors import InvalidRequest
from work_assignment.dataverse.fetch import (
    Attribute,
    Condition,
    Fetch,
    FetchOrder,
    Link,
    all_of,
    any_of,
    count_by,
    next_page,
    paged,
    paging_cookie,
    render,
)
from work_assignment.dataverse.queries import Value

ID = "0a1b2c3d-0000-4000-8000-00000000000a"
XML_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
)


def parse(fetch: Fetch) -> Xml.Element:
    return Xml.fromstring(render(fetch))  # noqa: S314 - our own text


def leads(*conditions: Condition) -> Fetch:
    return Fetch("lead", attributes=("leadid",), filter=all_of(*conditions))


def test_open_rows_are_counted_for_each_owner() -> None:
    active = all_of(Condition("statecode", "eq", (0,)), Condition("ownerid", "in", (ID,)))
    fetch = count_by("lead", "ownerid", counted="leadid", filter_=active, group_alias="owner")

    assert render(fetch) == (
        '<fetch aggregate="true"><entity name="lead">'
        '<attribute name="ownerid" alias="owner" groupby="true" />'
        '<attribute name="leadid" alias="rows" aggregate="count" />'
        '<filter type="and"><condition attribute="statecode" operator="eq" value="0" />'
        f'<condition attribute="ownerid" operator="in"><value>{ID}</value></condition></filter>'
        "</entity></fetch>"
    )


def test_rows_come_with_links_order_and_nested_filters() -> None:
    account = Link(
        "account",
        from_="accountid",
        to="parentaccountid",
        alias="a",
        kind="outer",
        attributes=("name",),
    )
    fetch = Fetch(
        "lead",
        attributes=("leadid", Attribute("subject", alias="s")),
        filter=all_of(
            any_of(Condition("subject", "like", ("%x%",)), Condition("subject", "null")),
            Condition("revenue", "between", (1, 5), entity="a"),
        ),
        orders=(FetchOrder("createdon", descending=True), FetchOrder("leadid")),
        links=(account,),
        top=5,
    )

    assert render(fetch) == (
        '<fetch top="5"><entity name="lead"><attribute name="leadid" />'
        '<attribute name="subject" alias="s" /><filter type="and"><filter type="or">'
        '<condition attribute="subject" operator="like" value="%x%" />'
        '<condition attribute="subject" operator="null" /></filter>'
        '<condition attribute="revenue" entityname="a" operator="between">'
        "<value>1</value><value>5</value></condition></filter>"
        '<link-entity name="account" from="accountid" to="parentaccountid" link-type="outer" '
        'alias="a"><attribute name="name" /></link-entity>'
        '<order attribute="createdon" descending="true" /><order attribute="leadid" />'
        "</entity></fetch>"
    )


def test_a_link_inside_a_filter_asks_whether_related_rows_exist() -> None:
    tasks = Link("task", from_="regardingobjectid", to="leadid", kind="not any")
    found = parse(Fetch("lead", filter=all_of(tasks))).find("entity/filter/link-entity")

    assert found is not None
    assert found.get("link-type") == "not any"


@given(XML_TEXTS)
def test_any_text_survives_as_an_attribute_and_as_a_list_value(text: str) -> None:
    fetch = leads(Condition("subject", "eq", (text,)), Condition("subject", "in", (text, "b")))
    one, many = parse(fetch).findall("entity/filter/condition")

    assert one.get("value") == text
    assert [value.text or "" for value in many] == [text, "b"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (datetime(2026, 3, 1, 8, 30, 15, 999, tzinfo=UTC), "2026-03-01T08:30:15Z"),
        (date(2026, 3, 1), "2026-03-01"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_each_type_has_its_own_form(value: Value, text: str) -> None:
    condition = parse(leads(Condition("x", "ge", (value,)))).find("entity/filter/condition")

    assert condition is not None
    assert condition.get("value") == text


def test_rows_come_in_pages_with_the_cookie_of_the_page_before() -> None:
    annotation = (
        '<cookie pagenumber="2" pagingcookie="%253ccookie%2520page%253d%25221%2522%253e'
        '%253c%252fcookie%253e" istracking="False" />'
    )
    second = next_page(paged(Fetch("lead", attributes=("leadid",))), annotation)

    assert second is not None
    root = parse(second)
    assert (root.get("page"), root.get("count")) == ("2", "5000")
    assert root.get("paging-cookie") == '<cookie page="1"></cookie>'


def test_without_a_cookie_the_next_page_is_asked_by_number_alone() -> None:
    second = next_page(paged(Fetch("lead")), None)

    assert second is not None
    assert (second.page, second.paging_cookie) == (2, None)
    assert paging_cookie("<cookie/>") is None


def test_a_top_has_no_next_page_and_totals_must_not_be_cut_in_silence() -> None:
    assert next_page(paged(Fetch("lead", top=5)), None) is None
    with pytest.raises(InvalidRequest, match="more groups"):
        next_page(paged(count_by("lead", "ownerid", counted="leadid")), None)


@pytest.mark.parametrize(
    "condition",
    [
        Condition("subject", "eq", (None,)),
        Condition("subject", "eq", ("a", "b")),
        Condition("subject", "in"),
        Condition("subject", "between", (1,)),
        Condition("subject", 'eq" x="', ("a",)),
        Condition("subject", "eq", ("\x00",)),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_column(condition: Condition) -> None:
    with pytest.raises(InvalidRequest, match="subject"):
        render(leads(condition))


@pytest.mark.parametrize(
    "fetch",
    [
        Fetch("lead x"),
        Fetch("lead", attributes=("a b",)),
        Fetch("lead", attributes=(Attribute("a", aggregate="sum"),)),
        Fetch("lead", orders=(FetchOrder(),)),
        Fetch("lead", filter=all_of()),
        Fetch("lead", top=5, page_size=5),
        Fetch("lead", top=5001),
        Fetch("lead", page_size=0),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(fetch: Fetch) -> None:
    with pytest.raises(InvalidRequest):
        render(fetch)
