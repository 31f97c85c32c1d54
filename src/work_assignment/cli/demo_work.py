"""What work the app of a demonstration has left: seen from outside, in its storage and at the mock."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

import requests

from work_assignment.azure_storage.opening import SqliteStorage, open_notes, open_queues
from work_assignment.cli.common import Refused
from work_assignment.local_host.last_runs import LastRuns

_TIMER = "ring_bell"
_POISON = "-poison"
_PATIENCE = 60.0
_GLANCE = 0.05
# Between noting that a timer ran and the moment the clock was set lies what rounding takes.
_ABOUT = timedelta(seconds=1)


class Work:
    """Looks at the queues of one app, and at the webhooks that the mock has not sent yet."""

    def __init__(self, queues_file: Path, dataverse_url: str, alive: Callable[[], None]) -> None:
        self._address = f"{dataverse_url}/__mock/webhooks/drain"
        self._alive = alive
        with ExitStack() as opened:
            storage = SqliteStorage(queues_file)
            self._queues = open_queues(storage)
            opened.callback(self._queues.close)
            self._notes = open_notes(storage)
            opened.callback(self._notes.close)
            self._closing = opened.pop_all()

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def wait_for_the_timer(self, at: datetime) -> None:
        """Wait until the timer's bell was rung at this moment of the mock's clock or later."""

        def has_rung() -> bool:
            last = LastRuns(self._notes).get(_TIMER)
            return last is not None and last.started_at >= at - _ABOUT

        self._wait(has_rung, "the app's timer did not notice that the clock was set")

    def wait_until_done(self) -> None:
        """Wait until nothing is on its way to the app, and the app has nothing left to do."""
        self._wait(
            lambda: self._is_done() and self._is_done(),
            "the app does not come to an end of its work",
        )

    def given_up(self) -> list[str]:
        """The queues with messages that the app gave up."""
        return [name for name in self._queues.names() if name.endswith(_POISON) and self._has(name)]

    def _is_done(self) -> bool:
        # What the app writes rings again, so that each has to be looked at behind the other.
        requests.post(self._address, json={"timeout_s": 30}, timeout=40).raise_for_status()
        return not any(
            self._has(name) for name in self._queues.names() if not name.endswith(_POISON)
        )

    def _has(self, queue: str) -> bool:
        length = self._queues.length(queue)
        return length.visible + length.hidden > 0

    def _wait(self, found: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not found():
            self._alive()
            if time.monotonic() > deadline:
                raise Refused(otherwise)
            time.sleep(_GLANCE)
