"""One record's story: what the run log says happened to it, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from work_assignment.domain.deciding.explanations import sentences
from work_assignment.domain.runs.due import DASH, due_words, moment_words
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.statuses import RoutingStatus


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A row of the run log with names for people; `explanation` is what was stored.

    `sweep` is the name of the sweep that it belongs to. Until `due_at` a rule could still give an
    owner to a record that had none. `was_settled` is whether the record had been assigned before,
    `changes_owner` whether it has another owner since; `source` is what asked for it.
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
    due_at: datetime | None = None
    previous_segment: str | None = None
    previous_owner: str | None = None
    was_settled: bool = False
    changes_owner: bool = False
    source: RequestSource | None = None

    @property
    def is_move(self) -> bool:
        """Whether a record that had its place got another segment or owner."""
        if self.status in _NO_MOVE or not (self.was_settled or self.previous_segment):
            return False
        is_elsewhere = self.segment != self.previous_segment
        return is_elsewhere or (self.was_settled and self.changes_owner)

    @property
    def is_of_nobody(self) -> bool:
        """Whether it left the record without an owner of ours."""
        return self.owner is None and self.status not in _WITH_OWNER


_WITH_OWNER = (RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND)
_NO_MOVE = (RoutingStatus.ASSIGNED_BY_HAND, RoutingStatus.UNDONE)
"""What people did: their rows say nothing of the segment before."""
_NOBODY, _DEFAULT = "nobody", "default"
_ASKED_FOR = {
    RequestSource.NEW: "the record was new",
    RequestSource.UPDATED: "the record was updated",
    RequestSource.BY_HAND: "a sweep was started by hand",
    RequestSource.SCHEDULED: "a sweep was scheduled",
    RequestSource.RESEGMENTED_BY_HAND: "re-segmentation was asked for by hand",
    RequestSource.FORCED_BY_HAND: "it was forced by hand",
    RequestSource.FOUND_WAITING: "it was found waiting",
    RequestSource.CAME_BACK: "capacity or availability came back",
}


@dataclass(frozen=True, slots=True)
class RecordNow:
    """A record as it stands: its name, its owner's name and whether it is open."""

    name: str
    owner: str
    is_open: bool


def story(
    record: RecordNow | None, runs: Sequence[LoggedRun], at: datetime | None = None
) -> Iterator[str]:
    """The record as it stands, then every outcome, oldest first, with how it came about.

    `at` is the present, for how long there is to assign a record that nobody has.
    """
    if record is None and not runs:
        yield "The record does not exist, and the run log knows nothing of it."
        return
    if record is None:
        yield "The record does not exist any more."
    else:
        state = "open" if record.is_open else "closed"
        yield f"{record.name}: {state}, owned by {record.owner}"
        if at is not None and record.is_open and runs and runs[-1].is_of_nobody:
            yield _due(runs[-1].due_at, at)
    if not runs:
        yield "It was never routed: it is waiting, or older than the rules, or of no routed type."
    for run in runs:
        yield ""
        yield _headline(run)
        yield from (f"  {line}" for line in _circumstances(run))
        yield from (f"  {line}" for line in sentences(run.explanation) if run.explanation)


def _due(due_at: datetime | None, at: datetime) -> str:
    if due_at is None:
        return f"Assignment due in: {DASH}"
    until = "" if due_at < at else f", at {moment_words(due_at)}"
    return f"Assignment {due_words(due_at, at)}{until}"


def _circumstances(run: LoggedRun) -> Iterator[str]:
    """From where to where and from whom to whom it moved, if it did, and what asked for it."""
    if run.is_move:
        yield _move(run)
    if run.source is not None and run.status not in _NO_MOVE:
        yield f"looked at because {_ASKED_FOR[run.source]}"


def _move(run: LoggedRun) -> str:
    before, after = run.previous_segment or _DEFAULT, run.segment or _DEFAULT
    had = run.previous_owner or _NOBODY
    if not run.changes_owner:
        return f"moved from {before} to {after}, stays with {had}"
    return f"moved from {before} ({had}) to {after} ({run.owner or _NOBODY})"


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
