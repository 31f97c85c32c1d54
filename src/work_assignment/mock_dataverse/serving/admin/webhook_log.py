"""Webhooks seen from outside: what was posted, once more, in disorder, late or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ...webhooks.log import Attempted
from ...webhooks.settings import Control, Settings, Troubles
from .members import Members
from .parts import Parts
from .routes import AdminCall, AdminProblem, Route

_MEMBERS = (
    "duplicates",
    "reorder",
    "delay_ms",
    "paused",
    "seed",
    "timeout_ms",
    "retry_delay_ms",
)
_DRAIN_SECONDS = 30.0
_LONGEST_DRAIN = 600.0
_LONGEST_MILLISECONDS = 86_400_000.0


def webhook_routes(parts: Parts) -> tuple[Route, ...]:
    dispatcher, control = parts.dispatcher, parts.dispatcher.control

    def read(_: AdminCall) -> dict[str, Any]:
        counts = dispatcher.counts()
        return {
            **_shown(control),
            "waiting": dispatcher.waiting(),
            "sent": counts.sent,
            "failed": counts.failed,
        }

    def change(call: AdminCall) -> dict[str, Any]:
        given = Members(call.body, _MEMBERS)
        control.configure(settings=_settings(control, given), troubles=_troubles(control, given))
        dispatcher.resume()
        return read(call)

    def log(call: AdminCall) -> dict[str, Any]:
        after, since = _since(call.query.get("since"))
        table = call.query.get("table")
        if table is not None and table not in parts.store.catalog.tables:
            raise AdminProblem(f"There is no table '{table}'.")
        found = control.log.entries(after=after, since=since, table=table)
        return {"entries": [_entry(attempted) for attempted in found]}

    def clear(_: AdminCall) -> None:
        control.log.clear()

    def redeliver(call: AdminCall) -> dict[str, Any]:
        attempted = _find(control, call.parameters["id"])
        dispatcher.redeliver(attempted.delivery)
        return {"redelivered": _entry(attempted)}

    def drain(call: AdminCall) -> dict[str, Any]:
        given = Members(call.body, ("timeout_s",))
        timeout = given.number("timeout_s", _DRAIN_SECONDS, most=_LONGEST_DRAIN)
        return {"idle": dispatcher.wait_until_idle(timeout), **read(call)}

    return (
        Route("GET", "webhooks", read),
        Route("PUT", "webhooks", change),
        Route("GET", "webhooks/log", log, options=("since", "table")),
        Route("DELETE", "webhooks/log", clear),
        Route("POST", "webhooks/log/<id>/redeliver", redeliver),
        Route("POST", "webhooks/drain", drain),
    )


def _shown(control: Control) -> dict[str, Any]:
    settings, troubles = control.settings, control.troubles
    return {
        "duplicates": troubles.duplicates,
        "reorder": troubles.reorder,
        "delay_ms": _milliseconds(troubles.delay),
        "paused": troubles.is_paused,
        "seed": troubles.seed,
        "timeout_ms": _milliseconds(settings.timeout),
        "retry_delay_ms": _milliseconds(settings.retry_delay),
    }


def _troubles(control: Control, given: Members) -> Troubles:
    now = control.troubles
    delay = given.number("delay_ms", _milliseconds(now.delay), most=_LONGEST_MILLISECONDS)
    return Troubles(
        duplicates=given.number("duplicates", now.duplicates, most=1),
        reorder=given.number("reorder", now.reorder, most=1),
        delay=timedelta(milliseconds=delay),
        is_paused=given.flag("paused", now.is_paused),
        seed=given.whole("seed", 0) if "seed" in given else now.seed,
    )


def _settings(control: Control, given: Members) -> Settings:
    now = control.settings
    timeout = given.number(
        "timeout_ms", _milliseconds(now.timeout), least=1, most=_LONGEST_MILLISECONDS
    )
    retry_delay = given.number(
        "retry_delay_ms", _milliseconds(now.retry_delay), most=_LONGEST_MILLISECONDS
    )
    return replace(
        now,
        timeout=timedelta(milliseconds=timeout),
        retry_delay=timedelta(milliseconds=retry_delay),
    )


def _since(text: str | None) -> tuple[int, datetime | None]:
    """Read `since`: the id of an entry, or a time with its offset."""
    if text is None:
        return 0, None
    if text.isascii() and text.isdigit():
        return int(text), None
    try:
        # A plus sign that nobody has escaped arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        since = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise AdminProblem(
            f"'since' is '{text}', neither the id of an entry nor a time such as"
            " 2026-03-01T12:00:00Z."
        )
    return 0, since


def _find(control: Control, text: str) -> Attempted:
    found = control.log.find(int(text)) if text.isascii() and text.isdigit() else None
    if found is None:
        raise AdminProblem(f"The log has no entry {text}; it keeps the latest only.", 404)
    return found


def _entry(attempted: Attempted) -> dict[str, Any]:
    delivery = attempted.delivery
    return {
        "id": attempted.id,
        "at": attempted.at.isoformat(),
        "kind": attempted.kind,
        "attempt": attempted.number,
        "operation_id": delivery.operation_id,
        "correlation_id": delivery.correlation_id,
        "step_id": delivery.step_id,
        "step": delivery.step_name,
        "message": delivery.message,
        "table": delivery.table_name,
        "row_id": delivery.row_id,
        "depth": delivery.depth,
        "url": attempted.url,
        "status": attempted.status,
        "problem": attempted.problem,
        "duration_ms": round(attempted.seconds * 1000, 3),
        "trimmed": delivery.is_trimmed,
    }


def _milliseconds(duration: timedelta) -> float:
    return duration / timedelta(milliseconds=1)
