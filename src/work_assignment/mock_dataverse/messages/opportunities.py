"""Winning and losing opportunities."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..faults import bad_request, invalid_payload
from ..requests.exchanges import Response
from ..storage.rows import RawRow
from ..tables.values import stored_moment
from ..webhooks import json_text
from ..webhooks.operations import Parameters
from ..writing.payloads import Payload, read_payload
from ..writing.references import Reference
from ..writing.writes import existing_row
from .announcements import announced
from .calls import Arguments, Call

_OPEN, _WON, _LOST = 0, 1, 2
_ANY_STATUS = -1
_EVENTS = {_WON: "Win", _LOST: "Lose"}
_COMPLETED = {"statecode": 1, "statuscode": 2}


def win_opportunity(call: Call) -> Response:
    return _close(call, _WON)


def lose_opportunity(call: Call) -> Response:
    return _close(call, _LOST)


def _close(call: Call, state: int) -> Response:
    """Close an opportunity, and keep the activity that says so."""
    arguments = call.arguments("Status", "OpportunityClose")
    status = arguments.whole("Status")
    session, context = call.session, call.session.write_context(call.request)
    writes = session.organization.writes
    with session.writing() as db:
        activity = _read_activity(db, arguments)
        table = session.catalog.tables["opportunity"]
        opportunity = Reference(table, activity.values["opportunityid"])
        before = existing_row(db, table, opportunity.row_id)
        if before["statecode"] != _OPEN:
            raise bad_request("The opportunity is already closed.", "0x80040515")
        ended = activity.values.get("actualend") or stored_moment(context.now)
        done = activity.with_values({**_COMPLETED, "actualend": ended, **_names(activity, before)})
        changes = _changes(activity, state, status, ended)
        said = _said(call, activity, status)
        with announced(session, db, _EVENTS[state], opportunity, said, context) as event:
            closing = session.catalog.tables["opportunityclose"]
            session.organization.inserts.create(db, closing, done, event.context)
            writes.update(db, table, opportunity.row_id, Payload(changes), event.context)
    return Response(204)


def _said(call: Call, activity: Payload, status: int) -> Parameters:
    """List the parameters as steps get to see them."""
    session = call.session
    table, outbox = session.catalog.tables["opportunityclose"], session.organization.outbox
    row_id = activity.row_id or json_text.NO_ID
    return (
        ("OpportunityClose", outbox.written(table, row_id, activity.values)),
        ("Status", json_text.option(status)),
    )


def _read_activity(db: sqlite3.Connection, arguments: Arguments) -> Payload:
    session = arguments.call.session
    table = session.catalog.tables["opportunityclose"]
    given = arguments.record("OpportunityClose")
    activity = read_payload(db, table, given, session.references, creates=True)
    if activity.values.get("opportunityid") is None:
        raise invalid_payload(
            table.entity_set_name,
            "The parameter 'OpportunityClose' needs 'opportunityid@odata.bind'.",
        )
    return activity


def _names(activity: Payload, opportunity: RawRow) -> dict[str, Any]:
    """Name the activity after its opportunity when the caller does not."""
    if activity.values.get("subject") is not None:
        return {}
    return {"subject": f"Closed: {opportunity['name'] or ''}"[:200]}


def _changes(activity: Payload, state: int, status: int, ended: str) -> dict[str, Any]:
    changes: dict[str, Any] = {"statecode": state, "actualclosedate": ended[:10]}
    if status != _ANY_STATUS:
        changes["statuscode"] = status
    revenue = activity.values.get("actualrevenue")
    if revenue is not None:
        changes["actualvalue"] = revenue
    return changes
