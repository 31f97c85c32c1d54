"""Records that were left alone, as they had been moved too often, and are to be looked at again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from work_assignment.domain.records import RecordKey
from work_assignment.services.ports import Facts

_EVERY = timedelta(minutes=5)
_BACK = timedelta(hours=1)
"""How far a process looks back at first: what it does twice changes nothing."""


class AtRest:
    """Finds them once the limit's time has passed since they were left alone, every few minutes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._until: datetime | None = None

    def now(self, facts: Facts, until: datetime) -> Sequence[RecordKey]:
        """The records left alone for the last time at `until` or before, and after the last look."""
        now = self._monotonic()
        if self._looked_at is not None and now - self._looked_at < _EVERY.total_seconds():
            return ()
        after = until - _BACK if self._until is None else self._until
        if after >= until:
            return ()
        found = facts.left_alone(after, until)
        self._looked_at, self._until = now, until
        return found
