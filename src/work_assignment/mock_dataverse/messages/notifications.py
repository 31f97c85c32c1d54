"""SendAppNotification: a notification inside the app, kept as a row of its recipient."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ..faults import Fault, bad_request, invalid_payload
from ..tables.values import to_stored
from ..writing.payloads import Payload
from ..writing.references import Reference
from .calls import Arguments, Call

_COLUMNS = {
    "Title": "title",
    "Body": "body",
    "IconType": "icontype",
    "ToastType": "toasttype",
    "Priority": "priority",
    "Expiry": "ttlinseconds",
}
_RECIPIENT = "Recipient"
_RECIPIENTS = (_RECIPIENT, f"{_RECIPIENT}@odata.bind")


def send_app_notification(call: Call) -> str:
    """Store the notification and return its id."""
    session, table = call.session, call.session.catalog.tables["appnotification"]
    arguments = call.arguments(*_COLUMNS, _RECIPIENT, "OverrideContent", "Actions")
    body = arguments.body
    _check(body)
    values = {
        column: to_stored(table, table.columns[column], body[name])
        for name, column in _COLUMNS.items()
        if body.get(name) is not None
    }
    data = _data(arguments)
    if data is not None:
        values["data"] = to_stored(table, table.columns["data"], data)
    with session.writing() as db:
        recipient = _recipient(db, arguments)
        values |= {"ownerid": recipient.row_id, "ownerid__type": "systemuser"}
        return session.organization.writes.create(
            db, table, Payload(values), session.write_context(call.request)
        )


def _check(body: Any) -> None:
    if body.get("Title") in (None, ""):
        raise _wrong("Title", "is missing")
    if all(body.get(name) in (None, "") for name in _RECIPIENTS):
        raise _wrong(_RECIPIENT, "is missing")


def _recipient(db: sqlite3.Connection, arguments: Arguments) -> Reference:
    """Find the user, who may be an address or a record that holds her id."""
    if isinstance(arguments.body.get(_RECIPIENT), dict):
        return arguments.row(db, _RECIPIENT, "systemuser")
    given = next(filter(None, map(arguments.body.get, _RECIPIENTS)))
    recipient = arguments.call.session.references.resolve(db, given)
    if recipient.table.logical_name != "systemuser":
        raise bad_request("The Recipient of a notification is a systemuser.")
    return recipient


def _data(arguments: Arguments) -> str | None:
    """Write actions and overriding content as the row keeps them, without type annotations."""
    actions = _plain(arguments.record("Actions"))
    content: dict[str, Any] = {}
    if actions:
        content["actions"] = _listed(actions)
    content |= _plain(arguments.record("OverrideContent"))
    return json.dumps(content, ensure_ascii=False) if content else None


def _listed(actions: dict[str, Any]) -> list[dict[str, Any]]:
    listed = actions.get("actions", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _wrong("Actions", "does not hold an array of objects named 'actions'")
    return listed


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if "@odata." not in name}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _wrong(name: str, problem: str) -> Fault:
    return invalid_payload("appnotifications", f"The parameter '{name}' {problem}.")
