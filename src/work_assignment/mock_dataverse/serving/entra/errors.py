"""The login service's errors, in the form and with the numbers of Microsoft Entra."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from ...requests.exchanges import Response
from ..incoming import Incoming


class LoginError(Exception):
    """A token that is not issued; `number` is that of the AADSTS code."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = text


def error_answer(problem: LoginError, incoming: Incoming, now: datetime) -> Response:
    """Write an error as Entra does, with ids to ask an administrator about."""
    trace_id, timestamp = str(uuid.uuid4()), f"{now:%Y-%m-%d %H:%M:%S}Z"
    correlation_id = incoming.headers.get("client-request-id") or str(uuid.uuid4())
    body = {
        "error": problem.error,
        "error_description": (
            f"AADSTS{problem.number}: {problem.text} Trace ID: {trace_id}"
            f" Correlation ID: {correlation_id} Timestamp: {timestamp}"
        ),
        "error_codes": [problem.number],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"{incoming.origin}/error?code={problem.number}",
    }
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Response(problem.status, headers, json.dumps(body).encode())


def missing_parameter(name: str) -> LoginError:
    return LoginError(
        400,
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{name}'.",
    )


def no_form() -> LoginError:
    return LoginError(
        400, "invalid_request", 900023, "The request body is no form of type x-www-form-urlencoded."
    )


def unsupported_grant(kind: str) -> LoginError:
    return LoginError(
        400,
        "unsupported_grant_type",
        70003,
        f"The app requested an unsupported grant type '{kind}'.",
    )


def missing_secret() -> LoginError:
    return LoginError(
        401,
        "invalid_client",
        7000216,
        "'client_assertion', 'client_secret' or 'request' is required for the"
        " 'client_credentials' grant type.",
    )


def assertions_not_emulated() -> LoginError:
    """501: real Entra takes certificates, this mock only secrets."""
    return LoginError(
        501, "invalid_client", 700027, "The mock does not emulate client assertions, only secrets."
    )


def unknown_application(client_id: str) -> LoginError:
    return LoginError(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory.",
    )


def wrong_secret(client_id: str) -> LoginError:
    return LoginError(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client"
        " secret value, not the client secret ID, for a secret added to app"
        f" '{client_id}'.",
    )


def scope_without_default(scope: str) -> LoginError:
    return LoginError(
        400,
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows must have a"
        " scope value with /.default suffixed to the resource identifier (application ID URI).",
    )


def unknown_resource(resource: str) -> LoginError:
    return LoginError(
        400,
        "invalid_resource",
        500011,
        f"The resource principal named {resource} was not found in the tenant.",
    )


def unknown_instance() -> LoginError:
    return LoginError(
        400, "invalid_instance", 50049, "Unknown or invalid instance in 'authorization_endpoint'."
    )
