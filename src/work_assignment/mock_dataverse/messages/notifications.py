"""SendAppNotification: a notification inside the app, kept as a row of its recipient."""

from __future__ import annotations

import json
from typing import Any

from ..faults import bad_request, invalid_payload
from ..requests.exchanges import Request
from ..requests.sessions import Session
from ..tables.values import to_stored
from ..writing.payloads import Payload, read_json

_COLUMNS = {
    "Title": "title",
    "Body": "body",
    "IconType": "icontype",
    "ToastType": "toasttype",
    "Priority": "priority",
    "Expiry": "ttlinseconds",
}
_KNOWN = frozenset({*_COLUMNS, "Recipient", "OverrideContent", "Actions"})


def send_app_notification(session: Session, request: Request) -> str:
    """Store the notification and return its id."""
    table = session.catalog.tables["appnotification"]
    body = read_json(request.body, table.entity_set_name)
    _check(body)
    values = {
        column: to_stored(table, table.columns[column], body[name])
        for name, column in _COLUMNS.items()
        if body.get(name) is not None
    }
    data = _data(body)
    if data is not None:
        values["data"] = to_stored(table, table.columns["data"], data)
    with session.writing() as db:
        recipient = session.references.resolve(db, body["Recipient"])
        if recipient.table.logical_name != "systemuser":
            raise bad_request("The Recipient of a notification is a systemuser.")
        values |= {"ownerid": recipient.row_id, "ownerid__type": "systemuser"}
        return session.organization.writes.create(
            db, table, Payload(values), session.write_context(request)
        )


def _check(body: dict[str, Any]) -> None:
    for name in ("Title", "Recipient"):
        if body.get(name) in (None, ""):
            raise invalid_payload("appnotifications", f"The parameter '{name}' is missing.")
    for name in body:
        if "@" not in name and name not in _KNOWN:
            raise invalid_payload(
                "appnotifications", f"The parameter '{name}' is not one of SendAppNotification."
            )


def _data(body: dict[str, Any]) -> str | None:
    """Write actions and overriding content as the row keeps them, without type annotations."""
    content: dict[str, Any] = {}
    if isinstance(body.get("Actions"), dict):
        content["actions"] = _plain(body["Actions"]).get("actions", [])
    if isinstance(body.get("OverrideContent"), dict):
        content |= _plain(body["OverrideContent"])
    return json.dumps(content, ensure_ascii=False) if content else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if "@odata." not in name}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
