"""Working time against a calendar painted minute by minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from work_assignment.domain.hours.availability import Calendar, Interval, Override, WorkingHours

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEARBY = timedelta(hours=2)
NEAR_JUMPS = (
    ("Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 1, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 4, 4, 12, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 5, 12, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2026, 4, 4, 2, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 10, 31, 12, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 3, 31, 1, tzinfo=UTC)),
)
"""Zones and times shortly before their clocks jump, or before a new block of the timeline."""

PAINTED = 6 * 24 * 60
WHOLE_DAY = WorkingHours(frozenset(range(7)), time(0), time(0), UTC)
QUARTERS = st.one_of(st.integers(0, 14), st.integers(0, 95))
"""Quarters of a day; clocks jump early in the morning."""


@st.composite
def patterns(draw: st.DrawFn, zone: tzinfo, near: date) -> WorkingHours:
    """Hours of half an hour up to a whole day, with up to two breaks that lie within them."""
    begins, ends = draw(QUARTERS), draw(QUARTERS)
    start, length = _later(time(0), begins), max((ends - begins) % 96 or 96, 2)
    edges = st.lists(st.integers(0, length), min_size=2, max_size=2, unique=True).map(sorted)
    breaks = [
        (_later(start, begun), _later(start, ended))
        for begun, ended in draw(st.lists(edges, max_size=2))
    ]
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    hours = WorkingHours(days, start, _later(start, length), zone, tuple(breaks))
    first = near + draw(st.integers(-20, 2)) * DAY
    last = near + draw(st.integers(-1, 3)) * DAY
    many = draw(st.integers(1, 3))
    held = [
        hours,
        hours,
        replace(hours, first_day=first),
        replace(hours, last_day=last),
        replace(hours, first_day=first, every_weeks=many),
        replace(hours, first_day=first, every_days=many),
    ]
    return draw(st.sampled_from(held))


def _later(start: time, quarters: int) -> time:
    minutes = (start.hour * 60 + start.minute + quarters * 15) % (24 * 60)
    return time(minutes // 60, minutes % 60)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and a moment near to where its clocks jump."""
    name, near = draw(st.sampled_from(NEAR_JUMPS))
    zones = st.sampled_from([ZoneInfo(name), ZoneInfo(name), UTC])
    hours = st.lists(zones.flatmap(lambda zone: patterns(zone, near.date())), max_size=2)
    whole = zones.map(lambda zone: replace(WHOLE_DAY, zone=zone))
    held = st.sampled_from(range(-1, 3)).map(lambda number: near.date() + number * DAY)
    replaced = st.builds(lambda days, day: replace(days, first_day=day, last_day=day), whole, held)
    off = st.builds(
        lambda begun, length: Interval(near + begun * MINUTE, near + (begun + length) * MINUTE),
        st.integers(-1000, 4000),
        st.integers(1, 900),
    )
    few = st.lists(off, max_size=2).map(tuple)
    override = st.builds(
        Override, hours.map(tuple), st.lists(replaced, max_size=2).map(tuple), hours.map(tuple), few
    )
    made = st.builds(Calendar, hours.map(tuple), few, st.lists(override, max_size=2).map(tuple))
    return draw(made), near


@lru_cache(maxsize=100_000)
def reaches(day: date, at: time, zone: tzinfo) -> datetime:
    """The first minute, in UTC, whose local time is that one or later."""
    wanted = datetime.combine(day, at)
    minute = wanted.replace(tzinfo=zone).astimezone(UTC) - NEARBY
    while minute.astimezone(zone).replace(tzinfo=None) < wanted:
        minute += MINUTE
    return minute


@lru_cache(maxsize=100_000)
def leaves(day: date, at: time, zone: tzinfo) -> datetime:
    """The minute after the last one whose local time is earlier than that."""
    wanted = datetime.combine(day, at)
    minute = wanted.replace(tzinfo=zone).astimezone(UTC) + NEARBY
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


def holds(hours: WorkingHours, day: date) -> bool:
    """Whether a pattern has hours on a day, counted from day to day."""
    if day.weekday() not in hours.days or (hours.last_day and day > hours.last_day):
        return False
    if hours.first_day is None:
        return True
    monday = hours.first_day - hours.first_day.weekday() * DAY
    in_step = (day - monday).days // 7 in range(0, 1000, hours.every_weeks)
    return in_step and (day - hours.first_day).days in range(0, 1000, hours.every_days)


