"""Answers to GET: collections, rows, properties, navigation properties, references and counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..caller import Caller
from ..conditions.comparisons import Fragment
from ..faults import bad_request, row_not_found, segment_not_found
from ..tables.metadata import Catalog, Table
from .annotations import about_collection
from .apply.answers import read_apply
from .expand import add_expanded, needed_columns, query_text
from .fetchxml.reads import read_fetch
from .limits import COUNT_LIMIT
from .options import COLLECTION_OPTIONS, COUNT_OPTIONS, ROW_OPTIONS, Options, parse_options
from .paging import inner_cookie, outer_cookie, read_inner_cookie, read_outer_cookie
from .preferences import LARGEST_PAGE, Preferences
from .query import Reader, RowQuery
from .render import JsonObject
from .saved_queries import is_saved, read_saved
from .scopes import ChildScope, PartnerScope, Scope, scope_condition
from .select import context_columns, selected_columns
from .source import partner_side, readable_column
from .tracking import count_changes, is_tracking, read_changes


def read_collection(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    query: Mapping[str, str],
    prefer: Preferences,
    *,
    root: str,
    caller: Caller,
    now: datetime,
    path: str,
    scope: Scope | None = None,
) -> dict[str, Any]:
    """Answer `GET {set}?...`: one page of rows. `path` is what the next page's link repeats."""
    reader = Reader(db, catalog, prefer, root, caller, now)
    if is_tracking(reader, query):
        if scope is not None:
            raise bad_request(f"Change tracking is not supported on the path '{path}'.")
        return read_changes(reader, table, query, root)
    if "fetchXml" in query:
        return read_fetch(reader, table, query, scope)
    if is_saved(query):
        return read_saved(reader, table, query, f"{root}{path}", scope)
    if "$apply" in query:
        return read_apply(reader, table, query, f"{root}{path}", scope)
    if "sql" in query and scope is None:
        return _read_sql(reader, table, query, f"{root}{path}")
    options = parse_options(query, COLLECTION_OPTIONS)
    return _Page(reader, table, options, scope).body(f"{root}{path}", query)


def _read_sql(reader: Reader, table: Table, query: Mapping[str, str], address: str) -> JsonObject:
    # Its parser takes a third of a second to load, which a server without SQL need not wait for.
    from .sql.answers import read_sql

    return read_sql(reader, table, query, address)


def read_row(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    row_id: str,
    query: Mapping[str, str],
    prefer: Preferences,
    *,
    root: str,
    caller: Caller,
    now: datetime,
) -> dict[str, Any]:
    """Answer `GET {set}(id)`; 404 when there is no such row."""
    reader = Reader(db, catalog, prefer, root, caller, now)
    options = parse_options(query, ROW_OPTIONS)
    return _entity(reader, table, row_id, options)


def check_row_options(catalog: Catalog, table: Table, query: Mapping[str, str]) -> None:
    """Refuse options that no row could be shown by."""
    if query:
        context_columns(catalog, table, parse_options(query, ROW_OPTIONS))


def read_property(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    row_id: str,
    name: str,
    *,
    root: str,
    caller: Caller,
    now: datetime,
) -> dict[str, Any] | None:
    """Answer `GET {set}(id)/{column}`; None (204) when the column is null."""
    column = readable_column(table, name)
    reader = Reader(db, catalog, Preferences(), root, caller, now)
    row = _entity(reader, table, row_id, Options(select=(name,)))
    value = row[column.wire_name]
    if value is None:
        return None
    context = f"{root}$metadata#{table.entity_set_name}({row_id})/{name}"
    return {"@odata.context": context, "value": value}


def read_navigation(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    row_id: str,
    navigation: str,
    query: Mapping[str, str],
    prefer: Preferences,
    *,
    root: str,
    caller: Caller,
    now: datetime,
) -> dict[str, Any] | None:
    """Answer `GET {set}(id)/{navigation}`: a row, a collection, or None (204) for no row."""
    reader = Reader(db, catalog, prefer, root, caller, now)
    target = _single_target(reader, table, row_id, navigation)
    if target is not None:
        if target.row_id is None:
            return None
        options = parse_options(query, ROW_OPTIONS)
        return _entity(reader, target.table, target.row_id, options)
    related, scope = _collection_scope(reader, table, row_id, navigation)
    path = f"{table.entity_set_name}({row_id})/{navigation}"
    return read_collection(
        db,
        catalog,
        related,
        query,
        prefer,
        root=root,
        caller=caller,
        now=now,
        path=path,
        scope=scope,
    )


def read_references(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    row_id: str,
    navigation: str,
    *,
    root: str,
    caller: Caller,
    now: datetime,
) -> dict[str, Any] | None:
    """Answer `GET {set}(id)/{navigation}/$ref`: one address, several, or None (204)."""
    reader = Reader(db, catalog, Preferences(), root, caller, now)
    target = _single_target(reader, table, row_id, navigation)
    if target is not None:
        if target.row_id is None:
            return None
        link = reader.link(target.table, target.row_id)
        return {"@odata.context": f"{root}$metadata#$ref", "@odata.id": link}
    related, scope = _collection_scope(reader, table, row_id, navigation)
    page = _Page(reader, related, Options(select=(related.primary_id,)), scope)
    links = [{"@odata.id": reader.link(related, key)} for key in page.ids()]
    return {"@odata.context": f"{root}$metadata#Collection($ref)", "value": links}


def count_rows(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    query: Mapping[str, str],
    *,
    caller: Caller,
    now: datetime,
    root: str,
) -> int:
    """Answer `GET {set}/$count`, which counts no further than 5,000."""
    reader = Reader(db, catalog, Preferences(), root, caller, now)
    if "$deltatoken" in query:
        return count_changes(reader, table, query)
    options = parse_options(query, COUNT_OPTIONS)
    return RowQuery(reader, table, (), options).count(COUNT_LIMIT)


