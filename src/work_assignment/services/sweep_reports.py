"""What a sweep has done so far: counted by outcome, put on its row, and read back from there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.outcomes import Run
from work_assignment.domain.runs.sweeps import Counts, Place, Sweep, SweepKind, SweepOutcome
from work_assignment.domain.statuses import RoutingStatus

OTHER = "Other reasons"
_REASONS = 100
"""Reasons that are told apart: some name what they are about, and a row has to hold them all."""
_REASON_LENGTH = 300
_WHYS_TOLD = 3
RESERVED = "held by what a worker has reserved"
UNDECIDABLE = "cannot be decided, and the run log says why"
OVERTAKEN = "overtaken by others each time"
PUT_OFF = "not written yet: "
GONE = "it does not exist"
UNREADABLE = "it cannot be read"
CLOSED = "it is closed"
SETTLED = "it has its owner already"
NOT_PASSING = "why it has none does not pass by itself"
_PASSED_NAMED = 1000
"""Records that are told one by one: a report must not grow with its sweep."""


@dataclass(slots=True)
class SweepReport:
    """What a sweep did: `unassigned` counts by reason, `left` are records that still wait.

    `waits` counts these by reason, and `reserved_until` is when the last reservation that stood in
    the way of one runs out. `unchanged` were looked at and are as they were; `passed_by` counts, by
    reason, those that are not decided although somebody named them, and `passed` says which, as far
    as this process met them. `under_way` are records of the block at hand that are written and of
    which only the number is known; `landed` are the runs that are counted before the block has
    ended. `requests` those to Dataverse that it took.
    """

    sweep: Sweep
    seconds: float = 0
    assigned: int = 0
    by_hand: int = 0
    left: int = 0
    unassigned: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    requests: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    reserved_until: datetime | None = None
    landed: set[str] = field(default_factory=set)
    unchanged: int = 0
    passed_by: Counter[str] = field(default_factory=Counter)
    passed: dict[RecordKey, str] = field(default_factory=dict)
    blocks: set[str] = field(default_factory=set)

    @property
    def counts(self) -> Counts:
        succeeded, failed = self.assigned + self.by_hand, self.unassigned.total()
        others = self.left + self.unchanged + self.passed_by.total()
        return Counts(succeeded + failed + others, succeeded, failed)

    @property
    def done(self) -> int:
        """Records that are through, whatever became of them."""
        return self.counts.total + self.under_way

    def land(self, runs: Iterable[Run]) -> None:
        """Count outcomes of which it is known already, in the middle of their block."""
        for run in runs:
            self._count(run)
            self.landed.add(run.id)

    def note(self, run: Run) -> None:
        """Count an outcome, once."""
        if run.id in self.landed:
            self.landed.remove(run.id)
        else:
            self._count(run)

    def _count(self, run: Run) -> None:
        self.blocks.add(run.block)
        self._count_one(run)

    def _count_one(self, told: Run | SweepOutcome) -> None:
        is_kept = told.owner is not None
        match told.status:
            case RoutingStatus.ASSIGNED:
                self.assigned += 1
            case RoutingStatus.ASSIGNED_BY_HAND:
                self.by_hand += 1
            case RoutingStatus.LEFT_ALONE | RoutingStatus.SEGMENTATION_FAILED if is_kept:
                self.pass_by(told.key, told.reason)
            case _ if is_kept and told.segment_id == told.previous_segment_id:
                self.unchanged += 1
            case _ if is_kept:
                self.by_hand += 1
            case _:
                self.note_reason(told.reason)

    def recall(self, written: Iterable[SweepOutcome]) -> None:
        """Count what is in the run log behind what is noted on the row."""
        for outcome in written:
            self._count_one(outcome)

    def note_before(self, last: LastRun) -> None:
        """Count an outcome that a worker which died had written for this sweep."""
        self.note_reason(last.status.reason)

    def note_late(self, last: LastRun) -> None:
        """Count an outcome of this sweep that arrived after it was given up."""
        match last.status:
            case RoutingStatus.ASSIGNED:
                self.assigned += 1
            case RoutingStatus.ASSIGNED_BY_HAND:
                self.by_hand += 1
            case _:
                self.note_before(last)

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

    def note_left(self, why: str, until: datetime | None = None) -> None:
        """Count a record that is left waiting; `until` is when what is reserved runs out."""
        self.left += 1
        told = why[:_REASON_LENGTH]
        is_full = told not in self.waits and len(self.waits) >= _REASONS
        self.waits[OTHER if is_full else told] += 1
        if until is not None:
            self.reserved_until = max(until, self.reserved_until or until)

    def pass_by(self, key: RecordKey, why: str) -> None:
        """Count a record that is not decided although somebody asked for it."""
        if len(self.passed) < _PASSED_NAMED:
            self.passed[key] = why
        told = why[:_REASON_LENGTH]
        is_full = told not in self.passed_by and len(self.passed_by) >= _REASONS
        self.passed_by[OTHER if is_full else told] += 1

    def go_back(self) -> None:
        """Forget what is not noted on the row: it is counted by what was written."""
        cursor = self.sweep.cursor
        self.assigned, self.by_hand, self.left = cursor.assigned, cursor.by_hand, cursor.left
        self.unchanged = cursor.unchanged
        for counted, noted in (
            (self.unassigned, cursor.unassigned),
            (self.waits, cursor.waits),
            (self.passed_by, cursor.passed_by),
        ):
            counted.clear()
            counted.update(noted)
        self.reserved_until = cursor.reserved_until
        self.landed.clear()
        self.blocks.clear()

    def noted(self) -> Sweep:
        """The sweep with its counts, those of the block at hand included."""
        return replace(self.sweep, counts=replace(self.counts, total=self.done))

    def reached(self, after: Mapping[str, Place], at: datetime, named: int = 0) -> None:
        """A block is done with: whoever takes the sweep up goes on behind these places.

        Of a sweep that names its records so many are done with.
        """
        self.under_way = 0
        self.landed.clear()
        cursor = replace(
            self.sweep.cursor,
            after=dict(after),
            since=at,
            assigned=self.assigned,
            by_hand=self.by_hand,
            left=self.left,
            requests=self.requests,
            unassigned=dict(self.unassigned),
            waits=dict(self.waits),
            reserved_until=self.reserved_until,
            unchanged=self.unchanged,
            passed_by=dict(self.passed_by),
            named=named,
            blocks=self._blocks_of_the_second(at),
        )
        self.blocks.clear()
        self.sweep = replace(self.sweep, cursor=cursor, counts=self.counts)

    def _blocks_of_the_second(self, at: datetime) -> tuple[str, ...]:
        """The blocks that may have been decided in this second: stored times tell no more of them.

        What decides what waits needs none, as its records are counted by their results.
        """
        if self.sweep.kind is SweepKind.REASSIGNMENT:
            return ()
        since, before = self.sweep.cursor.since, set(self.sweep.cursor.blocks)
        is_same = since is not None and since.replace(microsecond=0) == at.replace(microsecond=0)
        return tuple(sorted(self.blocks | before if is_same else self.blocks))


def waiting_words(report: SweepReport) -> str:
    """How many records still wait, why, and what becomes of them; empty where none does."""
    if not report.left:
        return ""
    head = "1 record still waits" if report.left == 1 else f"{report.left} records still wait"
    told = dict(report.waits.most_common())
    if unknown := report.left - report.waits.total():
        told[OTHER[0].lower() + OTHER[1:]] = unknown
    until = report.reserved_until
    at = f"{until.astimezone(UTC):%H:%M} UTC" if until else ""
    if at and RESERVED in told:
        told = {f"{why} until {at}" if why == RESERVED else why: n for why, n in told.items()}
    whys = list(told)[:_WHYS_TOLD]
    more = len(told) - len(whys)
    why = "; ".join(whys if len(told) == 1 else [f"{told[why]} {why}" for why in whys])
    why += f"; and for {more} more reason{'s' if more > 1 else ''}" if more else ""
    if set(report.waits) == {UNDECIDABLE} and not unknown:
        return f"{head} ({why}). Run the sweep again once that is mended"
    after = f" after {at}" if at else ""
    return (
        f"{head} ({why}). The running app takes up by itself what was never decided; "
        f"run the sweep again{after} for the rest"
    )


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
        waits=Counter(cursor.waits),
        reserved_until=cursor.reserved_until,
        requests=cursor.requests,
        unchanged=cursor.unchanged,
        passed_by=Counter(cursor.passed_by),
    )
