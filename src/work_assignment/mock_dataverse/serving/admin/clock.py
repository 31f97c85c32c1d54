"""The organization's time: read it, set it, stop it, move it on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...storage.clock import EARLIEST, LATEST, TimeOutOfRange, VirtualClock
from .members import Members, in_full
from .parts import Parts
from .routes import AdminCall, AdminProblem, Route

_LONGEST = 1e11
_RANGE = f"between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}"


def clock_routes(parts: Parts) -> tuple[Route, ...]:
    clock = parts.controls.clock

    def read(_: AdminCall) -> dict[str, Any]:
        return _state(clock)

    def put(call: AdminCall) -> dict[str, Any]:
        body = Members(call.body, ("now", "frozen"))
        if "now" not in body and "frozen" not in body:
            raise AdminProblem("The body needs 'now', 'frozen' or both.")
        try:
            is_frozen = body.flag("frozen", default=clock.state().is_frozen)
            clock.set(body.moment("now"), frozen=is_frozen)
        except TimeOutOfRange as exc:
            raise AdminProblem(
                f"The body: 'now' must lie {_RANGE}, not '{body.text('now')}'."
            ) from exc
        return _state(clock)

    def advance(call: AdminCall) -> dict[str, Any]:
        body = Members(call.body, ("seconds",))
        if "seconds" not in body:
            raise AdminProblem("The body needs the member 'seconds'.")
        seconds = body.number("seconds", 0, least=-_LONGEST, most=_LONGEST)
        try:
            clock.advance(timedelta(seconds=seconds))
        except TimeOutOfRange as exc:
            raise AdminProblem(
                f"The body: 'seconds' must lead to {_RANGE}, not {in_full(seconds)}."
            ) from exc
        return _state(clock)

    def reset(_: AdminCall) -> dict[str, Any]:
        clock.reset()
        return _state(clock)

    return (
        Route("GET", "time", read),
        Route("PUT", "time", put),
        Route("POST", "time/advance", advance),
        Route("DELETE", "time", reset),
    )


def _state(clock: VirtualClock) -> dict[str, Any]:
    state = clock.state()
    now = state.now.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"now": now, "frozen": state.is_frozen, "virtual": state.is_virtual}
