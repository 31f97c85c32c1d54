"""Old runs are cleared once a day, by whichever worker is first."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.services.fakes import NOW, Clock

from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.keeping import Keeping
from work_assignment.services.retention import Clearing, Retention


class Rows:
    """The settings' row and the jobs started; `unfinished` is when the newest began that is not done."""

    def __init__(self, days: int = 90) -> None:
        self.row: Keeping | None = Keeping("settings", "1", days, None)
        self.jobs: list[datetime] = []
        self.unfinished: datetime | None = None
        self.claimed_by_another = False
        self.away = False

    def keeping(self) -> Keeping | None:
        return self.row

    def unfinished_since(self) -> datetime | None:
        return self.unfinished

    def claim(self, keeping: Keeping, now: datetime) -> bool:
        assert self.row is not None
        if self.claimed_by_another or keeping.version != self.row.version:
            return False
        self.row = replace(self.row, version=f"{keeping.version}+", cleared_at=now)
        return True

    def delete(self, *, before: datetime, now: datetime) -> None:
        if self.away:
            raise Unavailable("Dataverse is away")
        self.jobs.append(before)


def test_what_is_older_than_the_days_kept_goes() -> None:
    rows = Rows(days=30)

    assert Retention(rows, Clock(), mode="on").clear() is Clearing.STARTED
    assert rows.jobs == [NOW - timedelta(days=30)]


def test_a_second_worker_finds_the_day_seen_to() -> None:
    rows, clock = Rows(), Clock()
    Retention(rows, clock, mode="on").clear()

    assert Retention(rows, clock, mode="on").clear() is Clearing.DONE_TODAY
    assert len(rows.jobs) == 1


def test_of_two_workers_at_once_one_starts_the_job() -> None:
    rows = Rows()
    rows.claimed_by_another = True

    assert Retention(rows, Clock(), mode="on").clear() is Clearing.TAKEN
    assert rows.jobs == []


def test_each_day_has_its_job() -> None:
    rows, clock = Rows(), Clock()
    for _ in range(3):
        Retention(rows, clock, mode="on").clear()
        clock.advance(timedelta(days=1))

    assert rows.jobs == [NOW + timedelta(days=day - 90) for day in range(3)]


def test_while_yesterdays_job_runs_no_other_is_started_and_the_day_stays_open() -> None:
    rows = Rows()
    rows.unfinished = NOW - timedelta(hours=20)
    retention = Retention(rows, Clock(), mode="on")
    assert retention.clear() is Clearing.STILL_RUNNING

    rows.unfinished = None
    assert retention.clear() is Clearing.STARTED
    assert len(rows.jobs) == 1


def test_a_job_that_takes_more_than_a_day_is_said_as_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = Rows()
    rows.unfinished = NOW - timedelta(hours=20)
    retention = Retention(rows, Clock(), mode="on")
    retention.clear()
    assert warnings(caplog) == []

    rows.unfinished = NOW - timedelta(hours=25)
    assert retention.clear() is Clearing.STILL_RUNNING

    (line,) = warnings(caplog)
    assert str(rows.unfinished) in line
    assert "System Jobs" in line


def test_a_job_that_is_stuck_for_three_days_is_not_waited_for_any_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows, clock = Rows(), Clock()
    rows.unfinished = NOW - timedelta(hours=1)
    said = []
    for _ in range(5):
        said.append(Retention(rows, clock, mode="on").clear())
        clock.advance(timedelta(days=1))

    assert said == [Clearing.STILL_RUNNING] * 3 + [Clearing.STARTED] * 2
    assert len(rows.jobs) == 2
    assert len(warnings(caplog)) == 4


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def test_a_job_whose_answer_is_lost_is_not_asked_for_again_that_day() -> None:
    rows, clock = Rows(), Clock()
    rows.away = True
    retention = Retention(rows, clock, mode="on")
    with pytest.raises(Unavailable):
        retention.clear()

    rows.away = False
    assert retention.clear() is Clearing.DONE_TODAY
    clock.advance(timedelta(days=1))
    assert retention.clear() is Clearing.STARTED


def test_before_anything_is_applied_there_is_nothing_to_clear() -> None:
    rows = Rows()
    rows.row = None

    assert Retention(rows, Clock(), mode="on").clear() is Clearing.NO_SETTINGS
    assert rows.jobs == []


@pytest.mark.parametrize(
    ("mode", "expected"), [("off", Clearing.OFF), ("dry-run", Clearing.STARTED)]
)
def test_a_dry_run_logs_and_so_clears_too_and_an_app_that_is_off_does_not(
    mode: str, expected: Clearing
) -> None:
    rows = Rows()

    assert Retention(rows, Clock(), mode=mode).clear() is expected
    assert len(rows.jobs) == (expected is Clearing.STARTED)
