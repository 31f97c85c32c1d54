"""What is shown of a sweep on its way: how far, how fast, how long yet, and what became of them."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime

import pytest
from rich.console import Console

from work_assignment.cli.sweep_progress import Bar, Lines, display, outcomes
from work_assignment.cli.sweep_watch import follow
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.sweeps import Counts, Cursor, Scope, Sweep, SweepStatus
from work_assignment.services.sweep_reports import OTHER, SweepReport, report_of

AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
SWEEP = Sweep("id", "Sweep of lead", SweepStatus.IN_PROGRESS, AT)


class Time:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """Dataverse, asked how many records there are."""

    def __init__(self, *found: int | None) -> None:
        self._found = found

    def count(self, scope: Scope) -> int | None:
        if not self._found:
            raise Unavailable("Dataverse is away")
        return self._found[0]


def told(found: Counted, *, limit: int | None = None, done: int = 4000) -> str:
    """The figures twenty seconds after the start."""
    clock = Time()
    lines = Lines(limit, clock)
    lines.begun(found, Scope({"lead": AT}))
    lines.show(SweepReport(SWEEP, assigned=done))
    return lines.pace.figures(clock.now + 20)


@pytest.mark.parametrize(
    ("found", "limit", "said"),
    [
        (Counted(10_000), None, "4,000 of 10,000 records, 200 a second, 30 s left"),
        (Counted(400_000 // 10), None, "4,000 of 40,000 records, 200 a second, 0:03:00 left"),
        (Counted(None), None, "4,000 of more than 50,000 records, 200 a second"),
        (Counted(None), 5000, "4,000 of 5,000 records, 200 a second, 5 s left"),
        (Counted(10_000), 5000, "4,000 of 5,000 records, 200 a second, 5 s left"),
        (Counted(3000), None, "4,000 of 4,000 records, 200 a second"),
        (Counted(), None, "4,000 records, 200 a second"),
    ],
)
def test_how_far_it_is_and_how_long_it_takes_yet(
    found: Counted, limit: int | None, said: str
) -> None:
    assert told(found, limit=limit) == said


def test_a_slow_sweep_tells_tenths_and_none_at_all_no_speed() -> None:
    assert told(Counted(100), done=50) == "50 of 100 records, 2.5 a second, 20 s left"
    assert told(Counted(100), done=0) == "0 of 100 records"


def test_what_became_of_them_leaves_out_what_did_not_happen() -> None:
    assert outcomes(SweepReport(SWEEP)) == "0 assigned"
    all_kinds = SweepReport(SWEEP, assigned=1200, by_hand=1, left=2, unassigned=Counter(a=3, b=4))
    assert outcomes(all_kinds) == (
        "1,200 assigned, 1 kept with whom they are, 7 unassigned, 2 left waiting"
    )


def test_without_a_terminal_there_is_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Time()
    lines = Lines(None, clock)
    for done in range(1, 13):
        clock.now += 1
        lines.show(SweepReport(SWEEP, assigned=done))
    assert capsys.readouterr().err.splitlines() == [
        "5 records, 1.0 a second; 5 assigned",
        "10 records, 1.0 a second; 10 assigned",
    ]


def test_on_a_terminal_there_is_a_bar_with_figures_that_fit_into_eighty_columns() -> None:
    clock = Time()
    bar = Bar(None, clock)
    bar.begun(Counted(10_000), Scope({"lead": AT}))
    clock.now += 20
    bar.show(SweepReport(SWEEP, assigned=3990, left=10))
    out = io.StringIO()
    Console(file=out, width=100, legacy_windows=False).print(bar)
    first, second = out.getvalue().splitlines()
    assert first.endswith(" 4,000 of 10,000 records, 200 a second, 30 s left")
    assert first.startswith("━" * 12)
    assert second == "3,990 assigned, 10 left waiting"


def test_the_most_frequent_reasons_are_shown_where_there_is_room(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reasons = Counter({"No seller has room": 40, "No rule fits " + "x" * 90: 9, "c": 3, "d": 2})
    report = SweepReport(SWEEP, assigned=1, unassigned=reasons)
    clock = Time()
    lines, bar, out = Lines(None, clock), Bar(None, clock), io.StringIO()
    clock.now += 5
    lines.show(report)
    bar.show(report)
    Console(file=out, width=60, legacy_windows=False).print(bar)
    assert capsys.readouterr().err == (
        "55 records, 11 a second; 1 assigned, 54 unassigned; 40 No seller has room; "
        f"9 No rule fits {'x' * 45}...; 3 c; 2 for other reasons\n"
    )
    shown = out.getvalue().splitlines()[-4:]
    assert shown[0] == "  40 No seller has room"
    assert shown[1] == f"  9 No rule fits {'x' * 42}…"
    assert shown[2:] == ["  3 c", "  2 for other reasons"]


def test_counts_that_are_not_current_say_so() -> None:
    behind = SweepReport(SWEEP, assigned=3, under_way=5)
    assert outcomes(behind) == "3 assigned as of the last block"


def test_the_bar_never_falls_and_is_full_when_nothing_waits_any_more() -> None:
    clock = Time()
    bar = Bar(None, clock)
    bar.begun(Counted(1000), Scope({"lead": AT}))
    for done in (300, 200, 400):
        bar.show(SweepReport(SWEEP, assigned=done))
        assert bar.pace.figures(clock.now) == f"{max(300, done)} of 1,000 records"
    ended = Sweep("id", "S", SweepStatus.SUCCEEDED, AT)
    bar.show(SweepReport(ended, assigned=398, left=2))
    assert bar.pace.figures(clock.now) == "400 of 1,000 records"
    bar.show(SweepReport(ended, assigned=400))
    assert bar.pace.figures(clock.now) == "400 of 400 records"


def test_with_json_nothing_is_asked_and_nothing_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with display(is_json=True, limit=None) as shown:
        shown.begun(Counted(), Scope({}))
        shown.show(SweepReport(SWEEP, assigned=1))
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


class Rows:
    """A sweep's row as it is read time after time; what is no row is raised."""

    def __init__(self, *rows: Sweep | Exception) -> None:
        self._rows = list(rows)

    def read(self, sweep_id: str) -> Sweep | None:
        found = self._rows.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


