"""What a long queue costs: 1,000 to 1,000,000 waiting leads, of which the oldest 10,000 are swept.

The first 10,000 leads are created over HTTP and the others are copies of them, 30 seconds apart;
the sweep is told since when, as they are older than the definitions.
Time a record and most memory of our process should not grow with what waits. With --all every lead
is swept, for which a million needs about half an hour.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.routing import organization
from benchmarks.routing.mock_process import MockProcess
from benchmarks.routing.sweeps import Swept, sweep
from benchmarks.routing.tables import count, decimal, listed, say
from benchmarks.web_api.copies import copy_leads
from benchmarks.web_api.leads import BEGUN, created_at
from benchmarks.web_api.progress import Progress

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SWEPT = 10_000
CREATED = 10_000
SINCE = BEGUN.date().isoformat()
_HEAD = (
    "waiting",
    "swept",
    "seconds",
    "ms a record",
    "processor ms a record",
    "of the mock",
    "HTTP requests",
    "most memory, MiB",
)


def show(sizes: Sequence[int] = SIZES, *, every_one: bool = False) -> Mapping[str, Any]:
    """Fill, sweep and print a line for each size."""
    say("filling and sweeping takes about 5 minutes for a million leads, less for the others\n")
    found: dict[int, Swept] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            found[size] = _measured(Path(name), size, size if every_one else min(size, SWEPT))
        say(f"{size:,} waiting: {found[size].seconds:.1f} s\n")
    say(listed([_HEAD, *(_row(size, swept) for size, swept in found.items())]))
    return {str(size): swept.figures() for size, swept in found.items()}


def _row(size: int, swept: Swept) -> tuple[str, ...]:
    return (
        count(size),
        count(swept.records),
        decimal(swept.seconds),
        *(
            decimal(seconds / swept.records * 1000, 3)
            for seconds in (swept.seconds, swept.ours.seconds, swept.mock.seconds)
        ),
        count(swept.counted.by_app),
        count(swept.ours.peak_mb),
    )


def _measured(folder: Path, size: int, records: int) -> Swept:
    path = folder / "backlog.db"
    with _loading(size) as show_progress:
        _fill(folder, path, size, records, show_progress)
    with MockProcess(folder, "--database", str(path)) as mock:
        return sweep(mock, folder, records, "--since", SINCE, "--limit", str(records))


@contextmanager
def _loading(size: int) -> Iterator[Callable[[int], None]]:
    progress, begun = Progress(size), perf_counter()
    yield progress.show
    progress.end()
    say(f"{size:,} leads loaded in {perf_counter() - begun:.0f} s\n")


def _fill(
    folder: Path, path: Path, size: int, records: int, show_progress: Callable[[int], None]
) -> None:
    """Fill a database with leads, all older than the definitions."""
    first = min(size, CREATED)
    rows = [
        row | {"overriddencreatedon": created_at(number)}
        for number, row in enumerate(organization.leads(first))
    ]
    with MockProcess(folder, "--database", str(path)) as mock:
        organization.settle_in(mock, folder, records)
        organization.create_leads(mock, rows)
    show_progress(first)
    copy_leads(path, first, size, show_progress)
