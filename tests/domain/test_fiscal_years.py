"""Fiscal years: when they and their periods begin, and what number they bear."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.domain.asking import BERLIN, berlin, holds
from tests.domain.test_relative_dates import assert_days, assert_moments

from work_assignment.domain.filtering.operators import ColumnKind
from work_assignment.domain.filtering.reckoning import FiscalPeriod, FiscalYear, Reckoning

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def reckoning(
    month: int = 4,
    day: int = 1,
    period: FiscalPeriod = FiscalPeriod.QUARTERLY,
    *,
    named_after_end: bool = False,
) -> Reckoning:
    return Reckoning(
        zone=BERLIN,
        fiscal_year=FiscalYear(month, day, period, named_after_end=named_after_end),
    )


FROM_APRIL = reckoning()


@pytest.mark.parametrize(
    ("operator", "texts", "first", "last"),
    [
        ("last-fiscal-year", (), date(2024, 4, 1), date(2025, 3, 31)),
        ("this-fiscal-year", (), date(2025, 4, 1), date(2026, 3, 31)),
        ("next-fiscal-year", (), date(2026, 4, 1), date(2027, 3, 31)),
        ("last-fiscal-period", (), date(2025, 10, 1), date(2025, 12, 31)),
        ("this-fiscal-period", (), date(2026, 1, 1), date(2026, 3, 31)),
        ("next-fiscal-period", (), date(2026, 4, 1), date(2026, 6, 30)),
        ("last-x-fiscal-years", ("1",), date(2024, 4, 1), date(2026, 3, 4)),
        ("next-x-fiscal-years", ("3",), date(2026, 3, 4), date(2029, 3, 31)),
        ("last-x-fiscal-periods", ("5",), date(2024, 10, 1), date(2026, 3, 4)),
        ("next-x-fiscal-periods", ("5",), date(2026, 3, 4), date(2027, 6, 30)),
        ("in-fiscal-year", ("2025",), date(2025, 4, 1), date(2026, 3, 31)),
        ("in-fiscal-period-and-year", ("4", "2025"), date(2026, 1, 1), date(2026, 3, 31)),
        ("in-or-before-fiscal-period-and-year", ("1", "2025"), None, date(2025, 6, 30)),
        ("in-or-after-fiscal-period-and-year", ("2", "2025"), date(2025, 7, 1), None),
        ("in-or-before-fiscal-period-and-year", ("5", "2025"), None, date(2026, 3, 31)),
        ("in-or-after-fiscal-period-and-year", ("5", "2025"), date(2026, 4, 1), None),
    ],
)
def test_a_year_from_april_in_quarters(
    operator: str, texts: tuple[str, ...], first: date | None, last: date | None
) -> None:
    assert_days(operator, texts, first, last, at=AT, reckoning=FROM_APRIL)


def test_moments_are_counted_by_the_days_of_the_place() -> None:
    first, last = berlin("2025-04-01"), berlin("2026-04-01") - INSTANT

    for operator, texts in (("this-fiscal-year", ()), ("in-fiscal-year", ("2025",))):
        assert_moments(operator, texts, first, last, at=AT, reckoning=FROM_APRIL)
    assert_moments(
        "last-x-fiscal-years", ("1",), berlin("2024-04-01"), AT, at=AT, reckoning=FROM_APRIL
    )
    assert_moments(
        "next-x-fiscal-periods",
        ("1",),
        AT,
        berlin("2026-07-01") - INSTANT,
        at=AT,
        reckoning=FROM_APRIL,
    )


@pytest.mark.parametrize(
    ("month", "number", "begins"),
    [(4, "2026", date(2025, 4, 1)), (1, "2026", date(2026, 1, 1))],
)
def test_a_year_may_be_named_after_the_year_in_which_it_ends(
    month: int, number: str, begins: date
) -> None:
    named = reckoning(month, named_after_end=True)

    assert_days("in-fiscal-year", (number,), begins, None, reckoning=named)
    assert_days("in-or-after-fiscal-period-and-year", ("1", number), begins, None, reckoning=named)


@pytest.mark.parametrize(
    ("period", "number", "first", "last"),
    [
        (FiscalPeriod.ANNUALLY, "1", date(2025, 4, 1), date(2026, 3, 31)),
        (FiscalPeriod.SEMI_ANNUALLY, "2", date(2025, 10, 1), date(2026, 3, 31)),
        (FiscalPeriod.QUARTERLY, "2", date(2025, 7, 1), date(2025, 9, 30)),
        (FiscalPeriod.MONTHLY, "11", date(2026, 2, 1), date(2026, 2, 28)),
        (FiscalPeriod.FOUR_WEEKS, "1", date(2025, 4, 1), date(2025, 4, 28)),
        (FiscalPeriod.FOUR_WEEKS, "13", date(2026, 3, 3), date(2026, 3, 31)),
    ],
)
def test_a_year_is_divided_as_the_organisation_says(
    period: FiscalPeriod, number: str, first: date, last: date
) -> None:
    divided = reckoning(period=period)

    assert_days("in-fiscal-period-and-year", (number, "2025"), first, last, reckoning=divided)


def test_a_period_of_any_year_comes_once_in_each() -> None:
    for first, last in (
        (date(2024, 7, 1), date(2024, 9, 30)),
        (date(2025, 7, 1), date(2025, 9, 30)),
    ):
        assert_days("in-fiscal-period", ("2",), first, last, reckoning=FROM_APRIL)


def test_a_period_that_the_year_does_not_have_holds_for_nothing() -> None:
    for day in (date(2026, 3, 31), date(2026, 4, 1)):
        assert not holds("in-fiscal-period", day, "5", reckoning=FROM_APRIL)
        assert not holds("in-fiscal-period-and-year", day, "5", "2025", reckoning=FROM_APRIL)


def test_a_period_of_any_year_is_found_in_moments_at_the_turn_of_the_year() -> None:
    from_january = reckoning(1)
    turn = berlin("2026-01-01")  # still 2025 in UTC

    assert holds("in-fiscal-period", turn, "1", reckoning=from_january)
    assert holds("in-fiscal-period", turn - INSTANT, "4", reckoning=from_january)
    wall = datetime(2026, 1, 1, tzinfo=UTC)
    assert holds("in-fiscal-period", wall, "1", kind=ColumnKind.WALL_CLOCK, reckoning=from_january)


def test_a_year_may_begin_on_a_day_that_some_months_and_years_lack() -> None:
    from_end_of_august = reckoning(8, 31, FiscalPeriod.MONTHLY)
    from_leap_day = reckoning(2, 29)

    assert_days(
        "in-fiscal-period-and-year",
        ("7", "2025"),
        date(2026, 2, 28),
        date(2026, 3, 30),
        reckoning=from_end_of_august,
    )
    assert_days(
        "in-fiscal-year", ("2027",), date(2027, 2, 28), date(2028, 2, 28), reckoning=from_leap_day
    )
    assert_days(
        "in-fiscal-period-and-year",
        ("2", "2027"),
        date(2027, 5, 29),
        date(2027, 8, 28),
        reckoning=from_leap_day,
    )


def test_the_first_day_of_the_year_is_in_it_and_the_day_before_is_not() -> None:
    first = datetime(2026, 4, 1, 12, tzinfo=UTC)

    assert_days(
        "this-fiscal-year", (), date(2026, 4, 1), date(2027, 3, 31), at=first, reckoning=FROM_APRIL
    )
    assert_days(
        "last-fiscal-period",
        (),
        date(2026, 1, 1),
        date(2026, 3, 31),
        at=first,
        reckoning=FROM_APRIL,
    )
