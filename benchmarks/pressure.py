"""A sweep under pressure: rows locked and 40 ms for each write, then with protection limits besides.

1,000 leads, or as many as --rows says: the writes alone would take a minute and a half in a row.
The limits are those of Dataverse on a smaller scale, so that so few leads meet them: 100
requests, 20 s of execution time and 52 at once within 5 s, where Dataverse has 6,000, 1,200 s and
52 within 300 s. The mock advises to keep 8 requests under way, which is more than its limit on
execution time lets pass for long. A request that is answered 429 is a wasted one. Below stands an
estimate of what a sweep of 10,000 takes of a real environment; it is arithmetic, not measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.routing.estimates import DAILY_REQUESTS, entitlement, estimates
from benchmarks.routing.mock_process import MockProcess
from benchmarks.routing.sweeps import Swept, filled, sweep
from benchmarks.routing.tables import count, decimal, listed, say, table

RECORDS = 1_000
WRITE_MS = 40
HINT = 8
SCALED = {"requests": 100, "execution_ms": 20_000, "window_s": 5, "concurrent": 52}
ESTIMATED = 10_000


@dataclass(frozen=True, slots=True)
class Pressed:
    """A sweep, and what came of the locks."""

    swept: Swept
    waits: int
    deadlocks: int
    timeouts: int

    @property
    def wasted(self) -> int:
        """Requests that were refused."""
        return sum(n for status, n in self.swept.sent.by_status.items() if status == 429)

    @property
    def in_a_row(self) -> float:
        """Seconds that the writes alone would take one after the other."""
        return self.swept.counted.inner_writes * WRITE_MS / 1000

    def figures(self) -> dict[str, float]:
        return self.swept.figures() | {
            "lock_waits": self.waits,
            "deadlocks": self.deadlocks,
            "lock_timeouts": self.timeouts,
            "wasted_requests": self.wasted,
        }

    def column(self) -> dict[str, str]:
        swept = self.swept
        return {
            "records": count(swept.records),
            "seconds": decimal(swept.seconds),
            "its writes one after the other, s": decimal(self.in_a_row),
            "HTTP requests": count(swept.counted.by_app),
            "answered 429, wasted": count(self.wasted),
            "rows written": count(swept.counted.inner_writes),
            "requests under way, on average": decimal(swept.width),
            "connections opened": count(swept.sent.connections),
            "waits for a lock": count(self.waits),
            "deadlocks": count(self.deadlocks),
            "lock time-outs": count(self.timeouts),
            "assigned": count(swept.outcomes.assigned),
            "unassigned": count(sum(swept.outcomes.unassigned.values())),
        }


def show(records: int = RECORDS) -> Mapping[str, Any]:
    """Sweep under both pressures, and print them beside the estimate."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        locked = _pressed(Path(name) / "locked", records, {"enabled": False, "dop_hint": HINT})
        limited = _pressed(Path(name) / "limited", records, {**SCALED, "dop_hint": HINT})
    say(table({"locks": locked.column(), "and limits": limited.column()}))
    say(_estimated(locked.swept))
    return {"locks": locked.figures(), "locks_and_limits": limited.figures()}


def _pressed(folder: Path, records: int, limits: Mapping[str, Any]) -> Pressed:
    with filled(folder, records) as mock:
        mock.admin("PUT", "limits", limits)
        mock.admin("PUT", "locks", {"enabled": True, "write_latency_ms": WRITE_MS})
        swept = sweep(mock, folder, records, before_checks=_relieve)
        locks = mock.admin("GET", "locks")
    return Pressed(swept, locks["waits"], locks["deadlocks"], locks["timeouts"])


def _relieve(mock: MockProcess) -> None:
    """Let the checks read without limits."""
    mock.admin("DELETE", "limits")


def _estimated(swept: Swept) -> str:
    """The estimate for a larger sweep with as many writes a record."""
    changes = round(ESTIMATED * swept.outcomes.assigned / swept.records)
    operations = round(ESTIMATED * sum(swept.counted.by_kind.values()) / swept.records)
    rows = [("ESTIMATE: server time a change", "under way", "seconds", "web servers needed")]
    rows += [
        (f"{one.server_ms} ms", str(one.width), count(one.seconds), str(one.web_servers))
        for one in estimates(changes)
    ]
    return (
        f"\n{ESTIMATED:,} records in a real environment, estimated: {changes:,} changes of owner x "
        f"server time / requests under way\n{listed(rows)}"
        f"ESTIMATE: {operations:,} operations are {entitlement(operations):.1%} of the "
        f"{DAILY_REQUESTS:,} requests a day that users without a licence share\n"
    )
