"""How far the undoing of a sweep is: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from work_assignment.cli.sweep_progress import LINE_EVERY, Pace
from work_assignment.services.undoing import UndoReport

_BAR = 30


class Display:
    """Hears how far it is, first when it has begun; this one shows nothing."""

    def show(self, report: UndoReport) -> None:
        """This is how far it is."""


class _Paced(Display):
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at = clock()
        self.pace: Pace | None = None
        self.outcomes = ""

    def show(self, report: UndoReport) -> None:
        if self.pace is None:
            sweep = report.sweep
            given = sweep.cursor.assigned or sweep.counts.succeeded
            self.pace = Pace(self._clock(), total=given)
        self.pace.done_before = report.before  # looked at and passed by: no work
        self.pace.done = report.done
        self.outcomes = outcomes(report)


def outcomes(report: UndoReport) -> str:
    """What became of them so far."""
    told = {"came back": report.came_back, "had before": report.before}
    told["left"] = report.reasons.total()
    return ", ".join(f"{n:,} {what}" for what, n in told.items() if n or what == "came back")


class Lines(_Paced):
    """A line every few seconds, on standard error."""

    def show(self, report: UndoReport) -> None:
        super().show(report)
        now = self._clock()
        if self.pace is not None and now - self._told_at >= LINE_EVERY:
            self._told_at = now
            print(f"{self.pace.figures(now)}; {self.outcomes}", file=sys.stderr, flush=True)


class Bar(_Paced):
    """A bar with its figures beside it and what became of the records below."""

    def __rich__(self) -> RenderableType:
        pace = self.pace
        if pace is None:
            return Text("waiting for its turn")
        grid = Table.grid(padding=(0, 1))
        total = max(pace.total or 0, pace.done, 1)
        bar = ProgressBar(total=total, completed=pace.done, width=_BAR)
        grid.add_row(bar, Text(pace.figures(self._clock())))
        return Group(grid, Text(self.outcomes))


@contextmanager
def display(*, is_json: bool) -> Iterator[Display]:
    """What suits where we run; it is gone when it is over."""
    if is_json:
        yield Display()
    elif not sys.stderr.isatty():
        yield Lines()
    else:
        bar = Bar()
        with Live(bar, console=Console(stderr=True), transient=True, refresh_per_second=4):
            yield bar