class _Page:
    """One page of a collection."""

    def __init__(self, reader: Reader, table: Table, options: Options, scope: Scope | None) -> None:
        self._reader = reader
        self._table = table
        self._options = options
        columns = selected_columns(reader.catalog, table, options.select)
        needed = needed_columns(reader.catalog, table, options)
        self._query = RowQuery(reader, table, columns, options, needed)
        if scope is not None:
            self._query.restrict(scope_condition(self._query.source, scope))

    def body(self, address: str, given: Mapping[str, str]) -> JsonObject:
        page, start = self._start()
        size, may_continue = self._size()
        rows = self._query.rows(limit=size + may_continue, start=start)
        shown = self._query.render(rows[:size])
        add_expanded(self._query, self._options, rows[:size], shown)
        body = {"@odata.context": self._context(), **self._counts(), "value": shown}
        if len(rows) > size:
            first, last = self._query.position(rows[0]), self._query.position(rows[size - 1])
            cookie = inner_cookie(page, self._query.sort, first, last)
            token = {"$skiptoken": outer_cookie(page + 1, cookie)}
            query = query_text([*({**given} | token).items()])
            body["@odata.nextLink"] = f"{address}?{query}"
        return body

    def ids(self) -> list[str]:
        position = self._query.renderer.positions[self._table.primary_id]
        return [row[position] for row in self._query.rows(limit=LARGEST_PAGE)]

    def _start(self) -> tuple[int, Mapping[str, Any] | None]:
        """The number of this page, and the position that it starts after."""
        if self._options.skiptoken is None:
            return 1, None
        page, cookie = read_outer_cookie(self._options.skiptoken)
        return page, read_inner_cookie(cookie, self._query.sort)

    def _size(self) -> tuple[int, bool]:
        """How many rows, and whether a next page may follow. A page size puts $top out of
        action (Learn: Page results using OData)."""
        preferred = self._reader.prefer.max_page_size
        if preferred is not None:
            return preferred, True
        if self._options.top is not None:
            return min(self._options.top, LARGEST_PAGE), False
        return LARGEST_PAGE, True

    def _context(self) -> str:
        columns = context_columns(self._reader.catalog, self._table, self._options)
        return f"{self._reader.root}$metadata#{self._table.entity_set_name}{columns}"

    def _counts(self) -> JsonObject:
        if not self._options.count:
            return about_collection(self._reader)
        counted = self._query.count(COUNT_LIMIT + 1)
        total = {"@odata.count": min(counted, COUNT_LIMIT)}
        return total | about_collection(self._reader, lambda: counted)


def _entity(reader: Reader, table: Table, row_id: str, options: Options) -> JsonObject:
    """One row with its context."""
    columns = selected_columns(reader.catalog, table, options.select)
    needed = needed_columns(reader.catalog, table, options)
    query = RowQuery(reader, table, columns, options, needed)
    query.restrict(Fragment(f"{query.source.base.sql(table.primary_id)} = ?", (row_id,)))
    rows = query.rows(limit=1)
    if not rows:
        raise row_not_found(table.logical_name, row_id)
    shown = query.render(rows)
    add_expanded(query, options, rows, shown)
    selection = context_columns(reader.catalog, table, options)
    context = f"{reader.root}$metadata#{table.entity_set_name}{selection}/$entity"
    return {"@odata.context": context, **shown[0]}


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a single-valued navigation property of a row leads; `row_id` is None for nowhere."""

    table: Table
    row_id: str | None


def _single_target(reader: Reader, table: Table, row_id: str, navigation: str) -> _Target | None:
    """Follow a single-valued navigation property; None when it is not one."""
    relation = reader.catalog.single_valued(table.logical_name, navigation)
    if relation is None:
        return None
    column = table.columns[relation.referencing_column]
    target = relation.referenced_table
    if not column.is_polymorphic:
        (value,) = _stored_values(reader, table, row_id, (column.logical_name,))
        return _Target(reader.catalog.tables[target], value)
    names = (column.logical_name, f"{column.logical_name}__type")
    value, kind = _stored_values(reader, table, row_id, names)
    if navigation == column.logical_name and kind is not None:
        target = kind
    return _Target(reader.catalog.tables[target], value if kind == target else None)


def _stored_values(
    reader: Reader, table: Table, row_id: str, names: tuple[str, ...]
) -> tuple[str | None, ...]:
    """Read stored columns of one row; 404 when there is no such row."""
    query = RowQuery(reader, table, (), Options(), names)
    query.restrict(Fragment(f"{query.source.base.sql(table.primary_id)} = ?", (row_id,)))
    rows = query.rows(limit=1)
    if not rows:
        raise row_not_found(table.logical_name, row_id)
    return tuple(rows[0][query.renderer.positions[name]] for name in names)


def _collection_scope(
    reader: Reader, table: Table, row_id: str, navigation: str
) -> tuple[Table, Scope]:
    """The table behind a collection, and what narrows it to one row, which has to exist."""
    catalog = reader.catalog
    _stored_values(reader, table, row_id, ())
    children = catalog.collection_valued(table.logical_name, navigation)
    if children is not None:
        return catalog.tables[children.referencing_table], ChildScope(children, row_id)
    many = catalog.many_valued(table.logical_name, navigation)
    if many is None:
        raise segment_not_found(navigation)
    side = partner_side(many, table.logical_name, navigation)
    return catalog.tables[side.table], PartnerScope(many, side, row_id)
