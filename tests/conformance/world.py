"""What rows run against: a mock of each kind, a receiver for webhooks, names that nobody else uses."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests
from tests.mock_dataverse.webhooks.receiver import Received, Receiver

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID, BUSINESS_UNIT_ID

from .table import Step

_NAME = re.compile(r"«(\w+)»")
_GUID = re.compile(r"\(([0-9a-f-]{36})\)$")
_TIMEOUT = 30
_PATIENCE = 15.0
_OF_THE_REQUEST = frozenset({"request", "body", "raw", "batch", "headers", "hooks", "keep"})


@dataclass(frozen=True, slots=True)
class Application:
    """An application that may ask for tokens, and the user that it acts as."""

    world: World
    client_id: str
    secret: str
    user_id: str

    def token(self) -> str:
        """Buy a token with the client credentials."""
        url = self.world.server.url
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": f"{url}/.default",
        }
        path = f"{url}/{uuid.uuid4()}/oauth2/v2.0/token"
        answer = self.world.session.post(path, data=form, timeout=_TIMEOUT)
        return str(answer.json()["access_token"])


class World:
    """One row's world: a server, the values kept so far, and a receiver where one is asked for."""

    def __init__(self, server: MockServer, receiver: Receiver | None = None) -> None:
        self.server = server
        self.receiver = receiver
        self.session = requests.Session()
        self.delivered: list[Received] = []
        self.root = f"{server.url}/api/data/v9.2/"
        self.known: dict[str, Any] = {
            "root": self.root,
            "url": server.url,
            "host": server.url.partition("://")[2],
            "me": ADMINISTRATOR_ID,
            "unit": BUSINESS_UNIT_ID,
            "nowhere": str(uuid.uuid4()),
            "u": uuid.uuid4().hex[:12],
            "hook": receiver.url if receiver is not None else "",
            **{f"id{number}": str(uuid.uuid4()) for number in range(1, 10)},
        }

    def close(self) -> None:
        self.session.close()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; give up after a while."""
        deadline = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < deadline, "it did not come about"

    def register_hook(self, message: str, table: str, wanted: Mapping[str, Any]) -> None:
        """Register the receiver as an endpoint with a step; keeps `endpoint` and `step`.

        `wanted` adds columns to the `endpoint` and the `step`, lists `images`, and says how the
        receiver `answers` first.
        """
        assert self.receiver is not None
        self.receiver.statuses.extend(wanted.get("answers", ()))
        endpoint = {
            "name": f"Hook {self.known['u']}",
            "url": self.receiver.url,
            "contract": 8,
            "authtype": 4,
            "authvalue": "key",
            **wanted.get("endpoint", {}),
        }
        self.known["endpoint"] = self._create("serviceendpoints", endpoint)
        ids = self._message_ids(message, table)
        step = {
            "name": f"{message} of {table}",
            "stage": 40,
            "mode": 1,
            "rank": 1,
            "supporteddeployment": 0,
            "sdkmessageid@odata.bind": f"/sdkmessages({ids[0]})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({ids[1]})",
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({self.known['endpoint']})",
            **wanted.get("step", {}),
        }
        self.known["step"] = self._create("sdkmessageprocessingsteps", step)
        bind = f"/sdkmessageprocessingsteps({self.known['step']})"
        for image in wanted.get("images", ()):
            bound = {**image, "sdkmessageprocessingstepid@odata.bind": bind}
            self._create("sdkmessageprocessingstepimages", bound)

    def hooks(self, number: int) -> list[dict[str, Any]]:
        """Wait for this many deliveries, see that no more come, and return their contexts."""
        receiver = self.receiver
        assert receiver is not None
        for count in range(number):
            came = receiver.arrived.acquire(timeout=_PATIENCE)
            assert came, f"{count} webhooks came instead of {number}"
        assert self.server.dispatcher.wait_until_idle(_PATIENCE), "webhooks are still under way"
        assert len(receiver.requests) == number, f"{len(receiver.requests)} webhooks came"
        self.delivered = list(receiver.requests)
        receiver.requests.clear()
        return [delivery.context for delivery in self.delivered]

    @property
    def last_headers(self) -> Mapping[str, str]:
        """The headers of the delivery that came last."""
        return self.delivered[-1].headers

    def register_application(self) -> Application:
        """Make an application with its user, which may ask for tokens."""
        client_id, secret = str(uuid.uuid4()), uuid.uuid4().hex
        user_id = self._create(
            "systemusers",
            {
                "applicationid": client_id,
                "firstname": "Application",
                "lastname": self.known["u"],
                "businessunitid@odata.bind": f"/businessunits({BUSINESS_UNIT_ID})",
            },
        )
        body = {"id": client_id, "secret": secret}
        answer = self.session.post(f"{self.server.url}/__mock/clients", json=body, timeout=_TIMEOUT)
        assert answer.status_code == 200, answer.text
        return Application(self, client_id, secret, user_id)

    def send(self, step: Step) -> requests.Response:
        """Send one step's request; what stands in « » is replaced by what is known."""
        headers = {name: self.filled(text) for name, text in (step["headers"] or {}).items()}
        if "as" in step:
            headers["Authorization"] = f"Bearer user:{self.filled(step['as'])}"
        body: bytes | None = None
        if "batch" in step:
            body = _lines(self.filled(step["batch"]))
            headers.setdefault("Content-Type", "multipart/mixed; boundary=batch_b")
        elif "raw" in step:
            body = self.filled(step["raw"]).encode()
        elif "body" in step:
            body = json.dumps(self.filled(step["body"])).encode()
            headers.setdefault("Content-Type", "application/json")
        method, url = self._address(step)
        return self.session.request(
            method, url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        )

    def keep(self, step: Step, answer: requests.Response) -> None:
        """Remember what a step says: `id` of what was written, a header, or a member of the body."""
        for name, source in (step["keep"] or {}).items():
            self.known[name] = _found(source, answer)

    def filled(self, value: Any) -> Any:
        """Replace «name» in a text, or in all texts of a value."""
        if isinstance(value, str):
            whole = _NAME.fullmatch(value)
            if whole is not None:
                return self.known[whole[1]]
            return _NAME.sub(lambda found: str(self.known[found[1]]), value)
        if isinstance(value, Mapping):
            return {self.filled(name): self.filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return value

    def filled_expectations(self, step: Step) -> dict[str, Any]:
        """Return a step's members with names filled in where something is expected."""
        return {
            name: value if name in _OF_THE_REQUEST else self.filled(value)
            for name, value in step.members.items()
        }

    def _create(self, entity_set: str, body: Mapping[str, Any]) -> str:
        answer = self.session.post(self.root + entity_set, json=body, timeout=_TIMEOUT)
        return str(_found("id", answer))

    def _message_ids(self, message: str, table: str) -> tuple[str, str]:
        """Return the ids of a message and of its filter for a table."""
        path = (
            "sdkmessagefilters?$select=sdkmessagefilterid,_sdkmessageid_value&$filter="
            f"primaryobjecttypecode eq '{table}' and sdkmessageid/name eq '{message}'"
        )
        answer = self.session.get(self.root + encoded(path), timeout=_TIMEOUT)
        (found,) = answer.json()["value"]
        return found["_sdkmessageid_value"], found["sdkmessagefilterid"]

    def _address(self, step: Step) -> tuple[str, str]:
        path = str(self.filled(step.path))
        if step.method.startswith("MOCK "):
            return step.method.removeprefix("MOCK "), f"{self.server.url}/__mock/{path}"
        if path.startswith("http"):
            return step.method, path
        if path.startswith("/"):
            return step.method, self.server.url + encoded(path)
        return step.method, self.root + encoded(path)


def encoded(path: str) -> str:
    """Percent-encode a path as the table writes it; what is encoded already stays."""
    return quote(path, safe="/?&=$()',:;@!*~%+")


def _lines(text: str) -> bytes:
    """Give a batch the line ends of HTTP."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def _found(source: str, answer: requests.Response) -> Any:
    if source == "id":
        matched = _GUID.search(answer.headers.get("OData-EntityId", ""))
        assert matched is not None, f"no OData-EntityId: {answer.status_code} {answer.text[:300]}"
        return matched[1]
    if source.startswith("header "):
        return answer.headers[source.removeprefix("header ")]
    found = answer.json()
    for part in re.findall(r"[^.\[\]]+|@[^\[\]]+", source) if "@" not in source else [source]:
        found = found[int(part)] if part.isdigit() else found[part]
    return found
