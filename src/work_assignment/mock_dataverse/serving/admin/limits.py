"""Service protection limits, refusals to order, and latency."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..authentication import find_user
from ..latency import LatencySettings
from ..protection import Limit, LimitSettings
from .members import Members
from .parts import Parts
from .routes import AdminCall, AdminProblem, Route

_ENFORCED = ("requests", "execution_ms", "concurrent", "window_s")
_LIMITS = (*_ENFORCED, "enabled", "dop_hint")
_LATENCY = ("request_ms", "operation_ms", "jitter_ms", "seed")
_LONGEST_MS = 600_000


def limit_routes(parts: Parts) -> tuple[Route, ...]:
    protection = parts.controls.protection

    def read_limits(_: AdminCall) -> dict[str, Any]:
        return asdict(protection.settings) | {"forced": protection.forced}

    def put_limits(call: AdminCall) -> dict[str, Any]:
        limits = _limits(call.body, protection.settings)
        if set(call.body or ()) <= {"dop_hint"}:
            protection.hint(limits.dop_hint)
        else:
            protection.configure(limits)
        return read_limits(call)

    def reset_limits(call: AdminCall) -> dict[str, Any]:
        protection.configure(LimitSettings())
        protection.force_nothing()
        return read_limits(call)

    def throttle(call: AdminCall) -> dict[str, Any]:
        body = Members(call.body, ("next", "retry_after", "limit", "user"))
        limit = _limit(body.text("limit", Limit.REQUESTS.value))
        user_id = user_named(parts, body.text("user"))
        retry_after = body.whole("retry_after", 1, most=86_400)
        protection.force(body.whole("next", 1), retry_after, limit, user_id)
        return read_limits(call)

    return (
        Route("GET", "limits", read_limits),
        Route("PUT", "limits", put_limits),
        Route("DELETE", "limits", reset_limits),
        Route("POST", "throttle", throttle),
        *_latency_routes(parts),
    )


def _latency_routes(parts: Parts) -> tuple[Route, ...]:
    latency = parts.controls.latency

    def read_latency(_: AdminCall) -> dict[str, Any]:
        return asdict(latency.settings)

    def put_latency(call: AdminCall) -> dict[str, Any]:
        body, now = Members(call.body, _LATENCY), latency.settings
        spans = {
            name: body.number(name, getattr(now, name), most=_LONGEST_MS) for name in _LATENCY[:-1]
        }
        latency.configure(LatencySettings(**spans, seed=body.whole("seed", now.seed)))
        return read_latency(call)

    def reset_latency(call: AdminCall) -> dict[str, Any]:
        latency.configure(LatencySettings())
        return read_latency(call)

    return (
        Route("GET", "latency", read_latency),
        Route("PUT", "latency", put_latency),
        Route("DELETE", "latency", reset_latency),
    )


def user_named(parts: Parts, named: str | None) -> str | None:
    """Return the id of a user given by id or domain name."""
    if named is None:
        return None
    with parts.store.reading() as db:
        caller = find_user(db, named)
    if caller is None:
        raise AdminProblem(f"There is no user '{named}'.", 404)
    return caller.user_id


def _limits(given: Any, known: LimitSettings) -> LimitSettings:
    """Read limits; what is not given stays as it is, and giving any of them enables all."""
    body = Members(given, _LIMITS)
    hint = body.raw("dop_hint") if "dop_hint" in (given or {}) else known.dop_hint
    return LimitSettings(
        requests=body.whole("requests", known.requests, least=1),
        execution_ms=body.number("execution_ms", known.execution_ms, least=1),
        concurrent=body.whole("concurrent", known.concurrent, least=1),
        window_s=body.number("window_s", known.window_s, least=0.1, most=86_400),
        enabled=body.flag("enabled", known.enabled or any(name in body for name in _ENFORCED)),
        dop_hint=None if hint is None else body.whole("dop_hint", 4, least=1),
    )


def _limit(name: str | None) -> Limit:
    try:
        return Limit(name)
    except ValueError as exc:
        known = ", ".join(limit.value for limit in Limit)
        raise AdminProblem(f"There is no limit '{name}'; there are {known}.") from exc
