"""Requests for EntityDefinitions: tables, their columns, choices and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..faults import Fault, bad_request, not_emulated, segment_not_found
from ..reading.filter_parser import parse_filter
from ..reading.options import split_outside
from ..requests.exchanges import Request, Response, json_response
from ..requests.sessions import Session
from ..resource_paths import NAMESPACE, Segment
from ..tables.metadata import Column, ColumnType, Table
from ..tables.values import is_guid
from .filters import matches
from .json_forms import column_id, column_json, key_json, option_set_json, table_id, table_json

_LOGICAL_NAME = re.compile(r"LogicalName='([^']*)'")
_EXPAND = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
_CASTS = {
    f"{NAMESPACE}{kind}AttributeMetadata": frozenset(column_types)
    for kind, column_types in {
        "Picklist": (ColumnType.PICKLIST,),
        "State": (ColumnType.STATE,),
        "Status": (ColumnType.STATUS,),
        "Boolean": (ColumnType.BOOLEAN,),
        "DateTime": (ColumnType.DATETIME,),
        "Lookup": (ColumnType.LOOKUP, ColumnType.CUSTOMER, ColumnType.OWNER),
    }.items()
}
_COLLECTION_OPTIONS = frozenset({"$select", "$filter", "$expand"})
_SINGLE_OPTIONS = frozenset({"$select", "$expand"})
_NESTED_OPTIONS = frozenset({"$select", "$filter"})

Described = dict[str, Any]
Expander = Callable[[Mapping[str, str]], Any]


def answer_definitions(
    session: Session, segments: tuple[Segment, ...], request: Request
) -> Response:
    """Answer `EntityDefinitions...`."""
    if request.method != "GET":
        raise not_emulated("changing definitions; tables come from solution folders")
    first, rest = segments[0], segments[1:]
    if first.arguments is None:
        if rest:
            raise segment_not_found(rest[0].name)
        shown = _select_many(
            ((table_json(table), _table_expanders(table)) for table in session.catalog),
            _options(request, _COLLECTION_OPTIONS),
        )
        return _collection(request, "EntityDefinitions", shown)
    table = _find_table(session, first.arguments)
    return _answer_table(table, f"EntityDefinitions({first.arguments})", rest, request)


def _answer_table(table: Table, path: str, rest: tuple[Segment, ...], request: Request) -> Response:
    if not rest:
        shown = _shown(
            table_json(table), _table_expanders(table), _options(request, _SINGLE_OPTIONS)
        )
        return _single(request, path, shown)
    if rest[0].name == "Attributes":
        return _answer_columns(table, path, rest[0], rest[1:], request)
    if rest[0].name == "Keys" and len(rest) == 1 and rest[0].arguments is None:
        keys = _keys_of(table, _options(request, _COLLECTION_OPTIONS))
        return _collection(request, f"{path}/Keys", keys)
    raise not_emulated(f"{rest[0].name} below a table's definition")


def _answer_columns(
    table: Table, path: str, segment: Segment, rest: tuple[Segment, ...], request: Request
) -> Response:
    kinds = _cast(rest)
    if segment.arguments is None:
        columns = [c for c in table.columns.values() if kinds is None or c.type in kinds]
        entries = ((column_json(table, c), _column_expanders(table, c, kinds)) for c in columns)
        shown = _select_many(entries, _options(request, _COLLECTION_OPTIONS))
        return _collection(request, f"{path}/Attributes", shown)
    column = _find_column(table, segment.arguments)
    if kinds is not None and column.type not in kinds:
        raise segment_not_found(rest[0].name)
    options = _options(request, _SINGLE_OPTIONS)
    described = _shown(column_json(table, column), _column_expanders(table, column, kinds), options)
    return _single(request, f"{path}/Attributes({segment.arguments})", described)


def _cast(rest: tuple[Segment, ...]) -> frozenset[ColumnType] | None:
    if not rest:
        return None
    kinds = _CASTS.get(rest[0].name)
    if kinds is None or len(rest) > 1:
        raise not_emulated(f"{rest[0].name} below a table's columns")
    return kinds


def _find_table(session: Session, key: str) -> Table:
    for table in session.catalog:
        if _is_meant(key, table.logical_name, table_id(table)):
            return table
    raise Fault(404, "0x80060888", f"Could not find an entity with the key {key}.")


def _find_column(table: Table, key: str) -> Column:
    for column in table.columns.values():
        if _is_meant(key, column.logical_name, column_id(table, column)):
            return column
    raise Fault(404, "0x80060888", f"Could not find an attribute of {table.logical_name}: {key}.")


def _is_meant(key: str, logical_name: str, metadata_id: str) -> bool:
    if is_guid(key):
        return key.lower() == metadata_id
    matched = _LOGICAL_NAME.fullmatch(key)
    return matched is not None and matched[1].lower() == logical_name


def _table_expanders(table: Table) -> dict[str, Expander]:
    def columns(options: Mapping[str, str]) -> list[Described]:
        return _select_many(((column_json(table, c), {}) for c in table.columns.values()), options)

    return {"Attributes": columns, "Keys": lambda options: _keys_of(table, options)}


def _keys_of(table: Table, options: Mapping[str, str]) -> list[Described]:
    return _select_many(((key_json(table, key), {}) for key in table.keys), options)


def _column_expanders(
    table: Table, column: Column, kinds: frozenset[ColumnType] | None
) -> dict[str, Expander]:
    """Return what a column can be expanded with: its choices, once it is cast to their type."""
    if kinds is None or not column.type.has_options:
        return {}

    def options_of(options: Mapping[str, str]) -> Described:
        return _shown(option_set_json(table, column), {}, options)

    return {"OptionSet": options_of, "GlobalOptionSet": lambda options: None}


def _options(request: Request, allowed: frozenset[str]) -> dict[str, str]:
    for name in request.query:
        if name not in allowed:
            raise bad_request(f"The query option '{name}' is not supported on definitions.")
    return dict(request.query)


def _select_many(
    entries: Iterable[tuple[Described, dict[str, Expander]]], options: Mapping[str, str]
) -> list[Described]:
    condition = parse_filter(options["$filter"]) if "$filter" in options else None
    return [
        _shown(described, expanders, options)
        for described, expanders in entries
        if condition is None or matches(condition, described)
    ]


def _shown(
    described: Described, expanders: Mapping[str, Expander], options: Mapping[str, str]
) -> Described:
    """Pick the selected properties (the id is always there) and add what is expanded."""
    shown = described
    if "$select" in options:
        names = [name.strip() for name in options["$select"].split(",")]
        for name in names:
            if name not in described:
                raise bad_request(f"Could not find a property named '{name}' on the definition.")
        kept = {"@odata.type", "MetadataId", *names}
        shown = {name: value for name, value in described.items() if name in kept}
    for item in split_outside(options.get("$expand", ""), ","):
        if item.strip():
            name, nested = _expand_item(item.strip())
            if name not in expanders:
                raise bad_request(f"'{name}' cannot be expanded here.")
            shown = {**shown, name: expanders[name](nested)}
    return shown


def _expand_item(item: str) -> tuple[str, dict[str, str]]:
    matched = _EXPAND.fullmatch(item)
    if matched is None:
        raise bad_request(f"The $expand '{item}' cannot be read.")
    nested = {}
    for option in split_outside(matched[2] or "", ";"):
        if option.strip():
            name, _, value = option.strip().partition("=")
            if name not in _NESTED_OPTIONS:
                raise bad_request(f"The option '{name}' is not supported in $expand here.")
            nested[name] = value
    return matched[1], nested


def _collection(request: Request, path: str, shown: list[Described]) -> Response:
    body = {"@odata.context": f"{request.root}$metadata#{path}", "value": shown}
    return json_response(body, request.preferences)


def _single(request: Request, path: str, shown: Described) -> Response:
    context = f"{request.root}$metadata#{path}/$entity"
    return json_response({"@odata.context": context, **shown}, request.preferences)
