"""The WSGI application: turns HTTP into requests, requests into answers, faults into errors."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeAlias

from ..faults import Fault, bad_request, segment_not_found
from ..requests.exchanges import Request, Response, error_response, parse_query
from ..requests.sessions import Organization, Session
from .admin_requests import ADMIN_ROOT, AdminRoutes
from .authentication import caller_of
from .batch import BATCH, answer_batch
from .bodies import BrokenBody, read_body
from .counters import Counters
from .routing import answer

_ROOT = re.compile(r"/api/data/(v9\.\d)(?:/|$)")
_CHARSET = re.compile(r'charset\s*=\s*"?([^\s;"]+)', re.IGNORECASE)
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
        has_body = response.body and environ["REQUEST_METHOD"] != "HEAD"
        return [response.body] if has_body else []

    def _response(self, environ: Environ) -> Response:
        uri = str(environ["REQUEST_URI"]).encode("latin-1").decode("utf-8", "replace")
        path, _, query = uri.partition("?")
        try:
            body = read_body(environ)
        except BrokenBody as exc:
            answer = error_response(exc.fault)
            return replace(answer, headers={**answer.headers, "Connection": "close"})
        except Fault as fault:
            return error_response(fault)
        if path.startswith(ADMIN_ROOT):
            return self._admin.answer(environ["REQUEST_METHOD"], path)
        self._counters.count_request()
        request: Request | None = None
        try:
            request = _request(environ, path, query, body)
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
        if request.path == BATCH and request.method == "POST":
            return answer_batch(session, request, _checked, self._counters.count_operations)
        self._counters.count_operations(1)
        return _checked(session, request)


def _checked(session: Session, request: Request) -> Response:
    """Answer one request, whose body must be JSON if it has one; a bug becomes a logged fault."""
    if request.body and request.method in _WITH_BODY and request.path != BATCH:
        _check_content_type(request.headers.get("content-type", ""))
    try:
        return answer(session, request)
    except Fault:
        raise
    except Exception as exc:
        _log.exception("%s %s failed", request.method, request.path)
        raise _unexpected() from exc


def _check_content_type(text: str) -> None:
    kind, _, parameters = text.partition(";")
    charset = _CHARSET.search(parameters)
    if kind.strip().lower() != "application/json":
        problem = f"The content type '{kind.strip()}' is not supported"
    elif charset is not None and charset[1].lower() not in ("utf-8", "utf8"):
        problem = f"The charset '{charset[1]}' is not supported"
    else:
        return
    raise Fault(415, "0x80060888", f"{problem}; a body is application/json in UTF-8.")


def _unexpected() -> Fault:
    return Fault(500, "0x80040216", "An unexpected error occurred.")


def _request(environ: Environ, path: str, query: str, body: bytes) -> Request:
    matched = _ROOT.match(path)
    if matched is None:
        raise segment_not_found(path.strip("/"))
    headers = _headers(environ)
    host = headers.get("host")
    if not host:
        raise bad_request("The request has no Host header, which the links of an answer follow.")
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
