"""The first working moment: nights, weekends, breaks, time off, daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from work_assignment.domain.availability import ALWAYS_WORKING, Calendar
from work_assignment.domain.working_times import read_calendar

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
        ([["12:00", "14:00"], ["13:00", "13:30"]], "13:40", "14:00"),
        ([["13:00", "14:00"], ["12:00", "13:00"]], "12:30", "14:00"),
        ([["08:00", "09:00"]], "08:00", "09:00"),
    ],
)
def test_breaks_are_skipped(breaks: list[list[str]], at: str, expected: str) -> None:
    assert first(calendar({**OFFICE, "breaks": breaks}), f"2026-03-04 {at}") == (
        f"2026-03-04 {expected}:00"
    )


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
