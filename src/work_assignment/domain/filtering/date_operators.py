"""The operators of dates: makers of tests by day, by span, by hours and by fiscal year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from work_assignment.domain.filtering.fiscal_years import beginning_of, period_span, year_span
from work_assignment.domain.filtering.operands import (
    ColumnKind,
    Operands,
    Test,
    read_count,
    read_fiscal_period,
    read_fiscal_year,
)
from work_assignment.domain.filtering.reckoning import FiscalYear
from work_assignment.domain.filtering.relative_dates import (
    CountedSpan,
    Earlier,
    FixedSpan,
    Hours,
    Span,
    day_of,
    whole_days,
)

TestAt = Callable[[datetime], Test]


def within(low: Any, high: Any) -> Test:
    """Whether a value lies between two others, or is one of them."""
    return lambda value: value is not None and low <= value <= high


def by_day(span: Callable[[date], Span]) -> Callable[[Operands], Test]:
    """Whether a value is in a span that the operand, a day, decides."""
    return lambda operands: _in_span(span(operands.days()[0]), operands)


def fixed(span: FixedSpan) -> Callable[[Operands], TestAt]:
    """Whether a value is in a span that today decides."""
    return lambda operands: _relative(span, operands)


def counted(span: CountedSpan) -> Callable[[Operands], TestAt]:
    """Whether a value is in a span that today and a number decide."""

    def operator(operands: Operands) -> TestAt:
        count = read_count(operands.texts[0])
        return _relative(lambda today, reckoning: span(today, reckoning, count), operands)

    return operator


def hours(bounds: Hours) -> Callable[[Operands], TestAt]:
    """Whether a value is within so many hours."""

    def operator(operands: Operands) -> TestAt:
        count = read_count(operands.texts[0])

        def test_at(at: datetime) -> Test:
            first, last = bounds(at.astimezone(UTC), count)
            return within(operands.present(first), operands.present(last))

        return test_at

    return operator


def older(earlier: Earlier) -> Callable[[Operands], TestAt]:
    """Whether a value is before a moment or, where it has no time, before the moment's day."""

    def operator(operands: Operands) -> TestAt:
        count, zone = read_count(operands.texts[0]), operands.reckoning.zone

        def test_at(at: datetime) -> Test:
            moment = earlier(at.astimezone(UTC), zone, count)
            if operands.kind is ColumnKind.DAY:
                return _before(day_of(moment, zone))
            return _before(operands.present(moment))

        return test_at

    return operator


def _before(bound: Any) -> Test:
    return lambda value: value is not None and value < bound


def _relative(span: FixedSpan, operands: Operands) -> TestAt:
    reckoning = operands.reckoning

    def test_at(at: datetime) -> Test:
        found = span(day_of(at, reckoning.zone), reckoning)
        if operands.kind is ColumnKind.DAY:
            return within(found.first, found.last)
        return within(*found.moments(operands.present(at), operands.zone))

    return test_at


def _in_span(span: Span, operands: Operands) -> Test:
    """Whether a value is in a span that begins and ends at midnight."""
    if operands.kind is ColumnKind.DAY:
        return within(span.first, span.last)
    return within(*whole_days(span.first, span.last, operands.zone))


def in_fiscal_year(operands: Operands) -> Test:
    """Whether a value is in the fiscal year that bears a number."""
    fiscal = operands.reckoning.fiscal_year
    number = read_fiscal_year(operands.texts[0])
    return _in_span(year_span(beginning_of(number, fiscal), fiscal), operands)


def in_fiscal_period(operands: Operands) -> Test:
    """Whether a value is in the period of a number, of any fiscal year."""
    fiscal = operands.reckoning.fiscal_year
    period = read_fiscal_period(operands.texts[0])
    tests: dict[int, Test] = {}

    def in_year(begins: int, value: date) -> bool:
        test = tests.get(begins)
        if test is None:
            test = tests[begins] = _in_span(period_span(begins, period, fiscal), operands)
        return test(value)

    def test(value: date | None) -> bool:
        if value is None:
            return False
        # A moment's year is that of UTC, so that the fiscal year may begin in the next one, too.
        return any(in_year(value.year + years, value) for years in (-1, 0, 1))

    return test


def by_fiscal_period(span: Callable[[int, int, FiscalYear], Span]) -> Callable[[Operands], Test]:
    """Whether a value is in a span that a period and a fiscal year, in this order, decide."""

    def operator(operands: Operands) -> Test:
        fiscal = operands.reckoning.fiscal_year
        period = read_fiscal_period(operands.texts[0])
        number = read_fiscal_year(operands.texts[1])
        return _in_span(span(beginning_of(number, fiscal), period, fiscal), operands)

    return operator
