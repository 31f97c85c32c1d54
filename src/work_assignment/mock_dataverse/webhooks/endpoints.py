"""Where a webhook goes: the address and keys of a service endpoint, and the HTTP call itself."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, TypeAlias
from urllib.parse import SplitResult, quote, urlsplit
from xml.parsers import expat

from ..faults import Fault, bad_request, not_emulated

WEBHOOK_CONTRACT = 8
INVALID_ARGUMENT = "0x80040203"
INVALID_HEADERS = "0x80050203"

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OURS = ("host", "content-length", "transfer-encoding", "connection", "content-type")
_URL_SAFE = "/?%:@!$&'()*+,;=~-._"
_IDLE_SECONDS = 2.0  # shorter than servers keep a silent connection
_LARGEST_ANSWER = 64 * 1024

Headers: TypeAlias = Mapping[str, str]
_Place: TypeAlias = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with what proves to it that the caller is Dataverse."""

    url: str
    key: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def resource(self) -> str:
        """What stands in the request line: path, query, and the key as `code`."""
        parts = self.parts
        queries = [quote(parts.query, safe=_URL_SAFE)] if parts.query else []
        if self.key:
            queries.append(f"code={quote(self.key, safe='')}")
        path = quote(parts.path or "/", safe=_URL_SAFE)
        return f"{path}?{'&'.join(queries)}" if queries else path

    @property
    def shown(self) -> str:
        """The address without anything that may be a secret."""
        parts = self.parts
        return f"{parts.scheme}://{_host_and_port(parts)}{parts.path}"


def _host_and_port(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def read_endpoint(row: Mapping[str, Any]) -> Endpoint:
    """Read a serviceendpoint row; a Fault says why webhooks cannot be sent there."""
    if row.get("contract") != WEBHOOK_CONTRACT:
        raise not_emulated(
            f"service endpoints with contract {row.get('contract')}, only webhooks (8)"
        )
    url = _checked_url(row.get("url"))
    secret = row.get("authvalue")
    match row.get("authtype"):
        case 4:
            return Endpoint(url, key=secret)
        case 5:
            return Endpoint(url, headers=read_settings(secret or ""))
        case 6:
            raise not_emulated("webhook authentication by query string (authtype 6)")
        case other:
            raise bad_request(
                f"A webhook's authtype is 4 (WebhookKey) or 5 (HttpHeader), not {other}.",
                INVALID_ARGUMENT,
            )


def _checked_url(url: str | None) -> str:
    try:
        parts = urlsplit(url or "")
        host = (parts.hostname or "").encode("idna")
        _ = parts.port
    except ValueError:
        host = b""
    if not host or parts.scheme not in ("http", "https") or not str(url).isprintable():
        raise bad_request(f"'{url}' is not an http or https address.", INVALID_ARGUMENT)
    return str(url)


def read_settings(xml: str) -> tuple[tuple[str, str], ...]:
    """Read `<settings><setting name= value=/></settings>` as headers."""
    found: list[tuple[str, str]] = []
    path: list[str] = []

    def opened(tag: str, attributes: dict[str, str]) -> None:
        path.append(tag)
        if path == ["settings", "setting"]:
            found.append(_checked_header(attributes))
        elif path != ["settings"]:
            raise _invalid_headers(f"<{tag}> is not expected there")

    parser = expat.ParserCreate()
    parser.StartElementHandler = opened
    parser.EndElementHandler = lambda _: path.pop()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as exc:
        raise _invalid_headers(f"it is not well-formed XML ({exc})") from exc
    return tuple(found)


def _checked_header(attributes: Mapping[str, str]) -> tuple[str, str]:
    name, value = attributes.get("name", ""), attributes.get("value")
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
        raise _invalid_headers(f"'{name}' cannot be the name of a header")
    if value is None or not _HEADER_VALUE.fullmatch(value):
        raise _invalid_headers(f"the value of '{name}' cannot be sent in a header")
    return name, value


def _refuse_doctype(*_: object) -> None:
    raise _invalid_headers("it has a DOCTYPE")


def _invalid_headers(why: str) -> Fault:
    return bad_request(f"The webhook's http headers are invalid: {why}.", INVALID_HEADERS)


class Poster:
    """One thread's connections, kept open from one post to the next.

    Only `abort` may be called from another thread.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._connections: dict[_Place, tuple[HTTPConnection, float]] = {}
        self._aborted = False

    def post(self, endpoint: Endpoint, headers: Headers, body: bytes) -> tuple[int, str]:
        """Post once and return status and reason; redirects are not followed.

        Raises TimeoutError, or another OSError or HTTPException when there was no answer.
        """
        deadline = time.monotonic() + self._timeout
        parts = endpoint.parts
        place = (parts.scheme, parts.hostname or "", parts.port)
        connection = self._connection(place)
        try:
            response = self._exchange(connection, endpoint, headers, body, deadline)
        except BaseException:
            self._drop(place)
            raise
        status, reason = response.status, response.reason
        if self._is_read(connection, response):
            self._connections[place] = connection, time.monotonic()
        else:
            self._drop(place)
        return status, reason

    def _connection(self, place: _Place) -> HTTPConnection:
        """Return the open connection if it is fresh, else a new one."""
        known = self._connections.get(place)
        if (
            known is not None
            and time.monotonic() - known[1] < _IDLE_SECONDS
            and _is_quiet(known[0])
        ):
            return known[0]
        self._drop(place)
        scheme, host, port = place
        kind = HTTPSConnection if scheme == "https" else HTTPConnection
        connection = kind(host, port, timeout=self._timeout)
        self._connections[place] = connection, time.monotonic()
        return connection

    def _exchange(
        self,
        connection: HTTPConnection,
        endpoint: Endpoint,
        headers: Headers,
        body: bytes,
        deadline: float,
    ) -> HTTPResponse:
        if connection.sock is None:
            connection.connect()
        if self._aborted:
            raise ConnectionAbortedError("the post was given up")
        connection.sock.settimeout(_left(deadline))
        connection.request(
            "POST", endpoint.resource, body, {**dict(endpoint.headers), **dict(headers)}
        )
        connection.sock.settimeout(_left(deadline))
        return connection.getresponse()

    def _is_read(self, connection: HTTPConnection, response: HTTPResponse) -> bool:
        """Read the answer's body away, which nobody needs; True if the connection can stay."""
        with response:
            if connection.sock is None:
                return False
            try:
                connection.sock.settimeout(1.0)
                response.read(_LARGEST_ANSWER)
            except (OSError, HTTPException):
                return False
            return response.isclosed()

    def _drop(self, place: _Place) -> None:
        known = self._connections.pop(place, None)
        if known is not None:
            known[0].close()

    def abort(self) -> None:
        """Break off the post that is under way, and refuse later ones."""
        self._aborted = True
        for connection, _ in list(self._connections.values()):
            open_socket = connection.sock
            if open_socket is not None:
                with suppress(OSError):  # it was closed meanwhile, which is what is wanted
                    open_socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for place in list(self._connections):
            self._drop(place)


def _left(deadline: float) -> float:
    """Seconds until the deadline; TimeoutError once it is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the post is over")
    return left


def _is_quiet(connection: HTTPConnection) -> bool:
    """Tell whether the other side has neither closed the connection nor sent anything."""
    if connection.sock is None:
        return False
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return not selector.select(timeout=0)
