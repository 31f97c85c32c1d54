"""The bell: tells a worker that there is something to decide, without flooding the queue."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from work_assignment.services.ports import Queues

QUEUE = "wa-bell"
INTERVAL = timedelta(seconds=0.5)
TIMER = "timer"
"""Why the timer rings: whoever answers also finishes what workers that died had left."""


class Bell:
    """Rings at most twice in half a second: once now, and once held back by that time.

    The bell held back covers every ring until it sounds, so no event waits for another event.
    """

    def __init__(
        self, queues: Queues[Any], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._queues = queues
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._quiet_until = float("-inf")
        self._sounds_later_at: dict[bool, float] = {}

    def ring(self, why: str) -> None:
        """Ring soon. Raises what the queue raises when it cannot be written."""
        now = self._monotonic()
        interval = INTERVAL.total_seconds()
        with self._lock:
            if now < self._quiet_until - interval:
                return  # one is already held back and has not sounded
            held_back = now < self._quiet_until
            # With the lock held, so that nobody relies on a bell that fails to be put.
            self._put(why, INTERVAL if held_back else timedelta(0))
            self._quiet_until = (self._quiet_until if held_back else now) + interval

    def ring_in(self, delay: timedelta, why: str) -> None:
        """Ring once after a while, unless a bell held back by an earlier call sounds until then.

        Or bells would breed: each that finds nothing to do just now rings for later. The timer's
        does for any other, and no other does for the timer's.
        """
        now = self._monotonic()
        later = now + delay.total_seconds()
        is_timer = why == TIMER
        with self._lock:
            held_back = [at for timer, at in self._sounds_later_at.items() if timer or not is_timer]
            if any(now < at <= later for at in held_back):
                return
            self._put(why, delay)
            self._sounds_later_at[is_timer] = later

    def _put(self, why: str, delay: timedelta) -> None:
        """The queue trigger expects base64, the functions host's default for its own queues."""
        self._queues.put(QUEUE, b64encode(why.encode()).decode(), delay=delay)
