"""Deliveries that Dataverse gave up are said, once each, and asking for them costs next to nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.services.fakes import NOW, Clock

from work_assignment.domain.errors import NotPermitted, Unavailable
from work_assignment.domain.runs.watching import FailedJobs
from work_assignment.services.failed_jobs import FIRST_LOOK, LOOKED_EVERY, FailedJobWatch

SOME = FailedJobs(2, newest="0x80050205: refused", newest_step="Create of lead", newest_at=NOW)


class JobLog:
    """Dataverse's jobs; `answer` may be an error."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []
        self.answer: FailedJobs | Exception = FailedJobs()

    def failed_jobs(self, since: datetime) -> FailedJobs:
        self.asked.append(since)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Watching:
    def __init__(self) -> None:
        self.clock, self.jobs = Clock(), JobLog()
        self.watch = FailedJobWatch(self.jobs, self.clock)

    def minutes(self, number: int) -> None:
        for _ in range(number):
            self.watch.look()
            self.clock.advance(timedelta(minutes=1))


@pytest.fixture
def watching() -> Watching:
    return Watching()


def test_they_are_looked_for_every_ten_minutes_from_where_the_last_look_ended(
    watching: Watching,
) -> None:
    watching.minutes(21)

    assert watching.jobs.asked == [NOW - FIRST_LOOK, NOW, NOW + LOOKED_EVERY]


def test_one_line_tells_how_many_and_the_newest(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    watching.jobs.answer = SOME

    watching.minutes(3)

    (line,) = caplog.messages
    assert "2 failed jobs" in line
    assert "'Create of lead': 0x80050205: refused" in line


def test_nothing_is_said_when_nothing_failed(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    watching.minutes(12)

    assert caplog.messages == []
    assert len(watching.jobs.asked) == 2


def test_a_missing_privilege_is_said_once(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    watching.jobs.answer = NotPermitted("prvReadAsyncOperation")

    watching.minutes(31)

    (line,) = caplog.messages
    assert "System Job" in line
    assert "prvReadAsyncOperation" in line


def test_while_dataverse_is_away_nothing_counts_as_looked_at(watching: Watching) -> None:
    watching.jobs.answer = Unavailable("away")
    watching.minutes(2)
    watching.jobs.answer = FailedJobs()
    watching.minutes(2)

    assert watching.jobs.asked[-1] == watching.clock() - timedelta(minutes=2) - FIRST_LOOK
    assert len(watching.jobs.asked) == 3
