"""A readable list of what a function app declares, the same on every version of the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from work_assignment.local_host.errors import AppRefused
from work_assignment.local_host.indexing import IndexedFunction, index_app


def snapshot(app_root: Path) -> list[dict[str, Any]]:
    """One entry a function, sorted by name. Settings are shown as written (`%NAME%`), not read."""
    app = index_app(app_root)
    if app.problems:
        raise AppRefused(app.problems)
    return sorted((_entry(function) for function in app.functions), key=lambda e: str(e["name"]))


def _entry(function: IndexedFunction) -> dict[str, Any]:
    declared = function.trigger
    entry: dict[str, Any] = {"name": function.name, "trigger": declared["type"]}
    match declared["type"]:
        case "httpTrigger":
            entry["route"] = declared["route"]
            entry["methods"] = sorted(declared.get("methods", ()))
            entry["auth_level"] = str(declared.get("authLevel", "function")).lower()
        case "timerTrigger":
            entry["schedule"] = declared["schedule"]
        case "queueTrigger":
            entry["queue"] = declared["queueName"]
            entry["connection"] = declared["connection"]
    outputs = [
        {"parameter": b["name"], "queue": b["queueName"], "connection": b["connection"]}
        for b in function.bindings
        if b["type"] == "queue"
    ]
    if outputs:
        entry["outputs"] = sorted(outputs, key=lambda output: str(output["parameter"]))
    return entry
