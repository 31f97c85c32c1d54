"""CreateMultiple and UpdateMultiple: many rows of one table in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from ..faults import bad_request, invalid_payload, not_emulated
from ..requests.exchanges import Request
from ..requests.rows import create_row, refuse_options
from ..requests.sessions import Session
from ..resource_paths import NAMESPACE
from ..tables.metadata import Table
from ..writing.payloads import read_json, read_payload


def create_multiple(session: Session, table: Table, request: Request) -> list[str]:
    """Create all targets or none; return their ids in the order of the request."""
    refuse_options(request)
    targets = _targets(table, request)
    with session.writing() as db:
        return [
            create_row(
                session,
                db,
                table,
                read_payload(db, table, target, session.references, creates=True),
                request,
            ).row_id
            for target in targets
        ]


def update_multiple(session: Session, table: Table, request: Request) -> None:
    """Update all targets or none; a row may be there only once."""
    refuse_options(request)
    targets = _targets(table, request)
    context = session.write_context(request)
    with session.writing() as db:
        seen: set[str] = set()
        for target in targets:
            row_id = _row_id(session, db, table, target)
            if row_id in seen:
                raise bad_request(f"The record {row_id} is among the targets more than once.")
            seen.add(row_id)
            payload = read_payload(db, table, target, session.references, creates=False)
            if payload.children:
                raise not_emulated(f"{', '.join(payload.children)} in UpdateMultiple")
            session.organization.writes.update(db, table, row_id, payload, context)


def _targets(table: Table, request: Request) -> list[dict[str, Any]]:
    targets = read_json(request.body, table.entity_set_name).get("Targets")
    if not isinstance(targets, list) or not all(isinstance(item, dict) for item in targets):
        raise invalid_payload(table.entity_set_name, "'Targets' is not an array of records.")
    expected = f"{NAMESPACE}{table.logical_name}"
    for target in targets:
        given = target.get("@odata.type")
        if not isinstance(given, str) or given.removeprefix("#") != expected:
            raise invalid_payload(
                table.entity_set_name,
                f"Each of 'Targets' needs '@odata.type': '{expected}', not {given!r}.",
            )
    return targets


def _row_id(
    session: Session, db: sqlite3.Connection, table: Table, target: Mapping[str, Any]
) -> str:
    if "@odata.id" in target:
        found = session.references.resolve(db, target["@odata.id"])
        if found.table is not table:
            raise bad_request(f"'@odata.id' is not a {table.logical_name}.")
        return found.row_id
    value = target.get(table.primary_id)
    if not isinstance(value, str):
        raise invalid_payload(
            table.entity_set_name, f"Each of 'Targets' needs '{table.primary_id}' or '@odata.id'."
        )
    return value.lower()
