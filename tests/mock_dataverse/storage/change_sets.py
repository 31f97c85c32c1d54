"""Change sets of updates, as they are sent by clients of their own in threads of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import requests
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer

_PART = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
_CODE = re.compile(r'"code":"(0x[0-9a-f]+)"')


@dataclass(frozen=True, slots=True)
class Write:
    """One request of a change set."""

    method: str
    url: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change set ended: the outer status and, if it failed, the code and the whole text."""

    status: int
    code: str | None
    text: str


def update(row_id: str, **values: object) -> Write:
    return Write("PATCH", f"leads({row_id})", values)


def send(server: MockServer, writes: Sequence[Write]) -> Outcome:
    members = "".join(
        f"--c\r\n{_PART}Content-ID: {number}\r\n\r\n{write.method} {write.url} HTTP/1.1\r\n"
        f"Content-Type: application/json\r\n\r\n{json.dumps(write.body)}\r\n"
        for number, write in enumerate(writes, start=1)
    )
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{members}--c--\r\n--b--\r\n"
    api = Api(server)
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.send("POST", "$batch", data=body.encode(), headers=headers)
    api.close()
    found = _CODE.search(answer.text)
    return Outcome(answer.status_code, found[1] if found else None, answer.text)


def send_alone(server: MockServer, write: Write, **headers: str) -> requests.Response:
    """Send one write outside of any change set."""
    api = Api(server)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return api.send(write.method, write.url, json=write.body, headers=named)
    finally:
        api.close()


def send_in(pool: ThreadPoolExecutor, server: MockServer, *writes: Write) -> Future[Outcome]:
    return pool.submit(send, server, writes)
