"""Waits for what other threads are about to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_SECONDS = 20.0
_pause = threading.Event()


def eventually(claim: Callable[[], bool]) -> None:
    """Look again and again until something is so; fail when it takes too long."""
    end = time.monotonic() + _SECONDS
    while not claim():
        assert time.monotonic() < end, "it did not come true in time"
        _pause.wait(0.005)
