"""What the relative and fiscal date operators mean: the span of time that each stands for.

Days are those of the caller's time zone. Where Dataverse's documentation is silent, these are our
choices (unverified):

- the last x hours begin with the full hour of UTC x hours ago, the next x hours end with the one x
  hours ahead; the last x days begin with the day x days ago, the next x days end with the day x
  days ahead; a week is seven of these days; months and years keep the day of the month or, where
  the month is shorter, take its last; all of them end, or begin, now;
- the last x fiscal periods or years begin with the one x before the current and end now, the next
  x begin now and end with the one x after the current;
- older than x minutes, hours, days or weeks is earlier than that many times 60 seconds, 60
  minutes, 24 hours or 7 times 24 hours ago; for months and years the caller's clock is turned back.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeAlias
from zoneinfo import ZoneInfo

from .fiscal_calendar import MONTHS_A_YEAR, FiscalCalendar

DAYS_A_WEEK = 7
_HOUR = timedelta(hours=1)
_INSTANT = timedelta.resolution
_EARLIEST = datetime(1753, 1, 1, tzinfo=UTC)  # Dataverse stores no date before

Edge: TypeAlias = date | datetime
"""Where a span begins or ends: a whole day, or an aware moment."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both included, None being open; or all that is before a moment."""

    first: Edge | None = None
    last: Edge | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What relative dates are relative to. Weeks start on `week_start`, 0 being Sunday."""

    now: datetime
    zone: ZoneInfo
    week_start: int
    fiscal: FiscalCalendar

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


# whole days, weeks, months, years and fiscal ones, counted from the current one


def _day(offset: int, frame: Frame) -> Span:
    day = frame.today + timedelta(days=offset)
    return Span(day, day)


def _week(offset: int, frame: Frame) -> Span:
    since = (frame.today.isoweekday() - frame.week_start) % DAYS_A_WEEK
    first = frame.today + timedelta(days=offset * DAYS_A_WEEK - since)
    return Span(first, first + timedelta(days=DAYS_A_WEEK - 1))


def _month(offset: int, frame: Frame) -> Span:
    this = frame.today.replace(day=1)
    return _up_to_next(lambda months: _shifted(this, months), offset)


def _year(offset: int, frame: Frame) -> Span:
    return _up_to_next(lambda year: date(year, 1, 1), frame.today.year + offset)


def _fiscal_year(offset: int, frame: Frame) -> Span:
    return fiscal_year(frame.fiscal, frame.fiscal.year_of(frame.today) + offset)


def _fiscal_period(offset: int, frame: Frame) -> Span:
    return fiscal_period(frame.fiscal, frame.fiscal.period_of(frame.today) + offset)


def fiscal_year(fiscal: FiscalCalendar, count: int) -> Span:
    """All days of a fiscal year."""
    return _up_to_next(fiscal.first_of_year, count)


def fiscal_period(fiscal: FiscalCalendar, count: int) -> Span:
    """All days of a fiscal period."""
    return _up_to_next(fiscal.first_of_period, count)


def numbered_period(fiscal: FiscalCalendar, number: int, year: int) -> Span:
    """All days of a period, numbered from 1, in a fiscal year; none, right after the year, if the
    year has fewer periods (unverified)."""
    if number <= fiscal.periods_a_year:
        return fiscal_period(fiscal, year * fiscal.periods_a_year + number - 1)
    following = fiscal.first_of_year(year + 1)
    return Span(following, following - timedelta(days=1))


def _up_to_next(first_of: Callable[[int], date], count: int) -> Span:
    first = first_of(count)
    try:
        return Span(first, first_of(count + 1) - timedelta(days=1))
    except ValueError:  # the calendar ends before
        return Span(first, date.max)


# from then to now, from now to then


Reckon: TypeAlias = Callable[[Frame, int], Edge]
"""Finds the far end of a span, so many units away; later is positive."""


def _last(reckon: Reckon, frame: Frame, count: int) -> Span:
    return Span(_reachable(reckon, frame, -count), frame.now)


def _next(reckon: Reckon, frame: Frame, count: int) -> Span:
    return Span(frame.now, _reachable(reckon, frame, count))


def _reachable(reckon: Reckon, frame: Frame, count: int) -> Edge | None:
    """An open end for what lies beyond the calendar."""
    try:
        return reckon(frame, count)
    except (OverflowError, ValueError):
        return None


def _begin_of_hour(frame: Frame, hours: int) -> datetime:
    return _this_hour(frame) + hours * _HOUR


def _end_of_hour(frame: Frame, hours: int) -> datetime:
    return _this_hour(frame) + (hours + 1) * _HOUR - _INSTANT


def _this_hour(frame: Frame) -> datetime:
    return frame.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _days_away(frame: Frame, days: int) -> date:
    return frame.today + timedelta(days=days)


def _weeks_away(frame: Frame, weeks: int) -> date:
    return frame.today + timedelta(days=weeks * DAYS_A_WEEK)


def _months_away(frame: Frame, months: int) -> date:
    return _shifted(frame.today, months)


def _years_away(frame: Frame, years: int) -> date:
    return _shifted(frame.today, years * MONTHS_A_YEAR)


def _first_of_fiscal_year(frame: Frame, years: int) -> date:
    return frame.fiscal.first_of_year(frame.fiscal.year_of(frame.today) + years)


def _first_of_fiscal_period(frame: Frame, periods: int) -> date:
    return frame.fiscal.first_of_period(frame.fiscal.period_of(frame.today) + periods)


def _last_of_fiscal_year(frame: Frame, years: int) -> date:
    return _first_of_fiscal_year(frame, years + 1) - timedelta(days=1)


def _last_of_fiscal_period(frame: Frame, periods: int) -> date:
    return _first_of_fiscal_period(frame, periods + 1) - timedelta(days=1)


def _elapsed(unit: timedelta, frame: Frame, count: int) -> Span:
    return _before(lambda: frame.now - count * unit)


def _months_older(unit: int, frame: Frame, count: int) -> Span:
    clock = frame.now.astimezone(frame.zone)
    return _before(
        lambda: datetime.combine(
            _shifted(clock.date(), -count * unit), clock.time(), frame.zone
        ).astimezone(UTC)
    )


def _before(moment: Callable[[], datetime]) -> Span:
    try:
        return Span(before=max(moment(), _EARLIEST))
    except (OverflowError, ValueError):
        return Span(before=_EARLIEST)


def _shifted(day: date, months: int) -> date:
    """The same day of another month, or its last day if it is shorter."""
    years, month = divmod(day.month - 1 + months, MONTHS_A_YEAR)
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        raise ValueError(year)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


FIXED_SPANS: Mapping[str, Callable[[Frame], Span]] = {
    "yesterday": partial(_day, -1),
    "today": partial(_day, 0),
    "tomorrow": partial(_day, 1),
    "last-week": partial(_week, -1),
    "this-week": partial(_week, 0),
    "next-week": partial(_week, 1),
    "last-month": partial(_month, -1),
    "this-month": partial(_month, 0),
    "next-month": partial(_month, 1),
    "last-year": partial(_year, -1),
    "this-year": partial(_year, 0),
    "next-year": partial(_year, 1),
    "last-fiscal-year": partial(_fiscal_year, -1),
    "this-fiscal-year": partial(_fiscal_year, 0),
    "next-fiscal-year": partial(_fiscal_year, 1),
    "last-fiscal-period": partial(_fiscal_period, -1),
    "this-fiscal-period": partial(_fiscal_period, 0),
    "next-fiscal-period": partial(_fiscal_period, 1),
    "last-seven-days": lambda frame: _last(_days_away, frame, DAYS_A_WEEK),
    "next-seven-days": lambda frame: _next(_days_away, frame, DAYS_A_WEEK),
}
"""The operators that take no value."""

COUNTED_SPANS: Mapping[str, Callable[[Frame, int], Span]] = {
    "last-x-hours": partial(_last, _begin_of_hour),
    "next-x-hours": partial(_next, _end_of_hour),
    "last-x-days": partial(_last, _days_away),
    "next-x-days": partial(_next, _days_away),
    "last-x-weeks": partial(_last, _weeks_away),
    "next-x-weeks": partial(_next, _weeks_away),
    "last-x-months": partial(_last, _months_away),
    "next-x-months": partial(_next, _months_away),
    "last-x-years": partial(_last, _years_away),
    "next-x-years": partial(_next, _years_away),
    "last-x-fiscal-years": partial(_last, _first_of_fiscal_year),
    "next-x-fiscal-years": partial(_next, _last_of_fiscal_year),
    "last-x-fiscal-periods": partial(_last, _first_of_fiscal_period),
    "next-x-fiscal-periods": partial(_next, _last_of_fiscal_period),
    "olderthan-x-minutes": partial(_elapsed, timedelta(minutes=1)),
    "olderthan-x-hours": partial(_elapsed, _HOUR),
    "olderthan-x-days": partial(_elapsed, timedelta(days=1)),
    "olderthan-x-weeks": partial(_elapsed, timedelta(weeks=1)),
    "olderthan-x-months": partial(_months_older, 1),
    "olderthan-x-years": partial(_months_older, MONTHS_A_YEAR),
}
"""The operators that take a number, x."""

NEEDS_TIME = frozenset({"last-x-hours", "next-x-hours", "olderthan-x-minutes", "olderthan-x-hours"})
"""The operators that a column of days without time cannot be asked (Learn: condition operators)."""
