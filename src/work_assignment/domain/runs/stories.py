"""One record's story: what the run log says happened to it, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from work_assignment.domain.deciding.explanations import sentences
from work_assignment.domain.statuses import RoutingStatus


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A row of the run log with names for people; `explanation` is what was stored.

    `sweep` is the name of the sweep that it belongs to.
    """

    decided_at: datetime
    last_attempt_at: datetime
    attempts: int
    mode: str
    status: RoutingStatus
    reason: str
    segment: str | None
    rule: str | None
    owner: str | None
    explanation: Mapping[str, Any]
    sweep: str | None = None


@dataclass(frozen=True, slots=True)
class RecordNow:
    """A record as it stands: its name, its owner's name and whether it is open."""

    name: str
    owner: str
    is_open: bool


def story(record: RecordNow | None, runs: Sequence[LoggedRun]) -> Iterator[str]:
    """The record as it stands, then every outcome, oldest first, with how it came about."""
    if record is None and not runs:
        yield "The record does not exist, and the run log knows nothing of it."
        return
    if record is None:
        yield "The record does not exist any more."
    else:
        state = "open" if record.is_open else "closed"
        yield f"{record.name}: {state}, owned by {record.owner}"
    if not runs:
        yield "It was never routed: it is waiting, or older than the rules, or of no routed type."
    for run in runs:
        yield ""
        yield _headline(run)
        yield from (f"  {line}" for line in sentences(run.explanation) if run.explanation)


def _headline(run: LoggedRun) -> str:
    moment = run.decided_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    dry = " (dry run, nothing written)" if run.mode == "dry-run" else ""
    tries = f", tried {run.attempts} times" if run.attempts > 1 else ""
    swept = f" ({run.sweep})" if run.sweep else ""
    if run.status is RoutingStatus.UNDONE:
        return f"{moment}: back with {run.owner or 'nobody'}. {run.reason}{swept}"
    if run.status is RoutingStatus.ASSIGNED:
        return f"{moment}{dry}: assigned to {run.owner}. {run.reason}{swept}"
    return f"{moment}{dry}: {run.reason}{tries}{swept}"
