"""From one webhook to an owner: how long it takes, alone and at 1, 10 and 100 leads a second.

Leads are created one by one while `wa host` runs; a time goes from the answer to the create until
the lead has its outcome, which somebody looks for every 10 ms. Round trips are the app's requests
from the bell to the commit of a lone lead, in an app that knows its definitions; telling the seller
comes afterwards and is counted apart.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.routing import organization
from benchmarks.routing.checks import outcomes
from benchmarks.routing.host_process import HostProcess
from benchmarks.routing.mock_process import Counted, MockProcess
from benchmarks.routing.tables import count, decimal, listed, say
from benchmarks.web_api.clients import HttpClient, posted, rows_of
from benchmarks.web_api.measuring import percentile

RATES = ((1, 10), (10, 8), (100, 5))
"""How many leads a second, and for how many seconds."""
LONE = 5
CREATORS = 4
LONGEST = 120.0
_EVERY = 0.01
_TOLD = "PATCH appnotification"
_ASKED_HOW = "GET usersettings"
"""The language and wishes of a seller who was not told anything lately, asked after the commit."""


class Clocks:
    """When each lead was created and when its outcome was seen, in seconds of one clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._created: dict[str, float] = {}
        self._decided: dict[str, float] = {}

    def note_created(self, lead_id: str) -> None:
        with self._lock:
            self._created[lead_id] = time.perf_counter()

    def note_decided(self, lead_id: str) -> None:
        self._decided.setdefault(lead_id, time.perf_counter())

    @property
    def waiting(self) -> int:
        with self._lock:
            return len(self._created.keys() - self._decided.keys())

    def times(self) -> list[float]:
        """How long each lead waited; what was seen before its create was answered took nothing."""
        return [max(0.0, self._decided[one] - at) for one, at in self._created.items()]


class Observer:
    """Looks for leads that have an outcome, and goes on after the last version it has seen."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._version = 0

    def look(self, clocks: Clocks) -> None:
        wanted = f"wa_assignmentresult ne null and versionnumber gt {self._version}"
        path = f"leads?$select=leadid,versionnumber&$filter={wanted}"
        for row in rows_of(self._client, path):
            clocks.note_decided(row["leadid"])
            self._version = max(self._version, row["versionnumber"])


@dataclass(frozen=True, slots=True)
class Measured:
    """Leads at one rate: their times, and the requests of the app."""

    rate: int
    times: list[float]
    requests: int

    @property
    def name(self) -> str:
        return f"{self.rate} a second" if self.rate else "one alone"

    def row(self) -> tuple[str, ...]:
        return (
            self.name,
            count(len(self.times)),
            *(count(percentile(self.times, percent)) for percent in (50, 99, 100)),
            decimal(self.requests / len(self.times), 2),
        )

    def figures(self) -> dict[str, float]:
        return {
            "records": len(self.times),
            "p50_ms": round(percentile(self.times, 50), 1),
            "p99_ms": round(percentile(self.times, 99), 1),
            "most_ms": round(percentile(self.times, 100), 1),
            "http_requests": self.requests,
        }


class Stage:
    """A mock with a host beside it, and leads that have not been created yet."""

    def __init__(self, mock: MockProcess, host: HostProcess) -> None:
        self._mock, self._host = mock, host
        self._dice = random.Random(7)  # noqa: S311  the leads are to be the same each time
        self._created = 0

    @property
    def created(self) -> int:
        return self._created

    def lone(self) -> tuple[list[float], list[Counted]]:
        """Create leads one at a time, each when the last one is done with; the first ones warm up."""
        times, counts = [], []
        for number in range(LONE + 2):
            self._host.rest(LONGEST)
            measured, counted = self.leads(0, 1)
            if number >= 2:
                times += measured
                counts.append(counted)
        return times, counts

    def leads(self, rate: int, number: int) -> tuple[list[float], Counted]:
        """Create leads at a rate, and wait until each has its outcome and the app is at rest."""
        rows = [
            organization.lead(self._dice, self._created + n) | {"leadid": str(uuid.uuid4())}
            for n in range(number)
        ]
        self._created += number
        self._mock.reset_counters()
        clocks = Clocks()
        with self._mock.client() as client:
            observer = Observer(client)
            observer.look(Clocks())
            crew = [
                threading.Thread(target=self._create, args=(rows, first, rate, clocks))
                for first in range(min(CREATORS, number))
            ]
            for thread in crew:
                thread.start()
            deadline = time.monotonic() + LONGEST + (number / rate if rate else 0)
            while any(one.is_alive() for one in crew) or clocks.waiting:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{clocks.waiting} leads still wait for their outcome")
                observer.look(clocks)
                time.sleep(_EVERY)
        return clocks.times(), self._host.rest(LONGEST)

    def _create(self, rows: list[dict[str, Any]], first: int, rate: int, clocks: Clocks) -> None:
        """Create every so manieth lead when its moment has come."""
        begun = time.perf_counter()
        with self._mock.client(organization.FORM) as client:
            for number in range(first, len(rows), CREATORS):
                due = begun + (number / rate if rate else 0)
                time.sleep(max(0.0, due - time.perf_counter()))
                client.send(posted("leads", rows[number]))
                clocks.note_created(rows[number]["leadid"])


def show() -> Mapping[str, Any]:
    """Measure at each rate, and print a table."""
    total = sum(rate * seconds for rate, seconds in RATES) + LONE + 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with MockProcess(folder) as mock:
            organization.settle_in(mock, folder, total)
            with HostProcess(mock, folder) as host:
                stage = Stage(mock, host)
                times, counts = stage.lone()
                found = [Measured(0, times, sum(one.by_app for one in counts))]
                for rate, seconds in RATES:
                    at_rate, counted = stage.leads(rate, rate * seconds)
                    found.append(Measured(rate, at_rate, counted.by_app))
            outcomes(mock, stage.created)
    telling = [one.by_kind.get(_TOLD, 0) + one.by_kind.get(_ASKED_HOW, 0) for one in counts]
    trips = [one.by_app - afterwards for one, afterwards in zip(counts, telling, strict=True)]
    say(listed([_HEAD, *(one.row() for one in found)]))
    say(
        f"round trips from bell to commit, warm and alone: {median(trips):g} "
        f"(at most {max(trips)}), and to tell a seller who was not told lately "
        f"{median(telling):g}\n"
    )
    return {one.name: one.figures() for one in found} | {
        "round_trips": median(trips),
        "round_trips_at_most": max(trips),
    }


_HEAD = ("webhooks", "leads", "p50 ms", "p99 ms", "most ms", "requests a lead")
