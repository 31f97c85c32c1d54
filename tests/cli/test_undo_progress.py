"""What is shown of an undo on its way."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from work_assignment.cli.undo_progress import Bar, Lines, display
from work_assignment.domain.runs.sweeps import Counts, Sweep, SweepStatus
from work_assignment.domain.runs.undoing import Why
from work_assignment.services.undoing import UndoReport

AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
SWEEP = Sweep("id", "Sweep", SweepStatus.SUCCEEDED, AT, counts=Counts(4200, 4000, 200))


class Time:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_every_few_seconds_tells_how_far_how_fast_and_what_came_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock, report = Time(), UndoReport(SWEEP, before=1000)
    lines = Lines(clock)
    lines.show(report)
    for _ in range(4):
        clock.now += 2.5
        report.more_back += 240
        report.more_left[Why.CHANGED] += 10
        lines.show(report)
    assert capsys.readouterr().err.splitlines() == [
        "1,500 of 4,000 records, 100 a second, 25 s left; 480 came back, 1,000 had before, 20 left",
        "2,000 of 4,000 records, 100 a second, 20 s left; 960 came back, 1,000 had before, 40 left",
    ]


def test_a_terminal_gets_a_bar_from_the_start() -> None:
    clock = Time()
    bar, said = Bar(clock), io.StringIO()
    console = Console(file=said, width=100)
    console.print(bar)
    bar.show(UndoReport(SWEEP, more_back=2000))
    clock.now += 10
    console.print(bar)
    first, second, third = said.getvalue().splitlines()
    assert first == "waiting for its turn"
    assert second.split("\u2501 ")[-1].strip().startswith("2,000 of 4,000 records, 200 a second")
    assert third == "2,000 came back"


def test_beside_json_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with display(is_json=True) as shown:
        shown.show(UndoReport(SWEEP))
    assert capsys.readouterr() == ("", "")
