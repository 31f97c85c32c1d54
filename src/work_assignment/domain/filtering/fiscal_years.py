"""Fiscal years and their periods: which days belong to them.

A fiscal year is known by the calendar year in which it begins, whatever number it bears, and its
periods are numbered from one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from work_assignment.domain.filtering.reckoning import FiscalPeriod, FiscalYear, Reckoning
from work_assignment.domain.filtering.relative_dates import (
    CountedSpan,
    Cut,
    FixedSpan,
    Span,
    add_days,
    day_before,
    day_of_month,
)

_FOUR_WEEKS = 28
_PERIODS = {
    FiscalPeriod.ANNUALLY: 1,
    FiscalPeriod.SEMI_ANNUALLY: 2,
    FiscalPeriod.QUARTERLY: 4,
    FiscalPeriod.MONTHLY: 12,
    FiscalPeriod.FOUR_WEEKS: 13,
}


def beginning_of(number: int, fiscal: FiscalYear) -> int:
    """The calendar year in which the fiscal year that bears a number begins."""
    ends_next_year = (fiscal.start_month, fiscal.start_day) != (1, 1)
    return number - 1 if fiscal.named_after_end and ends_next_year else number


def year_span(begins: int, fiscal: FiscalYear) -> Span:
    """The days of one fiscal year."""
    return _inside(
        _first_day(begins, 1, fiscal), _last_day(begins, _PERIODS[fiscal.period], fiscal)
    )


def period_span(begins: int, period: int, fiscal: FiscalYear) -> Span:
    """The days of one period; none when the year has no period of that number."""
    return _inside(_first_day(begins, period, fiscal), _last_day(begins, period, fiscal))


def until_period(begins: int, period: int, fiscal: FiscalYear) -> Span:
    """The days of a period and all before it; one that the year lacks lies behind its last."""
    return Span(last=_last_day(begins, period, fiscal))


def since_period(begins: int, period: int, fiscal: FiscalYear) -> Span:
    """The days of a period and all after it; one that the year lacks lies behind its last."""
    return Span(first=_first_day(begins, period, fiscal))


def _inside(first: date, last: date) -> Span:
    """A span, which has no days when it lies outside the calendar, whose ends it was moved to."""
    is_outside = first == date.max or last == date.min
    return Span(date.max, date.min) if is_outside else Span(first, last)


def _first_day(begins: int, period: int, fiscal: FiscalYear) -> date:
    """A period's first day; what follows the last period begins with the next year."""
    count = _PERIODS[fiscal.period]
    if period > count:
        begins, period = begins + 1, 1
    if fiscal.period is FiscalPeriod.FOUR_WEEKS:
        start = day_of_month(begins, fiscal.start_month, fiscal.start_day)
        return add_days(start, (period - 1) * _FOUR_WEEKS)
    months = (period - 1) * 12 // count
    return day_of_month(begins, fiscal.start_month + months, fiscal.start_day)


def _last_day(begins: int, period: int, fiscal: FiscalYear) -> date:
    return day_before(_first_day(begins, period + 1, fiscal))


def _current(today: date, fiscal: FiscalYear) -> tuple[int, int]:
    """The fiscal year and period with a day in it."""
    begins = today.year if today >= _first_day(today.year, 1, fiscal) else today.year - 1
    periods = range(1, _PERIODS[fiscal.period] + 1)
    return begins, max(n for n in periods if _first_day(begins, n, fiscal) <= today)


def _later(today: date, periods: int, fiscal: FiscalYear) -> tuple[int, int]:
    """The fiscal year and period so many periods after the present one."""
    begins, period = _current(today, fiscal)
    years, before = divmod(period - 1 + periods, _PERIODS[fiscal.period])
    return begins + years, before + 1


def _year(years_ahead: int) -> FixedSpan:
    def span(today: date, reckoning: Reckoning) -> Span:
        begins, _ = _current(today, reckoning.fiscal_year)
        return year_span(begins + years_ahead, reckoning.fiscal_year)

    return span


def _period(periods_ahead: int) -> FixedSpan:
    def span(today: date, reckoning: Reckoning) -> Span:
        fiscal = reckoning.fiscal_year
        return period_span(*_later(today, periods_ahead, fiscal), fiscal)

    return span


def _last_years(today: date, reckoning: Reckoning, x: int) -> Span:
    """From the beginning of the year so many before the present one to now, as with days."""
    fiscal = reckoning.fiscal_year
    begins, _ = _current(today, fiscal)
    return Span(_first_day(begins - x, 1, fiscal), today, Cut.AFTER_NOW)


def _next_years(today: date, reckoning: Reckoning, x: int) -> Span:
    """From now to the end of the year so many after the present one."""
    fiscal = reckoning.fiscal_year
    begins, _ = _current(today, fiscal)
    return Span(today, _last_day(begins + x, _PERIODS[fiscal.period], fiscal), Cut.BEFORE_NOW)


def _last_periods(today: date, reckoning: Reckoning, x: int) -> Span:
    fiscal = reckoning.fiscal_year
    return Span(_first_day(*_later(today, -x, fiscal), fiscal), today, Cut.AFTER_NOW)


def _next_periods(today: date, reckoning: Reckoning, x: int) -> Span:
    fiscal = reckoning.fiscal_year
    return Span(today, _last_day(*_later(today, x, fiscal), fiscal), Cut.BEFORE_NOW)


FIXED_FISCAL: Mapping[str, FixedSpan] = {
    "last-fiscal-year": _year(-1),
    "this-fiscal-year": _year(0),
    "next-fiscal-year": _year(1),
    "last-fiscal-period": _period(-1),
    "this-fiscal-period": _period(0),
    "next-fiscal-period": _period(1),
}

COUNTED_FISCAL: Mapping[str, CountedSpan] = {
    "last-x-fiscal-years": _last_years,
    "next-x-fiscal-years": _next_years,
    "last-x-fiscal-periods": _last_periods,
    "next-x-fiscal-periods": _next_periods,
}
