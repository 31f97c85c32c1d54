"""FetchXML pages: cookie, numbers, totals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.reads.world import ALL_ANNOTATIONS, World, guid, open_world

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.preferences import Preferences

COOKIE = "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
MORE = "@Microsoft.Dynamics.CRM.morerecords"
MOST_PAGES = 100
TOTAL = "@Microsoft.Dynamics.CRM.totalrecordcount"


def _fetch(head: str, inner: str = "<attribute name='leadid'/>") -> str:
    return f"<fetch {head}><entity name='lead'>{inner}</entity></fetch>"


def _decoded(cookie: str) -> str:
    """Take the cookie out of the annotation as Microsoft's clients do."""
    match = re.fullmatch(
        r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="False" />', cookie
    )
    assert match is not None
    return unquote(unquote(match.group(2)))


def _pages(world: World, size: int, inner: str, head: str = "") -> Iterator[dict[str, Any]]:
    cookie = ""
    for page in range(1, MOST_PAGES):
        given_head = f"{head} count='{size}' page='{page}' {cookie}"
        body = world.get("leads", ALL_ANNOTATIONS, fetch=_fetch(given_head, inner))
        yield body
        assert (COOKIE in body) == (MORE in body)
        if COOKIE not in body:
            return
        cookie = f"paging-cookie={quoteattr(_decoded(body[COOKIE]))}"
    raise AssertionError("the pages do not end")


def test_the_cookie_looks_as_documented(world: World) -> None:
    body = world.get("leads", ALL_ANNOTATIONS, fetch=_fetch("count='2'"))
    first, last = f"{{{guid(1)}}}", f"{{{guid(2)}}}"
    assert body[COOKIE].startswith('<cookie pagenumber="2" pagingcookie="%253ccookie%2520page%253d')
    assert _decoded(body[COOKIE]) == (
        f'<cookie page="1"><leadid last="{last.upper()}" first="{first.upper()}" /></cookie>'
    )
    assert body[MORE] is True


def test_cookie_and_more_records_come_only_with_more_rows_and_when_asked(world: World) -> None:
    assert COOKIE not in world.get("leads", fetch=_fetch("count='2'"))
    last = world.get("leads", ALL_ANNOTATIONS, fetch=_fetch("count='3'"))
    assert not {COOKIE, MORE} & set(last)
    top = world.get("leads", ALL_ANNOTATIONS, fetch=_fetch("top='2'"))
    assert not {COOKIE, MORE} & set(top)


_rows = st.lists(
    st.fixed_dictionaries(
        {
            "subject": st.none() | st.sampled_from(["Ana", "ána", "b", "&<\"'%\x01é"]),
            "employees": st.none() | st.integers(-2, 2),
            "leadsourcecode": st.none() | st.sampled_from([1, 2, 3, 9]),
            "parentaccountid": st.none() | st.sampled_from([guid(1), guid(2)]),
        }
    ),
    max_size=10,
)
_orders = st.lists(
    st.sampled_from(["subject", "employees", "leadsourcecode", "parentaccountid"]),
    max_size=2,
    unique=True,
)


@settings(max_examples=100, deadline=None)
@given(_rows, _orders, st.booleans(), st.integers(1, 4), st.booleans())
def test_following_cookies_yields_every_row_once_and_in_order(
    rows: list[dict[str, Any]], orders: list[str], descending: bool, size: int, distinct: bool
) -> None:
    world = open_world()
    with closing(world.db):
        world.add("account", 1, name="Same")
        world.add("account", 2, name="same")
        for number, row in enumerate(rows):
            world.add("lead", number, **row)
            world.add("task", number, regardingobjectid=guid(number % 3))
        inner = "".join(
            f"<order attribute='{name}' descending='{str(descending).lower()}'/>" for name in orders
        )
        inner += "<attribute name='subject'/><attribute name='parentaccountid'/>"
        inner += (
            "<link-entity name='task' from='regardingobjectid' to='leadid' link-type='outer' "
            "alias='t'><attribute name='taskid'/></link-entity>"
        )
        head = "distinct='true'" if distinct else ""
        whole = world.fetched(_fetch(head, inner))
        paged = [row for body in _pages(world, size, inner, head) for row in body["value"]]
        assert [_plain(row) for row in paged] == whole


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if "@" not in key or key == "@odata.etag"}


