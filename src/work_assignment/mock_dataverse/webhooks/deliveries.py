"""One attempt to deliver to a webhook: the post, what came of it, and what is noted of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any

from ..faults import Fault
from .endpoints import Endpoint, Headers, Poster, read_endpoint
from .log import Attempted
from .outbox_rows import Delivery
from .settings import Control

_PASSING = (502, 503, 504)
_NOT_SUCCESSFUL = "0x80050201"
_TIMED_OUT = "0x80050202"
_NOT_POSTED = "0x80050205"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed; only some statuses `may_pass`."""

    code: str
    message: str
    may_pass: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: int | None
    failure: Failure | None


def attempt(
    poster: Poster,
    endpoint_row: Mapping[str, Any] | None,
    delivery: Delivery,
    control: Control,
    *,
    kind: str,
    at: datetime,
) -> Failure | None:
    """Post once, to the endpoint as it is registered now, and note it; None is success."""
    began = time.monotonic()
    shown, outcome = "", _Outcome(None, None)
    try:
        endpoint = _endpoint(endpoint_row)
        shown = endpoint.shown
        outcome = _post(poster, endpoint, delivery, control)
    except Fault as exc:
        outcome = _Outcome(None, Failure(exc.code, exc.message))
    failure = outcome.failure
    control.log.add(
        Attempted(
            at=at,
            kind=kind,
            url=shown,
            status=outcome.status,
            problem=f"{failure.code}: {failure.message}" if failure else None,
            seconds=time.monotonic() - began,
            number=delivery.attempts + 1,
            delivery=delivery,
        )
    )
    return failure


def _endpoint(row: Mapping[str, Any] | None) -> Endpoint:
    if row is None:
        raise Fault(400, _NOT_POSTED, "The webhook's service endpoint does not exist any more.")
    return read_endpoint(row)


def _post(poster: Poster, endpoint: Endpoint, delivery: Delivery, control: Control) -> _Outcome:
    settings = control.settings
    headers = _headers(delivery, settings.organization_host)
    try:
        status, reason = poster.post(
            endpoint, headers, delivery.body.encode(), settings.timeout.total_seconds()
        )
    except TimeoutError:
        message = f"The webhook call to {endpoint.shown} timed out."
        return _Outcome(None, Failure(_TIMED_OUT, message))
    except (OSError, HTTPException, ValueError) as exc:
        why = str(exc) if isinstance(exc, OSError) else type(exc).__name__
        message = f"The webhook call to {endpoint.shown} got no answer: {why}"
        return _Outcome(None, Failure(_NOT_POSTED, message))
    if 200 <= status < 300:
        return _Outcome(status, None)
    message = (
        "The webhook call failed because the http request received non-success httpStatus code. "
        f"Please check your webhook request handler. ({endpoint.shown}: {status} {reason})"
    )
    return _Outcome(status, Failure(_NOT_SUCCESSFUL, message, may_pass=status in _PASSING))


def _headers(delivery: Delivery, host: str) -> Headers:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "x-ms-dynamics-organization": host,
        "x-ms-dynamics-entity-name": delivery.table_name,
        "x-ms-dynamics-request-name": delivery.message,
        "x-ms-correlation-request-id": delivery.correlation_id,
    }
    if delivery.is_trimmed:
        headers["x-ms-dynamics-msg-size-exceeded"] = "true"
    return headers
