"""How the mock ends: with a few seconds for what is under way, or at once."""

from __future__ import annotations

import os
import sys
import threading

from work_assignment.mock_dataverse.server import MockServer

_GRACE_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_SOON_SECONDS = 0.3
"""What ends within this needs no word; a request whose answer was just sent, for example."""


class Ending:
    """The end of a running server; `begin` may come from any thread."""

    def __init__(self, server: MockServer) -> None:
        self._server = server
        self._has_begun = threading.Event()

    def begin(self) -> None:
        self._has_begun.set()

    def wait(self) -> None:
        """Wait for the beginning of the end, and then no longer than the grace."""
        # A signal just before a wait is heard only after it, so no wait is without end.
        while not self._has_begun.is_set():
            self._has_begun.wait(_LOOK_SECONDS)
        # The threads that answer cannot be ended from outside, so the process ends in spite of them.
        stopping = threading.Thread(target=self._server.stop, daemon=True)
        stopping.start()
        stopping.join(_SOON_SECONDS)
        waiting_for = self._server.under_way
        if stopping.is_alive() and waiting_for:
            what = "1 request" if waiting_for == 1 else f"{waiting_for} requests"
            _say(f"ending; waiting for {what}, Ctrl-C again to stop at once")
        stopping.join(_GRACE_SECONDS)
        if stopping.is_alive():
            self._end(0)

    def end_at_once(self, signal_number: int) -> None:
        """End as shells tell that a signal has ended a process."""
        self._end(128 + signal_number)

    def _end(self, status: int) -> None:
        """End without a wait: a transaction that is open is rolled back at the next start."""
        self._server.abandon()
        os._exit(status)


def _say(what: str) -> None:
    # Standard output is for the address, which programs read.
    print(what, file=sys.stderr, flush=True)
