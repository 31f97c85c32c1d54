"""The HTTP side: takes requests, checks keys, calls functions, gives their answers back."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from wsgiref.util import request_uri

import azure.functions as func
from cheroot.wsgi import Server

from work_assignment.local_host.errors import CannotListen, HostStopping
from work_assignment.local_host.http_messages import (
    Answer,
    answer_of,
    headers_of,
    input_of,
    query_of,
    reason,
    text_answer,
)
from work_assignment.local_host.keys import Keys, given_key
from work_assignment.local_host.routing import RouteTable
from work_assignment.local_host.specs import AuthLevel, FunctionSpec

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)
DEFAULT_BODY_LIMIT = 100 * 1024 * 1024
CHUNK = 64 * 1024
ADMIN = "/admin/functions/"
# How much of a body that nobody wants is read all the same, so that the client sees the answer.
DISCARD_LIMIT = 256 * 1024 * 1024


class _BadBody(Exception):
    """The body cannot be used; carries the answer that says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.answer = text_answer(status, text)


class HttpApp:
    """The WSGI application. `call` runs a function and waits; `by_hand` starts one and returns.

    `by_hand` takes a function's name and its input, and raises KeyError for a name there is not
    and ValueError for a function that cannot be started so.
    """

    def __init__(
        self,
        routes: RouteTable,
        keys: Keys,
        *,
        call: Callable[[FunctionSpec, func.HttpRequest], Any],
        by_hand: Callable[[str, str], None],
        body_limit: int = DEFAULT_BODY_LIMIT,
    ) -> None:
        self._routes = routes
        self._keys = keys
        self._call = call
        self._by_hand = by_hand
        self._body_limit = body_limit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        answer = self._answer(environ)
        self._discard_body(environ)
        headers = list(answer.headers)
        has_body = answer.status >= 200 and answer.status not in (204, 304)
        if has_body:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {reason(answer.status)}", headers)
        return [answer.body] if has_body and environ["REQUEST_METHOD"] != "HEAD" else []

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path = str(environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")
        headers = headers_of(environ)
        query = query_of(environ)
        key = given_key(headers, query)
        method = str(environ["REQUEST_METHOD"]).upper()
        try:
            if path.startswith(ADMIN):
                return self._admin(environ, method, path.removeprefix(ADMIN), key)
            found = self._routes.find(method, path)
            if found is None:
                return Answer(404)
            spec, trigger, parameters = found
            if not self._keys.allow(trigger.auth_level, key):
                return Answer(401)
            request = func.HttpRequest(
                method,
                request_uri(environ),
                headers=headers,
                params=query,
                route_params=parameters,
                body=self._body(environ),
            )
        except _BadBody as refusal:
            return refusal.answer
        return self._run(spec, request)

    def _run(self, spec: FunctionSpec, request: func.HttpRequest) -> Answer:
        try:
            return answer_of(self._call(spec, request))
        except HostStopping:
            return text_answer(503, "The host is stopping.")
        except BaseException:
            # SystemExit in a function must neither end the server nor go unanswered.
            number = uuid4().hex[:12]
            log.exception("%s failed (error %s)", spec.name, number)
            return text_answer(
                500, f"The function failed; the host's log has the details (error {number})."
            )

    def _admin(self, environ: WSGIEnvironment, method: str, name: str, key: str | None) -> Answer:
        if not self._keys.allow(AuthLevel.ADMIN, key):
            return Answer(401)
        if method != "POST":
            return Answer(404)
        try:
            self._by_hand(name, input_of(self._body(environ)))
        except KeyError:
            return text_answer(404, f"There is no function '{name}'.")
        except ValueError as error:
            return text_answer(400, str(error))
        except HostStopping:
            return text_answer(503, "The host is stopping.")
        return Answer(202)

    def _body(self, environ: WSGIEnvironment) -> bytes:
        length = environ.get("CONTENT_LENGTH")
        if length and int(length) > self._body_limit:
            raise self._too_large()
        parts: list[bytes] = []
        size = 0
        try:
            while part := environ["wsgi.input"].read(CHUNK):
                parts.append(part)
                size += len(part)
                if size > self._body_limit:
                    raise self._too_large()
        except ValueError as exc:
            raise _BadBody(400, f"The body is not well chunked: {exc}") from exc
        if length and size < int(length):
            # The caller left in the middle; half a body must not be taken for a whole one.
            raise _BadBody(400, "The body is shorter than its Content-Length.")
        return b"".join(parts)

    def _too_large(self) -> _BadBody:
        return _BadBody(413, f"The body is larger than {self._body_limit} bytes.")

    def _discard_body(self, environ: WSGIEnvironment) -> None:
        # A body that is not well chunked was answered already.
        with suppress(ValueError):
            self._discard(environ)

    @staticmethod
    def _discard(environ: WSGIEnvironment) -> None:
        discarded = 0
        while discarded < DISCARD_LIMIT and (part := environ["wsgi.input"].read(CHUNK)):
            discarded += len(part)


class _Server(Server):
    """cheroot's server, speaking through our log instead of the terminal."""

    # Between two looks at whether it should stop, in seconds.
    expiration_interval = 0.1

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        log.log(level, "%s", msg, exc_info=traceback)


class HttpServer:
    """Listens on one address and serves the app with this many threads."""

    def __init__(self, app: HttpApp, host: str, port: int, *, threads: int) -> None:
        self._address = (host, port)
        self._server = _Server((host, port), app, numthreads=threads, shutdown_timeout=1)

    def bind(self) -> str:
        """Take the address; returns the URL, whose port is known only now if it was 0."""
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            # Tried first because it names the reason, where cheroot wraps it into its own text.
            socket.create_server((host, port), family=family).close()
            self._server.prepare()
        except OSError as exc:
            raise CannotListen(_listen_problem(host, port, exc)) from exc
        bound_host, bound_port = self._server.bind_addr[:2]
        return f"http://{f'[{bound_host}]' if ':' in bound_host else bound_host}:{bound_port}"

    def serve(self) -> None:
        """Serve until `stop`."""
        self._server.serve()

    def stop(self) -> None:
        """Close the address and all connections."""
        self._server.stop()


def _listen_problem(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what listens there, or choose another port"
    return f"cannot listen on {host} port {port}: {error.strerror or error}"
