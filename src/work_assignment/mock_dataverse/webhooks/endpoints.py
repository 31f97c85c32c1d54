"""Where a webhook goes: the address and keys of a service endpoint, and the HTTP call itself."""

from __future__ import annotations

import ipaddress
import re
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Mapping
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
INVALID_PARAMETERS = "0x80050204"

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OURS = ("host", "content-length", "transfer-encoding", "connection", "content-type")
_URL_SAFE = "/?%:@!$&'()*+,;=~-._"
_IDLE_SECONDS = 2.0  # shorter than servers keep a silent connection
_LARGEST_ANSWER = 64 * 1024

Headers: TypeAlias = Mapping[str, str]
Settings: TypeAlias = tuple[tuple[str, str], ...]
_Place: TypeAlias = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with what proves to it that the caller is Dataverse."""

    url: str
    key: str | None = field(default=None, repr=False)
    headers: Settings = field(default=(), repr=False)
    parameters: Settings = field(default=(), repr=False)

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def resource(self) -> str:
        """What stands in the request line: path, query, parameters, and the key as `code`."""
        parts = self.parts
        queries = [quote(parts.query, safe=_URL_SAFE)] if parts.query else []
        queries += [f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in self.parameters]
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
            return Endpoint(url, headers=read_headers(secret or ""))
        case 6:
            return Endpoint(url, parameters=read_parameters(secret or ""))
        case other:
            raise bad_request(
                "A webhook's authtype is 4 (WebhookKey), 5 (HttpHeader) or 6 (HttpQueryString), not"
                f" {other}.",
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


def read_headers(xml: str) -> Settings:
    """Read `<settings><setting name= value=/></settings>` as headers."""
    return _read_settings(xml, _checked_header, _invalid_headers)


def read_parameters(xml: str) -> Settings:
    """Read `<settings><setting name= value=/></settings>` as parameters of a query."""
    return _read_settings(xml, _checked_parameter, _invalid_parameters)


def _read_settings(
    xml: str, checked: Callable[[str, str | None], tuple[str, str]], invalid: Callable[[str], Fault]
) -> Settings:
    found: list[tuple[str, str]] = []
    path: list[str] = []

    def opened(tag: str, attributes: dict[str, str]) -> None:
        path.append(tag)
        if path == ["settings", "setting"]:
            found.append(checked(attributes.get("name", ""), attributes.get("value")))
        elif path != ["settings"]:
            raise invalid(f"<{tag}> is not expected there")

    def refuse_doctype(*_: object) -> None:
        raise invalid("it has a DOCTYPE")

    parser = expat.ParserCreate()
    parser.StartElementHandler = opened
    parser.EndElementHandler = lambda _: path.pop()
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError) as exc:
        raise invalid(f"it is not well-formed XML ({exc})") from exc
    return tuple(found)


def _checked_header(name: str, value: str | None) -> tuple[str, str]:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
        raise _invalid_headers(f"'{name}' cannot be the name of a header")
    if value is None or not _HEADER_VALUE.fullmatch(value):
        raise _invalid_headers(f"the value of '{name}' cannot be sent in a header")
    return name, value


def _checked_parameter(name: str, value: str | None) -> tuple[str, str]:
    if not name:
        raise _invalid_parameters("a setting has no name")
    if value is None:
        raise _invalid_parameters(f"'{name}' has no value")
    return name, value


def _invalid_headers(why: str) -> Fault:
    return bad_request(f"The webhook's http headers are invalid: {why}.", INVALID_HEADERS)


def _invalid_parameters(why: str) -> Fault:
    message = f"The webhook's query string parameters are invalid: {why}."
    return bad_request(message, INVALID_PARAMETERS)


class Poster:
    """One thread's connections, kept open from one post to the next.

    Only `abort` may be called from another thread.
    """

    def __init__(self) -> None:
        self._connections: dict[_Place, tuple[HTTPConnection, float]] = {}
        self._aborted = False

    def post(
        self, endpoint: Endpoint, headers: Headers, body: bytes, timeout: float
    ) -> tuple[int, str]:
        """Post once and return status and reason; no redirect is followed, no proxy is asked.

        Raises TimeoutError, or another OSError or HTTPException when there was no answer.
        """
        deadline = time.monotonic() + timeout
        parts = endpoint.parts
        place = (parts.scheme, parts.hostname or "", parts.port)
        connection = self._connection(place, timeout)
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

    def _connection(self, place: _Place, timeout: float) -> HTTPConnection:
        """Return the open connection if it is fresh, else a new one."""
        known = self._connections.get(place)
        if (
            known is not None
            and time.monotonic() - known[1] < _IDLE_SECONDS
            and _is_quiet(known[0])
        ):
            return known[0]
        self._drop(place)
        connection = _new_connection(place, timeout)
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


def _new_connection(place: _Place, timeout: float) -> HTTPConnection:
    scheme, host, port = place
    if scheme != "https":
        return HTTPConnection(host, port, timeout=timeout)
    context = ssl.create_default_context()
    if _is_this_machine(host):
        # A receiver under test has a certificate that nobody has signed.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=timeout, context=context)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
