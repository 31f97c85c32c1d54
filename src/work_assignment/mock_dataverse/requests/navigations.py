"""Requests for a navigation property of a row: what it holds, and references to it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from ..faults import Fault, bad_request, invalid_payload, not_emulated, segment_not_found
from ..reading.options import COLLECTION_OPTIONS
from ..reading.reads import read_navigation, read_references
from ..resource_paths import Segment
from ..storage.rows import fetch_row
from ..tables.metadata import OneToMany, Table
from ..writing.control_information import check_control_information
from ..writing.keys import Key, find_row, key_not_found, read_key
from ..writing.links import not_associated
from ..writing.payloads import (
    Payload,
    is_written_whole,
    read_children,
    read_json,
    read_payload,
    related_table,
)
from ..writing.references import Reference
from ..writing.whole_collections import write_whole_collections
from ..writing.writes import check_version, existing_row, refuse_message
from .exchanges import Request, Response, json_response, no_content, text_response, written
from .preconditions import Conditions, write_conditions
from .rows import (
    RETRIEVE_MULTIPLE,
    answer_row,
    answer_written,
    find_existing,
    method_not_allowed,
    read_options,
    refuse_options,
)
from .sessions import Session

_REPRESENTATION_OPTIONS = frozenset({"$select", "$expand"})


@dataclass(frozen=True, slots=True)
class Navigation:
    """A navigation property of one row, as a request addresses it."""

    session: Session
    table: Table
    key: Key
    segment: Segment
    request: Request

    def __post_init__(self) -> None:
        if self.single is None and not self.is_collection:
            raise segment_not_found(self.name)

    @property
    def name(self) -> str:
        return self.segment.name

    @property
    def single(self) -> OneToMany | None:
        """The relationship behind it when it is single-valued."""
        return self.session.catalog.single_valued(self.table.logical_name, self.name)

    @property
    def is_collection(self) -> bool:
        catalog, table = self.session.catalog, self.table.logical_name
        one_to_many = catalog.collection_valued(table, self.name)
        return one_to_many is not None or catalog.many_valued(table, self.name) is not None

    @property
    def related(self) -> Table:
        """The table of the rows in a collection."""
        return related_table(self.session.catalog, self.table, self.name)

    def source(self, db: sqlite3.Connection, conditions: Conditions | None = None) -> Reference:
        """Return the row that has the property, as the conditions of a write want it."""
        reference = Reference(self.table, find_existing(db, self.table, self.key))
        if conditions is None:
            return reference
        conditions.check_found()
        if conditions.version is not None:
            row = existing_row(db, self.table, reference.row_id)
            check_version(row, conditions.version)
        return reference


def answer_navigation(navigation: Navigation) -> Response:
    """Answer `{set}(key)/{navigation}`."""
    match navigation.request.method, navigation.single is not None:
        case "GET", _:
            return _read(navigation)
        case "POST", False:
            return _create(navigation)
        case "PUT", False:
            return _replace(navigation)
        case "PATCH", True:
            table, key = followed(navigation)
            return answer_row(navigation.session, table, key, navigation.request)
        case "DELETE", True:
            raise bad_request(
                f"'{navigation.name}' is no column; its reference is removed with"
                f" '{navigation.name}/$ref'."
            )
        case method, _:
            raise method_not_allowed(method)


def answer_navigation_count(navigation: Navigation) -> Response:
    """Answer `{set}(key)/{navigation}/$count`."""
    if navigation.request.method != "GET":
        raise method_not_allowed(navigation.request.method)
    if navigation.single is not None or navigation.segment.arguments is not None:
        raise segment_not_found("$count")
    for name in navigation.request.query.keys() - {"$filter", "tag"}:
        raise bad_request(f"The query option '{name}' is not supported on $count.")
    body = _body(navigation, {**read_options(navigation.request), "$count": "true", "$top": "1"})
    return text_response(str(0 if body is None else body["@odata.count"]))


def followed(navigation: Navigation) -> tuple[Table, Key]:
    """Return the row that a path goes on from: the one pointed at, or one of a collection."""
    with navigation.session.reading() as db:
        source = navigation.source(db)
        relation = navigation.single
        if relation is not None and navigation.segment.arguments is None:
            found = _pointed_at(db, navigation, source, relation)
        elif relation is None and navigation.segment.arguments is not None:
            found = _member(db, navigation, source)
        else:
            raise segment_not_found(navigation.name)
    return found.table, Key(row_id=found.row_id)


def _pointed_at(
    db: sqlite3.Connection, navigation: Navigation, source: Reference, relation: OneToMany
) -> Reference:
    row = existing_row(db, source.table, source.row_id)
    column = source.table.columns[relation.referencing_column]
    kind = row.get(f"{column.logical_name}__type", relation.referenced_table)
    value = row[column.logical_name]
    if value is None or (
        navigation.name != column.logical_name and kind != relation.referenced_table
    ):
        raise Fault(
            404,
            "0x80040217",
            f"The property '{navigation.name}' of {source.table.logical_name} {source.row_id}"
            " points at no record.",
        )
    return Reference(navigation.session.catalog.tables[kind], value)


def _member(db: sqlite3.Connection, navigation: Navigation, source: Reference) -> Reference:
    """Return the row of a collection that `nav(key)` names, which has to be in it."""
    table = navigation.related
    key = read_key(table, navigation.segment.arguments or "")
    row_id = find_row(db, table, key)
    if row_id is None:
        raise key_not_found(table, key)
    found = Reference(table, row_id)
    if not _holds(db, navigation, source, found):
        raise not_associated()
    return found


def _holds(
    db: sqlite3.Connection, navigation: Navigation, source: Reference, target: Reference
) -> bool:
    catalog = navigation.session.catalog
    relation = catalog.collection_valued(source.table.logical_name, navigation.name)
    if relation is None:
        return navigation.session.organization.links.holds(db, source, navigation.name, target)
    row = fetch_row(db, target.table, target.row_id) or {}
    kind = row.get(f"{relation.referencing_column}__type", relation.referenced_table)
    points = row.get(relation.referencing_column) == source.row_id
    return points and kind == relation.referenced_table


def _read(navigation: Navigation) -> Response:
    body = _body(navigation, read_options(navigation.request))
    if body is None:
        return no_content()
    prefer = navigation.request.preferences
    return json_response(body, prefer, etag=body.get("@odata.etag"))


def _body(navigation: Navigation, query: dict[str, str]) -> dict[str, Any] | None:
    session, request = navigation.session, navigation.request
    if navigation.is_collection and is_written_whole(navigation.table, navigation.name):
        refuse_message(navigation.related, RETRIEVE_MULTIPLE)
    with session.reading() as db:
        return read_navigation(
            db,
            session.catalog,
            navigation.table,
            navigation.source(db).row_id,
            navigation.name,
            query,
            request.preferences,
            root=request.root,
            caller=session.caller,
            now=session.now,
        )


def _create(navigation: Navigation) -> Response:
    """Create a row in a collection (Learn: Create a table row, on a navigation property)."""
    session, table, request = navigation.session, navigation.related, navigation.request
    if is_written_whole(navigation.table, navigation.name):
        raise method_not_allowed(request.method)
    refuse_options(request, _REPRESENTATION_OPTIONS)
    body = read_json(request.body, table.entity_set_name)
    context = session.write_context(request)
    with session.writing() as db:
        source = navigation.source(db)
        payload = read_payload(db, table, body, session.references, creates=True, nests=True)
        inserts = session.organization.inserts
        created = inserts.create_in(db, source, navigation.name, payload, context)
        return answer_written(session, db, created, request, status=201)


def _replace(navigation: Navigation) -> Response:
    """Write a collection anew from `{"value": [...]}`."""
    session, table, request = navigation.session, navigation.table, navigation.request
    if not is_written_whole(table, navigation.name):
        raise method_not_allowed(request.method)
    refuse_options(request)
    conditions = write_conditions(request.headers)
    body = read_json(request.body, table.entity_set_name)
    if set(body) != {"value"}:
        raise invalid_payload(table.entity_set_name, 'The body is not {"value": [...]}.')
    context = session.write_context(request)
    with session.writing() as db:
        reference = navigation.source(db, conditions)
        rows = read_children(
            db, navigation.related, body["value"], session.references, navigation.name
        )
        payload = Payload({}, children={navigation.name: rows})
        writes = session.organization.writes
        writes.update(db, table, reference.row_id, payload, context)
        write_whole_collections(writes, db, reference, payload, context)
    return written(request.root, reference, request.preferences)


def answer_references(navigation: Navigation) -> Response:
    """Answer `{set}(key)/{navigation}/$ref`, also `{navigation}(key)/$ref`."""
    request = navigation.request
    if request.method == "GET":
        return _read_references(navigation)
    if request.method not in ("POST", "PUT", "DELETE"):
        raise method_not_allowed(request.method)
    refuse_options(request, {"$id"})
    conditions = write_conditions(request.headers)
    with navigation.session.writing() as db:
        source = navigation.source(db, conditions)
        if navigation.single is not None:
            _write_single(db, navigation, source, navigation.single)
        else:
            _write_collection(db, navigation, source)
    return written(request.root, source, request.preferences)


def _write_single(
    db: sqlite3.Connection, navigation: Navigation, source: Reference, relation: OneToMany
) -> None:
    session, request = navigation.session, navigation.request
    links, context = session.organization.links, session.write_context(request)
    if request.method == "POST":
        raise bad_request(f"'{navigation.name}' is single-valued; its reference is set with PUT.")
    target = None
    if request.method == "PUT":
        target = session.references.resolve(db, _referenced(navigation))
    elif "$id" in request.query:
        named = session.references.resolve(db, request.query["$id"])
        if named != _pointed_at(db, navigation, source, relation):
            raise not_associated()
    links.set_single(db, source, navigation.name, target, context)


def _write_collection(db: sqlite3.Connection, navigation: Navigation, source: Reference) -> None:
    session, request = navigation.session, navigation.request
    links, context = session.organization.links, session.write_context(request)
    if is_written_whole(navigation.table, navigation.name):
        raise method_not_allowed(request.method)
    if request.method == "PUT":
        raise bad_request(
            f"'{navigation.name}' is collection-valued; a reference is added to it with POST."
            " Replacing all of them with PUT is for activity parties."
        )
    if request.method == "POST":
        target = session.references.resolve(db, _referenced(navigation))
        links.add(db, source, navigation.name, target, context)
    else:
        links.remove(db, source, navigation.name, _removed(db, navigation), context)


def _read_references(navigation: Navigation) -> Response:
    session, request = navigation.session, navigation.request
    if navigation.is_collection:
        for name in request.query.keys() & COLLECTION_OPTIONS:
            raise not_emulated(f"{name} on a collection of $ref")
    refuse_options(request)
    with session.reading() as db:
        body = read_references(
            db,
            session.catalog,
            navigation.table,
            navigation.source(db).row_id,
            navigation.name,
            root=request.root,
            caller=session.caller,
            now=session.now,
        )
    return no_content() if body is None else json_response(body, request.preferences)


def _referenced(navigation: Navigation) -> Any:
    body = read_json(navigation.request.body, navigation.table.entity_set_name)
    if "@odata.id" not in body:
        raise invalid_payload(navigation.table.entity_set_name, "The body has no '@odata.id'.")
    check_control_information(navigation.table, "@odata.id", body["@odata.id"])
    return body["@odata.id"]


def _removed(db: sqlite3.Connection, navigation: Navigation) -> Reference:
    """Say which row leaves a collection: `nav(key)/$ref` or `nav/$ref?$id=url`."""
    if navigation.segment.arguments is None:
        if "$id" not in navigation.request.query:
            raise bad_request("Which record leaves the collection is said by '$id'.")
        return navigation.session.references.resolve(db, navigation.request.query["$id"])
    table = navigation.related
    key = read_key(table, navigation.segment.arguments)
    row_id = find_row(db, table, key)
    if row_id is None:
        raise key_not_found(table, key)
    return Reference(table, row_id)
