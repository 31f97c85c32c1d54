"""Requests for collections and rows: query, create, read, upsert, update, delete."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from ..faults import Fault, bad_request, not_emulated, row_not_found
from ..reading.reads import count_rows, read_collection, read_row
from ..storage.rows import fetch_value, has_row
from ..tables.metadata import Table
from ..writing.calendar_rules import RULES, write_children
from ..writing.keys import Key, find_row, key_not_found
from ..writing.payloads import Payload, read_json, read_payload
from ..writing.references import Reference
from ..writing.writes import refuse_message
from .exchanges import Request, Response, json_response, no_content, text_response, written
from .preconditions import read_etag, write_conditions
from .sessions import Session

RETRIEVE = "Retrieve"
RETRIEVE_MULTIPLE = "RetrieveMultiple"
_REPRESENTATION_OPTIONS = frozenset({"$select", "$expand"})


def method_not_allowed(method: str) -> Fault:
    return Fault(
        405, "0x8004023b", f"The requested resource does not support http method '{method}'."
    )


def read_options(request: Request) -> dict[str, str]:
    """Return the query without what is no option of a read."""
    if request.preferences.track_changes:
        raise not_emulated("change tracking (odata.track-changes)")
    return {name: value for name, value in request.query.items() if name != "tag"}


def refuse_options(request: Request, allowed: Collection[str] = ()) -> None:
    """Refuse query options that a write does not have."""
    for name in request.query:
        if name != "tag" and name not in allowed:
            raise bad_request(f"The query option '{name}' is not supported on {request.method}.")


def answer_collection(session: Session, table: Table, request: Request) -> Response:
    """Answer `{set}`."""
    if request.method == "GET":
        _refuse_reading_many(table, request)
        with session.reading() as db:
            body = read_collection(
                db,
                session.catalog,
                table,
                read_options(request),
                request.preferences,
                root=request.root,
                caller=session.caller,
                now=session.now,
                path=table.entity_set_name,
            )
        return json_response(body, request.preferences)
    if request.method == "POST":
        return create(session, table, request)
    raise method_not_allowed(request.method)


def _refuse_reading_many(table: Table, request: Request) -> None:
    """Refuse to list what Dataverse does not list.

    Calendar rules come along with a single calendar only: next to a list of calendars a real
    organization leaves them empty, which nobody should take for calendars without rules.
    """
    refuse_message(table, RETRIEVE_MULTIPLE)
    if table.logical_name == "calendar" and RULES in request.query.get("$expand", ""):
        raise not_emulated(f"$expand={RULES} on a list of calendars, only on calendars(<id>)")


def answer_count(session: Session, table: Table, request: Request) -> Response:
    """Answer `{set}/$count`."""
    if request.method != "GET":
        raise method_not_allowed(request.method)
    refuse_message(table, RETRIEVE_MULTIPLE)
    with session.reading() as db:
        count = count_rows(
            db,
            session.catalog,
            table,
            read_options(request),
            caller=session.caller,
            now=session.now,
            root=request.root,
        )
    return text_response(str(count))


def answer_row(session: Session, table: Table, key: Key, request: Request) -> Response:
    """Answer `{set}(key)`."""
    match request.method:
        case "GET":
            return _read(session, table, key, request)
        case "PATCH":
            return _patch(session, table, key, request)
        case "DELETE":
            return _delete(session, table, key, request)
        case other:
            raise method_not_allowed(other)


def create(session: Session, table: Table, request: Request) -> Response:
    """Create a row from the body of a POST."""
    refuse_options(request, _REPRESENTATION_OPTIONS)
    body = read_json(request.body, table.entity_set_name)
    with session.writing() as db:
        payload = read_payload(db, table, body, session.references, creates=True)
        reference = create_row(session, db, table, payload, request)
        return _answer(session, db, reference, request, status=201)


def create_row(
    session: Session, db: sqlite3.Connection, table: Table, payload: Payload, request: Request
) -> Reference:
    """Create a row with its links in an open transaction."""
    context = session.write_context(request)
    row_id = session.organization.writes.create(db, table, payload, context)
    reference = Reference(table, row_id)
    session.organization.links.link_new(db, reference, payload.links, context)
    write_children(session.organization.writes, db, reference, payload, context)
    return reference


def find_existing(db: sqlite3.Connection, table: Table, key: Key) -> str:
    """Return the id of a row that must exist."""
    row_id = find_row(db, table, key)
    if row_id is None:
        raise key_not_found(table, key)
    return row_id


def _read(session: Session, table: Table, key: Key, request: Request) -> Response:
    refuse_message(table, RETRIEVE)
    query, prefer = read_options(request), request.preferences
    with session.reading() as db:
        row_id = find_existing(db, table, key)
        if _is_unchanged(db, table, row_id, request):
            return Response(304)
        body = read_row(
            db,
            session.catalog,
            table,
            row_id,
            query,
            prefer,
            root=request.root,
            caller=session.caller,
            now=session.now,
        )
    return json_response(body, prefer, etag=body.get("@odata.etag"))


def _is_unchanged(db: sqlite3.Connection, table: Table, row_id: str, request: Request) -> bool:
    """Tell whether the caller has this version already; never with $expand or annotations
    (Learn: Perform conditional operations)."""
    known = request.headers.get("if-none-match")
    if known is None or "$expand" in request.query or request.preferences.annotations:
        return False
    version: int | None = fetch_value(db, table, row_id, "versionnumber")
    return version == read_etag(known)


def _patch(session: Session, table: Table, key: Key, request: Request) -> Response:
    refuse_options(request, _REPRESENTATION_OPTIONS)
    conditions = write_conditions(request.headers)
    body = read_json(request.body, table.entity_set_name)
    with session.writing() as db:
        row_id = find_row(db, table, key)
        if row_id is None:
            if conditions.must_exist:
                raise key_not_found(table, key)
            reference = _create_by_key(session, db, table, key, body, request)
            return _answer(session, db, reference, request, status=201)
        conditions.check_found()
        payload = read_payload(db, table, body, session.references, creates=False)
        payload, context = payload.without(key.values), session.write_context(request)
        writes, reference = session.organization.writes, Reference(table, row_id)
        writes.update(db, table, row_id, payload, context, version=conditions.version)
        write_children(writes, db, reference, payload, context)
        return _answer(session, db, reference, request, status=200)


def _create_by_key(
    session: Session,
    db: sqlite3.Connection,
    table: Table,
    key: Key,
    body: Mapping[str, Any],
    request: Request,
) -> Reference:
    """Create the row that an upsert did not find; the URL's key wins over the body."""
    payload = read_payload(db, table, body, session.references, creates=True)
    _check_lookups(session, db, table, key)
    if key.row_id is not None and payload.row_id not in (None, key.row_id):
        raise bad_request(f"The primary key '{table.primary_id}' differs from the one in the URL.")
    fixed = replace(
        payload, values={**payload.values, **key.values}, row_id=key.row_id or payload.row_id
    )
    return create_row(session, db, table, fixed, request)


