"""Requests for collections and rows: query, create, read, upsert, update, delete."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..faults import Fault, bad_request, not_emulated, row_not_found
from ..reading.reads import check_row_options, count_rows, read_collection, read_row
from ..storage.rows import fetch_value, has_row
from ..tables.metadata import Table
from ..writing.calendar_rules import RULES
from ..writing.keys import Key, find_row, key_not_found
from ..writing.payloads import Payload, read_json, read_payload
from ..writing.references import Reference
from ..writing.whole_collections import write_whole_collections
from ..writing.writes import WriteContext, refuse_message
from .exchanges import Request, Response, json_response, no_content, text_response, written
from .preconditions import known_version, read_etag, write_conditions
from .sessions import Session

RETRIEVE = "Retrieve"
RETRIEVE_MULTIPLE = "RetrieveMultiple"
REPRESENTATION_OPTIONS = frozenset({"$select", "$expand"})


def method_not_allowed(method: str) -> Fault:
    return Fault(
        405, "0x8004023b", f"The requested resource does not support http method '{method}'."
    )


def read_options(request: Request) -> dict[str, str]:
    """Return the query without what is no option of a read."""
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
    refuse_options(request, REPRESENTATION_OPTIONS)
    body = read_json(request.body, table.entity_set_name)
    with session.writing() as db:
        payload = read_payload(db, table, body, session.references, creates=True, nests=True)
        inserts, context = session.organization.inserts, session.write_context(request)
        reference = inserts.create(db, table, payload, context)
        return answer_written(session, db, reference, request, status=201)


def find_existing(db: sqlite3.Connection, table: Table, key: Key) -> str:
    """Return the id of a row that must exist."""
    row_id = find_row(db, table, key)
    if row_id is None:
        raise key_not_found(table, key)
    return row_id


def _read(session: Session, table: Table, key: Key, request: Request) -> Response:
    refuse_message(table, RETRIEVE)
    # Only tables are tracked, so that the preference is not applied to a single row.
    query, prefer = read_options(request), replace(request.preferences, track_changes=False)
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
    known = known_version(request.headers)
    if known is None or "$expand" in request.query or request.preferences.annotations:
        return False
    version: int | None = fetch_value(db, table, row_id, "versionnumber")
    return version == read_etag(known)


def _patch(session: Session, table: Table, key: Key, request: Request) -> Response:
    refuse_options(request, REPRESENTATION_OPTIONS)
    conditions = write_conditions(request.headers)
    body = read_json(request.body, table.entity_set_name)
    with session.writing() as db:
        upsert = Upsert(session, db, table, session.write_context(request))
        row_id = find_row(db, table, key)
        if row_id is None:
            if conditions.must_exist:
                raise key_not_found(table, key)
            reference = upsert.create(key, body)
            return answer_written(session, db, reference, request, status=201)
        conditions.check_found()
        upsert.update(row_id, key, body, version=conditions.version)
        return answer_written(session, db, Reference(table, row_id), request, status=200)


@dataclass(frozen=True, slots=True)
class Upsert:
    """Writes rows of one table of which it is not known whether they are there, in a transaction.

    `place` says where in a larger body they stand.
    """

    session: Session
    db: sqlite3.Connection
    table: Table
    context: WriteContext
    place: str = ""

    def create(self, key: Key, body: Mapping[str, Any]) -> Reference:
        """Create the row that was not found; the key wins over the body."""
        payload = self._payload(body, creates=True)
        name = self.table.primary_id
        if key.row_id is not None and payload.row_id not in (None, key.row_id):
            raise bad_request(f"The primary key '{name}' differs from the one in the URL.")
        values = {**payload.values, **self._key_values(key)}
        fixed = replace(payload, values=values, row_id=key.row_id or payload.row_id)
        inserts = self.session.organization.inserts
        return inserts.create(self.db, self.table, fixed, self.context)

    def update(
        self, row_id: str, key: Key, body: Mapping[str, Any], *, version: int | None = None
    ) -> None:
        """Update the row that was found; the columns of the key stay as they are."""
        payload = self._payload(body, creates=False).without(key.values)
        writes, reference = self.session.organization.writes, Reference(self.table, row_id)
        writes.update(self.db, self.table, row_id, payload, self.context, version=version)
        write_whole_collections(writes, self.db, reference, payload, self.context)

    def _payload(self, body: Mapping[str, Any], *, creates: bool) -> Payload:
        references = self.session.references
        return read_payload(
            self.db, self.table, body, references, creates=creates, place=self.place
        )

    def _key_values(self, key: Key) -> dict[str, Any]:
        """Return what a key sets; a lookup in it has to point at a row."""
        values = dict(key.values)
        for name, row_id in key.values.items():
            column = self.table.columns[name]
            if not column.type.is_lookup:
                continue
            tables = [self.session.catalog.tables[target] for target in column.targets]
            found = [table for table in tables if has_row(self.db, table, row_id)]
            if not found:
                raise row_not_found(column.targets[0], row_id)
            if column.is_polymorphic:
                values[f"{name}__type"] = found[0].logical_name
        return values


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


def answer_written(
    session: Session,
    db: sqlite3.Connection,
    reference: Reference,
    request: Request,
    *,
    status: int,
) -> Response:
    """Answer a write with the row when the caller wants it back, else with its address; what the
    row would be shown by has to be right in both cases."""
    prefer = request.preferences
    ignored = {"tag"} if status == 201 else {"tag", "$expand"}
    query = {name: value for name, value in request.query.items() if name not in ignored}
    if not prefer.return_representation:
        check_row_options(session.catalog, reference.table, query)
        return written(request.root, reference, prefer)
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
