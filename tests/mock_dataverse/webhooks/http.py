"""Registering webhooks over HTTP, and reading what they were sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.webhooks.receiver import Receiver


def register(api: Api, url: str, message: str, table: str | None, **step: Any) -> str:
    """Register a webhook as an installer does, and return the id of its step."""
    endpoint = api.create(
        "serviceendpoints", name="hook", url=url, contract=8, authtype=4, authvalue="key"
    )
    found = api.row(f"sdkmessages?$select=sdkmessageid&$filter=name eq '{message}'")["value"]
    message_id = found[0]["sdkmessageid"]
    values = {
        "name": f"{table} {message}",
        "stage": 40,
        "mode": 1,
        "rank": 1,
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        **step,
    }
    if table is not None:
        condition = f"primaryobjecttypecode eq '{table}' and _sdkmessageid_value eq {message_id}"
        query = f"sdkmessagefilters?$select=sdkmessagefilterid&$filter={condition}"
        filter_id = api.row(query)["value"][0]["sdkmessagefilterid"]
        values["sdkmessagefilterid@odata.bind"] = f"/sdkmessagefilters({filter_id})"
    return api.create("sdkmessageprocessingsteps", **values)


def register_image(api: Api, step: str, alias: str, kind: int, name: str, **values: Any) -> str:
    body = {
        "name": alias,
        "entityalias": alias,
        "imagetype": kind,
        "messagepropertyname": name,
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step})",
        **values,
    }
    return api.create("sdkmessageprocessingstepimages", **body)


def contexts(api: Api, receiver: Receiver) -> list[dict[str, Any]]:
    """Wait until everything is sent, and return what has arrived."""
    assert api.server.dispatcher.wait_until_idle(20)
    return [request.context for request in receiver.requests]


def values_of(pairs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: pair["value"] for pair in pairs}


def inputs(context: dict[str, Any]) -> dict[str, Any]:
    return values_of(context["InputParameters"])


def admin(api: Api, method: str, path: str, body: Any = None) -> Any:
    """Send an admin request and return its answer, which has to be a success."""
    answer = api.send(method, f"{api.server.url}/__mock/{path}", json=body)
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.content else None
