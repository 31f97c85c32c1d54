"""Answers `?fetchXml=`: one page of rows or groups, with paging cookie and totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...faults import bad_request
from ...tables.metadata import Table
from ..paging import (
    Position,
    SortKey,
    inner_cookie,
    invalid_cookie,
    outer_cookie,
    read_cookie_page,
    read_inner_cookie,
)
from ..preferences import LARGEST_PAGE
from ..query import Reader
from ..render import JsonObject
from .aggregate import Aggregation
from .parser import invalid, parse_fetch
from .rows import FetchRows
from .scope import find_table
from .sql import FetchSource
from .tree import Fetch

DEEPEST_ROW = 50_000
TOO_DEEP = "0x8004430a"
COUNT_LIMIT = 5000
_COOKIE = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
_MORE = "Microsoft.Dynamics.CRM.morerecords"
_TOTAL = "Microsoft.Dynamics.CRM.totalrecordcount"
_EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
_OTHER_OPTIONS = frozenset({"fetchXml", "tag"})


@dataclass(frozen=True, slots=True)
class _Page:
    """The rows of a page, the addressable columns, and where the page begins and ends."""

    columns: list[str]
    shown: list[JsonObject]
    cookie: str | None


def read_fetch(reader: Reader, table: Table, query: Mapping[str, str]) -> JsonObject:
    """Answer `GET {set}?fetchXml=...`."""
    for name in query.keys() - _OTHER_OPTIONS:
        raise bad_request(f"The query option '{name}' cannot be combined with fetchXml.")
    fetch = parse_fetch(query["fetchXml"])
    entity = find_table(reader.catalog, fetch.entity.name)
    if entity.logical_name != table.logical_name:
        raise invalid(
            f"The entity '{fetch.entity.name}' of the FetchXML does not belong to the entity set "
            f"'{table.entity_set_name}' of the request."
        )
    source = FetchSource(fetch, reader.circumstances)
    if fetch.aggregate:
        return _aggregate_body(reader, table, fetch, Aggregation(reader, source))
    return _row_body(reader, table, fetch, FetchRows(reader, source))


def _aggregate_body(
    reader: Reader, table: Table, fetch: Fetch, aggregation: Aggregation
) -> JsonObject:
    """Read groups; they are computed anew for each page, so the cookie only counts pages."""
    size = _page_size(reader, fetch)
    rows = aggregation.rows(size + 1, (fetch.page - 1) * size)
    cookie = None
    if len(rows) > size and fetch.top is None:
        cookie = _next_cookie(fetch, aggregation.sort, {}, {})
    page = _Page(aggregation.aliases, aggregation.render(rows[:size]), cookie)
    return _body(reader, table, page, {})


def _row_body(reader: Reader, table: Table, fetch: Fetch, query: FetchRows) -> JsonObject:
    size = _page_size(reader, fetch)
    start, offset = _start(fetch, query.sort, size)
    rows = query.rows(size + 1, start, offset)
    cookie = None
    if len(rows) > size and fetch.top is None:
        first, last = query.position(rows[0]), query.position(rows[size - 1])
        cookie = _next_cookie(fetch, query.sort, first, last)
    page = _Page(query.columns, query.render(rows[:size]), cookie)
    return _body(reader, table, page, _totals(reader, fetch, query))


def _body(reader: Reader, table: Table, page: _Page, totals: JsonObject) -> JsonObject:
    columns = f"({','.join(page.columns)})" if page.columns else ""
    body: JsonObject = {
        "@odata.context": f"{reader.root}$metadata#{table.entity_set_name}{columns}",
        **totals,
    }
    if page.cookie is not None:
        if reader.prefer.wants(_COOKIE):
            body[f"@{_COOKIE}"] = page.cookie
        if reader.prefer.wants(_MORE):
            body[f"@{_MORE}"] = True
    return {**body, "value": page.shown}


def _totals(reader: Reader, fetch: Fetch, query: FetchRows) -> JsonObject:
    """The total number of rows, where the annotation is asked for; -1 unless the query counts."""
    totals: JsonObject = {}
    counted = -1
    if fetch.total_wanted and (reader.prefer.wants(_TOTAL) or reader.prefer.wants(_EXCEEDED)):
        counted = query.count(COUNT_LIMIT + 1)
    if reader.prefer.wants(_TOTAL):
        totals[f"@{_TOTAL}"] = min(counted, COUNT_LIMIT)
    if reader.prefer.wants(_EXCEEDED):
        totals[f"@{_EXCEEDED}"] = counted > COUNT_LIMIT
    return totals


def _page_size(reader: Reader, fetch: Fetch) -> int:
    if fetch.top is not None:
        return fetch.top
    return min(fetch.count or reader.prefer.max_page_size or LARGEST_PAGE, LARGEST_PAGE)


def _start(fetch: Fetch, keys: tuple[SortKey, ...], size: int) -> tuple[Position | None, int]:
    """Where the page begins: after a cookie's position or, without one, at a row number."""
    if fetch.page == 1:
        return None, 0
    if fetch.cookie is not None:
        if read_cookie_page(fetch.cookie) != fetch.page - 1:
            raise invalid_cookie()
        return read_inner_cookie(fetch.cookie, keys), 0
    if fetch.page * size > DEEPEST_ROW:
        raise bad_request(
            f"Paging without a cookie reaches {DEEPEST_ROW} rows; "
            f"page {fetch.page} of {size} rows lies beyond. Use the paging cookie.",
            TOO_DEEP,
        )
    return None, (fetch.page - 1) * size


def _next_cookie(
    fetch: Fetch, keys: list[SortKey] | tuple[SortKey, ...], first: Position, last: Position
) -> str:
    shown = keys if last else ()
    inner = inner_cookie(fetch.page, shown, first, last)
    return outer_cookie(fetch.page + 1, inner, encoded_twice=True)
