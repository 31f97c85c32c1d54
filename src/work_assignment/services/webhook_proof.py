"""Proves that events arrive: writes a row that asks for nothing, until the app has heard of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from work_assignment.domain.errors import NotPermitted, Refused, Unavailable, WorkAssignmentError
from work_assignment.services.failed_jobs import JobLog
from work_assignment.services.seen import NOTED_EVERY
from work_assignment.services.sweep_requests import TABLE
from work_assignment.services.webhook_registration import Registration, has_key
from work_assignment.services.webhook_steps import Condition, Watch, compare, wanted_steps

PATIENCE = timedelta(seconds=30)
"""How long an event may take; an idle Dataverse needs a second or two."""
_QUIET = NOTED_EVERY + 1
"""Seconds after which the app notes the next event: it does so now and then only."""
_ASKED_EVERY = 0.5
_CLOCKS_DIFFER = timedelta(minutes=1)
_A_WHILE = timedelta(minutes=1)


class NotProven(WorkAssignmentError):
    """The event did not arrive, or could not; the text says where it ends and what to do."""


class ProbeRows(Protocol):
    """Rows that ask for nothing."""

    def put(self) -> tuple[str, datetime]:
        """Write one; its id, and what Dataverse's clock says."""

    def remove(self, row_id: str) -> None:
        """Delete it again."""


class App(Protocol):
    """The running app, from outside."""

    def details(self) -> Mapping[str, Any]:
        """Its health answer; raises NotProven when there is none."""


@dataclass(frozen=True, slots=True)
class Proof:
    """An event arrived after so many seconds; `clocks_differ` is how far the app's is ahead."""

    seconds: float
    clocks_differ: timedelta | None = None


def check_registration(registration: Registration | None, key: str) -> Registration:
    """The registration, when a new sweep's event can be posted by it with this key."""
    if registration is None:
        raise NotProven("nothing is registered; 'wa webhooks sync --endpoint URL' does that")
    if not registration.endpoint.row.sends_key_header or not has_key(registration.endpoint, key):
        raise NotProven(
            "the webhooks are registered with another key than WA_FUNCTION_KEY, so the app would "
            "refuse events; 'wa webhooks sync --endpoint URL' registers this one"
        )
    for state in compare(registration.steps, wanted_steps(Watch({}))):
        is_asked = state.wanted is not None and state.wanted.record_type == TABLE
        if is_asked and state.condition is not Condition.GOOD:
            what = f"the step '{state.row.name}' is {state.condition}"
            raise NotProven(f"{what}; 'wa webhooks sync --endpoint URL' mends it")
    return registration


def prove(
    rows: ProbeRows,
    app: App,
    jobs: JobLog,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> Proof:
    """Have Dataverse post an event and wait until the app has one; the row is deleted again."""
    before = _when_quiet(app, monotonic, pause)
    asked_at = _moment(app.details(), "at")
    row_id, written_at = rows.put()
    began = monotonic()
    try:
        while (heard := _moment(app.details(), "last_webhook")) is None or heard == before:
            if monotonic() - began > PATIENCE.total_seconds():
                raise NotProven(_why_not(jobs, written_at))
            pause(_ASKED_EVERY)
        took = monotonic() - began
    finally:
        rows.remove(row_id)
    ahead = None if asked_at is None else asked_at - written_at
    is_far = ahead is not None and abs(ahead) > _CLOCKS_DIFFER
    return Proof(took, ahead if is_far else None)


def _when_quiet(
    app: App, monotonic: Callable[[], float], pause: Callable[[float], object]
) -> datetime | None:
    """When the app heard something last, once it would note the next event at once.

    A busy app is never quiet; then any later event will do.
    """
    began = monotonic()
    while True:
        details = app.details()
        _check_storage(details)
        at, heard = _moment(details, "at"), _moment(details, "last_webhook")
        is_quiet = at is None or heard is None or at - heard > timedelta(seconds=_QUIET)
        if is_quiet or monotonic() - began > _QUIET:
            return heard
        pause(_ASKED_EVERY)


def _check_storage(details: Mapping[str, Any]) -> None:
    storage = details.get("storage")
    if isinstance(storage, Mapping) and storage.get("ok") is False:
        trouble = storage.get("trouble") or "it does not say why"
        raise NotProven(f"the app cannot reach its storage, so it can take no events: {trouble}")


def _why_not(jobs: JobLog, written_at: datetime) -> str:
    late = f"no event arrived within {PATIENCE.seconds} s"
    try:
        failed = jobs.failed_jobs(written_at - _A_WHILE)
    except (NotPermitted, Refused, Unavailable) as exc:
        return f"{late}, and whether Dataverse could not deliver it cannot be seen: {exc}"
    if failed.count:
        return (
            f"{late}: Dataverse could not deliver '{failed.newest_step}': "
            f"{failed.newest or 'it does not say why'}"
        )
    return (
        f"{late}, and Dataverse reports no failed delivery: its asynchronous service may be behind "
        "(System Jobs show what waits), or the registered address leads to another app"
    )


def _moment(details: Mapping[str, Any], name: str) -> datetime | None:
    text = details.get(name)
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
