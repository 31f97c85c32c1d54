"""Pages: every row once, in order, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mock_dataverse.reads.world import CATALOG, ME, ROOT, World, guid, open_world

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.preferences import Preferences
from work_assignment.mock_dataverse.reading.reads import read_navigation
from work_assignment.mock_dataverse.text import fold

MOST_PAGES = 100


def _pages(
    world: World, size: int, query: dict[str, str], set_name: str = "leads"
) -> Iterator[dict[str, Any]]:
    """Follow next links as a client does: by the text of the link alone."""
    link: str | None = None
    for _ in range(MOST_PAGES):
        given_query = dict(parse_qsl(urlsplit(link).query)) if link else query
        page = world.query(set_name, given_query, Preferences(max_page_size=size))
        yield page
        link = page.get("@odata.nextLink")
        if link is None:
            return
        assert link.startswith(f"{ROOT}{set_name}?")
    raise AssertionError("the pages do not end")


def _numbers(pages: Iterator[dict[str, Any]]) -> list[int]:
    return [int(row["leadid"].replace("-", ""), 16) for page in pages for row in page["value"]]


_rows = st.lists(
    st.fixed_dictionaries(
        {
            "subject": st.none() | st.sampled_from(["Ana", "ána", "b", "B ", "&<\"'%\x01", ""]),
            "employees": st.none() | st.integers(-2, 2),
            "score": st.none() | st.sampled_from([0.1, 1 / 3, -1e300]),
            "createdon": st.none()
            | st.sampled_from(["2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z"]),
            "leadsourcecode": st.none() | st.sampled_from([1, 2, 3]),
        }
    ),
    max_size=12,
)
_terms = st.lists(
    st.tuples(
        st.sampled_from(["subject", "employees", "score", "createdon", "leadsourcecode"]),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda term: term[0],
)


def _key(rows: list[dict[str, Any]], column: str, number: int) -> tuple[bool, Any]:
    """Null first; text by its fold."""
    value = rows[number][column]
    if value is None:
        return (False, 0)
    return (True, fold(value) if isinstance(value, str) else value)


@settings(max_examples=150, deadline=None)
@given(_rows, _terms, st.integers(1, 5))
def test_following_links_yields_every_row_once_and_in_order(
    rows: list[dict[str, Any]], terms: list[tuple[str, bool]], size: int
) -> None:
    world = open_world()
    with closing(world.db):
        for number, row in enumerate(rows):
            world.add("lead", number, **row)
        expected = list(range(len(rows)))
        for column, descending in reversed(terms):
            expected.sort(key=partial(_key, rows, column), reverse=descending)
        query = {"$select": "leadid"}
        if terms:
            query["$orderby"] = ",".join(f"{c} {'desc' if d else 'asc'}" for c, d in terms)
        assert _numbers(_pages(world, size, query)) == expected


def test_a_page_shows_its_link_and_the_last_one_none(world: World) -> None:
    pages = list(_pages(world, 2, {"$select": "subject", "$filter": "statecode ge 0", "tag": "t"}))
    assert [len(page["value"]) for page in pages] == [2, 1]
    link = pages[0]["@odata.nextLink"]
    assert link.startswith(f"{ROOT}leads?$select=subject&$filter=statecode%20ge%200&tag=t&")
    token = link.partition("&$skiptoken=")[2]
    assert token.startswith("%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%2520page")
    assert token.endswith("%22%20istracking=%22False%22%20/%3E")


def test_an_exact_multiple_has_no_empty_last_page(world: World) -> None:
    assert [len(page["value"]) for page in _pages(world, 3, {})] == [3]


def test_rows_created_or_deleted_between_pages_do_not_shift_others(world: World) -> None:
    pages = _pages(world, 1, {"$orderby": "createdon", "$select": "leadid"})
    first = next(pages)["value"][0]["leadid"]
    assert first == guid(3)
    world.db.execute("DELETE FROM lead WHERE leadid = ?", (guid(3),))
    world.add("lead", 50, subject="before all", createdon="2020-01-01T00:00:00Z")
    assert _numbers(pages) == [1, 2]


def test_paging_goes_by_the_names_behind_lookups_too(world: World) -> None:
    for order in ("_ownerid_value desc", "parentaccountid/name", "_customerid_value"):
        whole = world.get("leads", orderby=order, select="leadid")["value"]
        paged = _numbers(_pages(world, 1, {"$orderby": order, "$select": "leadid"}))
        assert [guid(number) for number in paged] == [row["leadid"] for row in whole]


def test_the_count_stays_that_of_all_rows(world: World) -> None:
    assert [page["@odata.count"] for page in _pages(world, 1, {"$count": "true"})] == [3, 3, 3]


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "",
        "<cookie/>",
        '<cookie pagenumber="2" pagingcookie="" istracking="False" />',
        '<cookie pagenumber="two" pagingcookie="%3ccookie page=%221%22/%3e" />',
        '<cookie pagenumber="2" pagingcookie="%3ccookie page=%221%22%3e%3cname last=%221%22/%3e%3c/cookie%3e" />',
        '<!DOCTYPE c [<!ENTITY a "b">]><cookie pagenumber="2" pagingcookie="&a;" />',
    ],
)
def test_a_broken_token_is_refused(world: World, token: str) -> None:
    with pytest.raises(Fault) as refused:
        world.query("leads", {"$skiptoken": token})
    assert (refused.value.status, refused.value.code) == (400, "0x8004112a")


def test_a_token_of_another_order_is_refused(world: World) -> None:
    page = world.get("leads", Preferences(max_page_size=1), orderby="subject")
    token = dict(parse_qsl(urlsplit(page["@odata.nextLink"]).query))["$skiptoken"]
    with pytest.raises(Fault, match="another query"):
        world.query("leads", {"$orderby": "createdon", "$skiptoken": token})


def test_collections_behind_a_row_are_paged_under_their_own_address(world: World) -> None:
    def tasks(query: dict[str, str]) -> dict[str, Any]:
        body = read_navigation(
            world.db, CATALOG, CATALOG.tables["lead"], guid(1), "lead_tasks", query,
            Preferences(max_page_size=1), root=ROOT, caller=ME, now=world.now,
        )  # fmt: skip
        assert body is not None
        return body

    first = tasks({"$select": "subject"})
    link = first["@odata.nextLink"]
    assert link.startswith(f"{ROOT}leads({guid(1)})/lead_tasks?$select=subject&$skiptoken=")
    second = tasks(dict(parse_qsl(urlsplit(link).query)))
    assert [row["subject"] for row in first["value"] + second["value"]] == ["Call", "Write"]
    assert "@odata.nextLink" not in second
