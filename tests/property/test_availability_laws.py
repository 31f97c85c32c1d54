"""The first working moment against a search minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from work_assignment.domain.availability import Calendar, Interval, WorkingHours

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEAR_JUMPS = (
    ("Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 1, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 6, 5, 1, tzinfo=UTC)),
)
QUARTERS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def shifts(draw: st.DrawFn, zone: tzinfo) -> WorkingHours:
    """Hours of at least half an hour, with up to two breaks that lie within them."""
    start = draw(QUARTERS)
    length = draw(st.integers(2, 95))
    edges = st.lists(st.integers(0, length), min_size=2, max_size=2, unique=True).map(sorted)
    breaks = [
        (_later(start, begun), _later(start, ended))
        for begun, ended in draw(st.lists(edges, max_size=2))
    ]
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return WorkingHours(days, start, _later(start, length), zone, tuple(breaks))


def _later(start: time, quarters: int) -> time:
    minutes = (start.hour * 60 + start.minute + quarters * 15) % (24 * 60)
    return time(minutes // 60, minutes % 60)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, datetime, timedelta]:
    zone_name, near = draw(st.sampled_from(NEAR_JUMPS))
    zone = ZoneInfo(zone_name)
    hours = draw(st.lists(shifts(zone), max_size=2))
    at = near + draw(st.integers(0, 36 * 60)) * MINUTE
    off = [
        Interval(at + begun * MINUTE, at + (begun + length) * MINUTE)
        for begun, length in draw(
            st.lists(st.tuples(st.integers(-300, 900), st.integers(1, 900)), max_size=2)
        )
    ]
    return Calendar(tuple(hours), tuple(off)), at, timedelta(hours=draw(st.integers(1, 40)))


def reaches(day: date, at: time, zone: tzinfo) -> datetime:
    """The first minute, in UTC, whose local time is that one or later."""
    wanted = datetime.combine(day, at)
    minute = wanted.replace(tzinfo=UTC) - 16 * timedelta(hours=1)
    while minute.astimezone(zone).replace(tzinfo=None) < wanted:
        minute += MINUTE
    return minute


def leaves(day: date, at: time, zone: tzinfo) -> datetime:
    """The minute after the last one whose local time is earlier than that."""
    wanted = datetime.combine(day, at)
    minute = wanted.replace(tzinfo=UTC) + 16 * timedelta(hours=1)
    while minute.astimezone(zone).replace(tzinfo=None) >= wanted:
        minute -= MINUTE
    return minute + MINUTE


def worked(hours: WorkingHours, day: date) -> Iterator[tuple[datetime, datetime, bool]]:
    """A day's shift, and its breaks, as stretches in UTC; the flag says that it is work."""

    def on(at: time) -> date:
        return day + DAY if at < hours.start else day

    ends_on = day + DAY if hours.end <= hours.start else day
    yield reaches(day, hours.start, hours.zone), leaves(ends_on, hours.end, hours.zone), True
    for begun, ended in hours.breaks:
        last_on = ends_on if ended == hours.end else on(ended)
        yield reaches(on(begun), begun, hours.zone), reaches(last_on, ended, hours.zone), False


def works_at(stretches: list[list[tuple[datetime, datetime, bool]]], minute: datetime) -> bool:
    return any(
        any(start <= minute < end for start, end, work in shift if work)
        and not any(start <= minute < end for start, end, work in shift if not work)
        for shift in stretches
    )


@settings(max_examples=150, deadline=None)
@given(cases())
def test_it_is_the_first_minute_at_which_she_works(
    case: tuple[Calendar, datetime, timedelta],
) -> None:
    calendar, at, within = case
    stretches = [
        list(worked(hours, day))
        for hours in calendar.hours
        for day in ((at + number * DAY).date() for number in range(-2, 4))
        if day.weekday() in hours.days
    ]

    expected = next(
        (
            minute
            for minute in (at + number * MINUTE for number in range(within // MINUTE + 1))
            if (not calendar.hours or works_at(stretches, minute))
            and not any(away.start <= minute < away.end for away in calendar.time_off)
        ),
        None,
    )

    assert calendar.first_working_moment(at, within) == expected
