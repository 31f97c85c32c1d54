"""Schedules: which moments their local times stand for, and what is wrong with one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from work_assignment.domain.defining.schedules import Schedule, read_schedule, schedule_form
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import EVERY_DAY

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = frozenset(range(5))
DAY = timedelta(days=1)


def daily(*times: str, zone: str = "Europe/Berlin", **more: object) -> Schedule:
    return read_schedule({"times": list(times), "time_zone": zone, **more}, UTC, "schedule")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due_on(schedule: Schedule, day: str) -> list[str]:
    """What is due in the local day, in UTC."""
    start = datetime.fromisoformat(day).replace(tzinfo=schedule.zone).astimezone(UTC)
    end = (datetime.fromisoformat(day) + DAY).replace(tzinfo=schedule.zone).astimezone(UTC)
    found = schedule.moments(start - timedelta(microseconds=1), end - timedelta(microseconds=1))
    return [f"{at:%H:%M}" for at in found]


def test_times_are_of_the_schedules_own_zone_in_summer_and_winter() -> None:
    schedule = daily("08:00", "13:00")

    assert due_on(schedule, "2026-01-15") == ["07:00", "12:00"]
    assert due_on(schedule, "2026-07-15") == ["06:00", "11:00"]


def test_a_time_that_clocks_jump_over_is_due_at_the_jump() -> None:
    schedule = daily("02:30")

    assert due_on(schedule, "2026-03-29") == ["01:00"]  # 03:00 in Berlin
    assert schedule.newest_due(utc("2026-03-28T12:00"), utc("2026-03-29T12:00")) == utc(
        "2026-03-29T01:00"
    )


def test_times_that_come_to_one_moment_are_due_once() -> None:
    schedule = daily("02:00", "02:30", "03:00", "03:30")

    assert due_on(schedule, "2026-03-29") == ["01:00", "01:30"]


def test_a_time_that_comes_twice_is_due_the_first_time() -> None:
    schedule = daily("02:30")

    assert due_on(schedule, "2026-10-25") == ["00:30"]
    assert schedule.next_due(utc("2026-10-25T00:30")) == utc("2026-10-26T01:30")


def test_a_day_that_is_skipped_is_due_when_the_next_begins() -> None:
    schedule = daily("08:00", "20:00", zone="Pacific/Apia")  # had no 30 December 2011

    found = list(schedule.moments(utc("2011-12-29T12:00"), utc("2011-12-31T12:00")))

    assert found == [
        utc("2011-12-29T18:00"),
        utc("2011-12-30T06:00"),
        utc("2011-12-30T10:00"),
        utc("2011-12-30T18:00"),
        utc("2011-12-31T06:00"),
    ]


def test_days_and_borders_are_local_ones_and_included() -> None:
    schedule = daily("08:00", days=["mon", "tue"], **{"from": "2026-03-03", "until": "2026-03-09"})

    found = list(schedule.moments(utc("2026-01-01T00:00"), utc("2027-01-01T00:00")))

    assert found == [utc("2026-03-03T07:00"), utc("2026-03-09T07:00")]
    assert schedule.next_due(utc("2026-03-09T06:59")) == utc("2026-03-09T07:00")
    assert schedule.next_due(utc("2026-03-09T07:00")) is None
    assert schedule.next_due(utc("2020-01-01T00:00")) == utc("2026-03-03T07:00")
    assert schedule.newest_due(utc("2026-03-09T07:00"), utc("2027-01-01T00:00")) is None


def test_a_moment_is_due_up_to_the_end_and_not_from_the_start() -> None:
    schedule, at = daily("08:00"), utc("2026-01-15T07:00")

    assert schedule.newest_due(at - DAY, at) == at
    assert schedule.newest_due(at, at + timedelta(hours=1)) is None


def test_the_end_of_the_calendar_has_no_next_time() -> None:
    schedule = daily("08:00", **{"from": "9999-12-31"})

    assert schedule.next_due(utc("9999-12-30T12:00")) is None


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"times": ["8:00"]}, "every day at 08:00 (UTC)"),
        (
            {"times": ["13:00", "08:00"], "days": ["fri", "mon", "tue", "wed", "thu"]},
            "mon-fri at 08:00, 13:00 (UTC)",
        ),
        ({"times": ["08:00"], "days": ["mon", "Friday"]}, "mon, fri at 08:00 (UTC)"),
        (
            {"times": ["08:00"], "time_zone": "W. Europe Standard Time", "from": "2026-01-01"},
            "every day at 08:00 (Europe/Berlin), from 2026-01-01",
        ),
        ({"times": ["08:00"], "days": "mon-fri"}, "mon-fri at 08:00 (UTC)"),
        ({"times": ["08:00"], "days": ["fri-mon"]}, "mon, fri, sat, sun at 08:00 (UTC)"),
        ({"times": ["08:00"], "days": "Every day"}, "every day at 08:00 (UTC)"),
        (
            {"times": ["08:00"], "days": ["sat", "sun"], "until": "2026-12-31"},
            "sat, sun at 08:00 (UTC), until 2026-12-31",
        ),
    ],
)
def test_a_schedule_says_in_words_when_it_is_due(entry: object, words: str) -> None:
    assert str(read_schedule(entry, UTC, "schedule")) == words


@pytest.mark.parametrize(
    ("entry", "problem", "meant"),
    [
        ([], "it is a mapping of days, times, time_zone, from, until", None),
        ({"times": ["08:00"], "zone": "UTC"}, "there is no key 'zone'", "time_zone"),
        ({"times": ["08:00"], "day": ["mon"]}, "there is no key 'day'", "days"),
        ({}, 'times is a list such as ["08:00", "13:00"], and must be there', None),
        ({"times": []}, 'times is a list such as ["08:00", "13:00"], not []', None),
        ({"times": "08:00"}, 'times is a list such as ["08:00", "13:00"], not \'08:00\'', None),
        ({"times": ["25:00"]}, "to \"23:59\", not '25:00'", None),
        ({"times": ["08:60"]}, "to \"23:59\", not '08:60'", None),
        ({"times": ["24:00"]}, "to \"23:59\", not '24:00'", "00:00"),
        ({"times": ["8"]}, "to \"23:59\", not '8'", "08:00"),
        ({"times": ["08:00:30"]}, "to \"23:59\", not '08:00:30'", None),
        ({"times": [480]}, 'to "23:59", not 480', None),
        ({"times": ["08:00", "8:00"]}, "the time '8:00' is there twice", None),
        ({"times": ["08:00"], "days": []}, "days is a list such as [mon, tue], or days such", None),
        ({"times": ["08:00"], "days": ["mon-wed", "tue"]}, "the day 'tue' is there twice", None),
        ({"times": ["08:00"], "days": "mon-fry"}, "there is no day 'fry'", "fri"),
        ({"times": ["08:00"], "time_zone": "CEST"}, "no time zone 'CEST'", "Europe/Berlin"),
        ({"times": ["08:00"], "time_zone": "ABCT"}, "no time zone 'ABCT'", None),
        (
            {"times": [], "time_zone": "Europe/Berln"},
            "not [], and there is no time zone 'Europe/Berln'",
            "Europe/Berlin",
        ),
        ({"times": ["08:00"], "days": ["mo"]}, "there is no day 'mo'", "mon"),
        ({"times": ["08:00"], "time_zone": "Europe/Berln"}, "no time zone", "Europe/Berlin"),
        ({"times": ["08:00"], "time_zone": 7}, "there is no time zone 7", None),
        ({"times": ["08:00"], "from": "2026-02-30"}, "from is a date such as", None),
        (
            {"times": ["08:00"], "from": "2026-02-02", "until": "2026-02-01"},
            "it ends (2026-02-01) before it starts (2026-02-02)",
            None,
        ),
    ],
)
def test_what_is_wrong_with_a_schedule_is_said(
    entry: object, problem: str, meant: str | None
) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_schedule(entry, UTC, "segment 'A', schedule")

    assert problem in caught.value.problem
    assert caught.value.suggestion == meant
    assert caught.value.where == "segment 'A', schedule"


def test_a_schedule_is_stored_in_one_form_and_comes_back_from_it() -> None:
    schedule = Schedule(
        WEEKDAYS, (time(8), time(13, 30)), BERLIN, date(2026, 1, 1), date(2026, 12, 31)
    )
    form = schedule_form(
        schedule.days,
        [time(13, 30), time(8)],
        "Europe/Berlin",
        date(2026, 1, 1),
        date(2026, 12, 31),
    )

    assert form["times"] == ["08:00", "13:30"]
    assert read_schedule(form, UTC, "schedule") == schedule
    assert schedule_form(EVERY_DAY, [time(8)], None, None, None) == {"times": ["08:00"]}
