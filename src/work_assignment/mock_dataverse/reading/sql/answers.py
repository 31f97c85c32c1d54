"""Answers `?sql=`: one page of rows or groups (Learn: Use SQL to query data)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...faults import bad_request
from ...tables.metadata import Table
from ..annotations import about_collection
from ..expand import query_text
from ..paging import (
    inner_cookie,
    next_page,
    outer_cookie,
    page_number,
    read_inner_cookie,
    read_outer_cookie,
)
from ..preferences import LARGEST_PAGE
from ..query import Reader
from ..render import JsonObject
from .groups import SqlGroups
from .parser import parse_sql
from .rows import SqlRows
from .scope import SqlScope, find_table
from .tree import Statement

_OPTIONS = frozenset({"sql", "$skiptoken", "tag"})


@dataclass(frozen=True, slots=True)
class _Page:
    """The rows of a page, what its columns are called, and the token of the next one."""

    columns: list[str]
    shown: list[JsonObject]
    next_token: str | None


def read_sql(reader: Reader, table: Table, query: Mapping[str, str], address: str) -> JsonObject:
    """Answer `GET {set}?sql=...`; `address` is the URL without its query."""
    for name in query.keys() - _OPTIONS:
        raise bad_request(f"The query option '{name}' cannot be combined with sql.")
    statement = parse_sql(query["sql"])
    base = find_table(reader.catalog, statement.table.table)
    if base.logical_name != table.logical_name:
        raise bad_request(
            f"The table '{base.logical_name}' of the SQL query does not belong to the entity set "
            f"'{table.entity_set_name}' of the request."
        )
    scope = SqlScope(reader.circumstances, statement)
    page = _page(reader, scope, statement, query.get("$skiptoken"))
    columns = f"({','.join(page.columns)})"
    body: JsonObject = {
        "@odata.context": f"{reader.root}$metadata#{table.entity_set_name}{columns}",
        **about_collection(reader),
        "value": page.shown,
    }
    if page.next_token is not None:
        link = query_text([*({**query} | {"$skiptoken": page.next_token}).items()])
        body["@odata.nextLink"] = f"{address}?{link}"
    return body


def _page(reader: Reader, scope: SqlScope, statement: Statement, token: str | None) -> _Page:
    if statement.is_grouped:
        return _groups(reader, SqlGroups(reader, scope, statement), statement, token)
    query = SqlRows(reader, scope, statement)
    if statement.distinct:
        return _counted_rows(reader, query, statement, token)
    return _keyed_rows(reader, query, statement, token)


def _size(reader: Reader, statement: Statement) -> tuple[int, bool]:
    """How many rows, and whether a next page may follow: TOP and FETCH mean one page."""
    if statement.limit is not None:
        return statement.limit, False
    return reader.prefer.max_page_size or LARGEST_PAGE, True


def _groups(reader: Reader, query: SqlGroups, statement: Statement, token: str | None) -> _Page:
    size, may_continue = _size(reader, statement)
    page = 1 if token is None else page_number(token)
    rows = query.read(size + may_continue, statement.offset + (page - 1) * size).rows
    following = next_page(page) if len(rows) > size else None
    return _Page(query.columns, query.render(rows[:size]), following)


def _counted_rows(reader: Reader, query: SqlRows, statement: Statement, token: str | None) -> _Page:
    size, may_continue = _size(reader, statement)
    page = 1 if token is None else page_number(token)
    rows = query.rows(size + may_continue, statement.offset + (page - 1) * size)
    following = next_page(page) if len(rows) > size else None
    return _Page(query.columns, query.render(rows[:size]), following)


def _keyed_rows(reader: Reader, query: SqlRows, statement: Statement, token: str | None) -> _Page:
    size, may_continue = _size(reader, statement)
    if token is None:
        page = 1
        rows = query.rows(size + may_continue, statement.offset)
    else:
        page, cookie = read_outer_cookie(token)
        rows = query.rows(size + may_continue, 0, read_inner_cookie(cookie, query.sort))
    following = None
    if len(rows) > size:
        first, last = query.position(rows[0]), query.position(rows[size - 1])
        following = outer_cookie(page + 1, inner_cookie(page, query.sort, first, last))
    return _Page(query.columns, query.render(rows[:size]), following)
