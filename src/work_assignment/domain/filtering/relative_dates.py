"""Days and times relative to now: what `last-x-days`, `this-week` and their kin mean.

Microsoft Learn ("condition operator values") has one sentence for each; where it leaves something
open, the function says what was chosen.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum, auto

from work_assignment.domain.filtering.reckoning import Reckoning

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)

_INSTANT = datetime.resolution
_HOUR = timedelta(hours=1)
_DAYS_A_WEEK = 7
_MONTHS_A_YEAR = 12


class Cut(Enum):
    """What the present time of day takes from a span of days, in columns that hold a time."""

    NOTHING = auto()
    AFTER_NOW = auto()
    """The last day is today, and the span ends with the present moment."""
    BEFORE_NOW = auto()
    """The first day is today, and the span begins with the present moment."""


@dataclass(frozen=True, slots=True)
class Span:
    """From one day to another, both included; empty when the last is before the first."""

    first: date = date.min
    last: date = date.max
    cut: Cut = Cut.NOTHING

    def moments(self, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        """The first and the last moment, in UTC, where days begin as they do in `zone`."""
        first, last = whole_days(self.first, self.last, zone)
        match self.cut:
            case Cut.NOTHING:
                return first, last
            case Cut.AFTER_NOW:
                return first, now
            case Cut.BEFORE_NOW:
                return now, last


def whole_days(first: date, last: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of one day and the last of another, in UTC."""
    if last == date.max:
        return first_moment(first, zone), LATEST
    return first_moment(first, zone), moved(first_moment(add_days(last, 1), zone), -_INSTANT)


def first_moment(day: date, zone: tzinfo) -> datetime:
    """When a day begins; where clocks skip midnight, when they do, and the first of two midnights."""
    return _at(day, time.min, zone)


def _at(day: date, time_of_day: time, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day, time_of_day, zone).astimezone(UTC)
    except OverflowError:
        return EARLIEST if day == date.min else LATEST


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day that a moment is on."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


def moved(moment: datetime, by: timedelta) -> datetime:
    """A moment so much later, or the calendar's end."""
    try:
        return moment + by
    except OverflowError:
        return EARLIEST if by < timedelta(0) else LATEST


def add_days(day: date, days: int) -> date:
    """A day so many days later, or the calendar's end."""
    ordinal = day.toordinal() + days
    return date.fromordinal(min(max(ordinal, date.min.toordinal()), date.max.toordinal()))


def day_before(following: date) -> date:
    """The last day of a span that another follows; nothing follows the calendar's end."""
    return following if following == date.max else add_days(following, -1)


def add_months(day: date, months: int) -> date:
    """The same day of a month so many months later, or that month's last day."""
    return day_of_month(day.year, day.month + months, day.day)


def day_of_month(year: int, month: int, day: int) -> date:
    """A day, or the month's last where it has fewer; months beyond twelve run on into the years."""
    years, month = divmod(month - 1, _MONTHS_A_YEAR)
    year += years
    if year < MINYEAR:
        return date.min
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))


def _day(days_ahead: int) -> FixedSpan:
    def span(today: date, _: Reckoning) -> Span:
        day = add_days(today, days_ahead)
        return Span(day, day)

    return span


def _week(weeks_ahead: int) -> FixedSpan:
    """Learn says "including Sunday through Saturday", which is the default of a setting."""

    def span(today: date, reckoning: Reckoning) -> Span:
        since_start = (today.weekday() - reckoning.week_start) % _DAYS_A_WEEK
        first = add_days(today, weeks_ahead * _DAYS_A_WEEK - since_start)
        return Span(first, add_days(first, _DAYS_A_WEEK - 1))

    return span


def _months(months_ahead: int, *, in_year: bool = False) -> FixedSpan:
    length = _MONTHS_A_YEAR if in_year else 1

    def span(today: date, _: Reckoning) -> Span:
        first = day_of_month(today.year, (1 if in_year else today.month) + months_ahead, 1)
        return Span(first, day_before(add_months(first, length)))

    return span


