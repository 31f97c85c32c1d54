"""The decider's lease in the hands of somebody who can wait for it: a sweep, or its undoing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.deciding import LEASE
from work_assignment.services.ports import Lease, Leases

PATIENCE = timedelta(seconds=20)
"""How long another worker is waited for."""
PATIENCE_BETWEEN_BLOCKS = timedelta(minutes=10)
"""How long a person's work that has begun waits for others who decide."""
_LOOK_EVERY = timedelta(seconds=1)

Pause = Callable[[timedelta], object]
"""Lets time pass."""


class Busy(WorkAssignmentError):
    """Another worker is deciding and did not let go."""

    def __init__(self, patience: timedelta) -> None:
        super().__init__(
            "another worker is deciding and has not ended within"
            f" {patience.total_seconds():g} seconds; try again later"
        )


class DeciderLease:
    """The lease as a context: given back at the end, and `taken` at the start. Raises Busy."""

    def __init__(self, leases: Leases, pause: Pause, *, taken: bool = True) -> None:
        self._leases = leases
        self._pause = pause
        self._taken_at_start = taken
        self._lease: Lease | None = None

    def __enter__(self) -> DeciderLease:
        if self._taken_at_start:
            self.keep()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.let_go()

    def keep(
        self,
        patience: timedelta | None = None,
        while_waiting: Callable[[], object] = lambda: None,
    ) -> None:
        """Take it, or hold it longer. One that others have is waited for."""
        if self._lease is None or not self._lease.renew():
            # Where only the storage was away it is ours still, and would keep us out for its time.
            self.let_go()
            self._lease = self._acquired(PATIENCE if patience is None else patience, while_waiting)

    def let_go(self) -> None:
        """Let others decide; nothing happens when it was given back before."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    def wait(self, time: timedelta, patience: timedelta | None = None) -> None:
        """Let time pass without losing it."""
        self._pause(time)
        self.keep(patience)

    def _acquired(self, patience: timedelta, while_waiting: Callable[[], object]) -> Lease:
        waited = timedelta(0)
        while True:
            lease = self._leases.acquire(LEASE)
            if lease is not None:
                return lease
            if waited >= patience:
                raise Busy(patience)
            while_waiting()
            self._pause(_LOOK_EVERY)
            waited += _LOOK_EVERY
