"""Clients of the Web API that do as little as can be: over one connection, or inside the process."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self
from urllib.parse import quote

from work_assignment.mock_dataverse.server import MockServer

ROOT = "/api/data/v9.2/"
_SAFE = "/?&=$(),'@:;%+*"
_PATIENCE = 600


class RequestFailed(RuntimeError):
    """An answer that a benchmark does not expect."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: path below the service root, body, headers."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Client(Protocol):
    """Sends requests and returns what the answer holds."""

    def send(self, call: Call) -> bytes: ...


class HttpClient:
    """One connection that is kept open; with a token, of the user that it names."""

    def __init__(self, host: str, port: int, token: str | None = None) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
        self._signed = {} if token is None else {"Authorization": f"Bearer {token}"}

    def send(self, call: Call) -> bytes:
        headers = {"Accept": "application/json", **self._signed, **call.headers}
        self._connection.request(call.method, _target(call.path), call.body or None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        _check(call, answer.status, content)
        return content

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class InsideClient:
    """Calls the application of a mock in this process: the same work without HTTP."""

    def __init__(self, server: MockServer) -> None:
        self._application = server.application

    def send(self, call: Call) -> bytes:
        status: list[str] = []
        answer = self._application(_environ(call), lambda line, _headers: status.append(line))
        content = b"".join(answer)
        _check(call, int(status[0][:3]), content)
        return content


def send_json(client: Client, path: str, body: Mapping[str, Any]) -> None:
    client.send(posted(path, body))


def posted(path: str, body: Mapping[str, Any], method: str = "POST") -> Call:
    """Write a request with a JSON body."""
    return Call(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})


def rows_of(client: Client, path: str) -> list[dict[str, Any]]:
    """Read one page."""
    rows: list[dict[str, Any]] = json.loads(client.send(Call("GET", path)))["value"]
    return rows


def batch_of(change_sets: Iterable[Sequence[Call]]) -> Call:
    """Write a batch of change sets."""
    written: list[bytes] = []
    for number, calls in enumerate(change_sets):
        inner = f"changeset_{number}"
        written.append(
            b"--batch_all\r\nContent-Type: multipart/mixed; boundary=%b\r\n\r\n" % _b(inner)
        )
        written += [_part(inner, place, call) for place, call in enumerate(calls, start=1)]
        written.append(b"--%b--\r\n" % _b(inner))
    written.append(b"--batch_all--\r\n")
    headers = {"Content-Type": "multipart/mixed; boundary=batch_all"}
    return Call("POST", "$batch", b"".join(written), headers)


def _part(boundary: str, place: int, call: Call) -> bytes:
    lines = [
        f"--{boundary}",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        f"Content-ID: {place}",
        "",
        f"{call.method} {_target(call.path)} HTTP/1.1",
        *(f"{name}: {value}" for name, value in call.headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + call.body + b"\r\n"


def _check(call: Call, status: int, content: bytes) -> None:
    is_refused = call.path == "$batch" and b"\nHTTP/1.1 4" in content
    if status >= 400 or is_refused:
        raise RequestFailed(f"{call.method} {call.path[:200]}: {status} {content[:500]!r}")


def _target(path: str) -> str:
    return ROOT + quote(path, safe=_SAFE)


def _environ(call: Call) -> dict[str, Any]:
    given = {f"HTTP_{n.upper().replace('-', '_')}": value for n, value in call.headers.items()}
    return {
        "REQUEST_METHOD": call.method,
        "REQUEST_URI": _target(call.path),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": call.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(call.body)),
        "HTTP_HOST": "127.0.0.1:5000",
        "HTTP_ACCEPT": "application/json",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(call.body),
        **given,
    }


def _b(text: str) -> bytes:
    return text.encode()
