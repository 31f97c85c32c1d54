"""How the app does: its queues, Dataverse, sweeps, and when it last heard and did something."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from work_assignment.domain.runs.sweeps import Sweep
from work_assignment.domain.runs.watching import FailedJobs, Glance
from work_assignment.services.asked import Asked, Reply
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.poison import WORKING, Length, poison_of
from work_assignment.services.ports import Clock
from work_assignment.services.seen import BELL, WEBHOOK, Seen

PATIENCE = 4.0
"""Seconds within which there is an answer, whatever hangs."""
DATAVERSE_KEPT = 10.0
STORAGE_KEPT = 1.0
JOBS_OF = timedelta(days=1)
"""How far back failed jobs and overdue records are counted."""


class MeasuredQueues(Protocol):
    """Queues that say how long they are."""

    def length(self, queue: str) -> Length: ...
    def oldest(self, queue: str) -> datetime | None: ...


class Watched(Protocol):
    """Dataverse, looked at."""

    def glance(self, since: datetime) -> Glance:
        """The newest sweep and outcome; jobs that failed and records overdue at `since` or later."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue: how many messages it has, hidden ones too, and since when the oldest."""

    length: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class StorageState:
    """What the storage tells: its queues, and when the app last heard and did something."""

    queues: dict[str, QueueState]
    last_webhook: datetime | None
    last_bell: datetime | None


@dataclass(frozen=True, slots=True)
class Checkup:
    """A whole answer; `is_well` when storage and Dataverse can be reached."""

    is_well: bool
    data: dict[str, Any]


@dataclass(frozen=True)
class About:
    """What does not change while the process lives, and `more` that its parts say of themselves."""

    mode: str
    version: str
    more: Callable[[], dict[str, Any]] = field(default=dict)


class Health:
    """Says how the app does, each part its own trouble, in a few seconds whatever hangs."""

    def __init__(
        self,
        queues: MeasuredQueues,
        dataverse: Watched,
        clock: Clock,
        about: About,
        seen: Seen,
        *,
        patience: float = PATIENCE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queues = queues
        self._dataverse = dataverse
        self._clock = clock
        self._about = about
        self._seen = seen
        self._patience = patience
        self._monotonic = monotonic
        self._storage = Asked(self._ask_storage, kept_for=STORAGE_KEPT, monotonic=monotonic)
        self._glance = Asked(self._ask_dataverse, kept_for=DATAVERSE_KEPT, monotonic=monotonic)

    def check(self) -> Checkup:
        """Ask everything at once and wait for what comes in time."""
        until = self._monotonic() + self._patience
        asked_storage, asked_dataverse = self._storage.begin(), self._glance.begin()
        storage, glance = asked_storage(until), asked_dataverse(until)
        now = self._clock()
        is_well = storage.answer is not None and glance.answer is not None
        found = glance.answer or Glance()
        kept = storage.answer or StorageState({}, None, None)
        events = kept.queues.get(EVENTS)
        return Checkup(
            is_well,
            {
                "status": "well" if is_well else "unwell",
                "mode": self._about.mode,
                "version": self._about.version,
                "at": _text(now),
                "oldest_event": _aged(events.oldest_at, now) if events else None,
                "last_webhook": _text(kept.last_webhook),
                "last_bell_answered": _text(kept.last_bell),
                "last_sweep": _sweep(found.sweep),
                "last_outcome": _text(found.decided_at),
                "failed_jobs": _jobs(found.failed_jobs),
                "overdue": _overdue(found.overdue),
                "storage": _storage(storage, now),
                "dataverse": _dataverse(glance) | self._about.more(),
            },
        )

    def _ask_storage(self) -> StorageState:
        names = [name for queue in WORKING for name in (queue, poison_of(queue))]
        return StorageState(
            {name: self._state(name) for name in names},
            self._seen.last(WEBHOOK),
            self._seen.last(BELL),
        )

    def _state(self, queue: str) -> QueueState:
        length = self._queues.length(queue)
        return QueueState(length.visible + length.hidden, self._queues.oldest(queue))

    def _ask_dataverse(self) -> Glance:
        return self._dataverse.glance(self._clock() - JOBS_OF)


def _storage(reply: Reply[StorageState], now: datetime) -> dict[str, Any]:
    if reply.answer is None:
        return {"ok": False, "trouble": reply.trouble, "seconds": round(reply.seconds, 3)}
    queues = {
        name: {"length": state.length, "oldest": _aged(state.oldest_at, now)}
        for name, state in reply.answer.queues.items()
    }
    return {"ok": True, "seconds": round(reply.seconds, 3), "queues": queues}


def _dataverse(reply: Reply[Glance]) -> dict[str, Any]:
    data: dict[str, Any] = {"ok": reply.answer is not None, "seconds": round(reply.seconds, 3)}
    if reply.answer is None:
        data["trouble"] = reply.trouble
    elif reply.answer.troubles:
        data["trouble"] = "; ".join(reply.answer.troubles)
    return data


def _aged(at: datetime | None, now: datetime) -> dict[str, Any] | None:
    if at is None:
        return None
    return {"at": _text(at), "seconds": max(round((now - at).total_seconds()), 0)}


def _sweep(sweep: Sweep | None) -> dict[str, Any] | None:
    if sweep is None:
        return None
    return {
        "id": sweep.id,
        "name": sweep.name,
        "status": sweep.status.value,
        "started": _text(sweep.started_at),
        "ended": _text(sweep.ended_at),
        "records": sweep.counts.total,
        "succeeded": sweep.counts.succeeded,
        "failed": sweep.counts.failed,
    }


def _jobs(jobs: FailedJobs | None) -> dict[str, Any] | None:
    if jobs is None:
        return None
    return {
        "hours": JOBS_OF // timedelta(hours=1),
        "count": jobs.count,
        "is_more": jobs.is_cut,
        "newest": _text(jobs.newest_at),
        "message": jobs.newest or None,
    }


def _overdue(count: int | None) -> dict[str, Any] | None:
    if count is None:
        return None
    return {"hours": JOBS_OF // timedelta(hours=1), "count": count}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
