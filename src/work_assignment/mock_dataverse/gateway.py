"""The WSGI application: turns HTTP into requests, requests into answers, faults into errors."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, BinaryIO, TypeAlias

from .admin_requests import ADMIN_ROOT, AdminRoutes
from .authentication import caller_of
from .batch import answer_batch
from .counters import Counters
from .faults import Fault, segment_not_found
from .http_messages import Request, Response, error_response, parse_query
from .routing import answer
from .sessions import Organization, Session

LARGEST_BODY = 128 * 1024 * 1024
_PIECE = 64 * 1024
_ROOT = re.compile(r"/api/data/(v9\.\d)(?:/|$)")
_WITH_BODY = ("POST", "PATCH", "PUT")
# The mock sets no limits, so what remains of them never falls.
_RATE_LIMITS = (
    ("x-ms-ratelimit-burst-remaining-xrm-requests", "6000"),
    ("x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00"),
)

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], Any]

_log = logging.getLogger(__name__)


class Gateway:
    """The mock as a WSGI application."""

    def __init__(self, organization: Organization, counters: Counters, admin: AdminRoutes) -> None:
        self._organization = organization
        self._counters = counters
        self._admin = admin

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        response = self._response(environ)
        headers = [
            ("OData-Version", "4.0"),
            ("x-ms-service-request-id", str(uuid.uuid4())),
            *_RATE_LIMITS,
            *response.headers.items(),
        ]
        if response.status not in (204, 304):
            headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [response.body] if response.body else []

    def _response(self, environ: Environ) -> Response:
        uri = str(environ["REQUEST_URI"]).encode("latin-1").decode("utf-8", "replace")
        path, _, query = uri.partition("?")
        if path.startswith(ADMIN_ROOT):
            return self._admin.answer(environ["REQUEST_METHOD"], path)
        self._counters.count_request()
        request: Request | None = None
        try:
            request = _request(environ, path, query)
            return self._answer(request)
        except Fault as fault:
            return error_response(fault, request)
        except Exception:
            _log.exception("%s %s failed", environ["REQUEST_METHOD"], path)
            return error_response(_unexpected())

    def _answer(self, request: Request) -> Response:
        with self._organization.store.reading() as db:
            caller = caller_of(db, self._organization.catalog, request.headers)
        self._counters.count_user(caller.user_id)
        session = Session(self._organization, caller)
        if request.path == "$batch" and request.method == "POST":
            return answer_batch(session, request, _checked, self._counters.count_operations)
        self._counters.count_operations(1)
        return _checked(session, request)


def _checked(session: Session, request: Request) -> Response:
    """Answer one request, whose body must be JSON if it has one; a bug becomes a logged fault."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and request.method in _WITH_BODY and kind != "application/json":
        raise Fault(
            415,
            "0x80060888",
            f"The content type '{kind}' is not supported; a body is application/json.",
        )
    try:
        return answer(session, request)
    except Fault:
        raise
    except Exception as exc:
        _log.exception("%s %s failed", request.method, request.path)
        raise _unexpected() from exc


def _unexpected() -> Fault:
    return Fault(500, "0x80040216", "An unexpected error occurred.")


def _request(environ: Environ, path: str, query: str) -> Request:
    body = _body(environ)  # first, so that an error leaves nothing of it on the connection
    matched = _ROOT.match(path)
    if matched is None:
        raise segment_not_found(path.strip("/"))
    headers = _headers(environ)
    host = headers.get("host") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path[matched.end() :].strip("/"),
        query=parse_query(query),
        headers=headers,
        body=body,
        root=f"{environ['wsgi.url_scheme']}://{host}/api/data/{matched[1]}/",
    )


def _headers(environ: Environ) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return headers


def _body(environ: Environ) -> bytes:
    """Read the body; what is beyond the limit is read away and refused."""
    source = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit():
        if int(length) > LARGEST_BODY:
            _read_away(source)
            raise _too_large()
        known: bytes = source.read(int(length))
        return known
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() != "chunked":
        return b""
    chunked: bytes = source.read(LARGEST_BODY + 1)
    if len(chunked) > LARGEST_BODY:
        _read_away(source)
        raise _too_large()
    return chunked


def _read_away(source: BinaryIO) -> None:
    while source.read(_PIECE):
        pass


def _too_large() -> Fault:
    return Fault(413, "0x8004418a", f"The request is too large: more than {LARGEST_BODY} bytes.")
