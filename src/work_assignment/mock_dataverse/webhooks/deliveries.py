"""One attempt to deliver to a webhook, and the system job that says how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any

from ..faults import Fault
from ..tables.metadata import Table
from ..tables.values import stored_moment
from .contexts import STEP_TABLE
from .endpoints import Endpoint, Headers, Poster, read_endpoint
from .outbox_rows import Delivery

_PASSING = (502, 503, 504)
_NOT_SUCCESSFUL = "0x80050201"
_TIMED_OUT = "0x80050202"
_NOT_POSTED = "0x80050205"
_SYSTEM_EVENT = 1
_COMPLETED, _SUCCEEDED, _FAILED = 3, 30, 31


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed; only some statuses `may_pass`."""

    code: str
    message: str
    may_pass: bool = False


def attempt(
    poster: Poster, endpoint_row: Mapping[str, Any] | None, delivery: Delivery, host: str
) -> Failure | None:
    """Post once, to the endpoint as it is registered now; None is success."""
    if endpoint_row is None:
        return Failure(_NOT_POSTED, "The webhook's service endpoint does not exist any more.")
    try:
        endpoint = read_endpoint(endpoint_row)
    except Fault as exc:
        return Failure(exc.code, exc.message)
    return _post(poster, endpoint, delivery, host)


def _post(poster: Poster, endpoint: Endpoint, delivery: Delivery, host: str) -> Failure | None:
    try:
        status, reason = poster.post(endpoint, _headers(delivery, host), delivery.body.encode())
    except TimeoutError:
        return Failure(_TIMED_OUT, f"The webhook call to {endpoint.shown} timed out.")
    except (OSError, HTTPException, ValueError) as exc:
        why = str(exc) if isinstance(exc, OSError) else type(exc).__name__
        return Failure(_NOT_POSTED, f"The webhook call to {endpoint.shown} got no answer: {why}")
    if 200 <= status < 300:
        return None
    return Failure(
        _NOT_SUCCESSFUL,
        "The webhook call failed because the http request received non-success httpStatus code. "
        f"Please check your webhook request handler. ({endpoint.shown}: {status} {reason})",
        may_pass=status in _PASSING,
    )


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


def job_row(
    jobs: Table,
    delivery: Delivery,
    failure: Failure | None,
    *,
    started_at: datetime,
    ended_at: datetime,
) -> dict[str, Any]:
    """Build the raw asyncoperation row of a delivery, with those columns that the table has."""
    text = f"{failure.code}: {failure.message}" if failure else None
    started, ended = stored_moment(started_at), stored_moment(ended_at)
    values = {
        "asyncoperationid": delivery.operation_id,
        "name": delivery.step_name,
        "operationtype": _SYSTEM_EVENT,
        "statecode": _COMPLETED,
        "statuscode": _FAILED if failure else _SUCCEEDED,
        "message": text,
        "friendlymessage": text,
        "errorcode": _signed(failure.code) if failure else None,
        "retrycount": delivery.attempts,
        "messagename": delivery.message,
        "primaryentitytype": delivery.table_name,
        "correlationid": delivery.correlation_id,
        "depth": delivery.depth,
        "createdon": delivery.occurred_at,
        "startedon": started,
        "completedon": ended,
        "modifiedon": ended,
        "executiontimespan": (ended_at - started_at).total_seconds(),
        "owningbusinessunit": delivery.business_unit_id,
    }
    users = ("ownerid", "owninguser", "createdby", "modifiedby")
    lookups = {
        **dict.fromkeys(users, ("systemuser", delivery.user_id)),
        "owningextensionid": (STEP_TABLE, delivery.step_id),
        "regardingobjectid": (delivery.table_name, delivery.row_id),
    }
    known = {name: value for name, value in values.items() if name in jobs.columns}
    return known | _lookups(jobs, lookups)


def _lookups(jobs: Table, lookups: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Store ids as the columns hold them; a table that a column cannot point at is left out."""
    stored: dict[str, Any] = {}
    for name, (table, row_id) in lookups.items():
        column = jobs.columns.get(name)
        if column is None or table not in column.targets:
            continue
        stored[name] = row_id
        if column.is_polymorphic:
            stored[f"{name}__type"] = table
    return stored


def _signed(code: str) -> int:
    """Turn a code into the number that the column holds: 32 bits with a sign."""
    number = int(code, 16)
    return number - 2**32 if number >= 2**31 else number
