"""Retention: once a day Dataverse is asked to delete what has grown old in the run log."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from work_assignment.domain.runs.keeping import Keeping
from work_assignment.services.ports import Clock

_LONG = timedelta(days=1)
_GIVEN_UP_AFTER = timedelta(days=3)
"""A job may be suspended, and nobody need notice: the run log would grow for good."""

_log = logging.getLogger(__name__)


class OldRows(Protocol):
    """The rows that grow old: runs and sweeps that have ended."""

    def keeping(self) -> Keeping | None:
        """How long they are kept; None before any definitions were applied."""

    def unfinished_since(self) -> datetime | None:
        """When the newest job that is not done was started; None when all are."""

    def claim(self, keeping: Keeping, now: datetime) -> bool:
        """Note that today is seen to; False when another worker was first."""

    def delete(self, *, before: datetime, now: datetime) -> None:
        """Start the job that deletes what was last touched before a moment."""


class Clearing(Enum):
    """What came of a call."""

    STARTED = "the job is started"
    DONE_TODAY = "today is seen to"
    STILL_RUNNING = "an earlier day's job is still running"
    TAKEN = "another worker is seeing to it"
    NO_SETTINGS = "no definitions were applied yet"
    OFF = "the app is switched off"


class Retention:
    """Clears the run log, at most once a day under any number of workers.

    The day is claimed before the job is asked for: a worker that dies in between, and an answer
    that is lost, cost a day and never start a second job. The next day deletes what was left.
    """

    def __init__(self, rows: OldRows, clock: Clock, *, mode: str) -> None:
        self._rows = rows
        self._clock = clock
        self._mode = mode

    def clear(self) -> Clearing:
        """Start today's job unless there is one. Raises Unavailable while Dataverse is away."""
        done = self._clear()
        _log.info("retention: %s", done.value)
        return done

    def _clear(self) -> Clearing:
        if self._mode == "off":
            return Clearing.OFF
        now = self._clock()
        keeping = self._rows.keeping()
        if keeping is None:
            return Clearing.NO_SETTINGS
        if not keeping.is_due(now):
            return Clearing.DONE_TODAY
        since = self._rows.unfinished_since()
        if since is not None and self._is_waited_for(since, now):
            return Clearing.STILL_RUNNING
        if not self._rows.claim(keeping, now):
            return Clearing.TAKEN
        self._rows.delete(before=keeping.old_before(now), now=now)
        return Clearing.STARTED

    def _is_waited_for(self, since: datetime, now: datetime) -> bool:
        """Whether a job that is not done is to be left to finish; says so of one that takes long."""
        is_waited_for = now - since < _GIVEN_UP_AFTER
        if now - since > _LONG:
            then = "no other is started" if is_waited_for else "another one is started"
            _log.warning(
                "the job that deletes old runs, begun at %s, is not done; %s. Somebody should look "
                "whether it is suspended: Power Platform admin center, System Jobs",
                since,
                then,
            )
        return is_waited_for
