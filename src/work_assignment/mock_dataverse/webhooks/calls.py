"""Synchronous steps: posted while their request waits, and refused with it when they fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol

from ..faults import Fault, bad_request
from ..storage.rows import fetch_row
from ..tables.metadata import Table
from .deliveries import attempt
from .endpoints import Poster
from .outbox_rows import Delivery
from .settings import Control

SYNCHRONOUS = "synchronous"


class Calls(Protocol):
    """What carries out the posts of synchronous steps."""

    def call(self, db: sqlite3.Connection, endpoints: Table, delivery: Delivery) -> None:
        """Post and wait; raises the fault that the request is answered with."""


class SynchronousCalls:
    """Posts from the threads of requests, each on connections of its own for as long."""

    def __init__(
        self, control: Control, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._control = control
        self._clock = clock
        self._lock = Lock()
        self._idle: list[Poster] = []
        self._busy: set[Poster] = set()
        self._is_closed = False
        self._sent = 0
        self._failed = 0

    def counts(self) -> tuple[int, int]:
        """How many posts were taken by their receivers, and how many were not."""
        with self._lock:
            return self._sent, self._failed

    def call(self, db: sqlite3.Connection, endpoints: Table, delivery: Delivery) -> None:
        """Post and wait; a step that fails takes its whole request with it, and is not repeated
        (Learn: Use webhooks to create external handlers for server events)."""
        endpoint_row = fetch_row(db, endpoints, delivery.endpoint_id)
        poster = self._take()
        try:
            failure = attempt(
                poster,
                endpoint_row,
                delivery,
                self._control,
                kind=SYNCHRONOUS,
                at=self._clock(),
            )
        finally:
            self._give_back(poster)
        with self._lock:
            self._sent += failure is None
            self._failed += failure is not None
        if failure is not None:
            raise bad_request(failure.message, failure.code)

    def close(self) -> None:
        """Break off what is under way, and refuse what comes later."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = tuple(self._busy)
        for poster in idle:
            poster.close()
        for poster in busy:
            poster.abort()

    def _take(self) -> Poster:
        with self._lock:
            if self._is_closed:
                raise Fault(503, "0x80040216", "The server is stopping; no webhook is called.")
            poster = self._idle.pop() if self._idle else Poster()
            self._busy.add(poster)
        return poster

    def _give_back(self, poster: Poster) -> None:
        with self._lock:
            self._busy.discard(poster)
            if not self._is_closed:
                self._idle.append(poster)
                return
        poster.close()
