"""How the mock is, and what it was asked so far."""

from __future__ import annotations

from typing import Any

from .parts import Parts
from .routes import AdminCall, Route


def health_routes(parts: Parts) -> tuple[Route, ...]:
    def health(_: AdminCall) -> dict[str, Any]:
        counts = parts.dispatcher.counts()
        return {
            "status": "ok",
            "database": parts.store.database,
            "tables": len(parts.store.catalog.tables),
            "webhooks_sent": counts.sent,
            "webhooks_failed": counts.failed,
        }

    def counters(_: AdminCall) -> dict[str, Any]:
        return parts.controls.counters.read()

    def reset(_: AdminCall) -> dict[str, Any]:
        parts.controls.counters.reset()
        return parts.controls.counters.read()

    return (
        Route("GET", "health", health),
        Route("GET", "counters", counters),
        Route("POST", "counters/reset", reset),
    )
