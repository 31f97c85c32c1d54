"""The threads that empty the outbox after commit, and write down how each delivery ended."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ..faults import Fault
from ..storage.rows import fetch_row
from ..tables.metadata import Catalog
from .calls import SynchronousCalls
from .deliveries import Failure, attempt
from .endpoints import Poster
from .jobs import JOB_TABLE, Jobs
from .outbox_rows import (
    Delivery,
    count_waiting,
    create_outbox,
    forget,
    is_kept,
    note_attempt,
    waiting,
)
from .postings import DUPLICATE, REDELIVERY, Posting, Postings
from .settings import Control, Fate, Settings
from .steps import watch_registrations

__all__ = ["Counts", "Dispatcher", "Settings"]

_AT_ONCE = 64
_MOST_IN_HAND = 1024
_STOP_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Storage(Protocol):
    """What the dispatcher needs of the store."""

    @property
    def catalog(self) -> Catalog: ...
    def reading(self) -> AbstractContextManager[sqlite3.Connection]: ...
    def writing(self) -> AbstractContextManager[sqlite3.Connection]: ...


@dataclass(frozen=True, slots=True)
class Counts:
    """How many deliveries have ended since the start, those of synchronous steps included."""

    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class _Ended:
    posting: Posting
    failure: Failure | None
    started_at: datetime
    ended_at: datetime


class Dispatcher:
    """A few threads that empty the outbox; what they hold in memory is only its front.

    A delivery leaves the outbox in the transaction that ends its system job. What was under way
    when the process ended is sent again, so a receiver may see it twice, as with Dataverse.
    """

    def __init__(
        self,
        store: Storage,
        settings: Settings | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.control = Control(settings)
        self.calls = SynchronousCalls(self.control, clock=clock)
        self._store = store
        self._clock = clock
        self._posters = [Poster() for _ in range(self.control.settings.workers)]
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._has_news = threading.Condition(self._lock)
        self._went_idle = threading.Condition(self._lock)
        # all below with the lock held
        self._postings = Postings()
        self._ended: list[_Ended] = []
        self._is_recording = False
        self._is_due_to_look = True
        self._is_looking = False
        self._is_stopping = False
        self._sent = 0
        self._failed = 0

    def start(self) -> None:
        """Begin to send, first what an earlier run has left. A dispatcher is started once."""
        with self._store.writing() as db:
            create_outbox(db)
            watch_registrations(db)
        for number, poster in enumerate(self._posters, start=1):
            name = f"webhook-{number}"
            thread = threading.Thread(target=self._work, args=(poster,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stop at once: posts under way are broken off and stay in the outbox."""
        self.calls.close()
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
        sent, failed = self.calls.counts()
        with self._lock:
            return Counts(self._sent + sent, self._failed + failed)

    def waiting(self) -> int:
        """Count what is in the outbox."""
        with self._store.reading() as db:
            return count_waiting(db)

    def resume(self) -> None:
        """Look at the control again: it may have paused or unpaused the sending."""
        with self._lock:
            self._is_due_to_look = True
            self._has_news.notify_all()

    def redeliver(self, delivery: Delivery) -> None:
        """Post a body once more, whatever has become of it; nothing is tried twice."""
        with self._lock:
            self._postings.add(Posting(delivery, REDELIVERY))
            self._has_news.notify()

    def _is_idle(self) -> bool:
        looks = self._is_due_to_look or self._is_looking
        return not (looks or self._ended or self._is_recording) and self._postings.is_empty

    def _work(self, poster: Poster) -> None:
        while (posting := self._next()) is not None:
            try:
                self._deliver(poster, posting)
            except Exception:
                _log.exception("webhook %s stays in the outbox", posting.delivery.operation_id)
                self._leave(posting)
        poster.close()

    def _next(self) -> Posting | None:
        """Wait for the next posting, reading on in the outbox; None when it is time to stop."""
        while True:
            with self._lock:
                while not self._has_work():
                    self._has_news.wait(self._seconds_to_next())
                if self._is_stopping:
                    return None
                if self._postings.has_ready:
                    return self._postings.take()
                self._is_due_to_look, self._is_looking = False, True
            self._look()

    def _has_work(self) -> bool:
        if self._is_stopping:
            return True
        if self.control.troubles.is_paused:
            return False
        may_look = self._is_due_to_look and not self._is_looking
        return self._postings.has_ready or (may_look and len(self._postings.held) < _MOST_IN_HAND)

    def _seconds_to_next(self) -> float | None:
        return None if self.control.troubles.is_paused else self._postings.seconds_to_next()

    def _look(self) -> None:
        """Take the next rows of the outbox in hand, and say so in their jobs."""
        found: list[Delivery] = []
        is_blocked = False
        with self._lock:
            held = frozenset(self._postings.held)
        try:
            with self._store.reading() as db:
                found = waiting(db, besides=held, limit=_AT_ONCE)
            fates = [self.control.fate() for _ in found]
            found, fates = self._begin(found, fates)
        except (sqlite3.Error, Fault) as exc:
            found, fates, is_blocked = [], [], isinstance(exc, Fault)
            _log.warning("the outbox cannot be looked through now: %s", exc)
        with self._lock:
            for delivery, fate in zip(found, fates, strict=True):
                self._admit(delivery, fate)
            self._is_looking = False
            self._is_due_to_look |= is_blocked or len(found) == _AT_ONCE
            self._has_news.notify_all()
            self._tell_if_idle()

    def _admit(self, delivery: Delivery, fate: Fate) -> None:
        self._postings.add(Posting(delivery), fate.hold)
        if fate.is_doubled:
            self._postings.add(Posting(delivery, DUPLICATE), fate.hold)

    def _begin(self, found: list[Delivery], fates: list[Fate]) -> tuple[list[Delivery], list[Fate]]:
        """Lock the jobs of what is found; what somebody has canceled leaves the outbox."""
        if not found:
            return [], []
        jobs, now = self._jobs(), self._clock()
        begun: list[tuple[Delivery, Fate]] = []
        with self._store.writing() as db:
            for delivery, fate in zip(found, fates, strict=True):
                if jobs.begin(db, delivery, now):
                    begun.append((delivery, fate))
                else:
                    forget(db, delivery)
        return [delivery for delivery, _ in begun], [fate for _, fate in begun]

    def _jobs(self) -> Jobs:
        return Jobs(self._store.catalog.tables[JOB_TABLE])

    def _leave(self, posting: Posting) -> None:
        with self._lock:
            self._postings.done(posting)
            self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if self._is_idle():
            self._went_idle.notify_all()

    def _deliver(self, poster: Poster, posting: Posting) -> None:
        started_at, delivery = self._clock(), posting.delivery
        endpoints = self._store.catalog.tables["serviceendpoint"]
        with self._store.reading() as db:
            endpoint_row = fetch_row(db, endpoints, delivery.endpoint_id)
        failure = attempt(
            poster, endpoint_row, delivery, self.control, kind=posting.kind, at=started_at
        )
        if not posting.is_kept or (failure is not None and self._is_stopping):
            # A post broken off by us is left for the next start.
            self._leave(posting)
        elif failure is not None and failure.may_pass and delivery.attempts == 0:
            self._try_again(posting)
        else:
            self._end(_Ended(posting, failure, started_at, self._clock()))

    def _end(self, ended: _Ended) -> None:
        """Have the end recorded: by whoever is about to, together with others, or by ourselves."""
        with self._lock:
            self._ended.append(ended)
            if self._is_recording:
                return
            self._is_recording = True
        while True:
            with self._lock:
                batch, self._ended = self._ended, []
                if not batch:
                    self._is_recording = False
                    self._tell_if_idle()
                    return
            self._record(batch)

    def _record(self, batch: list[_Ended]) -> None:
        """Take deliveries out of the outbox and end their jobs, both or neither."""
        is_recorded = False
        try:
            jobs = self._jobs()
            with self._store.writing() as db:
                for ended in batch:
                    self._write_end(db, jobs, ended)
            is_recorded = True
        except Exception:
            _log.exception("%d webhooks stay in the outbox", len(batch))
        with self._lock:
            for ended in batch:
                self._postings.done(ended.posting)
                if is_recorded:
                    self._sent += ended.failure is None
                    self._failed += ended.failure is not None

    def _write_end(self, db: sqlite3.Connection, jobs: Jobs, ended: _Ended) -> None:
        delivery = ended.posting.delivery
        if not is_kept(db, delivery):  # the database was put back to another moment
            return
        forget(db, delivery)
        jobs.end(db, delivery, ended.failure, started_at=ended.started_at, ended_at=ended.ended_at)

    def _try_again(self, posting: Posting) -> None:
        """Keep the delivery for the one further attempt."""
        with self._store.writing() as db:
            tried = note_attempt(db, posting.delivery)
        with self._lock:
            hold = self.control.settings.retry_delay.total_seconds()
            self._postings.again(Posting(tried), hold)
            self._has_news.notify()
