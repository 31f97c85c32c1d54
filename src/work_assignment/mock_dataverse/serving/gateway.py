"""The WSGI application: turns HTTP into requests, requests into answers, faults into errors."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, TypeAlias

from ..caller import Caller
from ..faults import Fault
from ..requests.exchanges import Request, Response, error_response
from ..requests.sessions import Organization, Session
from .admin.routes import ADMIN_ROOT, HEALTH, AdminRoutes, json_answer
from .authentication import Authentication
from .bodies import UnreadBody, read_body
from .controls import Controls
from .entra.login import LoginService
from .filling import BEING_FILLED, TRY_AGAIN
from .impersonation import impersonated
from .incoming import Environ, Incoming, check_host, read_incoming, read_request, unread_request
from .kinds import Kind
from .operations import Operations, under, unexpected
from .scripted_faults import ConnectionDropped, ScriptedFault, Subject

_NOBODY = ""
_REQUESTS_LEFT = "x-ms-ratelimit-burst-remaining-xrm-requests"
_ALLOWED = {"Allow": "OPTIONS,GET,HEAD,POST"}
# What may come back in a header: nothing that could end one.
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,128}")

StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], Any]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gateway:
    """The mock as a WSGI application: its own routes, the login service, the Web API."""

    organization: Organization
    controls: Controls
    authentication: Authentication
    login: LoginService
    admin: AdminRoutes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        response = self._response(environ)
        headers = list(response.headers.items())
        if response.status not in (204, 304):
            headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {_phrase(response.status)}", headers)
        has_body = response.body and environ["REQUEST_METHOD"] != "HEAD"
        return [response.body] if has_body else []

    def _response(self, environ: Environ) -> Response:
        try:
            body = read_body(environ)
        except UnreadBody as exc:
            answer = error_response(exc.fault)
            return self._completed(
                {}, replace(answer, headers={**answer.headers, "Connection": "close"})
            )
        incoming = read_incoming(environ, body)
        if incoming.path.startswith(ADMIN_ROOT):
            return self._administered(incoming)
        if self.login.is_for(incoming.path):
            return self._logged_in(incoming)
        return self._completed(incoming.headers, self._api(incoming))

    def _administered(self, incoming: Incoming) -> Response:
        if self.controls.filling.is_under_way and incoming.path != HEALTH:
            return json_answer(503, {"error": BEING_FILLED}, TRY_AGAIN)
        return self.admin.answer(incoming.method, incoming.path, incoming.query, incoming.body)

    def _logged_in(self, incoming: Incoming) -> Response:
        """Answer what is for the login service, which scripted faults may hit too."""
        subject = Subject(incoming.path.strip("/"), incoming.body, Kind(incoming.method))
        try:
            check_host(incoming)
            effect = self.controls.faults.effect_on(subject)
            return under(effect, lambda: self.login.answer(incoming))
        except Fault as fault:
            return _error(fault, unread_request(incoming))

    def _api(self, incoming: Incoming) -> Response:
        """Answer a request of the Web API, counted from its first to its last moment."""
        counters = self.controls.counters
        counters.count_request(incoming.method)
        started, status = time.perf_counter(), None
        try:
            response = self._answered(incoming)
            status = response.status
        finally:
            counters.count_end(status, time.perf_counter() - started)
        return response

    def _answered(self, incoming: Incoming) -> Response:
        request = unread_request(incoming)
        try:
            request = read_request(incoming)
            self.controls.filling.check(request.headers)
            if incoming.method == "OPTIONS":
                return Response(200, _ALLOWED)
            return self._admitted(request, self._caller(request, incoming.origin))
        except Fault as fault:
            return _error(fault, request)
        except ConnectionDropped:
            raise
        except Exception:
            _log.exception("%s %s failed", incoming.method, incoming.path)
            return _error(unexpected(), request)

    def _caller(self, request: Request, origin: str) -> Caller:
        with self.organization.store.reading() as db:
            caller = self.authentication.caller(db, request.headers, origin)
            return impersonated(db, caller, request.headers)

    def _admitted(self, request: Request, caller: Caller) -> Response:
        """Answer a request unless its user asks for too much; limits are those of the real user."""
        user_id = caller.real_user_id
        self.controls.counters.count_user(user_id)
        try:
            with self.controls.protection.admitted(user_id):
                response = self._carried_out(request, caller)
        except Fault as fault:
            response = _error(fault, request)
        return replace(response, headers={**self._limits(user_id), **response.headers})

    def _limits(self, user_id: str) -> dict[str, str]:
        """Tell what a user has left; whoever is not known yet has everything."""
        protection = self.controls.protection
        remaining, hint = protection.remaining(user_id), protection.settings.dop_hint
        return {
            _REQUESTS_LEFT: str(remaining.requests),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{remaining.execution_seconds:,.2f}",
            **({} if hint is None else {"x-ms-dop-hint": str(hint)}),
        }

    def _carried_out(self, request: Request, caller: Caller) -> Response:
        try:
            return Operations(self.controls).carry_out(Session(self.organization, caller), request)
        except Fault as fault:
            return _error(fault, request)

    def _completed(self, asked: dict[str, str], response: Response) -> Response:
        """Add the headers that every answer of the Web API has."""
        headers = {
            "Date": format_datetime(self.controls.clock(), usegmt=True),
            "OData-Version": "4.0",
            "x-ms-service-request-id": response.headers.get("REQ_ID") or str(uuid.uuid4()),
        }
        client_id = asked.get("x-ms-client-request-id", "")
        if _CLIENT_ID.fullmatch(client_id):
            headers["x-ms-client-request-id"] = client_id
        if _REQUESTS_LEFT not in response.headers:
            headers |= self._limits(_NOBODY)
        return replace(response, headers={**headers, **response.headers})


def _error(fault: Fault, request: Request) -> Response:
    if isinstance(fault, ScriptedFault) and fault.body is not None:
        headers = {"Content-Type": "text/html; charset=utf-8", **fault.headers}
        return Response(fault.status, headers, fault.body.encode())
    answer = error_response(fault, request)
    return (
        replace(answer, headers={**_ALLOWED, **answer.headers}) if fault.status == 405 else answer
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
