"""What a large organization costs: a table of a million leads, asked over HTTP while others write.

Leads of 50 owners, half of them with one of 2,000 accounts, created 30 seconds apart: the first
50,000 are loaded by CreateMultiple, the others are copies of these. Each request is then sent a
few times on one connection; "busy p50" is the same while a writer writes as fast as it can.
"server ms" is processor time of the server.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

from benchmarks.usage import Usage
from benchmarks.web_api.clients import ROOT, Call, HttpClient, rows_of
from benchmarks.web_api.copies import copy_leads
from benchmarks.web_api.leads import (
    AT_ONCE,
    add_accounts,
    add_owners,
    create_many,
    owned_lead,
)
from benchmarks.web_api.measuring import percentile
from benchmarks.web_api.progress import Progress
from benchmarks.web_api.questions import Loaded, Question, questions, update
from benchmarks.web_api.servers import ServerProcess

ROWS = 1_000_000
CREATED = 50_000
# What loading takes on a slow laptop: to start, to create a lead over HTTP, to copy and read one.
STARTING_S, CREATING_S, COPYING_S = 5, 0.0007, 0.0001
TIMES, ENOUGH_TIMES, ENOUGH_S = 9, 3, 2.0


@dataclass(frozen=True, slots=True)
class Loading:
    """How many leads were created over HTTP, in how long, and what the server needed for it."""

    owners: Sequence[str]
    accounts: Sequence[str]
    created: int
    seconds: float
    usage: Usage


@dataclass(frozen=True, slots=True)
class Answered:
    """How long a question took, in milliseconds, alone and beside a writer."""

    name: str
    p50: float
    most: float
    server: float
    busy: float

    def line(self) -> str:
        return (
            f"{self.name:<52} {self.p50:>8.1f} {self.most:>8.1f} {self.server:>10.1f} "
            f"{self.busy:>9.1f}"
        )

    def figures(self) -> Iterator[tuple[str, float]]:
        yield f"{self.name}, p50 ms", self.p50
        yield f"{self.name}, most ms", self.most
        yield f"{self.name}, server ms", self.server
        yield f"{self.name}, busy p50 ms", self.busy


HEADER = f"{'':<52} {'p50 ms':>8} {'most ms':>8} {'server ms':>10} {'busy p50':>9}"


def load(path: Path, rows: int) -> Loading:
    """Fill the organization of a database: the first leads over HTTP, a thousand at a time."""
    progress = Progress(rows)
    first = min(rows - AT_ONCE, CREATED) if rows > AT_ONCE else 0
    with ServerProcess(str(path)) as server, server.client() as client:
        owners, accounts = add_owners(client), add_accounts(client)
        begun = perf_counter()
        for start in range(0, first, AT_ONCE):
            upto = min(start + AT_ONCE, first)
            _create(client, range(start, upto), owners, accounts)
            progress.show(upto)
        seconds = perf_counter() - begun
        usage = server.usage()
    if first:
        copy_leads(path, first, rows - AT_ONCE, progress.show)
    progress.end()
    return Loading(owners, accounts, first, seconds, usage)


def finish(server: ServerProcess, rows: int, loading: Loading) -> Loaded:
    """Create the last leads, which a reader of changes has not seen yet."""
    with server.client() as client:
        delta = _delta_link(client)
        numbers = range(max(0, rows - AT_ONCE), rows)
        _create(client, numbers, loading.owners, loading.accounts)
        ids = [row["leadid"] for row in rows_of(client, "leads?$select=leadid")]
    return Loaded(rows, loading.owners, loading.accounts, ids, delta)


def _create(
    client: HttpClient, numbers: Iterable[int], owners: Sequence[str], accounts: Sequence[str]
) -> None:
    many = [owned_lead(number, owners, accounts) for number in numbers]
    client.send(create_many("lead", "leads", many))


def _delta_link(client: HttpClient) -> str:
    """Follow the changes up to now, and return where the next ones are to be had."""
    path, prefer = "leads?$select=subject", {"Prefer": "odata.track-changes"}
    while True:
        answer = json.loads(client.send(Call("GET", path, headers=prefer)))
        if "@odata.deltaLink" in answer:
            return _relative(answer["@odata.deltaLink"])
        path = _relative(answer["@odata.nextLink"])


def _relative(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path.removeprefix(ROOT)}?{parts.query}"


def results(server: ServerProcess, loaded: Loaded) -> Iterator[Answered]:
    """Ask each question, then again beside a writer."""
    for question in questions(loaded):
        alone = _asked(server, question)
        with _Writer(server, loaded):
            beside = _asked(server, question)
        yield Answered(
            question.name,
            percentile(alone.seconds, 50),
            percentile(alone.seconds, 100),
            alone.server / len(alone.seconds) * 1000,
            median(beside.seconds) * 1000,
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    seconds: Sequence[float]
    server: float


def _asked(server: ServerProcess, question: Question) -> _Asked:
    """Send a request a few times, a slow one less often."""
    seconds: list[float] = []
    with server.client() as client:
        client.send(question.call())
        before = server.usage()
        for call in [question.call() for _ in range(TIMES)]:
            if len(seconds) >= ENOUGH_TIMES and sum(seconds) > ENOUGH_S:
                break
            begun = perf_counter()
            client.send(call)
            seconds.append(perf_counter() - begun)
        after = server.usage()
    return _Asked(seconds, after.seconds - before.seconds)


class _Writer:
    """Somebody who changes one lead after the other."""

    def __init__(self, server: ServerProcess, loaded: Loaded) -> None:
        self._server = server
        self._ids = loaded.ids
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        with self._server.client() as client:
            for number in count():
                if self._is_done.is_set():
                    return
                client.send(update(self._ids[number % len(self._ids)]))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._is_done.set()
        self._thread.join()


def show(rows: int = ROWS) -> Mapping[str, float]:
    """Load, measure and print a table."""
    sys.stdout.write(f"loading takes about {_about(rows)}, the questions another few minutes\n")
    sys.stdout.flush()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "million.db"
        begun = perf_counter()
        loading = load(path, rows)
        with ServerProcess(str(path)) as server:
            loaded = finish(server, rows, loading)
            figures |= _loading(loading, path, rows, perf_counter() - begun)
            sys.stdout.write(HEADER + "\n")
            for answered in results(server, loaded):
                sys.stdout.write(answered.line() + "\n")
                sys.stdout.flush()
                figures |= answered.figures()
    return figures


def _about(rows: int) -> str:
    seconds = STARTING_S + min(rows, CREATED) * CREATING_S + rows * COPYING_S
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def _loading(loading: Loading, path: Path, rows: int, seconds: float) -> dict[str, float]:
    size = path.stat().st_size / 2**20
    sys.stdout.write(f"{rows:,} leads loaded in {seconds:.0f} s, file {size:,.0f} MiB\n")
    figures = {"loading, s": seconds}
    if loading.created:
        rate, usage = loading.created / loading.seconds, loading.usage
        sys.stdout.write(
            f"{loading.created:,} of them by CreateMultiple: {rate:,.0f} a second, "
            f"{usage.seconds:.0f} s of the server's processor, most memory "
            f"{usage.peak / 2**20:.0f} MiB\n"
        )
        figures |= {
            "creating, rows a second": rate,
            "creating, server s": usage.seconds,
            "creating, most memory MiB": usage.peak / 2**20,
        }
    return figures
