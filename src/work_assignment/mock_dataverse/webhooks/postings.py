"""What the dispatcher has in hand: postings that are ready, that wait, and that are under way."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count

from .outbox_rows import Delivery

ASYNCHRONOUS = "asynchronous"
DUPLICATE = "duplicate"
REDELIVERY = "redelivery"


@dataclass(frozen=True, slots=True)
class Posting:
    """One post to be made; only the asynchronous kind has a row in the outbox and a job."""

    delivery: Delivery
    kind: str = ASYNCHRONOUS

    @property
    def is_kept(self) -> bool:
        return self.kind == ASYNCHRONOUS


class Postings:
    """A queue with a second one for those whose time has not come; not safe by itself."""

    def __init__(self) -> None:
        self._ready: deque[Posting] = deque()
        self._later: list[tuple[float, int, Posting]] = []
        self._under_way = 0
        self._order = count()
        self._held: set[str] = set()

    @property
    def held(self) -> AbstractSet[str]:
        """The operation ids of the outbox's rows that are in hand."""
        return self._held

    @property
    def is_empty(self) -> bool:
        return not (self._ready or self._later or self._under_way)

    @property
    def has_ready(self) -> bool:
        """Tell whether one is ready; those whose time has come go before the others."""
        while self._later and self.seconds_to_next() == 0:
            self._ready.appendleft(heapq.heappop(self._later)[2])
        return bool(self._ready)

    def seconds_to_next(self) -> float | None:
        """Return how long until the next that waits is due; None when none waits."""
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else None

    def add(self, posting: Posting, hold: float = 0.0) -> None:
        if posting.is_kept:
            self._held.add(posting.delivery.operation_id)
        if hold > 0:
            due = time.monotonic() + hold
            heapq.heappush(self._later, (due, next(self._order), posting))
        else:
            self._ready.append(posting)

    def take(self) -> Posting:
        """Return the first that is ready; it counts as under way until it is `done`."""
        self._under_way += 1
        return self._ready.popleft()

    def again(self, posting: Posting, hold: float) -> None:
        """Put back a posting that was taken."""
        self._under_way -= 1
        self.add(posting, hold)

    def done(self, posting: Posting) -> None:
        self._under_way -= 1
        if posting.is_kept:
            self._held.discard(posting.delivery.operation_id)
