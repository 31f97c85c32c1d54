"""Requests as they go out over the wire, however broken, and the answers that come back."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SERVICE = "/api/data/v9.2/"
_PATIENCE = 30.0
_SHOWN = 1500


@dataclass(frozen=True, slots=True)
class Attack:
    """A request; `culprit` is what a refusal must name, `wire` replaces all bytes of the request.

    `is_whole` says that the request is one transaction: refused, it must leave nothing behind.
    """

    kind: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    culprit: str | None = None
    wire: bytes | None = None
    is_whole: bool = True

    def to_bytes(self, host: str) -> bytes:
        if self.wire is not None:
            return self.wire.replace(b"{host}", host.encode())
        given = {name.lower() for name, _ in self.headers}
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        if "host" not in given:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if "content-length" not in given and (self.body or self.method not in ("GET", "HEAD")):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + self.body

    def __str__(self) -> str:
        if self.wire is not None:
            return f"[{self.kind}] {self.wire[:600]!r}"
        shown = self.body[:_SHOWN].decode("utf-8", "backslashreplace")
        return f"[{self.kind}] {self.method} {self.target[:_SHOWN]} {dict(self.headers)} {shown}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 is a connection closed without an answer."""

    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Wire:
    """One kept connection to a server, opened anew whenever it was closed."""

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self._host, self._port = split.hostname or "", split.port or 80
        self._socket: socket.socket | None = None

    @property
    def host(self) -> str:
        return f"{self._host}:{self._port}"

    def send(self, attack: Attack) -> Answer:
        """Send a request as it is and wait for its answer."""
        if attack.wire is not None:
            self.close()
        started = time.perf_counter()
        is_reused = self._socket is not None
        try:
            answer = self._exchange(attack, started)
        except (OSError, http.client.HTTPException):
            self.close()
            if is_reused:  # it may have been closed before this request was sent
                return self.send(attack)
            return Answer(0, time.perf_counter() - started)
        if attack.wire is not None:
            self.close()
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, attack: Attack, started: float) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection((self._host, self._port), _PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(attack.to_bytes(self.host))
        if attack.wire is not None:
            self._socket.shutdown(socket.SHUT_WR)
        with http.client.HTTPResponse(self._socket, method=attack.method) as response:
            response.begin()
            body = response.read()
            headers = {name.lower(): value for name, value in response.getheaders()}
            status, ends = response.status, response.will_close
        if ends:
            self.close()
        return Answer(status, time.perf_counter() - started, headers, body)