def test_choices_without_a_label_have_their_place_too(world: World) -> None:
    for number in (4, 5):
        world.add("lead", number, leadsourcecode=9)
    pages = _pages(world, 1, "<attribute name='leadid'/><order attribute='leadsourcecode'/>")
    found = [row["leadid"] for body in pages for row in body["value"]]
    assert found == [guid(number) for number in (3, 4, 5, 1, 2)]


def test_rows_created_between_pages_do_not_shift_others(world: World) -> None:
    pages = _pages(world, 1, "<attribute name='leadid'/><order attribute='createdon'/>")
    assert next(pages)["value"][0]["leadid"] == guid(3)
    world.add("lead", 50, createdon="2020-01-01T00:00:00Z")
    assert [row["leadid"] for body in pages for row in body["value"]] == [guid(1), guid(2)]


def test_pages_can_be_counted_without_a_cookie_up_to_fifty_thousand_rows(world: World) -> None:
    page = world.fetched(_fetch("count='2' page='2'"))
    assert [row["leadid"] for row in page] == [guid(3)]
    assert world.fetched(_fetch("count='5000' page='10'")) == []
    with pytest.raises(Fault) as refused:
        world.fetched(_fetch("count='5000' page='11'"))
    assert (refused.value.status, refused.value.code) == (400, "0x8004430a")


@pytest.mark.parametrize(
    "cookie",
    [
        "nonsense",
        "<cookie page='1'/>",
        "<cookie page='1'><createdon last='x' first='x'/></cookie>",
        "<cookie page='5'><leadid last='{0}' first='{0}'/></cookie>",
        "<cookie page='x'><leadid last='{0}' first='{0}'/></cookie>",
        "<cookie page='1'><leadid first='{0}'/></cookie>",
    ],
)
def test_a_broken_cookie_is_refused(world: World, cookie: str) -> None:
    head = f"count='1' page='2' paging-cookie={quoteattr(cookie)}"
    with pytest.raises(Fault) as refused:
        world.fetched(_fetch(head))
    assert (refused.value.status, refused.value.code) == (400, "0x8004112a")


@pytest.mark.parametrize("aggregate", ["", "aggregate='true'"])
def test_a_malformed_cookie_is_refused_even_where_none_is_needed(
    world: World, aggregate: str
) -> None:
    column = "<attribute name='leadid'/>"
    if aggregate:
        column = "<attribute name='leadid' alias='n' aggregate='count'/>"
    fetch = (
        f"<fetch {aggregate} count='1' paging-cookie='nonsense'>"
        f"<entity name='lead'>{column}</entity></fetch>"
    )
    with pytest.raises(Fault) as refused:
        world.fetched(fetch)
    assert (refused.value.status, refused.value.code) == (400, "0x8004112a")


def test_the_total_is_told_when_both_query_and_preference_ask(world: World) -> None:
    counted = _fetch("count='1' returntotalrecordcount='true'")
    assert world.get("leads", ALL_ANNOTATIONS, fetch=counted)[TOTAL] == 3
    assert TOTAL not in world.get("leads", fetch=counted)
    assert world.get("leads", ALL_ANNOTATIONS, fetch=_fetch("count='1'"))[TOTAL] == -1


def test_a_page_without_count_has_the_size_preferred(world: World) -> None:
    prefer = Preferences(annotations=("*",), max_page_size=2)
    body = world.get("leads", prefer, fetch=_fetch(""))
    assert len(body["value"]) == 2
    assert body[MORE] is True


def test_a_page_holds_at_most_five_thousand_rows(empty_world: World) -> None:
    empty_world.db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5003) "
        "INSERT INTO lead (leadid, versionnumber, employees) "
        "SELECT printf('00000000-0000-0000-0000-%012x', i), i, i % 7 FROM n"
    )
    for size in (5000, 9000):
        pages = list(_pages(empty_world, size, "<order attribute='employees'/>"))
        assert [len(page["value"]) for page in pages] == [5000, 3]
        found = {row["leadid"] for page in pages for row in page["value"]}
        assert len(found) == 5003
