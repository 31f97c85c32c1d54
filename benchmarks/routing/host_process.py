"""The app as `wa host` runs it, in a process of its own, with its webhooks registered in a mock."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from benchmarks.routing.mock_process import Counted, MockProcess
from benchmarks.routing.processes import Process, command
from benchmarks.routing.sweeps import STORAGE, environment
from benchmarks.usage import Usage
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.bootstrap import connect
from work_assignment.cli.webhooks import sync_with
from work_assignment.services.intake import QUEUE
from work_assignment.settings import Credentials

ROOT = Path(__file__).resolve().parents[2]
_EVERY = 0.1
_QUIET = 2.0
"""How long nothing may happen until all is done: longer than any bell is held back."""


class NeverQuiet(AssertionError):
    """The app went on for longer than anybody would wait."""


class HostProcess(AbstractContextManager["HostProcess"]):
    """A running host; Dataverse calls it as soon as it is made."""

    def __init__(self, mock: MockProcess, folder: Path) -> None:
        key = secrets.token_urlsafe(24)
        keys = {"WA_FUNCTION_KEY": key, "WA_MASTER_KEY": secrets.token_urlsafe(24)}
        known = {**_sample_settings(), **environment(mock.url, folder), **keys}
        self._mock, self._storage = mock, folder / STORAGE
        work = command("host", "--port", "0", "--app-root", str(ROOT), **known)
        self._process = Process(work, folder, "host")
        try:
            with connect(mock.url, Credentials()) as admin:
                sync_with(admin, self._process.url(), key)
        except BaseException:
            self._process.stop()
            raise

    def __exit__(self, *_error: object) -> None:
        self._process.stop()

    def usage(self) -> Usage:
        return self._process.usage()

    def rest(self, longest: float) -> Counted:
        """Wait until all events are dealt with and the app asks nothing more; gives the counts."""
        deadline = time.monotonic() + longest
        counted, since = self._mock.counted(), time.monotonic()
        while time.monotonic() < deadline:
            time.sleep(_EVERY)
            found = self._mock.counted()
            if found.by_app != counted.by_app or self._has_events() or self._is_called():
                since = time.monotonic()
            counted = found
            if time.monotonic() - since >= _QUIET:
                return counted
        raise NeverQuiet(f"the app is still at work after {longest:.0f} s")

    def _has_events(self) -> bool:
        with closing(SqliteQueues(self._storage)) as queues:
            length = queues.length(QUEUE)
        return bool(length.visible + length.hidden)

    def _is_called(self) -> bool:
        """Whether Dataverse has webhooks to send."""
        return bool(self._mock.admin("GET", "webhooks")["waiting"])


def _sample_settings() -> dict[str, Any]:
    """What a new app is set to."""
    file = ROOT / "local.settings.sample.json"
    values: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["Values"]
    return {name: value for name, value in values.items() if value}
