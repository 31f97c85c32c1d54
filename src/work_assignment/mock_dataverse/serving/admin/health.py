"""How the mock is, and what it was asked so far."""

from __future__ import annotations

from typing import Any

from ...requests.exchanges import Response
from ..filling import TRY_AGAIN
from .parts import Parts
from .routes import AdminCall, Route, json_answer


def health_routes(parts: Parts) -> tuple[Route, ...]:
    def health(_: AdminCall) -> Response:
        counts = parts.dispatcher.counts()
        is_filling = parts.controls.filling.is_under_way
        state = {
            "status": "filling" if is_filling else "ok",
            "database": parts.store.database,
            "tables": len(parts.store.catalog.tables),
            "webhooks_sent": counts.sent,
            "webhooks_failed": counts.failed,
        }
        return json_answer(503, state, TRY_AGAIN) if is_filling else json_answer(200, state)

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
