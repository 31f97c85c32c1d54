"""How long to wait before looking again at what cannot be done just now: longer, the longer it lasts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

SHORTEST = timedelta(seconds=2)
LONGEST = timedelta(seconds=30)


class Lull:
    """The time in which a worker finds things to do that it cannot do, as others hold them.

    `monotonic` is time that passes, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: float | None = None

    def end(self) -> None:
        """Something could be done."""
        self._since = None

    def wait(self) -> timedelta:
        """How long to wait now: half of what it lasts already, within bounds."""
        now = self._monotonic()
        self._since = now if self._since is None else self._since
        return min(max(timedelta(seconds=(now - self._since) / 2), SHORTEST), LONGEST)
