"""The threads that empty the outbox after commit, and write down how each delivery ended."""

from __future__ import annotations

import heapq
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..storage.rows import empty_row, fetch_row, insert_row, next_version
from ..tables.metadata import Catalog
from .deliveries import Failure, attempt, job_row
from .endpoints import Poster
from .outbox_rows import Delivery, create_outbox, forget, note_attempt, waiting

_AT_ONCE = 64
_STOP_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Storage(Protocol):
    """What the dispatcher needs of the store."""

    @property
    def catalog(self) -> Catalog: ...
    def reading(self) -> AbstractContextManager[sqlite3.Connection]: ...
    def writing(self) -> AbstractContextManager[sqlite3.Connection]: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a post may take, how soon the one further attempt comes, who we say we are."""

    timeout: timedelta = timedelta(seconds=60)
    retry_delay: timedelta = timedelta(seconds=1)
    workers: int = 4
    organization_host: str = "localhost"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many deliveries have ended since the start."""

    sent: int
    failed: int


class Dispatcher:
    """A few threads that empty the outbox; what they hold in memory is only its front.

    A delivery leaves the outbox in the transaction that writes its system job. What was under way
    when the process ended is sent again, so a receiver may see it twice, as with Dataverse.
    """

    def __init__(
        self,
        store: Storage,
        settings: Settings | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._endpoints = store.catalog.tables["serviceendpoint"]
        self._jobs = store.catalog.tables["asyncoperation"]
        self._settings = settings or Settings()
        self._clock = clock
        timeout = self._settings.timeout.total_seconds()
        self._posters = [Poster(timeout) for _ in range(self._settings.workers)]
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._has_news = threading.Condition(self._lock)
        self._went_idle = threading.Condition(self._lock)
        # all below with the lock held
        self._ready: deque[Delivery] = deque()
        self._later: list[tuple[float, int, Delivery]] = []
        self._in_flight = 0
        self._last_id = 0
        self._is_due_to_look = True
        self._is_looking = False
        self._is_stopping = False
        self._sent = 0
        self._failed = 0

    def start(self) -> None:
        """Begin to send, first what an earlier run has left. A dispatcher is started once."""
        with self._store.writing() as db:
            create_outbox(db)
        for number, poster in enumerate(self._posters, start=1):
            name = f"webhook-{number}"
            thread = threading.Thread(target=self._work, args=(poster,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stop at once: posts under way are broken off and stay in the outbox."""
        with self._lock:
            self._is_stopping = True
            self._has_news.notify_all()
        for poster in self._posters:
            poster.abort()
        end = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def notify(self) -> None:
        """Say that a transaction was committed: the outbox may hold something new."""
        with self._lock:
            self._is_due_to_look = True
            self._has_news.notify()

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until all that was committed before has ended; False if that takes too long."""
        with self._lock:
            return self._went_idle.wait_for(self._is_idle, timeout)

    def counts(self) -> Counts:
        with self._lock:
            return Counts(self._sent, self._failed)

    def _is_idle(self) -> bool:
        looks = self._is_due_to_look or self._is_looking
        return not (looks or self._ready or self._later or self._in_flight)

    def _work(self, poster: Poster) -> None:
        while (delivery := self._next()) is not None:
            try:
                self._deliver(poster, delivery)
            except Exception:
                _log.exception("webhook %s stays in the outbox", delivery.operation_id)
            finally:
                self._leave()
        poster.close()

    def _next(self) -> Delivery | None:
        """Wait for the next delivery, reading on in the outbox; None when it is time to stop."""
        while True:
            with self._lock:
                while not self._has_work():
                    self._has_news.wait(self._seconds_to_retry())
                if self._is_stopping:
                    return None
                if self._ready:
                    self._in_flight += 1
                    return self._ready.popleft()
                self._is_due_to_look, self._is_looking = False, True
            self._look()

    def _has_work(self) -> bool:
        """Tell whether a worker has something to do; further attempts that are due come first."""
        while self._later and self._seconds_to_retry() == 0:
            self._ready.appendleft(heapq.heappop(self._later)[2])
        may_look = self._is_due_to_look and not self._is_looking
        return self._is_stopping or bool(self._ready) or may_look

    def _seconds_to_retry(self) -> float | None:
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else None

    def _look(self) -> None:
        """Read on from where the last look ended; ids rise in the order of commits."""
        found: list[Delivery] = []
        try:
            with self._store.reading() as db:
                found = waiting(db, after=self._last_id, limit=_AT_ONCE)
        except sqlite3.Error:
            _log.exception("the outbox cannot be read; it is tried again after the next commit")
        with self._lock:
            self._ready.extend(found)
            self._last_id = found[-1].id if found else self._last_id
            self._is_looking = False
            self._is_due_to_look |= len(found) == _AT_ONCE
            self._has_news.notify_all()
            self._tell_if_idle()

    def _leave(self) -> None:
        with self._lock:
            self._in_flight -= 1
            self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if self._is_idle():
            self._went_idle.notify_all()

    def _deliver(self, poster: Poster, delivery: Delivery) -> None:
        started_at = self._clock()
        with self._store.reading() as db:
            endpoint_row = fetch_row(db, self._endpoints, delivery.endpoint_id)
        failure = attempt(poster, endpoint_row, delivery, self._settings.organization_host)
        if failure is None:
            self._end(delivery, None, started_at)
        elif self._is_stopping:
            return  # the post was probably broken off by us, so it is left for the next start
        elif failure.may_pass and delivery.attempts == 0:
            self._try_again(delivery)
        else:
            self._end(delivery, failure, started_at)

    def _end(self, delivery: Delivery, failure: Failure | None, started_at: datetime) -> None:
        """Take the delivery out of the outbox and record its job, both or neither."""
        ended_at = self._clock()
        with self._store.writing() as db:
            forget(db, delivery)
            if failure is not None or not delivery.deletes_job:
                job = job_row(
                    self._jobs, delivery, failure, started_at=started_at, ended_at=ended_at
                )
                version = {"versionnumber": next_version(db)}
                insert_row(db, self._jobs, {**empty_row(self._jobs), **job, **version})
        with self._lock:
            self._sent += failure is None
            self._failed += failure is not None

    def _try_again(self, delivery: Delivery) -> None:
        """Keep the delivery for the one further attempt."""
        with self._store.writing() as db:
            tried = note_attempt(db, delivery)
        due = time.monotonic() + self._settings.retry_delay.total_seconds()
        with self._lock:
            heapq.heappush(self._later, (due, tried.id, tried))
            self._has_news.notify()
