"""Deliveries that Dataverse gave up: looked for now and then, and said."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Protocol

from work_assignment.domain.errors import NotPermitted, Unavailable
from work_assignment.domain.runs.watching import FailedJobs
from work_assignment.services.ports import Clock

LOOKED_EVERY = timedelta(minutes=10)
FIRST_LOOK = timedelta(hours=1)
"""How far the first look of a process goes back: nobody may have looked while none was running."""

_log = logging.getLogger(__name__)


class JobLog(Protocol):
    """Dataverse's system jobs."""

    def failed_jobs(self, since: datetime) -> FailedJobs:
        """Our deliveries that failed at `since` or later; raises NotPermitted."""


class FailedJobWatch:
    """Looks for failed deliveries, at most every ten minutes, and says so once each time.

    They are not sent again by Dataverse, and nothing is lost: what waits is found by the timer. But
    somebody should know. A job that failed during the last look is told of by one of the two.
    """

    def __init__(self, jobs: JobLog, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at: datetime | None = None
        self._may_not = ""

    def look(self) -> None:
        """Ask Dataverse, unless somebody has shortly before; one request at most."""
        with self._lock:
            now, before = self._clock(), self._looked_at
            if before is not None and now - before < LOOKED_EVERY:
                return
            self._looked_at = now
        try:
            found = self._jobs.failed_jobs(before or now - FIRST_LOOK)
        except NotPermitted as exc:
            self._say_once(str(exc))
        except Unavailable as exc:
            with self._lock:
                self._looked_at = before
            _log.info("failed jobs are looked for later: %s", exc)
        else:
            self._may_not = ""
            if found.count:
                _tell(found)

    def _say_once(self, why: str) -> None:
        if why != self._may_not:
            _log.warning(
                "whether deliveries fail in Dataverse cannot be seen; the application user needs to "
                "read System Job, Sdk Message Processing Step and Service Endpoint: %s",
                why,
            )
        self._may_not = why


def _tell(found: FailedJobs) -> None:
    number = f"{found.count} or more" if found.is_cut else str(found.count)
    _log.warning(
        "Dataverse could not deliver events: %s failed jobs, the newest at %s of '%s': %s",
        number,
        found.newest_at,
        found.newest_step,
        found.newest or "no message",
    )
