"""What the benchmarks print can be read: every figure stands in its column, and each is explained."""

from __future__ import annotations

import io

import pytest
from benchmarks.mock import Crowd
from benchmarks.web_api.measuring import HEADER, IN_CHANGES, LEGEND, Measured
from benchmarks.web_api.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("raw", [None, 0.5])
def test_every_figure_ends_where_its_column_ends(raw: float | None) -> None:
    measured = Measured(
        "batch of 100 change sets of 2 updates", 1234567.0, 1.0, 2.0, 99999.0, 4.0, 123.4, raw
    )

    assert len(measured.line()) == len(HEADER)
    assert measured.line().index(" requests ") == HEADER.index(" unit ")


def test_a_line_says_what_it_counts() -> None:
    measured = Measured("change set of 100 creates", 5.0, 1.0, 2.0, 3.0, 4.0, unit=IN_CHANGES)

    assert f" 5 {IN_CHANGES} " in measured.line()


def test_the_writer_beside_readers_has_a_line_of_its_own() -> None:
    readers, writer = Crowd(16, 1000.0, 2.0, 3.0, 250.0).lines().splitlines()

    assert readers.index(" requests") == writer.index(" requests") == HEADER.index(" unit ")
    assert len(readers) == HEADER.index(" server ms")
    assert "250" in writer


@pytest.mark.parametrize("column", ["a second", "unit", "p50", "p99", "server ms", "client ms"])
def test_every_column_is_explained(column: str) -> None:
    assert column in HEADER
    assert column in LEGEND


def test_progress_outside_a_terminal_is_a_line_each_hundred_thousand() -> None:
    out = io.StringIO()
    progress = Progress(250_000, out)
    for done in range(1000, 250_001, 1000):
        progress.show(done)
    progress.end()

    assert out.getvalue() == "100,000 of 250,000 leads\n200,000 of 250,000 leads\n"


def test_progress_on_a_terminal_stays_in_its_line_and_is_wiped() -> None:
    out = Terminal()
    progress = Progress(20_000, out)
    for done in range(1000, 20_001, 1000):
        progress.show(done)
    progress.end()

    assert out.getvalue() == "\r10,000 of 20,000 leads\r20,000 of 20,000 leads\r\x1b[K"
