"""How fast one process may go, as Dataverse's answers have taught it: batches at once, and their size."""

from __future__ import annotations

import threading

WIDTH_AT_FIRST = 4
"""Before the first hint: what small environments are told."""
WIDEST = 16
"""Whatever the hint: with three processes of ours at it, a user's 52 requests at once are not used up."""
BATCHES_TO_RISE = 10
SIZE_AT_FIRST = 20
LARGEST = 100
"""Change sets in a batch; of up to ten operations each, since a batch takes a thousand."""
MOST_BYTES = 8_000_000
"""Bodies in a batch: an explanation may have a megabyte, and many batches are in memory at once."""
FEWEST_BYTES = 250_000
"""However often a batch was too large."""
TARGET = 5.0
"""Seconds that a batch may take: what is lost with a connection, or waits behind a lock, stays small."""
_AIM = 4.0
"""Seconds that sizes are made for, which leaves room for a batch that happens to be slower."""


class Pace:
    """The width and size of batches, shared by all threads.

    The width is Dataverse's hint until it first says 429; from then on it halves once in each
    period of throttling and rises by one after a run of good batches, never above the hint.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hint = WIDTH_AT_FIRST
        self._allowed: int | None = None
        self._period = 0
        self._good_in_a_row = 0
        self._size = SIZE_AT_FIRST
        self._most_bytes = MOST_BYTES
        self._under_way = 0

    @property
    def width(self) -> int:
        """How many batches may be under way at once."""
        with self._lock:
            return self._width()

    @property
    def size(self) -> int:
        """How many change sets a batch may have."""
        return self._size

    @property
    def most_bytes(self) -> int:
        """How many bytes the bodies of a batch may have."""
        return self._most_bytes

    @property
    def period(self) -> int:
        """The number of halvings so far: a request remembers it when it is sent."""
        return self._period

    def enter(self, *, is_first: bool) -> bool:
        """Make room for a batch, if there is any; the first one of each sender always gets it."""
        with self._lock:
            has_room = is_first or self._under_way < self._width()
            self._under_way += has_room
            return has_room

    def leave(self) -> None:
        """A batch that entered has ended."""
        with self._lock:
            self._under_way -= 1

    def hinted(self, width: int) -> None:
        """Take Dataverse's latest hint of how many requests at once are best."""
        with self._lock:
            self._hint = max(1, min(width, WIDEST))
            if self._allowed is not None:
                self._allowed = min(self._allowed, self._hint)

    def throttled(self, period: int) -> None:
        """A request that was sent in this period was told to wait.

        Those that were under way together are refused together: that halves the width once.
        """
        with self._lock:
            self._good_in_a_row = 0
            if period == self._period:
                self._allowed = max(1, self._width() // 2)
                self._period += 1

    def too_large(self, size: int) -> None:
        """A batch with bodies of so many bytes was refused for its size."""
        with self._lock:
            self._most_bytes = max(FEWEST_BYTES, min(self._most_bytes, size // 2))

    def batch_ended(self, change_sets: int, seconds: float, *, clean: bool) -> None:
        """Learn from a batch; clean is one that was answered without locks and throttling."""
        with self._lock:
            if seconds > TARGET:
                self._shrink(change_sets, seconds)
            elif clean and change_sets >= self._size:
                self._grow(seconds)
            self._good_in_a_row = self._good_in_a_row + 1 if clean and seconds <= TARGET else 0
            if self._good_in_a_row >= BATCHES_TO_RISE:
                self._rise()

    def _width(self) -> int:
        return self._hint if self._allowed is None else self._allowed

    def _rise(self) -> None:
        self._good_in_a_row = 0
        if self._allowed is not None:
            self._allowed = min(self._hint, self._allowed + 1)

    def _grow(self, seconds: float) -> None:
        """Double, where that still stays well under the target."""
        doubled = min(LARGEST, self._size * 2)
        if seconds * doubled / self._size <= _AIM:
            self._size = doubled

    def _shrink(self, change_sets: int, seconds: float) -> None:
        """Go below what was too slow; a batch may have been of an older, larger size, or a small rest."""
        aimed_at = int(max(change_sets, self._size) * _AIM / seconds)
        self._size = max(1, min(self._size, aimed_at))
