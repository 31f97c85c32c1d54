"""What cheroot must do with a connection beyond its defaults: cut it, close it, begin its TLS late."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from cheroot import wsgi
from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.ssl.builtin import BuiltinSSLAdapter

from .scripted_faults import ConnectionDropped

_log = logging.getLogger(__name__)
_LINGER_SECONDS = 0.5
_LONGEST_LINGER_SECONDS = 5.0
_CLOSE = (b"Connection", b"close")
_PLAIN_HTTP = b"The client sent a plain HTTP request, but this port speaks HTTPS only."


class ClosingRequest(HTTPRequest):
    """A request whose connection is closed when its answer says so, or instead of an answer."""

    def parse_request(self) -> None:
        """Read the request; before the first one on a connection with TLS comes the handshake."""
        if self.conn.is_ready_to_read():
            super().parse_request()

    def send_headers(self) -> None:
        """Heed `Connection: close` of the application, which cheroot only passes on."""
        if _CLOSE in self.outheaders:
            self.close_connection = True
        super().send_headers()

    def respond(self) -> None:
        try:
            with self.server.counting():
                super().respond()
        except ConnectionDropped:
            self.close_connection = True
            return
        if _CLOSE in self.outheaders:
            with suppress(OSError):
                _linger(self.conn.socket)


class ClosingConnection(HTTPConnection):
    """A connection that its answers can end."""

    RequestHandlerClass = ClosingRequest
    _has_begun = False

    def is_ready_to_read(self) -> bool:
        """Begin TLS if that is still to be done; False if the client does not speak it."""
        if not self._has_begun and isinstance(self.socket, ssl.SSLSocket):
            self._has_begun = _shook_hands(self.socket)
            return self._has_begun
        return True


class QuietServer(wsgi.Server):
    """A server that logs what cheroot would print, and knows how many requests are under way."""

    ConnectionClass = ClosingConnection

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lock = Lock()
        self.under_way = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count a request among those under way."""
        with self._lock:
            self.under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self.under_way -= 1

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log a message; that clients go away without a word is nothing to report."""
        shown = level if level >= logging.ERROR else logging.DEBUG
        _log.log(shown, msg, exc_info=traceback)


class LateTls(BuiltinSSLAdapter):
    """TLS whose handshake is left to the worker.

    Cheroot would do it in the one thread that accepts connections, where a client that says
    nothing holds up all others.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        # The builtin adapter only takes files and reads its own certificate over a socket pair.
        self.context = context

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


def _shook_hands(connection: ssl.SSLSocket) -> bool:
    """Begin TLS; who speaks plain HTTP instead is told so."""
    try:
        connection.do_handshake()
    except ssl.SSLError as exc:
        if exc.reason == "HTTP_REQUEST":
            with suppress(OSError):
                _tell_plainly(connection)
        return False
    except OSError:
        return False
    return True


def _tell_plainly(connection: ssl.SSLSocket) -> None:
    """Answer below TLS."""
    answer = (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        + f"Content-Length: {len(_PLAIN_HTTP)}\r\n\r\n".encode()
        + _PLAIN_HTTP
    )
    connection.settimeout(_LINGER_SECONDS)
    socket.socket.sendall(connection, answer)
    _linger(connection)


def _linger(connection: socket.socket) -> None:
    """Read on for a while after the last answer: data that nobody reads resets a connection, and
    with it goes an answer that is still under way."""
    connection.settimeout(_LINGER_SECONDS)
    socket.socket.shutdown(connection, socket.SHUT_WR)
    end = time.monotonic() + _LONGEST_LINGER_SECONDS
    while socket.socket.recv(connection, 1024 * 1024) and time.monotonic() < end:
        pass
