"""The decider's lease in the hands of somebody who can wait for it: a command that a person runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.deciding import LEASE
from work_assignment.services.ports import Lease, Leases

PATIENCE = timedelta(seconds=20)
"""How long another worker is waited for."""
_LOOK_EVERY = timedelta(seconds=1)

Pause = Callable[[timedelta], object]
"""Lets time pass."""


class Busy(WorkAssignmentError):
    """Another worker is deciding and did not let go."""

    def __init__(self) -> None:
        super().__init__(
            "another worker is deciding and has not ended within"
            f" {PATIENCE.total_seconds():g} seconds; try again later"
        )


class DeciderLease:
    """The lease as a context: taken at the start, given back at the end. Raises Busy."""

    def __init__(self, leases: Leases, pause: Pause) -> None:
        self._leases = leases
        self._pause = pause
        self._lease: Lease | None = None

    def __enter__(self) -> DeciderLease:
        self._lease = self._acquired()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lease is not None:
            self._lease.release()

    def keep(self) -> None:
        """Hold it longer. One that was lost is waited for: others are at it for moments only."""
        if self._lease is None or not self._lease.renew():
            self._lease = self._acquired()

    def wait(self, time: timedelta) -> None:
        """Let time pass without losing it."""
        self._pause(time)
        self.keep()

    def _acquired(self) -> Lease:
        waited = timedelta(0)
        while True:
            lease = self._leases.acquire(LEASE)
            if lease is not None:
                return lease
            if waited >= PATIENCE:
                raise Busy
            self._pause(_LOOK_EVERY)
            waited += _LOOK_EVERY
