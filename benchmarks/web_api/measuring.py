"""Measures requests: how many a second, how long one takes, whose processor time it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter, process_time

from benchmarks.web_api.clients import Call, Client
from benchmarks.web_api.servers import ServerProcess

ROUNDS = 5
IN_REQUESTS, IN_ROWS, IN_CHANGES = "requests", "rows", "changes"


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of request: how many of its unit a second, and milliseconds of one request."""

    name: str
    per_second: float
    p50: float
    p99: float
    server: float
    client: float
    inside: float | None = None
    raw: float | None = None
    unit: str = IN_REQUESTS

    def line(self) -> str:
        inside = "" if self.inside is None else f"{self.inside:.2f}"
        to_raw = "" if not (self.inside and self.raw) else f"{self.inside / self.raw:.1f}"
        return (
            f"{self.name:<42} {self.per_second:>9,.0f} {self.unit:<8} {self.p50:>8.2f} "
            f"{self.p99:>8.2f} {self.server:>9.2f} {self.client:>9.2f} {inside:>10} {to_raw:>6}"
        )

    def figures(self) -> Iterator[tuple[str, float]]:
        yield f"{self.name}, a second", self.per_second
        yield f"{self.name}, p50 ms", self.p50
        yield f"{self.name}, p99 ms", self.p99
        yield f"{self.name}, server ms", self.server
        if self.inside is not None:
            yield f"{self.name}, without HTTP ms", self.inside
            if self.raw is not None:
                yield f"{self.name}, times raw SQLite", self.inside / self.raw


HEADER = (
    f"{'':<42} {'a second':>9} {'unit':<8} {'p50 ms':>8} {'p99 ms':>8} {'server ms':>9} "
    f"{'client ms':>9} {'no HTTP ms':>10} {'to raw':>6}"
)
LEGEND = """\
a second    how many of the unit: requests, or the rows and changes in them
p50, p99    how long one request takes over HTTP, half of them and 99 of 100 at most
server ms   processor time that one request costs the server, client ms the client
no HTTP ms  processor time of the same request inside one process, without HTTP
to raw      how many times the processor time of bare SQLite on the same rows that is
"""


@dataclass(frozen=True, slots=True)
class Task:
    """Requests of one kind, each with `units` of a unit.

    `call` makes a fresh one each time, `raw` does alike in bare SQLite.
    """

    name: str
    call: Callable[[], Call]
    count: int = 20
    units: int = 1
    raw: Callable[[], object] | None = None
    unit: str = IN_REQUESTS


def measure(server: ServerProcess, client: Client, task: Task) -> Measured:
    """Send the requests of a task over HTTP, a few rounds of them after a first one."""
    times: list[float] = []
    rates: list[float] = []
    client.send(task.call())
    before, mine = server.usage(), process_time()
    for _ in range(ROUNDS):
        taken = _round(client, [task.call() for _ in range(task.count)])
        rates.append(task.units * task.count / sum(taken))
        times += taken
    after, sent = server.usage(), ROUNDS * task.count
    return Measured(
        task.name,
        median(rates),
        percentile(times, 50),
        percentile(times, 99),
        (after.seconds - before.seconds) / sent * 1000,
        (process_time() - mine) / sent * 1000,
        unit=task.unit,
    )


def inside(client: Client, task: Task) -> float:
    """Return the processor time of one request of a task inside this process, in milliseconds."""
    rounds = []
    for _ in range(ROUNDS):
        calls = [task.call() for _ in range(task.count)]
        rounds.append(milliseconds([partial(client.send, call) for call in calls]))
    return median(rounds)


def raw(task: Task) -> float | None:
    """Return the processor time of what a task is compared with."""
    if task.raw is None:
        return None
    return median(milliseconds([task.raw] * task.count) for _ in range(ROUNDS))


def milliseconds(works: Sequence[Callable[[], object]]) -> float:
    """Return the processor time that each of some works takes on average."""
    begun = process_time()
    for work in works:
        work()
    return (process_time() - begun) / len(works) * 1000


def percentile(times: Sequence[float], percent: int) -> float:
    """Return a percentile of seconds, in milliseconds."""
    return sorted(times)[math.ceil(len(times) * percent / 100) - 1] * 1000


def _round(client: Client, calls: Sequence[Call]) -> list[float]:
    times = []
    for call in calls:
        begun = perf_counter()
        client.send(call)
        times.append(perf_counter() - begun)
    return times
