"""How fast the mock of the Dataverse Web API answers, over HTTP and inside the process.

The server runs in a process of its own; its processor time is apart from the client's. What the
columns of the table mean is printed above it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from time import perf_counter

from benchmarks.web_api.clients import (
    Call,
    Client,
    InsideClient,
    batch_of,
    posted,
    rows_of,
)
from benchmarks.web_api.leads import SHOWN, lead, plain_leads
from benchmarks.web_api.measuring import (
    HEADER,
    IN_CHANGES,
    IN_REQUESTS,
    IN_ROWS,
    LEGEND,
    Measured,
    Task,
    inside,
    measure,
    percentile,
    raw,
)
from benchmarks.web_api.raw_sqlite import RawLeads
from benchmarks.web_api.servers import ServerProcess
from work_assignment.mock_dataverse.server import MockServer

ROWS = 6_000
READERS = (4, 16)
READS_EACH = 60
_ANNOTATED = {"Prefer": 'odata.include-annotations="*"'}
_FETCH = (
    '<fetch count="500"><entity name="lead"><attribute name="subject"/><attribute name="revenue"/>'
    '<filter><condition attribute="statecode" operator="eq" value="0"/></filter>'
    '<link-entity name="systemuser" from="systemuserid" to="owninguser" alias="seller">'
    '<attribute name="fullname"/></link-entity></entity></fetch>'
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Readers at the same time, with somebody who writes meanwhile."""

    readers: int
    reads: float
    p50: float
    p99: float
    writes: float

    def lines(self) -> str:
        readers = f"{self.readers} readers of rows, beside a writer"
        return (
            f"{readers:<42} {self.reads:>9,.0f} {IN_REQUESTS:<8} {self.p50:>8.2f} {self.p99:>8.2f}\n"
            f"{'  the writer meanwhile':<42} {self.writes:>9,.0f} {IN_REQUESTS:<8}"
        )

    def figures(self) -> Iterator[tuple[str, float]]:
        name = f"{self.readers} readers beside a writer"
        yield f"{name}, reads a second", self.reads
        yield f"{name}, p50 ms", self.p50
        yield f"{name}, p99 ms", self.p99
        yield f"{name}, writes a second", self.writes


