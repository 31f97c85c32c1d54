"""Routes under /__mock/: for those who run the mock, not part of Dataverse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..requests.exchanges import Response
from ..storage.store import Store
from ..webhooks.dispatcher import Dispatcher
from .counters import Counters

ADMIN_ROOT = "/__mock/"


@dataclass(frozen=True, slots=True)
class AdminRoutes:
    """Answers the mock's own routes."""

    store: Store
    counters: Counters
    dispatcher: Dispatcher

    def answer(self, method: str, path: str) -> Response:
        match method, path.removeprefix(ADMIN_ROOT).strip("/"):
            case "GET", "health":
                return _json(200, self._health())
            case "GET", "counters":
                return _json(200, self.counters.read())
            case "POST", "counters/reset":
                self.counters.reset()
                return _json(200, self.counters.read())
            case _:
                return _json(404, {"error": f"There is no route {method} {path}."})

    def _health(self) -> dict[str, Any]:
        counts = self.dispatcher.counts()
        return {
            "status": "ok",
            "database": self.store.database,
            "tables": len(self.store.catalog.tables),
            "webhooks_sent": counts.sent,
            "webhooks_failed": counts.failed,
        }


def _json(status: int, body: Mapping[str, Any]) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(body).encode())
