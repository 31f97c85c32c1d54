"""CreateMultiple, UpdateMultiple and UpsertMultiple: many rows of a table in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..faults import Fault, bad_request, invalid_payload, located, not_emulated
from ..requests.exchanges import Response
from ..requests.rows import Upsert, refuse_options
from ..resource_paths import NAMESPACE
from ..tables.metadata import Table
from ..tables.values import is_guid
from ..writing.calendar_rules import RULES
from ..writing.keys import Key, find_row
from ..writing.payloads import read_json, read_payload
from ..writing.references import Reference
from ..writing.whole_collections import write_whole_collections
from .announcements import gathered
from .calls import Call


def create_multiple(call: Call) -> Response:
    """Create all targets or none; answer their ids in the order of the request."""
    table, targets, session = call.bound_table(), _targets(call), call.session
    context, inserts = session.write_context(call.request), session.organization.inserts
    ids = []
    with session.writing() as db, gathered(session, db, table, context) as each:
        for number, target in enumerate(targets):
            with _at(number) as place:
                payload = read_payload(
                    db, table, target, session.references, creates=True, place=place
                )
                ids.append(inserts.create(db, table, payload, each).row_id)
    return call.answer({"Ids": ids})


def update_multiple(call: Call) -> Response:
    """Update all targets or none; a row may be there only once."""
    table, targets, session = call.bound_table(), _targets(call), call.session
    context, writes = session.write_context(call.request), session.organization.writes
    seen: set[str] = set()
    with session.writing() as db, gathered(session, db, table, context) as each:
        for number, target in enumerate(targets):
            with _at(number) as place:
                row_id = _existing_id(call, db, table, target)
                _check_new(seen, row_id)
                payload = read_payload(
                    db, table, target, session.references, creates=False, place=place
                )
                if RULES in payload.children:
                    raise not_emulated(f"{RULES} in UpdateMultiple")
                writes.update(db, table, row_id, payload, each)
                reference = Reference(table, row_id)
                write_whole_collections(writes, db, reference, payload, each)
    return Response(204)


def upsert_multiple(call: Call) -> Response:
    """Update the targets that are there and create the others, all or none."""
    table, targets = call.bound_table(), _targets(call)
    context = call.session.write_context(call.request)
    seen: set[str] = set()
    session = call.session
    with session.writing() as db, gathered(session, db, table, context) as each:
        for number, target in enumerate(targets):
            with _at(number) as place:
                upsert = Upsert(session, db, table, each, place)
                key = _key(call, table, target)
                row_id = None if key is None else find_row(db, table, key)
                if key is None or row_id is None:
                    row_id = upsert.create(key or Key(), target).row_id
                else:
                    upsert.update(row_id, key, target)
                _check_new(seen, row_id)
    return Response(204)


def delete_multiple(call: Call) -> Response:
    """Refuse: only elastic tables have this message, and there are none here."""
    raise bad_request("DeleteMultiple has not yet been implemented.", "0x80040203")


def _targets(call: Call) -> list[dict[str, Any]]:
    refuse_options(call.request)
    table, body = call.bound_table(), read_json(call.request.body, call.name)
    for name in body:
        if name != "Targets" and "@" not in name:
            raise bad_request(
                f"The parameter '{name}' in the request payload is not a valid parameter for the"
                f" operation '{call.name}'."
            )
    targets = body.get("Targets")
    if not isinstance(targets, list) or not all(isinstance(item, dict) for item in targets):
        raise invalid_payload(table.entity_set_name, "'Targets' is not an array of records.")
    if not targets:
        raise bad_request(f"'Targets' of {call.name} is empty.", "0x80040203")
    expected = f"{NAMESPACE}{table.logical_name}"
    for number, target in enumerate(targets):
        given = target.get("@odata.type")
        if not isinstance(given, str) or given.removeprefix("#") != expected:
            raise invalid_payload(
                table.entity_set_name,
                f"Each of 'Targets' needs '@odata.type': '{expected}', not {given!r}. Its place is"
                f" 'Targets[{number}]'.",
            )
    return targets


@contextmanager
def _at(number: int) -> Iterator[str]:
    """Let a fault name the target that it comes from."""
    place = f"Targets[{number}]"
    try:
        yield place
    except Fault as fault:
        raise located(fault, place) from fault


def _check_new(seen: set[str], row_id: str) -> None:
    if row_id in seen:
        raise bad_request(f"The record {row_id} is among the targets more than once.")
    seen.add(row_id)


def _existing_id(
    call: Call, db: sqlite3.Connection, table: Table, target: Mapping[str, Any]
) -> str:
    if "@odata.id" in target:
        found = call.session.references.resolve(db, _link(target))
        if found.table is not table:
            raise bad_request(f"'@odata.id' is not a {table.logical_name}.")
        return found.row_id
    row_id = _given_id(table, target)
    if row_id is None:
        raise invalid_payload(
            table.entity_set_name, f"Each of 'Targets' needs '{table.primary_id}' or '@odata.id'."
        )
    return row_id


def _link(target: Mapping[str, Any]) -> str:
    link = target["@odata.id"]
    if not isinstance(link, str):
        raise bad_request(f"'@odata.id' is {link!r}, not a text.")
    return link


def _key(call: Call, table: Table, target: Mapping[str, Any]) -> Key | None:
    """Say which row an upsert is for; None for one that is new in any case."""
    if "@odata.id" in target:
        found, key = call.session.references.parse(_link(target))
        if found is not table:
            raise bad_request(f"'@odata.id' is not a {table.logical_name}.")
        return key
    row_id = _given_id(table, target)
    return None if row_id is None else Key(row_id=row_id)


def _given_id(table: Table, target: Mapping[str, Any]) -> str | None:
    value = target.get(table.primary_id)
    if value is None:
        return None
    if not isinstance(value, str) or not is_guid(value):
        raise invalid_payload(
            table.entity_set_name, f"'{table.primary_id}' is no guid, but {value!r}."
        )
    return value.lower()
