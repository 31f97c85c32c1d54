"""How far a sweep is, while it is on its way: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.sweeps import Scope, SweepStatus
from work_assignment.services.sweep_reports import SweepReport

COUNTED = 50_000
"""More rows than that Dataverse does not count in one answer."""
LINE_EVERY = 5.0
_BAR = 30
_REASONS = 3
_REASON_LENGTH = 60


class Counting(Protocol):
    """Who can say how many records there are."""

    def count(self, scope: Scope) -> int | None: ...


@dataclass(slots=True)
class Pace:
    """How many records a sweep has done of how many, and how fast.

    `total` None is not known: `is_more` says that there are too many to be counted. What was done
    before the clock was started does not count for the speed.
    """

    started_at: float
    total: int | None = None
    is_more: bool = False
    done_before: int = 0
    done: int = 0

    def figures(self, now: float) -> str:
        """Records, records a second, and the time left where it can be told."""
        told = [f"{self.done:,}{self._of_how_many()} records"]
        rate = self._rate(now)
        if rate:
            told.append(f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.1f} a second")
        if rate and self.total is not None and self.total > self.done:
            told.append(f"{_duration((self.total - self.done) / rate)} left")
        return ", ".join(told)

    def _of_how_many(self) -> str:
        if self.is_more and self.done <= COUNTED:
            return f" of more than {COUNTED:,}"
        return f" of {max(self.total, self.done):,}" if self.total is not None else ""

    def _rate(self, now: float) -> float:
        seconds = now - self.started_at
        return (self.done - self.done_before) / seconds if seconds > 0 else 0.0


def _duration(seconds: float) -> str:
    whole = timedelta(seconds=round(seconds))
    return f"{whole.seconds} s" if whole < timedelta(minutes=2) else str(whole)


def outcomes(report: SweepReport) -> str:
    """What became of them so far; of a sweep in other hands, as its last block left it."""
    told = {
        "assigned": report.assigned,
        "kept with whom they are": report.by_hand,
        "unassigned": report.unassigned.total(),
        "as they were": report.unchanged,
        "left waiting": report.left,
    }
    said = ", ".join(f"{n:,} {what}" for what, n in told.items() if n or what == "assigned")
    return f"{said} as of the last block" if report.under_way else said


def reasons(report: SweepReport) -> list[str]:
    """The most frequent reasons why records stay unassigned, with how many."""
    most = report.unassigned.most_common(_REASONS)
    told = [f"{count:,} {reason}" for reason, count in most]
    others = report.unassigned.total() - sum(count for _, count in most)
    return [*told, f"{others:,} for other reasons"] if others else told


class Display:
    """Hears of a sweep and shows it; this one shows nothing."""

    def begun(self, sweeps: Counting, scope: Scope) -> None:
        """It is known what the sweep means."""

    def seen(self, report: SweepReport) -> None:
        """It is on its way, as far as this already, by somebody else's hand."""

    def show(self, report: SweepReport) -> None:
        """This is how far it is."""


class _Paced(Display):
    """Knows how fast it goes and of how many records."""

    def __init__(self, limit: int | None = None, clock: Callable[[], float] = time.monotonic):
        self._limit = limit
        self._clock = clock
        self.pace = Pace(clock())
        self.outcomes = ""
        self.reasons: list[str] = []

    def begun(self, sweeps: Counting, scope: Scope) -> None:
        """Ask how many records there are: one request, and no reason to fail."""
        try:
            found = sweeps.count(scope)
        except Unavailable:
            return
        many = found is None
        if self._limit is not None:
            found, many = min(found or self._limit, self._limit), False
        self.pace.total, self.pace.is_more = found, many

    def seen(self, report: SweepReport) -> None:
        """What was done before, and the time it waited for somebody, say nothing of the speed."""
        self.pace.started_at = self._clock()
        self.pace.done_before = report.done

    def show(self, report: SweepReport) -> None:
        # What was written without our knowing, or is read back, may be fewer for a moment.
        self.pace.done = max(self.pace.done, report.done)
        if report.sweep.status is SweepStatus.SUCCEEDED and not report.left:
            self.pace.total, self.pace.is_more = self.pace.done, False
        self.outcomes = outcomes(report)
        self.reasons = reasons(report)


class Lines(_Paced):
    """A line every few seconds, on standard error."""

    def __init__(self, limit: int | None = None, clock: Callable[[], float] = time.monotonic):
        super().__init__(limit, clock)
        self._told_at = clock()

    def show(self, report: SweepReport) -> None:
        super().show(report)
        now = self._clock()
        if now - self._told_at >= LINE_EVERY:
            self._told_at = now
            told = [f"{self.pace.figures(now)}; {self.outcomes}", *map(_short, self.reasons)]
            print("; ".join(told), file=sys.stderr, flush=True)


def _short(reason: str) -> str:
    return reason if len(reason) <= _REASON_LENGTH else f"{reason[:_REASON_LENGTH]}..."


class Bar(_Paced):
    """A bar with its figures beside it, and below what became of the records and why."""

    def __rich__(self) -> RenderableType:
        pace = self.pace
        grid = Table.grid(padding=(0, 1))
        total = None if pace.total is None else max(pace.total, pace.done, 1)
        bar = ProgressBar(total=total, completed=pace.done, width=_BAR, pulse=total is None)
        grid.add_row(bar, Text(pace.figures(self._clock())))
        whys = [Text(f"  {why}", no_wrap=True, overflow="ellipsis") for why in self.reasons]
        return Group(grid, Text(self.outcomes), *whys)


@contextmanager
def display(*, is_json: bool, limit: int | None) -> Iterator[Display]:
    """What suits where we run; it is gone when the sweep is over."""
    if is_json:
        yield Display()
    elif not sys.stderr.isatty():
        yield Lines(limit)
    else:
        bar = Bar(limit)
        with Live(bar, console=Console(stderr=True), transient=True, refresh_per_second=4):
            yield bar
