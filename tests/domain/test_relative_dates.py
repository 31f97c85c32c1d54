"""Relative dates: the first and the last moment, or day, of each operator, seen from Berlin."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.domain.asking import IN_BERLIN, WEDNESDAY, berlin, holds

from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.reckoning import FiscalYear, Reckoning

INSTANT = timedelta(microseconds=1)
FROM_JULY = Reckoning(fiscal_year=FiscalYear(start_month=7))
NOW = "2026-03-04T16:30"  # a Wednesday, as are all moments below unless said
SPANS = [
    ("yesterday", "2026-03-03", "2026-03-03"),
    ("today", "2026-03-04", "2026-03-04"),
    ("tomorrow", "2026-03-05", "2026-03-05"),
    ("last-week", "2026-02-22", "2026-02-28"),
    ("this-week", "2026-03-01", "2026-03-07"),
    ("next-week", "2026-03-08", "2026-03-14"),
    ("last-month", "2026-02-01", "2026-02-28"),
    ("this-month", "2026-03-01", "2026-03-31"),
    ("next-month", "2026-04-01", "2026-04-30"),
    ("last-year", "2025-01-01", "2025-12-31"),
    ("this-year", "2026-01-01", "2026-12-31"),
    ("next-year", "2027-01-01", "2027-12-31"),
]
BACKWARD = [
    ("last-seven-days", (), "2026-02-25"),
    ("last-x-days", ("1",), "2026-03-03"),
    ("last-x-days", ("7",), "2026-02-25"),
    ("last-x-weeks", ("2",), "2026-02-18"),
    ("last-x-months", ("13",), "2025-02-04"),
    ("last-x-years", ("2",), "2024-03-04"),
]
FORWARD = [
    ("next-seven-days", (), "2026-03-11"),
    ("next-x-days", ("1",), "2026-03-05"),
    ("next-x-weeks", ("2",), "2026-03-18"),
    ("next-x-months", ("10",), "2027-01-04"),
    ("next-x-years", ("2",), "2028-03-04"),
]
OLDER = [
    ("olderthan-x-days", "30", "2026-02-02"),
    ("olderthan-x-weeks", "2", "2026-02-18"),
    ("olderthan-x-months", "3", "2025-12-04"),
    ("olderthan-x-years", "1", "2025-03-04"),
]


def assert_moments(
    operator: str,
    texts: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
    *,
    at: datetime = WEDNESDAY,
    reckoning: Reckoning = IN_BERLIN,
) -> None:
    """The operator holds from one moment to the other and no instant longer."""
    for edge, outward in ((first, -INSTANT), (last, INSTANT)):
        if edge is not None:
            assert holds(operator, edge, *texts, at=at, reckoning=reckoning)
            assert not holds(operator, edge + outward, *texts, at=at, reckoning=reckoning)


def assert_days(
    operator: str,
    texts: tuple[str, ...],
    first: date | None,
    last: date | None,
    *,
    at: datetime = WEDNESDAY,
    reckoning: Reckoning = IN_BERLIN,
) -> None:
    """The operator holds from one day to the other and no day longer."""
    for edge, outward in ((first, -timedelta(1)), (last, timedelta(1))):
        if edge is not None:
            assert holds(operator, edge, *texts, at=at, reckoning=reckoning)
            assert not holds(operator, edge + outward, *texts, at=at, reckoning=reckoning)


@pytest.mark.parametrize(("operator", "first", "last"), SPANS)
def test_a_span_of_days_runs_from_midnight_to_midnight(
    operator: str, first: str, last: str
) -> None:
    assert_moments(operator, (), berlin(first), berlin(last + "T23:59:59.999999"))
    assert_days(operator, (), date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(("operator", "texts", "first"), BACKWARD)
def test_the_last_so_many_run_from_midnight_to_now(
    operator: str, texts: tuple[str, ...], first: str
) -> None:
    assert_moments(operator, texts, berlin(first), berlin(NOW))
    assert_days(operator, texts, date.fromisoformat(first), date(2026, 3, 4))


@pytest.mark.parametrize(("operator", "texts", "last"), FORWARD)
def test_the_next_so_many_run_from_now_to_midnight(
    operator: str, texts: tuple[str, ...], last: str
) -> None:
    assert_moments(operator, texts, berlin(NOW), berlin(last + "T23:59:59.999999"))
    assert_days(operator, texts, date(2026, 3, 4), date.fromisoformat(last))


@pytest.mark.parametrize(("operator", "count", "day"), OLDER)
def test_older_is_what_lies_before_this_time_of_that_day(
    operator: str, count: str, day: str
) -> None:
    assert_moments(operator, (count,), None, berlin(day + "T16:30") - INSTANT)
    assert_days(operator, (count,), None, date.fromisoformat(day) - timedelta(days=1))


def test_hours_are_full_hours_and_the_present_one_is_in_them() -> None:
    assert_moments("last-x-hours", ("1",), berlin("2026-03-04T15:00"), berlin(NOW))
    assert_moments("next-x-hours", ("1",), berlin(NOW), berlin("2026-03-04T18:00") - INSTANT)


def test_older_than_hours_and_minutes_is_older_by_the_time_that_passed() -> None:
    assert_moments("olderthan-x-hours", ("2",), None, berlin("2026-03-04T14:30") - INSTANT)
    assert_moments("olderthan-x-minutes", ("45",), None, berlin("2026-03-04T15:45") - INSTANT)


def test_the_week_begins_when_the_organisation_says() -> None:
    from_monday = Reckoning(week_start=0)
    sunday = datetime(2026, 3, 8, 12, tzinfo=UTC)

    assert_days(
        "this-week", (), date(2026, 3, 2), date(2026, 3, 8), at=sunday, reckoning=from_monday
    )
    assert_days("this-week", (), date(2026, 3, 8), date(2026, 3, 14), at=sunday)


def test_today_is_that_of_the_time_zone() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)  # the 5th in Berlin

    assert holds("today", date(2026, 3, 5), at=late)
    assert holds("yesterday", datetime(2026, 3, 4, 22, 59, tzinfo=UTC), at=late)
    assert holds("today", date(2026, 3, 4), at=late, reckoning=Reckoning())


def test_a_time_without_time_zone_is_compared_with_the_clock_on_the_wall() -> None:
    def at_wall(text: str, operator: str, *texts: str) -> bool:
        written = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return holds(operator, written, *texts, kind=ColumnKind.WALL_CLOCK)  # 16:30 in Berlin

    assert at_wall("2026-03-04T00:00", "today")
    assert not at_wall("2026-03-03T23:30", "today")
    assert at_wall("2026-03-04T23:59", "on", "2026-03-04")
    assert at_wall("2026-03-04T16:30", "last-x-days", "1")
    assert not at_wall("2026-03-04T16:31", "last-x-days", "1")
    assert at_wall("2026-03-04T15:00", "last-x-hours", "1")
    assert not at_wall("2026-03-04T14:59", "last-x-hours", "1")
    assert at_wall("2026-03-04T15:29", "olderthan-x-hours", "1")
    assert not at_wall("2026-03-04T15:30", "olderthan-x-hours", "1")


# Days when clocks change


def test_a_day_may_have_23_or_25_hours() -> None:
    spring, autumn = berlin("2026-03-29T12:00"), berlin("2026-10-25T12:00")

    assert_moments("today", (), berlin("2026-03-29"), berlin("2026-03-30") - INSTANT, at=spring)
    assert berlin("2026-03-30") - berlin("2026-03-29") == timedelta(hours=23)
    assert_moments("today", (), berlin("2026-10-25"), berlin("2026-10-26") - INSTANT, at=autumn)
    assert berlin("2026-10-26") - berlin("2026-10-25") == timedelta(hours=25)


def test_days_are_counted_by_the_calendar_and_older_than_them_by_24_hours() -> None:
    after_spring = berlin("2026-03-29T12:30")

    assert_moments("last-x-days", ("1",), berlin("2026-03-28"), after_spring, at=after_spring)
    for operator, count in (("olderthan-x-days", "1"), ("olderthan-x-hours", "24")):
        last = berlin("2026-03-28T11:30") - INSTANT
        assert_moments(operator, (count,), None, last, at=after_spring)
    assert_moments(
        "last-x-hours", ("12",), berlin("2026-03-28T23:00"), after_spring, at=after_spring
    )


def test_months_and_years_turn_the_clock_back() -> None:
    summer = berlin("2026-04-29T12:30")

    assert_moments(
        "olderthan-x-months", ("2",), None, berlin("2026-02-28T12:30") - INSTANT, at=summer
    )


def test_a_day_whose_midnight_is_skipped_begins_when_the_clocks_have_changed() -> None:
    in_beirut = Reckoning(zone=ZoneInfo("Asia/Beirut"))  # 00:00 is skipped on 2026-03-29
    first = datetime(2026, 3, 28, 22, tzinfo=UTC)
    last = datetime(2026, 3, 29, 21, tzinfo=UTC) - INSTANT

    assert_moments("today", (), first, last, at=first + timedelta(hours=5), reckoning=in_beirut)


def test_a_day_with_two_midnights_begins_with_the_first() -> None:
    in_havana = Reckoning(zone=ZoneInfo("America/Havana"))  # 01:00 becomes 00:00 on 2026-11-01
    first = datetime(2026, 11, 1, 4, tzinfo=UTC)

    assert_moments(
        "today",
        (),
        first,
        first + timedelta(hours=25) - INSTANT,
        at=first + timedelta(hours=5),
        reckoning=in_havana,
    )


def test_a_time_that_a_day_does_not_have_is_as_late_as_the_clocks_would_have_gone_on() -> None:
    at = berlin("2026-04-29T02:30")  # there is no 02:30 a month before

    assert_moments("olderthan-x-months", ("1",), None, berlin("2026-03-29T03:30") - INSTANT, at=at)


# Ends of months and of the calendar


@pytest.mark.parametrize(
    ("at", "operator", "count", "first", "last"),
    [
        ("2026-03-31T12:00", "last-x-months", "1", date(2026, 2, 28), date(2026, 3, 31)),
        ("2024-03-31T12:00", "last-x-months", "1", date(2024, 2, 29), date(2024, 3, 31)),
        ("2026-01-30T12:00", "next-x-months", "1", date(2026, 1, 30), date(2026, 2, 28)),
        ("2024-02-29T12:00", "last-x-years", "1", date(2023, 2, 28), date(2024, 2, 29)),
        ("2024-02-29T12:00", "next-x-years", "4", date(2024, 2, 29), date(2028, 2, 29)),
        ("2026-08-31T12:00", "olderthan-x-months", "6", None, date(2026, 2, 27)),
    ],
)
def test_a_day_that_a_month_does_not_have_is_its_last(
    at: str, operator: str, count: str, first: date | None, last: date
) -> None:
    assert_days(operator, (count,), first, last, at=berlin(at))


UNITS = ["hours", "days", "weeks", "months", "years"]


@pytest.mark.parametrize("unit", [*UNITS, "fiscal-periods", "fiscal-years"])
def test_what_reaches_beyond_the_calendar_reaches_to_its_end(unit: str) -> None:
    most = "10000000"
    long_ago, far_off = datetime(1753, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)

    assert holds(f"last-x-{unit}", long_ago, most)
    assert holds(f"next-x-{unit}", far_off, most)
    if unit in UNITS:
        assert not holds(f"olderthan-x-{unit}", long_ago, most)


def test_the_last_day_of_the_calendar_is_a_day_like_any_other() -> None:
    forever = datetime.max.replace(tzinfo=UTC)

    assert holds("on", date.max, "9999-12-31")
    assert holds("on-or-after", forever, "2026-03-01")
    assert holds("on", forever, "9999-12-31", reckoning=Reckoning())
    assert not holds("on-or-before", forever, "9999-12-30", reckoning=Reckoning())
    assert holds("on-or-before", date.min, "0001-01-01")
    assert holds("in-fiscal-year", date.max, "9999")
    assert holds("in-or-after-fiscal-period-and-year", date.max, "4", "9999")


def test_no_moment_is_too_far_off_to_be_asked_about() -> None:
    first, last = datetime(1753, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    for value in (first, last):
        assert not holds("today", value)
        assert not holds("on", value, "2026-03-01")
        assert not holds("in-fiscal-period", value, "2")
    assert holds("in-fiscal-period", last, "2", reckoning=FROM_JULY)
    assert not holds("in-fiscal-period", last, "3", reckoning=FROM_JULY)


# On


def test_on_means_a_day_of_the_place() -> None:
    first, following = berlin("2026-03-04"), berlin("2026-03-05")

    for written in ("2026-03-04", "2026-03-04T23:30", "2026-03-03T23:30:00Z"):
        assert_moments("on", (written,), first, following - INSTANT)
        assert_moments("on-or-after", (written,), first, None)
        assert_moments("on-or-before", (written,), None, following - INSTANT)


def test_on_means_a_day_of_utc_for_what_knows_no_time_zones() -> None:
    wall = datetime(2026, 3, 4, tzinfo=UTC)

    for written in ("2026-03-04", "2026-03-04T23:30:00Z", "2026-03-04T01:30:00+01:00"):
        assert_days("on", (written,), date(2026, 3, 4), date(2026, 3, 4))
        assert holds("on", wall, written, kind=ColumnKind.WALL_CLOCK)
        assert not holds("on", wall - INSTANT, written, kind=ColumnKind.WALL_CLOCK)
