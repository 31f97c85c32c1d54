"""Fiscal years and periods as an organization has set them up: arithmetic on days alone.

Where Dataverse's documentation is silent (marked unverified): a fiscal year of four-week periods
has thirteen of them, the last one reaching to the end of the year; only month and day of the
calendar's start count; a start on 29 February is 28 February in other years.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from ..faults import bad_request

MONTHS_A_YEAR = 12
_FOUR_WEEKS = timedelta(days=28)
_YEARS = range(1753, date.max.year)  # Dataverse stores no date before
_MOST_PERIODS = 13


class FiscalPeriodType(IntEnum):
    """`organization.fiscalperiodtype`: into which periods a fiscal year is divided."""

    ANNUAL = 2000
    SEMIANNUAL = 2001
    QUARTERLY = 2002
    MONTHLY = 2003
    FOUR_WEEKLY = 2004


_PERIODS_A_YEAR = {
    FiscalPeriodType.ANNUAL: 1,
    FiscalPeriodType.SEMIANNUAL: 2,
    FiscalPeriodType.QUARTERLY: 4,
    FiscalPeriodType.MONTHLY: 12,
    FiscalPeriodType.FOUR_WEEKLY: _MOST_PERIODS,
}


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """Any fiscal year starts on the month and day of `start`. Years and periods are counted: a
    year by the calendar year of its first day, a period by a running number over all years."""

    start: date = date(1900, 1, 1)
    period_type: FiscalPeriodType = FiscalPeriodType.QUARTERLY
    is_named_by_end: bool = False

    @property
    def periods_a_year(self) -> int:
        return _PERIODS_A_YEAR[self.period_type]

    def year_of(self, day: date) -> int:
        """The count of the fiscal year that a day lies in."""
        return day.year if day >= self.first_of_year(day.year) else day.year - 1

    def period_of(self, day: date) -> int:
        """The count of the fiscal period that a day lies in."""
        first = self.year_of(day) * self.periods_a_year
        later = range(first + 1, first + self.periods_a_year)
        return first + sum(1 for count in later if day >= self.first_of_period(count))

    def first_of_year(self, year: int) -> date:
        """The first day of the fiscal year with this count; an error beyond the years 1 to 9999."""
        return _day(year, self.start.month, self.start.day)

    def first_of_period(self, count: int) -> date:
        """The first day of the fiscal period with this count."""
        year, position = divmod(count, self.periods_a_year)
        if self.period_type is FiscalPeriodType.FOUR_WEEKLY:
            return self.first_of_year(year) + position * _FOUR_WEEKS
        months = self.start.month - 1 + position * (MONTHS_A_YEAR // self.periods_a_year)
        later_years, month = divmod(months, MONTHS_A_YEAR)
        return _day(year + later_years, month + 1, self.start.day)

    def named_year(self, name: int) -> int:
        """The count of the fiscal year that people call `name`: by its first or its last day."""
        if name not in _YEARS:
            raise bad_request(f"There is no fiscal year {name}.")
        return name - self._named_later

    def name_of_year(self, count: int) -> int:
        """What people call the fiscal year with this count."""
        return count + self._named_later

    @property
    def _named_later(self) -> bool:
        """Whether a fiscal year bears the number of the calendar year after its first day's."""
        return self.is_named_by_end and (self.start.month, self.start.day) != (1, 1)


def check_period(number: int) -> int:
    """Refuse a number that no fiscal period of any template has."""
    if not 1 <= number <= _MOST_PERIODS:
        raise bad_request(f"There is no fiscal period {number}; they go from 1 to {_MOST_PERIODS}.")
    return number


def _day(year: int, month: int, day: int) -> date:
    """A day of a month, or the month's last one if it is shorter."""
    return date(year, month, min(day, monthrange(year, month)[1]))
