"""The table a person sees when the host has started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from work_assignment.local_host.specs import (
    AuthLevel,
    FunctionSpec,
    HttpTrigger,
    QueueTrigger,
    TimerTrigger,
)

KEY_NEEDED = {
    AuthLevel.ANONYMOUS: "no key",
    AuthLevel.FUNCTION: "function key",
    AuthLevel.ADMIN: "master key",
}


def describe(
    functions: Sequence[FunctionSpec], *, base_url: str, next_runs: Mapping[str, datetime]
) -> str:
    """Routes, timers with their next times (UTC) and queues, one function a line."""
    routes: list[tuple[str, ...]] = []
    timers: list[tuple[str, ...]] = []
    queues: list[tuple[str, ...]] = []
    for spec in sorted(functions, key=lambda spec: spec.name):
        off = "disabled" if spec.disabled else ""
        match spec.trigger:
            case HttpTrigger(route, methods, auth_level):
                words = ",".join(methods) or "any"
                url = f"{base_url}/{route}"
                routes.append((words, url, KEY_NEEDED[auth_level], spec.name, off))
            case TimerTrigger(schedule, setting):
                origin = f"({setting})" if setting else ""
                moment = next_runs.get(spec.name)
                next_run = f"next {moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""
                timers.append((schedule, origin, next_run, spec.name, off))
            case QueueTrigger(queue, connection):
                queues.append((queue, f"({connection})", spec.name, off))
    sections = (("Routes", routes), ("Timers", timers), ("Queues", queues))
    return "\n".join(line for title, rows in sections for line in _section(title, rows))


def _section(title: str, rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return [f"{title}: none"]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        for row in rows
    ]
    return [f"{title}:", *(f"  {line.rstrip()}" for line in lines)]
