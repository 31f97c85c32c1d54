"""A sweep of 10,000 waiting leads, beside the naive way of 1,000: seconds, requests, processor, memory.

50 sellers, 20 segments and 40 rules with attributes and capacity. Dataverse is `wa mock` in memory,
swept by `wa sweep`, each a process of its own on this machine. The naive way is a loop through
Microsoft's client for Python: one read, one change of owner, one log row and one notification a
lead. That client insists on HTTPS; we use HTTP here, which is little of the difference. Seconds are
those of the command once Python has loaded it. Everything is checked from the rows afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.routing.mock_process import Counted
from benchmarks.routing.naive_run import naive
from benchmarks.routing.processes import Ended
from benchmarks.routing.sweeps import Swept, filled, sweep
from benchmarks.routing.tables import count, decimal, say, table

RECORDS = 10_000
NAIVE = 1_000


def show(records: int = RECORDS) -> Mapping[str, Any]:
    """Sweep, go the naive way, and print both."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with filled(folder / "swept", records) as mock:
            ours = sweep(mock, folder / "swept", records)
        some = min(NAIVE, records)
        ended, counted = naive(folder / "naive", some)
    say(table({"sweep": _ours(ours), "naive": _naive(ended, counted, some)}))
    say(_reasons(ours))
    return ours.figures() | {
        "unassigned_by_reason": dict(ours.outcomes.unassigned),
        "writes_by_kind": ours.counted.writes,
        "naive": _naive_figures(ours, ended, counted, some),
    }


def _ours(swept: Swept) -> dict[str, str]:
    return {
        **_shared(swept.records, swept.seconds, swept.counted, swept.ours.seconds),
        "processor seconds of the mock": decimal(swept.mock.seconds),
        "most memory, MiB": count(swept.ours.peak_mb),
        "most memory of the mock, MiB": count(swept.mock.peak_mb),
        "assigned": count(swept.outcomes.assigned),
        "unassigned": count(sum(swept.outcomes.unassigned.values())),
        "requests under way, on average": decimal(swept.width),
    }


def _naive(ended: Ended, counted: Counted, records: int) -> dict[str, str]:
    return {
        **_shared(records, ended.seconds, counted, ended.usage.seconds),
        "most memory, MiB": count(ended.usage.peak_mb),
        "assigned": count(ended.result),
        "unassigned": count(records - ended.result),
        "requests under way, on average": decimal(counted.execution_seconds / ended.seconds),
    }


def _shared(records: int, seconds: float, counted: Counted, cpu: float) -> dict[str, str]:
    return {
        "records": count(records),
        "seconds": decimal(seconds),
        "records a second": count(records / seconds),
        "HTTP requests": count(counted.by_app),
        "HTTP requests for 1,000 records": count(counted.by_app / records * 1000),
        "rows written": count(counted.inner_writes),
        "rows written a record": decimal(counted.inner_writes / records, 2),
        "processor seconds": decimal(cpu),
    }


def _reasons(swept: Swept) -> str:
    lines = [f"  {number:>7,}  {reason}" for reason, number in swept.outcomes.unassigned.items()]
    return "\n".join(["unassigned by the sweep:", *lines, ""])


def _naive_figures(ours: Swept, ended: Ended, counted: Counted, records: int) -> dict[str, float]:
    a_record = ended.seconds / records
    requests = counted.by_app / records
    return {
        "records": records,
        "seconds": round(ended.seconds, 3),
        "http_requests": counted.by_app,
        "inner_writes": counted.inner_writes,
        "cpu_seconds": round(ended.usage.seconds, 3),
        "times_the_seconds_a_record": round(a_record / (ours.seconds / ours.records), 2),
        "times_the_requests_a_record": round(requests / (ours.counted.by_app / ours.records), 1),
    }