def _check_lookups(session: Session, db: sqlite3.Connection, table: Table, key: Key) -> None:
    """Refuse a key that points at a row that does not exist."""
    for name, value in key.values.items():
        column = table.columns[name]
        if column.type.is_lookup and not has_row(
            db, session.catalog.tables[column.targets[0]], value
        ):
            raise row_not_found(column.targets[0], value)


def _delete(session: Session, table: Table, key: Key, request: Request) -> Response:
    refuse_options(request)
    conditions = write_conditions(request.headers)
    with session.writing() as db:
        row_id = find_existing(db, table, key)
        conditions.check_found()
        session.organization.deletes.delete(
            db, table, row_id, session.write_context(request), version=conditions.version
        )
    return no_content()


def _answer(
    session: Session,
    db: sqlite3.Connection,
    reference: Reference,
    request: Request,
    *,
    status: int,
) -> Response:
    """Answer a write with the row when the caller wants it back, else with its address."""
    prefer = request.preferences
    if not prefer.return_representation:
        return written(request.root, reference, prefer)
    ignored = {"tag"} if status == 201 else {"tag", "$expand"}
    query = {name: value for name, value in request.query.items() if name not in ignored}
    body = read_row(
        db,
        session.catalog,
        reference.table,
        reference.row_id,
        query,
        prefer,
        root=request.root,
        caller=session.caller,
        now=session.now,
    )
    answer = json_response(body, prefer, status=status)
    return Response(answer.status, answer.headers, answer.body, entity=reference)