HALF = Cursor(assigned=3, unassigned={"No": 1})
ENDED = Sweep("id", "S", SweepStatus.SUCCEEDED, AT, counts=Counts(4, 3, 1), cursor=HALF)
AWAY = Unavailable("nobody answers")


def under_way(total: int) -> Sweep:
    return Sweep("id", "S", SweepStatus.IN_PROGRESS, AT, counts=Counts(total, 3, 1), cursor=HALF)


class Heard(Lines):
    """Keeps how many records it was shown, time after time."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[int] = []

    def show(self, report: SweepReport) -> None:
        self.shown.append(report.done)


def test_a_sweep_is_followed_until_it_ends_through_outages() -> None:
    rows = Rows(SWEEP, AWAY, under_way(9), AWAY, AWAY, under_way(12), ENDED)
    display, said = Heard(), list[str]()

    report = follow(rows, SWEEP, display, pause=lambda _: None, say=said.append)

    assert display.shown == [0, 0, 9, 9, 9, 12]
    assert (report.assigned, report.unassigned["No"]) == (3, 1)
    why = "wa sweep: how far it is cannot be asked now, it is tried again: nobody answers"
    assert said == [why, why]


def test_who_cannot_be_asked_for_long_is_not_asked_for_ever() -> None:
    display, said = Heard(), list[str]()
    rows = Rows(under_way(9), *[AWAY] * 20)

    with pytest.raises(Unavailable, match="nobody answers"):
        follow(rows, SWEEP, display, pause=lambda _: None, say=said.append)

    assert display.shown == [9] * 10
    assert len(said) == 1


def test_the_speed_of_a_sweep_that_is_watched_is_that_since_it_is_seen_on_its_way() -> None:
    clock = Time()
    lines = Lines(None, clock)
    queued = Sweep("id", "S", SweepStatus.QUEUED, AT)
    rows = Rows(queued, queued, under_way(4000), under_way(4100), ENDED)
    figures: list[str] = []

    def pause(_: float) -> None:
        clock.now += 10
        figures.append(lines.pace.figures(clock.now))

    follow(rows, queued, lines, pause=pause)

    assert figures == ["0 records", "0 records", "4,000 records", "4,100 records, 5.0 a second"]


def test_reasons_that_differ_too_often_are_counted_together() -> None:
    report = report_of(SWEEP)
    for number in range(250):
        report.note_reason(f"record {number} " * 100)
    assert len(report.unassigned) == 101
    assert report.unassigned[OTHER] == 150
    assert max(map(len, report.unassigned)) == 300
