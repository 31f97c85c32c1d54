"""Answers `?savedQuery=` and `?userQuery=`: the stored FetchXML of a view, on any collection of its
table (Learn: Retrieve and execute predefined queries)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..faults import bad_request, row_not_found
from ..storage.rows import fetch_row
from ..tables.metadata import Table
from ..tables.values import is_guid
from .fetchxml.parser import parse_fetch
from .fetchxml.reads import answer_fetch
from .fetchxml.tree import Fetch
from .paging import read_outer_cookie
from .query import Reader
from .render import JsonObject
from .scopes import Scope

_TABLES = {"savedQuery": "savedquery", "userQuery": "userquery"}
_BESIDE = frozenset({"tag", "$skiptoken"})


def is_saved(query: Mapping[str, str]) -> bool:
    """Say whether a request asks for a predefined query."""
    return not _TABLES.keys().isdisjoint(query)


def read_saved(
    reader: Reader, table: Table, query: Mapping[str, str], address: str, scope: Scope | None
) -> JsonObject:
    """Answer with a page of a predefined query; `address` is what the next page's link repeats."""
    option = next(name for name in _TABLES if name in query)
    for name in query.keys() - _BESIDE - {option}:
        raise bad_request(f"The query option '{name}' cannot be combined with {option}.")
    fetch = _stored_fetch(reader, table, option, query[option])
    if "$skiptoken" in query:
        page, cookie = read_outer_cookie(query["$skiptoken"])
        fetch = replace(fetch, page=page, cookie=cookie)
    return answer_fetch(reader, table, fetch, scope, f"{address}?{option}={query[option]}")


def _stored_fetch(reader: Reader, table: Table, option: str, row_id: str) -> Fetch:
    """Read the FetchXML of a predefined query, which must be about the table."""
    if not is_guid(row_id):
        raise bad_request(f"The value '{row_id}' of {option} is not a valid guid.")
    views = reader.catalog.tables[_TABLES[option]]
    row = fetch_row(reader.db, views, row_id.lower())
    if row is None:
        raise row_not_found(views.logical_name, row_id)
    if row["returnedtypecode"] != table.logical_name or not row["fetchxml"]:
        raise bad_request(
            f"The {views.logical_name} '{row['name']}' returns '{row['returnedtypecode']}' rows, "
            f"not those of the entity set '{table.entity_set_name}' of the request."
        )
    return parse_fetch(row["fetchxml"])
