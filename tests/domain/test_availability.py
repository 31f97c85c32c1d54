"""Working time: nights, weekends, breaks, time off, what outranks a pattern, daylight saving."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from work_assignment.domain.hours.availability import (
    ALWAYS_WORKING,
    Calendar,
    Interval,
    Override,
    WorkingHours,
)
from work_assignment.domain.hours.working_times import read_calendar

OFFICE: dict[str, object] = {
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "from": "08:00",
    "to": "17:00",
}
NIGHT: dict[str, object] = {"days": ["sat"], "from": "22:00", "to": "06:00"}
WEEK = timedelta(days=7)


def calendar(*hours: dict[str, object], off: list[dict[str, str]] | None = None) -> Calendar:
    return read_calendar(list(hours), off, "seller")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first(working: Calendar, at: str, within: timedelta = WEEK) -> str | None:
    """The first working moment in UTC, as text."""
    moment = working.first_working_moment(utc(at), within)
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-04 09:30:15", "2026-03-04 09:30:15"),
        ("2026-03-04 08:00", "2026-03-04 08:00:00"),
        ("2026-03-04 07:59:59", "2026-03-04 08:00:00"),
        ("2026-03-04 17:00", "2026-03-05 08:00:00"),
        ("2026-03-06 17:00", "2026-03-09 08:00:00"),
        ("2026-03-08 12:00", "2026-03-09 08:00:00"),
    ],
)
def test_nights_and_weekends_are_skipped(at: str, expected: str) -> None:
    assert first(calendar(OFFICE), at) == expected


def test_a_moment_at_the_very_end_of_the_window_counts_and_one_after_does_not() -> None:
    at = "2026-03-04 17:00"

    assert first(calendar(OFFICE), at, timedelta(hours=15)) == "2026-03-05 08:00:00"
    assert first(calendar(OFFICE), at, timedelta(hours=15) - timedelta(seconds=1)) is None


def test_without_hours_a_seller_always_works_but_for_her_time_off() -> None:
    away = calendar(off=[{"from": "2026-03-04T00:00:00Z", "to": "2026-03-06T00:00:00Z"}])

    assert first(ALWAYS_WORKING, "2026-03-08 03:00") == "2026-03-08 03:00:00"
    assert first(away, "2026-03-04 09:00") == "2026-03-06 00:00:00"
    assert first(away, "2026-03-04 09:00", timedelta(hours=39)) == "2026-03-06 00:00:00"
    assert first(away, "2026-03-04 09:00", timedelta(hours=38)) is None


@pytest.mark.parametrize(
    "off",
    [
        [("2026-03-04T08:00", "2026-03-05T12:00")],
        [("2026-03-04T12:00", "2026-03-05T12:00"), ("2026-03-04T08:00", "2026-03-04T13:00")],
        [("2026-03-04T08:00", "2026-03-05T12:00"), ("2026-03-04T09:00", "2026-03-04T10:00")],
    ],
)
def test_time_off_however_it_is_written_down(off: list[tuple[str, str]]) -> None:
    entries = [{"from": f"{start}:00Z", "to": f"{end}:00Z"} for start, end in off]

    assert first(calendar(OFFICE, off=entries), "2026-03-04 09:00") == "2026-03-05 12:00:00"


@pytest.mark.parametrize(
    ("breaks", "at", "expected"),
    [
        ([["12:00", "13:00"]], "12:00", "13:00"),
        ([["12:00", "13:00"]], "11:59", "11:59"),
        ([["12:00", "13:00"]], "13:00", "13:00"),
        ([["13:00", "14:00"], ["12:00", "13:00"]], "12:30", "14:00"),
        ([["08:00", "09:00"]], "08:00", "09:00"),
    ],
)
def test_breaks_are_skipped(breaks: list[list[str]], at: str, expected: str) -> None:
    assert first(calendar({**OFFICE, "breaks": breaks}), f"2026-03-04 {at}") == (
        f"2026-03-04 {expected}:00"
    )


def test_breaks_of_a_calendar_in_dataverse_may_overlap() -> None:
    breaks = ((time(12), time(14)), (time(13), time(13, 30)))
    hours = WorkingHours(frozenset({2}), time(8), time(17), UTC, breaks)

    assert first(Calendar((hours,)), "2026-03-04 13:40") == "2026-03-04 14:00:00"


def test_a_break_up_to_the_end_ends_the_day() -> None:
    hours = {**OFFICE, "breaks": [["16:00", "17:00"]]}

    assert first(calendar(hours), "2026-03-04 16:30") == "2026-03-05 08:00:00"


def test_a_shift_past_midnight_belongs_to_the_day_it_starts() -> None:
    working = calendar({**NIGHT, "breaks": [["23:30", "00:30"], ["03:00", "04:00"]]})

    assert first(working, "2026-03-07 21:00") == "2026-03-07 22:00:00"
    assert first(working, "2026-03-07 23:45") == "2026-03-08 00:30:00"
    assert first(working, "2026-03-08 03:10") == "2026-03-08 04:00:00"
    assert first(working, "2026-03-08 05:59") == "2026-03-08 05:59:00"
    assert first(working, "2026-03-08 06:00") == "2026-03-14 22:00:00"
    assert first(working, "2026-03-07 05:00") == "2026-03-07 22:00:00"


def test_several_sets_of_hours_add_up() -> None:
    working = calendar(OFFICE, {"days": ["sat"], "from": "10:00", "to": "12:00"})

    assert first(working, "2026-03-06 18:00") == "2026-03-07 10:00:00"


def in_zone(zone: str, start: str, end: str, **more: object) -> Calendar:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return calendar({"days": days, "from": start, "to": end, "time_zone": zone, **more})


@pytest.mark.parametrize(
    ("zone", "start", "end", "at", "expected"),
    [
        # Berlin, 29 March 2026: 02:00 becomes 03:00; the day has 23 hours.
        ("Europe/Berlin", "08:00", "17:00", "2026-03-28 16:00", "2026-03-29 06:00:00"),
        ("Europe/Berlin", "02:30", "10:00", "2026-03-29 00:00", "2026-03-29 01:00:00"),
        ("Europe/Berlin", "20:00", "02:30", "2026-03-29 01:00", "2026-03-29 18:00:00"),
        # Berlin, 25 October 2026: 03:00 becomes 02:00; 02:00-03:00 comes twice.
        ("Europe/Berlin", "08:00", "17:00", "2026-10-24 15:00", "2026-10-25 07:00:00"),
        ("Europe/Berlin", "02:30", "10:00", "2026-10-25 00:00", "2026-10-25 00:30:00"),
        ("Europe/Berlin", "20:00", "02:30", "2026-10-25 01:29", "2026-10-25 01:29:00"),
        ("Europe/Berlin", "20:00", "02:30", "2026-10-25 01:30", "2026-10-25 19:00:00"),
        ("Europe/Berlin", "20:00", "02:00", "2026-10-24 23:59", "2026-10-24 23:59:00"),
        ("Europe/Berlin", "20:00", "02:00", "2026-10-25 00:00", "2026-10-25 19:00:00"),
        # New York, 8 March and 1 November 2026.
        ("America/New_York", "02:30", "10:00", "2026-03-08 06:00", "2026-03-08 07:00:00"),
        ("America/New_York", "08:00", "17:00", "2026-03-07 22:00", "2026-03-08 12:00:00"),
        ("America/New_York", "08:00", "17:00", "2026-10-31 21:00", "2026-11-01 13:00:00"),
        # Lord Howe, 5 April and 4 October 2026: half an hour.
        ("Australia/Lord_Howe", "08:00", "17:00", "2026-04-04 06:30", "2026-04-04 21:30:00"),
        ("Australia/Lord_Howe", "02:15", "10:00", "2026-10-03 15:00", "2026-10-03 15:30:00"),
        ("Australia/Lord_Howe", "08:00", "17:00", "2026-10-03 07:00", "2026-10-03 21:00:00"),
    ],
)
def test_daylight_saving_jumps(zone: str, start: str, end: str, at: str, expected: str) -> None:
    assert first(in_zone(zone, start, end), at) == expected


def test_a_break_within_the_hour_that_comes_twice_is_taken_once() -> None:
    working = in_zone("Europe/Berlin", "00:00", "08:00", breaks=[["02:15", "02:45"]])

    assert first(working, "2026-10-25 00:20") == "2026-10-25 00:45:00"
    assert first(working, "2026-10-25 01:20") == "2026-10-25 01:20:00"


EVERY_DAY = frozenset(range(7))
BERLIN = ZoneInfo("Europe/Berlin")
DAYTIME = WorkingHours(EVERY_DAY, time(8), time(17), BERLIN)
WHOLE_DAYS = WorkingHours(EVERY_DAY, time(0), time(0), BERLIN)


def hours_between(working: Calendar, start: str, end: str) -> float:
    return working.working_time(utc(start), utc(end)) / timedelta(hours=1)


def only_on(hours: WorkingHours, *days: int) -> tuple[WorkingHours, ...]:
    """The same hours on single days of March 2026."""
    held = [date(2026, 3, day) for day in days]
    return tuple(replace(hours, first_day=day, last_day=day) for day in held)


def test_a_pattern_holds_from_its_first_day_to_its_last() -> None:
    working = calendar({**OFFICE, "first_day": "2026-03-04", "last_day": "2026-03-09"})

    assert first(working, "2026-02-27 00:00") == "2026-03-04 08:00:00"
    assert first(working, "2026-03-09 16:59") == "2026-03-09 16:59:00"
    assert first(working, "2026-03-09 17:00", timedelta(days=400)) is None


def test_every_second_week_is_counted_from_monday_of_the_first_days_week() -> None:
    working = calendar(
        {**OFFICE, "days": ["mon", "wed"], "first_day": "2026-03-04", "every_weeks": 2}
    )
    three_weeks = timedelta(days=21)

    assert first(working, "2026-03-02 09:00", three_weeks) == "2026-03-04 08:00:00"
    assert first(working, "2026-03-04 17:00", three_weeks) == "2026-03-16 08:00:00"
    assert first(working, "2026-03-18 17:00", three_weeks) == "2026-03-30 08:00:00"


def test_every_third_day_is_counted_from_the_first_one() -> None:
    working = Calendar((replace(DAYTIME, first_day=date(2026, 3, 2), every_days=3),))

    assert first(working, "2026-03-02 17:00") == "2026-03-05 07:00:00"
    assert first(working, "2026-03-05 17:00") == "2026-03-08 07:00:00"


def test_hours_from_midnight_to_midnight_are_the_whole_day() -> None:
    working = Calendar(only_on(WHOLE_DAYS, 29))

    assert hours_between(working, "2026-03-01 00:00", "2026-04-01 00:00") == 23
    assert first(working, "2026-03-01 00:00", timedelta(days=40)) == "2026-03-28 23:00:00"


def test_a_day_of_its_own_replaces_the_pattern_of_that_day() -> None:
    short = only_on(replace(DAYTIME, end=time(10)), 4)
    working = Calendar((DAYTIME,), overrides=(Override(short, only_on(WHOLE_DAYS, 4)),))

    assert hours_between(working, "2026-03-03 00:00", "2026-03-06 00:00") == 9 + 2 + 9


def test_a_day_without_hours_replaces_the_pattern_too() -> None:
    working = Calendar((DAYTIME,), overrides=(Override(replaced=only_on(WHOLE_DAYS, 4, 5)),))

    assert first(working, "2026-03-03 16:00") == "2026-03-06 07:00:00"


def test_what_outranks_a_holiday_is_worked_on_the_holiday() -> None:
    holiday = Override(time_off=(Interval(utc("2026-03-04 00:00"), utc("2026-03-05 00:00")),))
    duty = Override(only_on(replace(DAYTIME, end=time(12)), 4))

    assert hours_between(Calendar((DAYTIME,), (), (holiday,)), "2026-03-04", "2026-03-05") == 0
    assert hours_between(Calendar((DAYTIME,), (), (holiday, duty)), "2026-03-04", "2026-03-05") == 4
    assert hours_between(Calendar((DAYTIME,), (), (duty, holiday)), "2026-03-04", "2026-03-05") == 0


def test_free_hours_leave_the_rest_of_the_day() -> None:
    meeting = replace(DAYTIME, days=frozenset({2}), start=time(13), end=time(15))
    working = Calendar((DAYTIME,), overrides=(Override(free=(meeting,)),))

    assert hours_between(working, "2026-03-04 00:00", "2026-03-05 00:00") == 7
    assert first(working, "2026-03-04 12:30") == "2026-03-04 14:00:00"


def test_where_no_rule_has_hours_only_what_is_free_is_not_worked() -> None:
    working = Calendar(overrides=(Override(replaced=only_on(WHOLE_DAYS, 4)),))

    assert hours_between(working, "2026-03-03 00:00", "2026-03-06 00:00") == 48


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-02 00:00", "2026-03-09 00:00", 45),
        ("2026-03-04 09:30", "2026-03-04 11:00", 1.5),
        ("2026-03-04 16:00", "2026-03-05 09:00", 2),
        ("2026-03-07 00:00", "2026-03-08 23:00", 0),
        ("2026-03-05 09:00", "2026-03-04 16:00", -2),
        ("2026-01-01 00:00", "2027-01-01 00:00", 261 * 9),
    ],
)
def test_working_time_between_two_moments(start: str, end: str, hours: float) -> None:
    assert hours_between(calendar(OFFICE), start, end) == hours


def test_without_any_rules_all_time_is_working_time() -> None:
    assert hours_between(ALWAYS_WORKING, "2026-03-01 00:00", "2026-03-31 12:30") == 30 * 24 + 12.5


def test_working_time_knows_breaks_holidays_zones_and_clocks_that_jump() -> None:
    working = in_zone(
        "Europe/Berlin", "01:00", "05:00", breaks=[["03:30", "04:00"]], days=["sat", "sun"]
    )
    away = Calendar(working.hours, (Interval(utc("2026-03-21 00:00"), utc("2026-03-22 00:00")),))

    assert hours_between(working, "2026-03-27 00:00", "2026-03-30 00:00") == 3.5 + 2.5
    assert hours_between(working, "2026-10-23 00:00", "2026-10-26 00:00") == 3.5 + 4.5
    assert hours_between(away, "2026-03-20 00:00", "2026-03-30 00:00") == 3.5 + 3.5 + 2.5


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-04 09:00", 1, "2026-03-04 10:00"),
        ("2026-03-04 09:00", 8, "2026-03-04 17:00"),
        ("2026-03-04 09:00", 9, "2026-03-05 09:00"),
        ("2026-03-06 20:00", 1, "2026-03-09 09:00"),
        ("2026-03-06 20:00", 0, "2026-03-06 20:00"),
        ("2026-03-02 08:00", 450, "2026-05-08 17:00"),
    ],
)
def test_working_time_is_added(start: str, hours: float, end: str) -> None:
    added = calendar(OFFICE).add_working_time(utc(start), timedelta(hours=hours))

    assert added == utc(end)


def test_working_time_that_never_comes_is_nothing() -> None:
    past = Calendar(only_on(DAYTIME, 4))

    assert past.add_working_time(utc("2026-03-04 15:00"), timedelta(hours=2)) is None


def test_less_than_no_working_time_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        ALWAYS_WORKING.add_working_time(utc("2026-03-04 15:00"), timedelta(hours=-2))


def test_moments_may_be_given_in_any_time_zone() -> None:
    start, end = (moment.astimezone(BERLIN) for moment in (utc("2026-03-28"), utc("2026-03-30")))

    assert ALWAYS_WORKING.working_time(start, end) == timedelta(hours=48)
    assert calendar(OFFICE).first_working_moment(end, WEEK) == utc("2026-03-30 08:00")


def test_calendars_with_the_same_rules_are_equal_whatever_they_were_asked() -> None:
    one, other = calendar(OFFICE), calendar(OFFICE)
    one.working_time(utc("2026-03-02"), utc("2026-03-09"))

    assert one == other
    assert hash(one) == hash(other)
