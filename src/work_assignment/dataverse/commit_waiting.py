"""What a committer has still to send: its order, which travel together, how often each was in vain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from work_assignment.dataverse.batches import MOST_REQUESTS, ChangeSet
from work_assignment.dataverse.messages import json_bytes


@dataclass(slots=True)
class Entry:
    """A change set on its way, and how often it was sent in vain: alone, or with its whole batch.

    `size` are the bytes of its bodies; with more than `most_together` it was refused.
    """

    place: int
    change_set: ChangeSet
    size: int
    repeats: int = 0
    failures: int = 0
    refusals: int = 0
    most_together: int = MOST_REQUESTS

    @property
    def was_sent(self) -> bool:
        is_halved = self.most_together < MOST_REQUESTS
        return bool(self.repeats or self.failures or self.refusals or is_halved)


class Waiting:
    """First what comes again at once, then what was not taken yet, then what comes again at last."""

    def __init__(self, change_sets: Iterable[ChangeSet]) -> None:
        self._new: Iterator[Entry] = (
            Entry(place, part, _size(part)) for place, part in enumerate(change_sets)
        )
        self._first: deque[Entry] = deque()
        self._last: deque[Entry] = deque()

    def __bool__(self) -> bool:
        if not self._first:
            self._first.extend(islice(self._new, 1))
        if not self._first and self._last:
            self._first.append(self._last.popleft())
        return bool(self._first)

    @property
    def first(self) -> Entry:
        """What is next; there must be something."""
        if not self:
            raise IndexError("nothing waits")
        return self._first[0]

    def put_first(self, entries: Sequence[Entry]) -> None:
        """Let these come next, in their order."""
        self._first.extendleft(reversed(entries))

    def put_last(self, entry: Entry) -> None:
        """Let this come when all others were taken."""
        self._last.append(entry)

    def take_batch(self, most: int, most_bytes: int) -> list[Entry]:
        """Take what is next and may travel in one batch, at least one.

        What lost against another transaction does not travel with what was not sent before.
        """
        batch: list[Entry] = []
        requests = size = 0
        while self:
            following = self.first
            most = min(most, following.most_together)
            requests += len(following.change_set.requests)
            size += following.size
            is_full = len(batch) >= most or requests > MOST_REQUESTS or size > most_bytes
            if batch and (is_full or (following.repeats and not batch[0].repeats)):
                break
            batch.append(self._first.popleft())
        return batch


def _size(change_set: ChangeSet) -> int:
    bodies = (request.body for request in change_set.requests if request.body is not None)
    return sum(len(json_bytes(body)) for body in bodies)
