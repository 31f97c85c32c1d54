"""Workers that stand still before and after every call to the outside, until they are moved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from tests.services.fakes import Calls, Killed, killed, unavailable

from work_assignment.domain.errors import Unavailable
from work_assignment.services.leasing import Busy

_PATIENCE = 60
_OURS = ("lease", "put", "delete", "receive")
"""Calls to queues and leases, which do not go to Dataverse."""


class Worker:
    """A process of its own: it goes from one moment to the next when it is moved, and may die there."""

    def __init__(self, work: Callable[[Calls], object]) -> None:
        self._work = work
        self._calls = Calls(everywhere=self._stand_still)
        self._go = threading.Semaphore(0)
        self._stands = threading.Semaphore(0)
        self._fate: Callable[[], object] = lambda: None
        self._error: BaseException | None = None
        self.is_at_work = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._wait_until_it_stands()

    def move(self) -> None:
        """Go on to the next moment, or to the end."""
        if self.is_at_work:
            self._go.release()
            self._wait_until_it_stands()

    def die(self) -> None:
        """What it was about to do does not happen, nor anything after it."""
        self._fate = killed
        self.move()

    def lose_dataverse(self) -> None:
        """Its call does not get through, or its answer does not come back."""
        if not any(word in self._calls.moments[-1] for word in _OURS):
            self._fate = unavailable
        self.move()

    def go_to(self, moments: Collection[str]) -> None:
        """Go on until one of these moments comes, or to the end."""
        self.move()
        while self.is_at_work and self._calls.moments[-1] not in moments:
            self.move()

    def work_on(self) -> None:
        """Do all that is left to do without another interruption."""
        while self.is_at_work:
            self.move()

    def _run(self) -> None:
        try:
            self._work(self._calls)
        except (Killed, Unavailable, Busy):
            pass  # its process ends, or says to whoever started it that it could not
        except BaseException as exc:
            self._error = exc
        self.is_at_work = False
        self._stands.release()

    def _stand_still(self) -> None:
        self._stands.release()
        assert self._go.acquire(timeout=_PATIENCE)
        fate, self._fate = self._fate, lambda: None
        fate()

    def _wait_until_it_stands(self) -> None:
        assert self._stands.acquire(timeout=_PATIENCE), "the worker does not come to a moment"
        if not self.is_at_work:
            self._thread.join(_PATIENCE)
        if self._error is not None:
            raise self._error
