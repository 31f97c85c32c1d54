"""Requests below a row: one property, a navigation property, references between rows."""

from __future__ import annotations

from typing import Any

from ..faults import Fault, bad_request, invalid_payload, not_emulated, segment_not_found
from ..reading.reads import read_navigation, read_property, read_references
from ..resource_paths import Segment
from ..tables.metadata import Column, Table
from ..tables.values import to_stored
from ..writing.calendar_rules import write_children
from ..writing.keys import Key, read_key
from ..writing.payloads import Payload, is_written_whole, read_children, read_json
from ..writing.references import Reference
from ..writing.writes import refuse_message
from .exchanges import Request, Response, json_response, no_content, text_response, written
from .preconditions import write_conditions
from .rows import (
    RETRIEVE,
    RETRIEVE_MULTIPLE,
    find_existing,
    method_not_allowed,
    read_options,
    refuse_options,
)
from .sessions import Session


def answer_below_row(
    session: Session, table: Table, key: Key, rest: tuple[Segment, ...], request: Request
) -> Response:
    """Answer `{set}(key)/...`."""
    first = rest[0]
    column = table.column_by_wire_name(first.name)
    if column is not None and first.arguments is None:
        return _answer_column(session, table, key, column, rest[1:], request)
    if not _is_navigation(session, table, first.name):
        raise segment_not_found(first.name)
    match [segment.name for segment in rest[1:]]:
        case []:
            return _answer_navigation(session, table, key, first, request)
        case ["$ref"]:
            return _answer_reference(session, table, key, first, request)
        case _:
            raise not_emulated("paths that go on below a navigation property, other than $ref")


def _is_navigation(session: Session, table: Table, name: str) -> bool:
    catalog, logical_name = session.catalog, table.logical_name
    return (
        catalog.single_valued(logical_name, name) is not None
        or catalog.collection_valued(logical_name, name) is not None
        or catalog.many_valued(logical_name, name) is not None
    )


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
    read_options(request)
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
    refuse_options(request)
    if column.type.is_lookup or not column.valid_for_update:
        raise bad_request(f"The property '{column.wire_name}' cannot be written.")
    value = None
    if request.method == "PUT":
        body = read_json(request.body, table.entity_set_name)
        if set(body) != {"value"}:
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
    return written(request.root, Reference(table, row_id), request.preferences)


def _answer_navigation(
    session: Session, table: Table, key: Key, segment: Segment, request: Request
) -> Response:
    if segment.arguments is not None:
        raise not_emulated("one record of a collection-valued navigation property, other than $ref")
    if request.method == "PUT" and is_written_whole(table, segment.name):
        return _replace_children(session, table, key, segment.name, request)
    if request.method == "POST":
        raise not_emulated("creating a record through a navigation property")
    if request.method != "GET":
        raise method_not_allowed(request.method)
    if is_written_whole(table, segment.name):
        refuse_message(_related_table(session, table, segment.name), RETRIEVE_MULTIPLE)
    with session.reading() as db:
        row_id = find_existing(db, table, key)
        body = read_navigation(
            db,
            session.catalog,
            table,
            row_id,
            segment.name,
            read_options(request),
            request.preferences,
            root=request.root,
            caller=session.caller,
            now=session.now,
        )
    return no_content() if body is None else json_response(body, request.preferences)


def _replace_children(
    session: Session, table: Table, key: Key, navigation: str, request: Request
) -> Response:
    """Write a collection anew from `{"value": [...]}`."""
    refuse_options(request)
    conditions = write_conditions(request.headers)
    body = read_json(request.body, table.entity_set_name)
    if set(body) != {"value"}:
        raise invalid_payload(table.entity_set_name, 'The body is not {"value": [...]}.')
    child, context = _related_table(session, table, navigation), session.write_context(request)
    with session.writing() as db:
        reference = Reference(table, find_existing(db, table, key))
        conditions.check_found()
        rows = read_children(db, child, body["value"], session.references, navigation)
        payload, writes = Payload({}, children={navigation: rows}), session.organization.writes
        writes.update(db, table, reference.row_id, payload, context, version=conditions.version)
        write_children(writes, db, reference, payload, context)
    return written(request.root, reference, request.preferences)


def _answer_reference(
    session: Session, table: Table, key: Key, segment: Segment, request: Request
) -> Response:
    if request.method == "GET":
        return _read_references(session, table, key, segment, request)
    if request.method not in ("POST", "PUT", "DELETE"):
        raise method_not_allowed(request.method)
    refuse_options(request, {"$id"})
    conditions = write_conditions(request.headers)
    if conditions.version is not None or conditions.must_not_exist:
        raise not_emulated("If-Match with a version, or If-None-Match, on $ref")
    links, references = session.organization.links, session.references
    context = session.write_context(request)
    is_single = session.catalog.single_valued(table.logical_name, segment.name) is not None
    with session.writing() as db:
        source = Reference(table, find_existing(db, table, key))
        match request.method, is_single:
            case "DELETE", True:
                links.set_single(db, source, segment.name, None, context)
            case "DELETE", False:
                removed = _removed(session, table, segment, request)
                links.remove(db, source, segment.name, references.resolve(db, removed), context)
            case "PUT", True:
                target = references.resolve(db, _referenced(table, request))
                links.set_single(db, source, segment.name, target, context)
            case "POST", False:
                target = references.resolve(db, _referenced(table, request))
                links.add(db, source, segment.name, target, context)
            case _:
                raise _wrong_method(segment.name, is_single=is_single)
    return written(request.root, source, request.preferences)


def _wrong_method(navigation: str, *, is_single: bool) -> Fault:
    if is_single:
        return bad_request(f"'{navigation}' is single-valued; its reference is set with PUT.")
    return bad_request(
        f"'{navigation}' is collection-valued; a reference is added to it with POST. Replacing"
        " all of them with PUT is for activity parties."
    )


def _read_references(
    session: Session, table: Table, key: Key, segment: Segment, request: Request
) -> Response:
    with session.reading() as db:
        row_id = find_existing(db, table, key)
        body = read_references(
            db,
            session.catalog,
            table,
            row_id,
            segment.name,
            root=request.root,
            caller=session.caller,
            now=session.now,
        )
    return no_content() if body is None else json_response(body, request.preferences)


def _referenced(table: Table, request: Request) -> Any:
    body = read_json(request.body, table.entity_set_name)
    if "@odata.id" not in body:
        raise invalid_payload(table.entity_set_name, "The body has no '@odata.id'.")
    return body["@odata.id"]


def _removed(session: Session, table: Table, segment: Segment, request: Request) -> str:
    """Say which row leaves a collection: `nav(id)/$ref` or `nav/$ref?$id=url`."""
    if segment.arguments is None:
        if "$id" not in request.query:
            raise bad_request("Which record leaves the collection is said by '$id'.")
        return request.query["$id"]
    related = _related_table(session, table, segment.name)
    key = read_key(related, segment.arguments)
    if key.row_id is None:
        raise bad_request("The record that leaves a collection is named by its id.")
    return f"{related.entity_set_name}({key.row_id})"


def _related_table(session: Session, table: Table, navigation: str) -> Table:
    catalog = session.catalog
    many = catalog.many_valued(table.logical_name, navigation)
    if many is not None:
        from_first = many.table1 == table.logical_name and many.navigation1 == navigation
        return catalog.tables[many.table2 if from_first else many.table1]
    relation = catalog.collection_valued(table.logical_name, navigation)
    if relation is None:
        raise segment_not_found(navigation)
    return catalog.tables[relation.referencing_table]