class Painting:
    """Each minute of some days: worked or not."""

    def __init__(self, calendar: Calendar, near: datetime) -> None:
        self.start = near - DAY
        patterned = [calendar.hours, *(override.hours for override in calendar.overrides)]
        self.minutes = bytearray([not any(patterned)]) * PAINTED
        self.paint(calendar.hours, work=True)
        for override in calendar.overrides:
            self.paint(override.replaced, work=False)
            self.paint(override.hours, work=True)
            self.paint(override.free, work=False)
            self.cross_out(override.time_off)
        self.cross_out(calendar.time_off)

    def paint(self, patterns: Iterable[WorkingHours], *, work: bool) -> None:
        """Several patterns add up; a break is only taken from the shift it belongs to."""
        for hours in patterns:
            for number in range(-3, PAINTED // (24 * 60) + 2):
                day = self.start.date() + number * DAY
                if holds(hours, day):
                    self._paint_shift(list(worked(hours, day)), work)

    def _paint_shift(self, stretches: list[tuple[datetime, datetime, bool]], work: bool) -> None:
        shift: set[int] = set()
        for start, end, at_work in stretches:
            minutes = range(self._place(start), self._place(end))
            shift = shift | set(minutes) if at_work else shift - set(minutes)
        for minute in shift:
            self.minutes[minute] = work

    def cross_out(self, time_off: Iterable[Interval]) -> None:
        for off in time_off:
            for minute in range(self._place(off.start), self._place(off.end)):
                self.minutes[minute] = False

    def _place(self, moment: datetime) -> int:
        return min(max((moment - self.start) // MINUTE, 0), PAINTED)

    def working(self, start: datetime, end: datetime) -> list[datetime]:
        """The worked minutes from one moment to another."""
        places = range(self._place(start), self._place(end))
        return [self.start + place * MINUTE for place in places if self.minutes[place]]


@settings(max_examples=100, deadline=None)
@given(calendars(), st.integers(0, 24 * 60), st.integers(0, 40))
def test_the_first_working_moment_is_the_first_minute_that_is_worked(
    case: tuple[Calendar, datetime], later: int, hours: int
) -> None:
    calendar, near = case
    at, within = near + later * MINUTE, timedelta(hours=hours)

    worked_minutes = Painting(calendar, near).working(at, at + within + MINUTE)

    expected = worked_minutes[0] if worked_minutes else None
    assert calendar.first_working_moment(at, within) == expected


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(-1440, 6000), st.integers(0, 4000))
def test_working_time_is_the_number_of_minutes_that_are_worked(
    case: tuple[Calendar, datetime], later: int, length: int
) -> None:
    calendar, near = case
    start = near + later * MINUTE
    end = min(start + length * MINUTE, near - DAY + PAINTED * MINUTE)

    worked_minutes = Painting(calendar, near).working(start, end)

    assert calendar.working_time(start, end) == len(worked_minutes) * MINUTE


@settings(max_examples=100, deadline=None)
@given(calendars(), st.integers(0, 2000), st.integers(1, 3000))
def test_working_time_added_ends_with_the_last_minute_that_is_needed(
    case: tuple[Calendar, datetime], later: int, needed: int
) -> None:
    calendar, near = case
    start = near + later * MINUTE
    worked_minutes = Painting(calendar, near).working(start, near + PAINTED * MINUTE)
    if len(worked_minutes) < needed:
        needed = len(worked_minutes)

    if needed:
        assert calendar.add_working_time(start, needed * MINUTE) == (
            worked_minutes[needed - 1] + MINUTE
        )


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis asks for naive bounds


@settings(max_examples=100, deadline=None)
@given(calendars(), MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up_whichever_way_one_goes(
    case: tuple[Calendar, datetime], one: datetime, other: datetime, third: datetime
) -> None:
    calendar, _ = case

    whole = calendar.working_time(one, third)

    assert calendar.working_time(one, other) + calendar.working_time(other, third) == whole
    assert calendar.working_time(third, one) == -whole


@settings(max_examples=100, deadline=None)
@given(calendars(), MOMENTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=20)))
def test_adding_working_time_and_measuring_it_agree(
    case: tuple[Calendar, datetime], start: datetime, duration: timedelta
) -> None:
    calendar, _ = case

    end = calendar.add_working_time(start, duration)

    if end is not None:
        assert calendar.working_time(start, end) == duration
        assert calendar.working_time(start, end - timedelta(microseconds=1)) < duration
