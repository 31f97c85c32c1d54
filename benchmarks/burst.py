"""A burst: 10,000 leads created at once by CreateMultiple, with webhooks on and the host running.

Beside it a sweep of as many that wait, in the same run, because the requests are compared: the
burst may need 1.3 times the sweep's. Times count from the first request that creates leads; when a
lead gets its owner is told by the mock's count of writes to leads, looked at every 20 ms. All
requests of the app are counted until it has nothing more to do, and what it wrote is checked.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.routing import organization
from benchmarks.routing.checks import Outcomes, outcomes
from benchmarks.routing.host_process import HostProcess
from benchmarks.routing.mock_process import Counted, MockProcess
from benchmarks.routing.sweeps import Swept, filled, sweep
from benchmarks.routing.tables import count, decimal, say, table
from benchmarks.usage import Usage

RECORDS = 10_000
WANTED = 1.3
LONGEST = 600.0
WRITTEN = "PATCH lead"
_EVERY = 0.02


class Watch(AbstractContextManager["Watch"]):
    """Somebody who looks at a number again and again, and notes when it first and last grew."""

    def __init__(self, number: Callable[[], int], clock: Callable[[], float]) -> None:
        self._number, self._clock = number, clock
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, daemon=True)
        self._seen = 0
        self.first: float | None = None
        self.last: float | None = None

    def look(self) -> None:
        """Look once."""
        number = self._number()
        if number > self._seen:
            self._seen, self.last = number, self._clock()
            self.first = self.last if self.first is None else self.first

    def _keep_looking(self) -> None:
        while not self._is_done.wait(_EVERY):
            self.look()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_done.set()
        self._thread.join()


@dataclass(frozen=True, slots=True)
class Burst:
    """What a burst took; times in seconds from its first request."""

    records: int
    created: float
    first: float
    last: float
    counted: Counted
    host: Usage
    mock: Usage
    outcomes: Outcomes

    def figures(self) -> dict[str, float]:
        return {
            "records": self.records,
            "seconds": round(self.last, 3),
            "created_seconds": round(self.created, 3),
            "first_owner_seconds": round(self.first, 3),
            "last_owner_seconds": round(self.last, 3),
            "http_requests": self.counted.by_app,
            "inner_writes": self.counted.inner_writes,
            "assigned": self.outcomes.assigned,
            "cpu_seconds": round(self.host.seconds, 3),
            "cpu_seconds_mock": round(self.mock.seconds, 3),
            "peak_mb": round(self.host.peak_mb, 1),
        }

    def column(self) -> dict[str, str]:
        return {
            "records": count(self.records),
            "all leads created, s": decimal(self.created),
            "first lead has its owner, s": decimal(self.first),
            "last lead has its owner, s": decimal(self.last),
            "HTTP requests by us": count(self.counted.by_app),
            "assigned": count(self.outcomes.assigned),
            "processor seconds": decimal(self.host.seconds),
            "processor seconds of the mock": decimal(self.mock.seconds),
            "most memory, MiB": count(self.host.peak_mb),
        }


def show(records: int = RECORDS) -> Mapping[str, Any]:
    """Sweep, let the burst come, and print both."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name) / "swept"
        with filled(folder, records) as mock:
            swept = sweep(mock, folder, records)
        burst = _burst(Path(name) / "burst", records)
    ratio = burst.counted.by_app / swept.counted.by_app
    say(table({"burst": burst.column(), "sweep": _column(swept)}))
    say(f"the burst took {ratio:.2f} times the sweep's requests; {WANTED} are wanted at most\n")
    return burst.figures() | {
        "sweep_http_requests": swept.counted.by_app,
        "times_the_sweeps_requests": round(ratio, 3),
    }


def _column(swept: Swept) -> dict[str, str]:
    return {
        "records": count(swept.records),
        "last lead has its owner, s": decimal(swept.seconds),
        "HTTP requests by us": count(swept.counted.by_app),
        "assigned": count(swept.outcomes.assigned),
        "processor seconds": decimal(swept.ours.seconds),
        "processor seconds of the mock": decimal(swept.mock.seconds),
        "most memory, MiB": count(swept.ours.peak_mb),
    }


def _burst(folder: Path, records: int) -> Burst:
    folder.mkdir()
    rows = organization.leads(records + 1)
    with MockProcess(folder) as mock:
        organization.settle_in(mock, folder, records)
        with HostProcess(mock, folder) as host:
            organization.create_leads(mock, rows[:1])
            host.rest(LONGEST)  # the first lead brings definitions and connections
            return _measured(mock, host, rows[1:])


def _measured(mock: MockProcess, host: HostProcess, rows: list[dict[str, Any]]) -> Burst:
    mock.reset_counters()
    before_host, before_mock, begun = host.usage(), mock.usage(), time.perf_counter()

    def since() -> float:
        return time.perf_counter() - begun

    with Watch(lambda: mock.counted().by_kind.get(WRITTEN, 0), since) as watch:
        organization.create_leads(mock, rows)
        created = since()
        counted = host.rest(LONGEST)
    used_host, used_mock = host.usage(), mock.usage()
    return Burst(
        len(rows),
        created,
        watch.first or 0.0,
        watch.last or 0.0,
        counted,
        Usage(used_host.seconds - before_host.seconds, used_host.peak),
        Usage(used_mock.seconds - before_mock.seconds, used_mock.peak),
        outcomes(mock, len(rows) + 1),
    )
