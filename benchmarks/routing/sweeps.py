"""One sweep by `wa sweep` in a process of its own, with what it cost both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.routing import organization
from benchmarks.routing.checks import Outcomes, outcomes
from benchmarks.routing.mock_process import Counted, MockProcess
from benchmarks.routing.processes import ProcessFailed, Sent, command, run
from benchmarks.usage import Usage

STORAGE = "queues.sqlite"


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep that was checked. `ours` and `mock` are what it used of processor time, and most memory."""

    records: int
    seconds: float
    ours: Usage
    mock: Usage
    sent: Sent
    counted: Counted
    outcomes: Outcomes

    @property
    def width(self) -> float:
        """How many requests were under way on average, from the mock's own times."""
        return self.counted.execution_seconds / self.seconds

    def figures(self) -> dict[str, float]:
        return {
            "records": self.records,
            "seconds": round(self.seconds, 3),
            "records_per_second": round(self.records / self.seconds, 1),
            "http_requests": self.counted.by_app,
            "http_requests_by_client": self.sent.requests,
            "connections": self.sent.connections,
            "inner_writes": self.counted.inner_writes,
            "owner_changes": self.outcomes.assigned,
            "assigned": self.outcomes.assigned,
            "unassigned": sum(self.outcomes.unassigned.values()),
            "cpu_seconds": round(self.ours.seconds, 3),
            "cpu_seconds_mock": round(self.mock.seconds, 3),
            "peak_mb": round(self.ours.peak_mb, 1),
            "peak_mb_mock": round(self.mock.peak_mb, 1),
            "average_width": round(self.width, 2),
            "answers_429": self.sent.by_status.get(429, 0),
        }


@contextmanager
def filled(folder: Path, leads: int, *options: str) -> Iterator[MockProcess]:
    """A mock with people, definitions and so many waiting leads."""
    folder.mkdir(exist_ok=True)
    with MockProcess(folder, *options) as mock:
        organization.settle_in(mock, folder, leads)
        organization.create_leads(mock, organization.leads(leads))
        yield mock


def sweep(
    mock: MockProcess,
    folder: Path,
    records: int,
    *options: str,
    before_checks: Callable[[MockProcess], object] = lambda mock: None,
) -> Swept:
    """Sweep so many records, then check what became of them."""
    mock.reset_counters()
    before = mock.usage()
    work = command("sweep", "--json", *options, **environment(mock.url, folder))
    ended = run(work, folder, "sweep")
    after, counted = mock.usage(), mock.counted()
    if ended.result != 0:
        raise ProcessFailed(f"wa sweep ended with {ended.result}; see {folder / 'sweep.log'}")
    used = Usage(after.seconds - before.seconds, after.peak)
    before_checks(mock)
    found = outcomes(mock, records)
    return Swept(records, ended.seconds, ended.usage, used, ended.sent, counted, found)


def environment(url: str, folder: Path) -> Mapping[str, str]:
    """The settings of our app beside a mock."""
    return {
        "DATAVERSE_URL": url,
        "DATAVERSE_TOKEN": organization.APP,
        "AzureWebJobsStorage": f"sqlite:{folder / STORAGE}",
        "WA_MODE": "on",
    }
