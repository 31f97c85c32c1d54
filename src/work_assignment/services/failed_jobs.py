"""Deliveries that Dataverse gave up: looked for now and then, and said."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from work_assignment.domain.errors import NotPermitted, Refused, Unavailable
from work_assignment.domain.runs.watching import FailedJobs
from work_assignment.services.ports import Clock

LOOKED_EVERY = timedelta(minutes=10)
FIRST_LOOK = timedelta(hours=1)
"""How far the first look of a process goes back: nobody may have looked while none was running."""

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far our clock may be ahead of Dataverse's, by which jobs are asked for."""
_A_MOMENT = timedelta(seconds=1)
"""Dataverse keeps whole seconds."""

_log = logging.getLogger(__name__)


class JobLog(Protocol):
    """Dataverse's system jobs."""

    def failed_jobs(self, since: datetime) -> FailedJobs:
        """Our deliveries that failed at `since` or later; raises NotPermitted and Refused."""


class FailedJobWatch:
    """Looks for failed deliveries, at most every ten minutes, and says so once each time.

    They are not sent again by Dataverse, and nothing is lost: what waits is found by the timer. But
    somebody should know. Each look overlaps the one before, and leaves out what was told.
    """

    def __init__(
        self, jobs: JobLog, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next_look = float("-inf")
        self._since: datetime | None = None
        self._told_until: datetime | None = None
        self._said = ""

    def look(self) -> None:
        """Ask Dataverse, unless somebody has shortly before; one request at most."""
        with self._lock:
            if self._monotonic() < self._next_look:
                return
            self._next_look = self._monotonic() + LOOKED_EVERY.total_seconds()
        now = self._clock()
        try:
            found = self._jobs.failed_jobs(self._asked_from(now))
        except NotPermitted as exc:
            self._say_once(
                "the application user needs to read System Job, Sdk Message Processing Step and "
                f"Service Endpoint: {exc}"
            )
        except Refused as exc:
            self._say_once(str(exc))
        except Unavailable as exc:
            self._next_look = float("-inf")
            _log.info("failed jobs are looked for later: %s", exc)
        else:
            self._said, self._since = "", now
            if found.count:
                self._told_until = found.newest_at
                _tell(found)

    def _asked_from(self, now: datetime) -> datetime:
        since = now - FIRST_LOOK if self._since is None else self._since - CLOCKS_DIFFER
        return since if self._told_until is None else max(since, self._told_until + _A_MOMENT)

    def _say_once(self, why: str) -> None:
        if why != self._said:
            _log.warning("whether deliveries fail in Dataverse cannot be seen: %s", why)
        self._said = why


def _tell(found: FailedJobs) -> None:
    number = f"{found.count} or more" if found.is_cut else str(found.count)
    _log.warning(
        "Dataverse could not deliver events: %s failed jobs, the newest at %s of '%s': %s",
        number,
        found.newest_at,
        found.newest_step,
        found.newest or "no message",
    )
