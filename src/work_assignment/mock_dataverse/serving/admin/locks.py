"""Routes for row locks: whether writes lock rows, and what came of it."""

from __future__ import annotations

from typing import Any

from ...storage.row_locks import LockSettings
from .members import Members
from .parts import Parts
from .routes import AdminCall, Route

_MEMBERS = ("enabled", "write_latency_ms", "timeout_ms")
_LONGEST_MS = 600_000


def lock_routes(parts: Parts) -> tuple[Route, ...]:
    locks = parts.store.row_locks

    def read(_: AdminCall) -> dict[str, Any]:
        settings, counts = locks.settings, locks.counts
        return {
            "enabled": settings.enabled,
            "write_latency_ms": settings.write_latency * 1000,
            "timeout_ms": settings.timeout * 1000,
            "waits": counts.waits,
            "deadlocks": counts.deadlocks,
            "timeouts": counts.timeouts,
        }

    def configure(call: AdminCall) -> dict[str, Any]:
        members, now = Members(call.body, _MEMBERS), locks.settings
        latency = members.number("write_latency_ms", now.write_latency * 1000, most=_LONGEST_MS)
        timeout = members.number("timeout_ms", now.timeout * 1000, most=_LONGEST_MS)
        enabled = members.flag("enabled", now.enabled)
        locks.configure(LockSettings(enabled, latency / 1000, timeout / 1000))
        return read(call)

    def reset(call: AdminCall) -> dict[str, Any]:
        locks.reset_counts()
        return read(call)

    return (
        Route("GET", "locks", read),
        Route("PUT", "locks", configure),
        Route("POST", "locks/reset", reset),
    )
