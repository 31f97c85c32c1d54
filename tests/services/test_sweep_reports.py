"""What a sweep's report counts while a block is under way, and what it says of records left."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tests.services.fakes import NOW
from tests.services.sweeps import SweepWorld

from work_assignment.domain.runs.outcomes import Written
from work_assignment.domain.runs.sweeps import Cursor, Sweep, SweepStatus
from work_assignment.services.sweep_reports import (
    OVERTAKEN,
    PUT_OFF,
    RESERVED,
    SweepReport,
    report_of,
    waiting_words,
)

SWEEP = Sweep("id", "S", SweepStatus.SUCCEEDED, NOW)


def test_records_that_are_decided_anew_are_not_counted_before_they_are_written() -> None:
    world = SweepWorld()
    keys = world.waiting(9)
    world.organization.spoilt.update(dict.fromkeys(keys[:4], Written.CHANGED))
    heard: list[tuple[int, int]] = []

    world.sweep(progress=lambda report: heard.append((report.done, report.left)))

    assert heard == sorted(heard)
    assert {done for done, left in heard if not left} == set(range(6))
    assert heard[-1] == (9, 4)


def test_why_records_wait_is_said_with_the_most_frequent_first() -> None:
    report = SweepReport(SWEEP)
    for _ in range(3):
        report.note_left(RESERVED, NOW + timedelta(minutes=5))
    report.note_left(RESERVED, NOW + timedelta(minutes=4))
    for why in (PUT_OFF + "busy", PUT_OFF + "busy", OVERTAKEN, PUT_OFF + "away"):
        report.note_left(why)
    assert waiting_words(report) == (
        "8 records still wait (4 held by what a worker has reserved until 09:05 UTC; "
        "2 not written yet: busy; 1 overtaken by others each time; "
        "and for 1 more reason). The running app takes up by itself what was never decided; "
        "run the sweep again after 09:05 UTC for the rest"
    )


def test_who_takes_a_sweep_up_still_knows_why_records_were_left() -> None:
    first = SweepReport(SWEEP)
    first.note_left(RESERVED, NOW)
    first.reached({}, NOW)
    second = report_of(first.sweep)
    assert (second.waits, second.reserved_until) == (Counter({RESERVED: 1}), NOW)
    assert waiting_words(second) == waiting_words(first)


def test_what_an_older_version_left_is_of_other_reasons() -> None:
    old = Sweep("id", "S", SweepStatus.IN_PROGRESS, NOW, cursor=Cursor(left=1))
    said = waiting_words(report_of(old))
    assert said.startswith("1 record still waits (other reasons). The running app")
    assert waiting_words(SweepReport(SWEEP)) == ""
