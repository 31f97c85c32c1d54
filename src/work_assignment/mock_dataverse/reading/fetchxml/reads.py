"""Answers `?fetchXml=`: one page of rows or groups, with paging cookie and totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ...faults import bad_request
from ...tables.metadata import Table
from ..annotations import about_collection
from ..limits import COUNT_LIMIT
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
from ..scopes import Scope
from .aggregate import Aggregation
from .nodes import find_table
from .parser import invalid, parse_fetch
from .rows import FetchRows
from .sql import FetchSource
from .tree import Fetch

DEEPEST_ROW = 50_000
TOO_DEEP = "0x8004430a"
_COOKIE = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
_MORE = "Microsoft.Dynamics.CRM.morerecords"
_OTHER_OPTIONS = frozenset({"fetchXml", "tag", "$count"})


@dataclass(frozen=True, slots=True)
class _Following:
    """The number of the next page, and the cookie that leads to it."""

    page: int
    cookie: str


@dataclass(frozen=True, slots=True)
class _Page:
    """The rows of a page, the columns that the context names, what follows, and the totals."""

    columns: list[str]
    shown: list[JsonObject]
    following: _Following | None
    totals: JsonObject


def read_fetch(
    reader: Reader, table: Table, query: Mapping[str, str], scope: Scope | None = None
) -> JsonObject:
    """Answer `GET {set}?fetchXml=...`, or of a collection that belongs to one row. Beside it $count
    is taken, but without effect (Learn: Page results using FetchXml)."""
    for name in query.keys() - _OTHER_OPTIONS:
        raise bad_request(f"The query option '{name}' cannot be combined with fetchXml.")
    return answer_fetch(reader, table, parse_fetch(query["fetchXml"]), scope)


def answer_fetch(
    reader: Reader, table: Table, fetch: Fetch, scope: Scope | None, address: str | None = None
) -> JsonObject:
    """Answer with a page; the next one's link goes to `address`, where there is one."""
    entity = find_table(reader.catalog, fetch.entity.name)
    if entity.logical_name != table.logical_name:
        raise invalid(
            f"The entity '{fetch.entity.name}' of the FetchXML does not belong to the entity set "
            f"'{table.entity_set_name}' of the request."
        )
    if fetch.cookie is not None:
        read_cookie_page(fetch.cookie)  # a malformed one is refused, even where none is needed
    source = FetchSource(fetch, reader.circumstances, scope)
    if fetch.aggregate:
        page = _groups(reader, fetch, Aggregation(reader, source))
    else:
        page = _rows(reader, fetch, FetchRows(reader, source))
    return _body(reader, table, page, address)


def _groups(reader: Reader, fetch: Fetch, aggregation: Aggregation) -> _Page:
    """Read groups; they are computed anew for each page, so the cookie only counts pages."""
    size = _page_size(reader, fetch)
    rows = aggregation.rows(size + 1, (fetch.page - 1) * size)
    following = None
    if len(rows) > size and fetch.top is None:
        following = _Following(fetch.page + 1, inner_cookie(fetch.page, (), {}, {}))
    return _Page(aggregation.aliases, aggregation.render(rows[:size]), following, {})


def _rows(reader: Reader, fetch: Fetch, query: FetchRows) -> _Page:
    size = _page_size(reader, fetch)
    start, offset = _start(fetch, query.sort, size)
    rows = query.rows(size + 1, start, offset)
    following = None
    if len(rows) > size and fetch.top is None:
        first, last = query.position(rows[0]), query.position(rows[size - 1])
        cookie = inner_cookie(fetch.page, query.sort, first, last)
        following = _Following(fetch.page + 1, cookie)
    count = (lambda: query.count(COUNT_LIMIT + 1)) if fetch.total_wanted else None
    totals = about_collection(reader, count)
    return _Page(query.columns, query.render(rows[:size]), following, totals)


def _body(reader: Reader, table: Table, page: _Page, address: str | None) -> JsonObject:
    columns = f"({','.join(page.columns)})" if page.columns else ""
    body: JsonObject = {
        "@odata.context": f"{reader.root}$metadata#{table.entity_set_name}{columns}",
        **page.totals,
    }
    following = page.following
    if following is not None:
        if reader.prefer.wants(_COOKIE):
            body[f"@{_COOKIE}"] = outer_cookie(following.page, following.cookie, encoded_twice=True)
        if reader.prefer.wants(_MORE):
            body[f"@{_MORE}"] = True
    body["value"] = page.shown
    if following is not None and address is not None:
        token = quote(outer_cookie(following.page, following.cookie))
        body["@odata.nextLink"] = f"{address}&$skiptoken={token}"
    return body


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
