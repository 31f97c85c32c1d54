"""When each timer last ran, noted where every host on the same storage reads it."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

log = logging.getLogger(__name__)


class Notes(Protocol):
    """Small texts by name, shared by the hosts."""

    def read(self, name: str) -> str | None: ...
    def write(self, name: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class LastRun:
    """The start of a timer's last run, and when it was due again by the schedule of that day."""

    started_at: datetime
    next_at: datetime


class LastRuns:
    """The last run of every timer; without notes it is forgotten with the process."""

    def __init__(self, notes: Notes | None = None) -> None:
        self._notes = notes
        self._lock = threading.Lock()
        self._runs: dict[str, LastRun] = {}

    def get(self, name: str) -> LastRun | None:
        """The last run of this timer by any host, or None if it never ran."""
        noted = self._noted(name)
        with self._lock:
            ours = self._runs.get(name)
        # Ours is newer than the note when that could not be written.
        known = [run for run in (ours, noted) if run is not None]
        return max(known, key=lambda run: run.started_at, default=None)

    def record(self, name: str, run: LastRun) -> None:
        """Remember this run, and note it for the others."""
        with self._lock:
            self._runs[name] = run
        if self._notes is None:
            return
        text = json.dumps({"last": run.started_at.isoformat(), "next": run.next_at.isoformat()})
        try:
            self._notes.write(_note(name), text)
        except Exception as error:
            log.warning("the last run of %s cannot be noted: %s", name, error)

    def _noted(self, name: str) -> LastRun | None:
        text = None if self._notes is None else self._notes.read(_note(name))
        if text is None:
            return None
        try:
            entry = json.loads(text)
            return LastRun(_moment(entry["last"]), _moment(entry["next"]))
        except (ValueError, TypeError, KeyError) as error:
            # All that is lost is a catch-up run, so a damaged note is no reason not to go on.
            log.warning("the last run of %s cannot be read and counts as none: %s", name, error)
            return None


def _note(name: str) -> str:
    return f"timer-{name}"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment.astimezone(UTC)