class Workload:
    """The requests of all tasks; each client has rows of its own ids."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = ids
        self._turn = count()
        self._number = count(ROWS)

    def read(self) -> Call:
        return Call("GET", f"leads({self._id()})?{SHOWN}")

    def read_all(self) -> Call:
        return Call("GET", f"leads({self._id()})")

    def create(self) -> Call:
        return posted("leads", lead(next(self._number)))

    def update(self) -> Call:
        call = posted(f"leads({self._id()})", {"subject": f"{next(self._number)}"}, "PATCH")
        return replace(call, headers={**call.headers, "If-Match": "*"})

    def created(self) -> Call:
        return batch_of([[self.create() for _ in range(100)]])

    def updated(self) -> Call:
        return batch_of([[self.update() for _ in range(100)]])

    def batch(self) -> Call:
        return batch_of([self.update(), self.update()] for _ in range(100))

    def multiple(self) -> Call:
        return plain_leads(next(self._number), 1000)

    def _id(self) -> str:
        return self._ids[next(self._turn) % len(self._ids)]


def tasks(work: Workload, bare: RawLeads) -> Iterator[Task]:
    page = f"leads?{SHOWN}&$filter=statecode eq 0"
    by_country = "leads?$apply=groupby((address1_country),aggregate(revenue with sum as total))"
    definition = "EntityDefinitions(LogicalName='lead')?$select=LogicalName,EntitySetName"
    yield Task("read a row, 5 columns", work.read, 200, raw=bare.read)
    yield Task("read a row, all columns", work.read_all, 200, raw=bare.read)
    yield _get("page of 5,000 rows", page, 5, 5000, raw=bare.page)
    yield _get("page of 5,000 rows, annotated", page, 5, 5000, _ANNOTATED, bare.page)
    yield _get("page of 1,000 rows with $expand", f"{page}&$top=1000&{_EXPAND}", 10, 1000)
    yield _get("$apply: sum by country", by_country, 10)
    yield _get("FetchXML with a link, 500 rows", f"leads?fetchXml={_FETCH}", 20, 500)
    yield _get("definition of a table", definition, 100)
    yield Task("update a row", work.update, 100, raw=partial(bare.update, 1))
    yield Task("create a row", work.create, 100, raw=partial(bare.insert, 1))
    yield Task(
        "change set of 100 updates", work.updated, 10, 100, partial(bare.update, 100), IN_CHANGES
    )
    yield Task(
        "change set of 100 creates", work.created, 10, 100, partial(bare.insert, 100), IN_CHANGES
    )
    yield Task("batch of 100 change sets of 2 updates", work.batch, 5, 200, unit=IN_CHANGES)
    yield Task(
        "CreateMultiple of 1,000", work.multiple, 3, 1000, partial(bare.insert, 1000), IN_ROWS
    )


_EXPAND = "$expand=owninguser($select=fullname)"


def _get(
    name: str,
    path: str,
    times: int,
    units: int = 1,
    headers: Mapping[str, str] | None = None,
    raw: Callable[[], object] | None = None,
) -> Task:
    call = Call("GET", path, headers=headers or {})
    unit = IN_REQUESTS if units == 1 else IN_ROWS
    return Task(name, lambda: call, times, units, raw, unit)


def results(server: ServerProcess, work: Workload) -> Iterator[Measured]:
    """Measure each task over HTTP, inside the process, and its like in bare SQLite."""
    nothing = Task("nothing: 204 of a bare server", lambda: Call("GET", ""), 200)
    with server.bare_client() as client:
        yield measure(server, client, nothing)
    with closing(RawLeads(ROWS)) as bare, server.client() as client:
        within = MockServer()
        try:
            here = InsideClient(within)
            own = tasks(Workload(_seeded(here)), bare)
            for task, same in zip(tasks(work, bare), own, strict=True):
                measured = measure(server, client, task)
                yield replace(measured, inside=inside(here, same), raw=raw(task))
        finally:
            within.stop()


def crowd(server: ServerProcess, work: Workload, readers: int) -> Crowd:
    """Let readers read at the same time, while a writer writes as fast as it can."""
    times: list[float] = []
    done, written = threading.Event(), count()

    def write() -> None:
        with server.client() as client:
            while not done.is_set():
                client.send(work.update())
                next(written)

    def read() -> None:
        with server.client() as client:
            for _ in range(READS_EACH):
                begun = perf_counter()
                client.send(work.read())
                times.append(perf_counter() - begun)

    writer = threading.Thread(target=write)
    crew = [threading.Thread(target=read) for _ in range(readers)]
    begun = perf_counter()
    for thread in (writer, *crew):
        thread.start()
    for thread in crew:
        thread.join()
    seconds = perf_counter() - begun
    done.set()
    writer.join()
    return Crowd(
        readers,
        len(times) / seconds,
        percentile(times, 50),
        percentile(times, 99),
        next(written) / seconds,
    )


def _seeded(client: Client) -> list[str]:
    for start in range(0, ROWS, 1000):
        client.send(plain_leads(start, 1000))
    return [row["leadid"] for row in rows_of(client, "leads?$select=leadid")]


def show() -> Mapping[str, float]:
    """Measure and print a table."""
    figures: dict[str, float] = {}
    sys.stdout.write(f"{LEGEND}\n{HEADER}\n")
    with ServerProcess() as server:
        with server.client() as client:
            work = Workload(_seeded(client))
        for result in results(server, work):
            sys.stdout.write(result.line() + "\n")
            figures |= result.figures()
        for readers in READERS:
            met = crowd(server, work, readers)
            sys.stdout.write(met.lines() + "\n")
            figures |= met.figures()
        figures["server, most memory MiB"] = server.usage().peak / 2**20
    sys.stdout.write(f"most memory of the server: {figures['server, most memory MiB']:.0f} MiB\n")
    return figures
