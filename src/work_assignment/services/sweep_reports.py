"""What a sweep has done so far: counted by outcome, put on its row, and read back from there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.outcomes import Run
from work_assignment.domain.runs.sweeps import Counts, Place, Sweep
from work_assignment.domain.statuses import RoutingStatus

OTHER = "Other reasons"
_REASONS = 100
"""Reasons that are told apart: some name what they are about, and a row has to hold them all."""
_REASON_LENGTH = 300


@dataclass(slots=True)
class SweepReport:
    """What a sweep did: `unassigned` counts by reason, `left` are records that still wait.

    `under_way` are records of the block at hand that are written and not counted by outcome yet;
    `requests` those to Dataverse that it took.
    """

    sweep: Sweep
    seconds: float = 0
    assigned: int = 0
    by_hand: int = 0
    left: int = 0
    unassigned: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    requests: int = 0

    @property
    def counts(self) -> Counts:
        succeeded, failed = self.assigned + self.by_hand, self.unassigned.total()
        return Counts(succeeded + failed + self.left, succeeded, failed)

    @property
    def done(self) -> int:
        """Records that are through, whatever became of them."""
        return self.counts.total + self.under_way

    def note(self, run: Run) -> None:
        """Count an outcome."""
        match run.status:
            case RoutingStatus.ASSIGNED:
                self.assigned += 1
            case RoutingStatus.ASSIGNED_BY_HAND:
                self.by_hand += 1
            case _:
                self.note_reason(run.reason)

    def note_before(self, last: LastRun) -> None:
        """Count an outcome that a worker which died had written for this sweep."""
        self.note_reason(last.status.reason)

    def note_placed(self, placed: Mapping[RoutingStatus, int], *, anew: bool) -> None:
        """Count what the run log says was placed: all of it `anew`, or beside what is counted."""
        before = (0, 0) if anew else (self.assigned, self.by_hand)
        self.assigned = before[0] + placed.get(RoutingStatus.ASSIGNED, 0)
        self.by_hand = before[1] + placed.get(RoutingStatus.ASSIGNED_BY_HAND, 0)

    def note_reason(self, reason: str) -> None:
        """Count a record that nobody was found for."""
        told = reason[:_REASON_LENGTH]
        is_full = told not in self.unassigned and len(self.unassigned) >= _REASONS
        self.unassigned[OTHER if is_full else told] += 1

    def noted(self) -> Sweep:
        """The sweep with its counts, those of the block at hand included."""
        return replace(self.sweep, counts=replace(self.counts, total=self.done))

    def reached(self, after: Mapping[str, Place], at: datetime) -> None:
        """A block is done with: whoever takes the sweep up goes on behind these places."""
        self.under_way = 0
        cursor = replace(
            self.sweep.cursor,
            after=dict(after),
            since=at,
            assigned=self.assigned,
            by_hand=self.by_hand,
            left=self.left,
            requests=self.requests,
            unassigned=dict(self.unassigned),
        )
        self.sweep = replace(self.sweep, cursor=cursor, counts=self.counts)


def report_of(sweep: Sweep) -> SweepReport:
    """What a sweep's row says that it did, as of its last block."""
    cursor = sweep.cursor
    end = sweep.ended_at or sweep.started_at
    return SweepReport(
        sweep,
        seconds=(end - sweep.started_at).total_seconds(),
        assigned=cursor.assigned,
        by_hand=cursor.by_hand,
        left=cursor.left,
        unassigned=Counter(cursor.unassigned),
        requests=cursor.requests,
    )
