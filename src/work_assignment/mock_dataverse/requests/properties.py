"""Requests below a row: one property, or what lies behind a navigation property."""

from __future__ import annotations

from ..faults import bad_request, invalid_payload, not_emulated, segment_not_found
from ..reading.reads import read_property
from ..resource_paths import Segment
from ..tables.metadata import Column, Table
from ..tables.values import to_stored
from ..writing.keys import Key
from ..writing.payloads import Payload, read_json
from ..writing.references import Reference
from ..writing.writes import refuse_message
from .exchanges import Request, Response, json_response, no_content, text_response, written
from .navigations import (
    Navigation,
    answer_navigation,
    answer_navigation_count,
    answer_references,
    followed,
)
from .preconditions import write_conditions
from .rows import (
    REPRESENTATION_OPTIONS,
    RETRIEVE,
    answer_row,
    answer_written,
    find_existing,
    method_not_allowed,
    refuse_options,
)
from .sessions import Session


def answer_below_row(
    session: Session, table: Table, key: Key, rest: tuple[Segment, ...], request: Request
) -> Response:
    """Answer `{set}(key)/...`."""
    first, others = rest[0], rest[1:]
    column = table.column_by_wire_name(first.name)
    if column is not None and first.arguments is None:
        return _answer_column(session, table, key, column, others, request)
    navigation = Navigation(session, table, key, first, request)
    match [segment.name for segment in others]:
        case ["$ref"]:
            return answer_references(navigation)
        case ["$count"]:
            return answer_navigation_count(navigation)
        case [] if first.arguments is None:
            return answer_navigation(navigation)
    found, found_key = followed(navigation)
    if not others:
        return answer_row(session, found, found_key, request)
    if others[0].message is not None:
        raise not_emulated("messages bound to a record behind a navigation property")
    return answer_below_row(session, found, found_key, others, request)


def _answer_column(
    session: Session,
    table: Table,
    key: Key,
    column: Column,
    rest: tuple[Segment, ...],
    request: Request,
) -> Response:
    is_raw = [segment.name for segment in rest] == ["$value"]
    if rest and not is_raw:
        raise segment_not_found(rest[0].name)
    if request.method == "GET":
        return _read_column(session, table, key, column, request, is_raw=is_raw)
    if request.method not in ("PUT", "DELETE") or is_raw:
        raise method_not_allowed(request.method)
    return _write_column(session, table, key, column, request)


def _read_column(
    session: Session, table: Table, key: Key, column: Column, request: Request, *, is_raw: bool
) -> Response:
    refuse_message(table, RETRIEVE)
    refuse_options(request)
    with session.reading() as db:
        row_id = find_existing(db, table, key)
        body = read_property(
            db,
            session.catalog,
            table,
            row_id,
            column.wire_name,
            root=request.root,
            caller=session.caller,
            now=session.now,
        )
    if body is None:
        return no_content()
    return (
        text_response(_raw(body["value"])) if is_raw else json_response(body, request.preferences)
    )


def _raw(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write_column(
    session: Session, table: Table, key: Key, column: Column, request: Request
) -> Response:
    """Set one column from `{"value": ...}`, or clear it."""
    refuse_options(request, REPRESENTATION_OPTIONS if request.method == "PUT" else ())
    if column.type.is_lookup or not column.valid_for_update:
        raise bad_request(f"The property '{column.wire_name}' cannot be written.")
    value = None
    if request.method == "PUT":
        body = read_json(request.body, table.entity_set_name)
        if {name for name in body if "@" not in name} != {"value"}:
            raise invalid_payload(table.entity_set_name, 'The body is not {"value": ...}.')
        value = to_stored(table, column, body["value"])
    conditions = write_conditions(request.headers)
    with session.writing() as db:
        row_id = find_existing(db, table, key)
        conditions.check_found()
        session.organization.writes.update(
            db,
            table,
            row_id,
            Payload({column.logical_name: value}),
            session.write_context(request),
            version=conditions.version,
        )
        reference = Reference(table, row_id)
        if request.method == "PUT":
            return answer_written(session, db, reference, request, status=200)
    return written(request.root, reference, request.preferences)
