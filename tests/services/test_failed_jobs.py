"""Deliveries that Dataverse gave up are said, once each, and asking for them costs next to nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.services.fakes import NOW, Clock

from work_assignment.domain.errors import NotPermitted, Refused, Unavailable
from work_assignment.domain.runs.watching import FailedJobs
from work_assignment.services.failed_jobs import (
    CLOCKS_DIFFER,
    FIRST_LOOK,
    LOOKED_EVERY,
    FailedJobWatch,
)

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
        self.watch = FailedJobWatch(self.jobs, self.clock, monotonic=self.clock.monotonic)

    def minutes(self, number: int) -> None:
        for _ in range(number):
            self.watch.look()
            self.clock.advance(timedelta(minutes=1))


@pytest.fixture
def watching() -> Watching:
    return Watching()


def test_they_are_looked_for_every_ten_minutes_from_before_the_last_look(
    watching: Watching,
) -> None:
    watching.minutes(21)

    assert watching.jobs.asked == [
        NOW - FIRST_LOOK,
        NOW - CLOCKS_DIFFER,
        NOW + LOOKED_EVERY - CLOCKS_DIFFER,
    ]


def test_what_was_told_is_not_told_again(watching: Watching) -> None:
    watching.jobs.answer = SOME

    watching.minutes(11)

    assert watching.jobs.asked[1] == NOW + timedelta(seconds=1)


def test_a_clock_that_is_set_back_does_not_put_the_next_look_off(watching: Watching) -> None:
    watching.watch.look()
    watching.clock.advance(LOOKED_EVERY)
    watching.clock.set_back(timedelta(hours=1))
    watching.watch.look()

    assert len(watching.jobs.asked) == 2


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


def test_a_refusal_of_any_other_kind_is_said_once_for_each_kind_and_fails_nobody(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    watching.jobs.answer = Refused("400 0x80040216: an unexpected error")
    watching.minutes(31)
    watching.jobs.answer = Refused("413: too large")
    watching.minutes(30)

    first, second = caplog.messages
    assert "0x80040216" in first
    assert "413" in second
    assert "needs to read" not in caplog.text


def test_a_refusal_that_comes_back_after_it_was_gone_is_said_again(
    watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    for answer in (Refused("400"), FailedJobs(), Refused("400")):
        watching.jobs.answer = answer
        watching.minutes(10)

    assert len(caplog.messages) == 2


def test_while_dataverse_is_away_nothing_counts_as_looked_at(watching: Watching) -> None:
    watching.jobs.answer = Unavailable("away")
    watching.minutes(2)
    watching.jobs.answer = FailedJobs()
    watching.minutes(2)

    assert watching.jobs.asked[-1] == watching.clock() - timedelta(minutes=2) - FIRST_LOOK
    assert len(watching.jobs.asked) == 3
