"""Messages about e-mail: drafts are sent, templates filled in; nothing leaves this machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from ..faults import Fault, bad_request, invalid_payload
from ..requests.exchanges import Response, json_response
from ..resource_paths import NAMESPACE
from ..storage.rows import fetch_row, find_ids
from ..tables.metadata import Table
from ..tables.standard_tables.activity_parties import PARTY
from ..tables.values import is_guid, stored_moment, to_stored
from ..writing.payloads import Payload, read_payload
from ..writing.references import Reference
from ..writing.writes import WriteContext, existing_row
from .calls import Arguments, Call
from .style_sheets import Subject, filled_in

_DRAFTS = 0  # statecode
_SENDER, _RECIPIENTS = 1, (2, 3, 4)  # participationtypemask
_PENDING_SEND = {"statecode": 1, "statuscode": 6}
_MARKED_AS_SENT = {"statecode": 1, "statuscode": 3}
_INVALID = "0x80040203"
"""Which codes Dataverse gives these refusals is not documented."""


def send_email(call: Call) -> Response:
    """Have a draft sent, which stays pending, or mark it as sent."""
    arguments = call.arguments("IssueSend", "TrackingToken")
    issues = arguments.flag("IssueSend")
    token = arguments.body.get("TrackingToken")
    if token is not None and not isinstance(token, str):
        raise bad_request("The parameter 'TrackingToken' of SendEmail is not a text.")
    context = call.session.write_context(call.request)
    with call.session.writing() as db:
        email = call.bound_row(db)
        subject = _send(call, db, email, context, issues=issues, token=token or "")
    return call.answer({"Subject": subject})


def _send(
    call: Call,
    db: sqlite3.Connection,
    email: Reference,
    context: WriteContext,
    *,
    issues: bool,
    token: str,
) -> str:
    row = existing_row(db, email.table, email.row_id)
    _check(call, db, row)
    subject = " ".join(filter(None, (row["subject"], token)))
    sent = {} if issues else {"senton": stored_moment(context.now)}
    named = {
        name: to_stored(email.table, email.table.columns[name], value)
        for name, value in (("subject", subject), ("trackingtoken", token))
        if token
    }
    states = _PENDING_SEND if issues else _MARKED_AS_SENT
    changes = Payload({**states, **sent, **named})
    call.session.organization.writes.update(db, email.table, email.row_id, changes, context)
    return subject


def _check(call: Call, db: sqlite3.Connection, row: dict[str, Any]) -> None:
    """Refuse what nobody could send: no draft, nobody who sends, nobody who could receive."""
    if row["statecode"] != _DRAFTS or not row["directioncode"]:
        raise bad_request("Only an outgoing e-mail that is a draft can be sent.", _INVALID)
    parties = call.session.catalog.tables[PARTY]
    found = [
        fetch_row(db, parties, party_id) or {}
        for party_id in find_ids(db, parties, {"activityid": row["activityid"]})
    ]
    senders = [party for party in found if party["participationtypemask"] == _SENDER]
    recipients = [party for party in found if party["participationtypemask"] in _RECIPIENTS]
    if not senders:
        raise bad_request("The e-mail must have a sender.", _INVALID)
    if not recipients:
        raise bad_request("The e-mail must have at least one recipient.", _INVALID)
    if _undeliverable(senders):
        raise bad_request("The sender does not have an email address.", _INVALID)
    if _undeliverable(recipients) or any(party["donotemail"] for party in recipients):
        raise bad_request(
            "The e-mail has at least one recipient that does not have an email address or is marked"
            ' as "Do Not Allow" email.',
            _INVALID,
        )


def _undeliverable(parties: Iterable[dict[str, Any]]) -> bool:
    return any("@" not in (party["addressused"] or "") for party in parties)


def instantiate_template(call: Call) -> Response:
    """Fill a template in for a record, and answer the e-mail, which is not saved."""
    arguments = call.arguments("TemplateId", "ObjectType", "ObjectId")
    with call.session.reading() as db:
        template = _guid(arguments, "TemplateId")
        kind, row_id = arguments.body.get("ObjectType"), _guid(arguments, "ObjectId")
        table = call.session.catalog.tables.get(str(kind))
        if table is None:
            raise bad_request(f"The ObjectType of InstantiateTemplate is no table: {kind!r}.")
        made = _made(call, db, template, Reference(table, row_id))
    body = {
        "@odata.context": f"{call.request.root}$metadata#crmbaseentities",
        "value": [{"@odata.type": f"#{NAMESPACE}email", **made}],
    }
    return json_response(body, call.request.preferences)


def send_email_from_template(call: Call) -> Response:
    """Make an e-mail by a template, save it and have it sent."""
    arguments = call.arguments("TemplateId", "Regarding", "Target")
    session, context = call.session, call.session.write_context(call.request)
    table = session.catalog.tables["email"]
    with session.writing() as db:
        template = _guid(arguments, "TemplateId")
        regarding = arguments.row(db, "Regarding")
        given = _target(arguments)
        made = _made(call, db, template, regarding)
        about = _regarding(table, regarding)
        payload = read_payload(db, table, given, session.references, creates=True)
        whole = payload.with_values({**made, **about})
        email = session.organization.inserts.create(db, table, whole, context)
        created = Reference(table, email.row_id)
        _send(call, db, created, context, issues=True, token="")
    return call.answer({"Id": email.row_id})


def _target(arguments: Arguments) -> dict[str, Any]:
    given = arguments.record("Target")
    if not given:
        raise invalid_payload(
            "emails", "The parameter 'Target' of SendEmailFromTemplate is missing."
        )
    return {name: value for name, value in given.items() if name != "@odata.type"}


def _regarding(table: Table, regarding: Reference) -> dict[str, Any]:
    kind = regarding.table.logical_name
    if kind not in table.columns["regardingobjectid"].targets:
        return {}
    return {"regardingobjectid": regarding.row_id, "regardingobjectid__type": kind}


def _made(call: Call, db: sqlite3.Connection, template_id: str, about: Reference) -> dict[str, str]:
    """Subject and description that a template makes for a record."""
    catalog = call.session.catalog
    template = existing_row(db, catalog.tables["template"], template_id)
    kind = about.table.logical_name
    if template["templatetypecode"] != kind:
        raise _wrong_type(template["templatetypecode"], kind)
    row = existing_row(db, about.table, about.row_id)
    subject = Subject(db, catalog, about.table, row)
    return {
        "subject": filled_in(template["subject"] or "", subject),
        "description": filled_in(template["body"] or "", subject),
    }


def _wrong_type(wanted: str, given: str) -> Fault:
    return bad_request(f"The template is about a {wanted} and not about a {given}.", _INVALID)


def _guid(arguments: Arguments, name: str) -> str:
    value = arguments.body.get(name)
    if not isinstance(value, str) or not is_guid(value):
        raise bad_request(f"The parameter '{name}' of {arguments.call.name} is not a guid.")
    return value.lower()
