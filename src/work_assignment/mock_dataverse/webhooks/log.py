"""What was posted to webhooks lately, attempt by attempt; bounded, and kept in memory only."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from .outbox_rows import Delivery

MOST_ENTRIES = 1000
_MOST_CHARACTERS = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt: `kind` says why there was one, `status` is None when nobody answered."""

    at: datetime
    kind: str
    url: str
    status: int | None
    problem: str | None
    seconds: float
    number: int
    delivery: Delivery = field(repr=False)
    id: int = 0


class DeliveryLog:
    """The latest attempts, the oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: deque[Attempted] = deque()
        self._characters = 0
        self._last_id = 0

    def add(self, attempted: Attempted) -> int:
        """Keep an attempt, and let go of the oldest when there are too many."""
        with self._lock:
            self._last_id += 1
            entry = replace(attempted, id=self._last_id)
            self._entries.append(entry)
            self._characters += len(entry.delivery.body)
            while len(self._entries) > MOST_ENTRIES or self._characters > _MOST_CHARACTERS:
                if len(self._entries) == 1:
                    break
                self._characters -= len(self._entries.popleft().delivery.body)
            return self._last_id

    def entries(
        self, *, after: int = 0, since: datetime | None = None, table: str | None = None
    ) -> Iterator[Attempted]:
        """List what came after an entry or a time, of one table or all."""
        with self._lock:
            kept = tuple(self._entries)
        for entry in kept:
            is_recent = entry.id > after and (since is None or entry.at >= since)
            if is_recent and table in (None, entry.delivery.table_name):
                yield entry

    def find(self, entry_id: int) -> Attempted | None:
        with self._lock:
            return next((entry for entry in self._entries if entry.id == entry_id), None)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._characters = 0