def _last_days(days: int) -> CountedSpan:
    """From the beginning of the day so many days ago to now, the present moment included."""
    return lambda today, _, x: Span(add_days(today, -days * x), today, Cut.AFTER_NOW)


def _next_days(days: int) -> CountedSpan:
    """From now to the end of the day so many days ahead. Without times, today is in it."""
    return lambda today, _, x: Span(today, add_days(today, days * x), Cut.BEFORE_NOW)


def _last_months(months: int) -> CountedSpan:
    return lambda today, _, x: Span(add_months(today, -months * x), today, Cut.AFTER_NOW)


def _next_months(months: int) -> CountedSpan:
    return lambda today, _, x: Span(today, add_months(today, months * x), Cut.BEFORE_NOW)


def _last_hours(now: datetime, x: int) -> tuple[datetime, datetime]:
    """From so many hours before the beginning of the present hour, of UTC, to now."""
    return moved(_hour_of(now), -x * _HOUR), now


def _next_hours(now: datetime, x: int) -> tuple[datetime, datetime]:
    """From now to the end of the hour so many after the present one."""
    return now, moved(_hour_of(now), (x + 1) * _HOUR - _INSTANT)


def _hour_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _earlier(unit: timedelta) -> Earlier:
    """So many times 60 seconds, 60 minutes, 24 hours or seven times 24 hours earlier."""
    return lambda now, _, x: moved(now, -x * unit)


def _earlier_months(months: int) -> Earlier:
    """At the same time by the clock, so many months earlier."""

    def earlier(now: datetime, zone: tzinfo, x: int) -> datetime:
        local = now.astimezone(zone)
        return _at(add_months(local.date(), -x * months), local.time(), zone)

    return earlier


FixedSpan = Callable[[date, Reckoning], Span]
CountedSpan = Callable[[date, Reckoning, int], Span]
Hours = Callable[[datetime, int], tuple[datetime, datetime]]
Earlier = Callable[[datetime, tzinfo, int], datetime]

FIXED: Mapping[str, FixedSpan] = {
    "yesterday": _day(-1),
    "today": _day(0),
    "tomorrow": _day(1),
    "last-seven-days": lambda today, reckoning: _last_days(1)(today, reckoning, 7),
    "next-seven-days": lambda today, reckoning: _next_days(1)(today, reckoning, 7),
    "last-week": _week(-1),
    "this-week": _week(0),
    "next-week": _week(1),
    "last-month": _months(-1),
    "this-month": _months(0),
    "next-month": _months(1),
    "last-year": _months(-_MONTHS_A_YEAR, in_year=True),
    "this-year": _months(0, in_year=True),
    "next-year": _months(_MONTHS_A_YEAR, in_year=True),
}
"""The spans that today decides."""

COUNTED: Mapping[str, CountedSpan] = {
    "last-x-days": _last_days(1),
    "next-x-days": _next_days(1),
    "last-x-weeks": _last_days(_DAYS_A_WEEK),
    "next-x-weeks": _next_days(_DAYS_A_WEEK),
    "last-x-months": _last_months(1),
    "next-x-months": _next_months(1),
    "last-x-years": _last_months(_MONTHS_A_YEAR),
    "next-x-years": _next_months(_MONTHS_A_YEAR),
}
"""The spans that reach so many days, weeks, months or years from today."""

HOURS: Mapping[str, Hours] = {"last-x-hours": _last_hours, "next-x-hours": _next_hours}
"""The first and the last moment of so many hours."""

OLDER_BY_TIME: Mapping[str, Earlier] = {
    "olderthan-x-minutes": _earlier(timedelta(minutes=1)),
    "olderthan-x-hours": _earlier(_HOUR),
}
OLDER_BY_DAY: Mapping[str, Earlier] = {
    "olderthan-x-days": _earlier(timedelta(days=1)),
    "olderthan-x-weeks": _earlier(timedelta(days=_DAYS_A_WEEK)),
    "olderthan-x-months": _earlier_months(1),
    "olderthan-x-years": _earlier_months(_MONTHS_A_YEAR),
}
"""The moments before which everything is older; without times, what is on days before theirs."""
