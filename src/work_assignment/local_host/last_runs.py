"""When each timer last ran, kept in a small file so that a restart knows what was missed."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The start of a timer's last run, and when it was due again by the schedule of that day."""

    started_at: datetime
    next_at: datetime


class LastRuns:
    """The last run of every timer; without a file it is forgotten with the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._runs = self._read()

    def get(self, name: str) -> LastRun | None:
        """The last run of this timer, or None if it never ran."""
        with self._lock:
            return self._runs.get(name)

    def record(self, name: str, run: LastRun) -> None:
        """Remember this run, on disk too; the file is whole at every moment."""
        with self._lock:
            self._runs[name] = run
            if self._path is None:
                return
            document = {
                timer: {"last": last.started_at.isoformat(), "next": last.next_at.isoformat()}
                for timer, last in sorted(self._runs.items())
            }
            try:
                _write_whole(self._path, json.dumps(document, indent=1))
            except OSError as error:
                log.warning("%s cannot be written: %s", self._path, error)

    def _read(self) -> dict[str, LastRun]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            return {
                name: LastRun(_moment(entry["last"]), _moment(entry["next"]))
                for name, entry in document.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            # All that is lost is a catch-up run, so a damaged file is no reason not to start.
            log.warning("%s cannot be read and starts afresh: %s", self._path, error)
            return {}


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment.astimezone(UTC)
