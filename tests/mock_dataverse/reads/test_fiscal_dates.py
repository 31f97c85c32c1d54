"""Fiscal years and periods, by each way in which an organization can set them up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.mock_dataverse.reads.world import World


@pytest.mark.parametrize(
    ("start", "named_by", "name", "first"),
    [
        ("2000-04-01", 1, "2025", "2025-04-01"),
        ("2000-04-01", 2, "2025", "2024-04-01"),
        ("2031-01-01", 1, "2025", "2025-01-01"),
        ("2031-01-01", 2, "2025", "2025-01-01"),
        (None, 1, "2025", "2025-01-01"),
        ("2000-02-29", 1, "2025", "2025-02-28"),
    ],
)
def test_a_fiscal_year_is_named_by_its_first_or_its_last_day(
    berlin: World, start: str | None, named_by: int, name: str, first: str
) -> None:
    berlin.set_all("organization", fiscalcalendarstart=start, fiscalyeardisplaycode=named_by)
    before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
    berlin.add_dates(before, first, column="closeon")
    assert berlin.dates_found("in-fiscal-year", name, "closeon") == [first]


@pytest.mark.parametrize(
    ("template", "period", "first", "last"),
    [
        (2000, "1", "2025-04-01", "2026-03-31"),
        (2001, "2", "2025-10-01", "2026-03-31"),
        (2002, "2", "2025-07-01", "2025-09-30"),
        (2003, "12", "2026-03-01", "2026-03-31"),
        (2004, "2", "2025-04-29", "2025-05-26"),
        (2004, "13", "2026-03-03", "2026-03-31"),
    ],
)
def test_the_periods_of_each_template(
    berlin: World, template: int, period: str, first: str, last: str
) -> None:
    berlin.set_all("organization", fiscalperiodtype=template)
    days = [date.fromisoformat(text) for text in (first, last)]
    outside = [days[0] - timedelta(days=1), days[1] + timedelta(days=1)]
    berlin.add_dates(*(day.isoformat() for day in (*days, *outside)), column="closeon")
    assert berlin.dates_found("in-fiscal-period-and-year", f"{period} 2025", "closeon") == [
        first,
        last,
    ]


def test_a_period_of_any_year(berlin: World) -> None:
    berlin.add_dates("1999-05-05", "2026-04-01", "2026-06-30", "2026-07-01", None, column="closeon")
    assert berlin.dates_found("in-fiscal-period", "1", "closeon") == [
        "1999-05-05",
        "2026-04-01",
        "2026-06-30",
    ]


def test_a_period_at_either_end_of_the_calendar(berlin: World) -> None:
    berlin.add_dates("1753-01-01", "9998-12-31", "9999-12-30", column="closeon")
    assert berlin.dates_found("in-fiscal-period", "3", "closeon") == ["9998-12-31", "9999-12-30"]
    assert berlin.dates_found("in-fiscal-period", "4", "closeon") == ["1753-01-01"]


def test_a_period_of_any_year_in_a_table_without_dates(berlin: World) -> None:
    berlin.add_dates(None)
    assert berlin.dates_found("in-fiscal-period", "1") == []


def test_no_date_lies_in_a_period_that_the_year_does_not_have(berlin: World) -> None:
    days = ["2026-03-31", "2026-04-01", "2026-04-02"]
    berlin.add_dates(*days, column="closeon")
    assert berlin.dates_found("in-fiscal-period", "5", "closeon") == []
    assert berlin.dates_found("in-fiscal-period-and-year", "5 2025", "closeon") == []
    last = "in-or-before-fiscal-period-and-year"
    assert berlin.dates_found(last, "5 2025", "closeon") == ["2026-03-31"]
    first = "in-or-after-fiscal-period-and-year"
    assert berlin.dates_found(first, "5 2025", "closeon") == ["2026-04-01", "2026-04-02"]
