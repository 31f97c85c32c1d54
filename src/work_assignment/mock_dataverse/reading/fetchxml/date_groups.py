"""Dates grouped by a part of them: calendar parts, and years and periods of the fiscal calendar.

Of a fiscal period the value is made of year and number, 202601 for the first one of 2026, and its
formatted value says what both are (the value is unverified; Learn shows the formatted one).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from ...conditions.circumstances import Circumstances
from ...conditions.comparisons import Operand, text_literal
from ...conditions.dates import years_in_use
from ...conditions.fiscal_calendar import FiscalCalendar, FiscalPeriodType
from ...tables.metadata import ColumnType, DateBehavior
from ...text import Stored
from ..formats import Format
from .parser import invalid
from .tree import Attribute

_YEAR, _PERIOD = "fiscal-year", "fiscal-period"
_PERIODS_A_YEAR = 100
_PERIOD_NAMES = {
    FiscalPeriodType.SEMIANNUAL: "Semester",
    FiscalPeriodType.QUARTERLY: "Quarter",
    FiscalPeriodType.MONTHLY: "Month",
    FiscalPeriodType.FOUR_WEEKLY: "Period",
}

# SQL Server's DATEPART with its default language: weeks start on Sunday, week 1 holds 1 January.
_DATE_PARTS = {
    "day": "CAST(strftime('%d', {0}) AS INTEGER)",
    "week": (
        "((strftime('%j', {0}) - 1 + (strftime('%w', {0}) - strftime('%j', {0}) + 372) % 7) / 7 + 1)"
    ),
    "month": "CAST(strftime('%m', {0}) AS INTEGER)",
    "quarter": "((strftime('%m', {0}) + 2) / 3)",
    "year": "CAST(strftime('%Y', {0}) AS INTEGER)",
}


def date_part(attribute: Attribute, operand: Operand, circumstances: Circumstances) -> str:
    """The SQL of what dates are grouped by: in UTC or, if so asked, on the caller's clock."""
    part = attribute.dategrouping or ""
    if operand.column.type is not ColumnType.DATETIME:
        raise invalid(f"The dategrouping of '{attribute.name}' needs a date column.")
    clock = operand.expression
    if attribute.in_callers_zone and operand.column.date_behavior is DateBehavior.USER_LOCAL:
        clock = f"dv_local({clock}, {text_literal(circumstances.zone.key)})"
    if part in (_YEAR, _PERIOD):
        return _fiscal(clock, _edges(part, operand, circumstances))
    if part not in _DATE_PARTS:
        raise invalid(f"The dategrouping '{part}' is not known.")
    return _DATE_PARTS[part].format(clock)


def fiscal_format(attribute: Attribute, circumstances: Circumstances) -> Format | None:
    """The format of a fiscal year or period; other parts are plain numbers without one."""
    match attribute.dategrouping:
        case "fiscal-year":
            return _year_name
        case "fiscal-period":
            return partial(_period_name, circumstances.fiscal.period_type)
    return None


def _year_name(value: Stored) -> str:
    return f"FY{value}"


def _period_name(kind: FiscalPeriodType, value: Stored) -> str:
    year, number = divmod(int(value or 0), _PERIODS_A_YEAR)
    if kind is FiscalPeriodType.ANNUAL:
        return _year_name(year)
    return f"{_PERIOD_NAMES[kind]} {number} {_year_name(year)}"


_Edge = tuple[str, int]
"""The first day of a year or period, and its value."""


def _edges(part: str, operand: Operand, circumstances: Circumstances) -> list[_Edge]:
    fiscal = circumstances.fiscal
    edges: list[_Edge] = []
    for year in years_in_use(operand, circumstances):
        with suppress(ValueError):  # the calendar begins after, or ends before
            edges += [_year(fiscal, year)] if part == _YEAR else _periods(fiscal, year)
    return edges


def _year(fiscal: FiscalCalendar, year: int) -> _Edge:
    return fiscal.first_of_year(year).isoformat(), fiscal.name_of_year(year)


def _periods(fiscal: FiscalCalendar, year: int) -> list[_Edge]:
    first, name = year * fiscal.periods_a_year, fiscal.name_of_year(year) * _PERIODS_A_YEAR
    return [
        (fiscal.first_of_period(first + place).isoformat(), name + place + 1)
        for place in range(fiscal.periods_a_year)
    ]


def _fiscal(clock: str, edges: Sequence[_Edge]) -> str:
    """Find the last edge that a date has reached."""
    found = _search(f"substr({clock}, 1, 10)", edges)
    return f"CASE WHEN {clock} IS NOT NULL THEN {found} END"


def _search(day: str, edges: Sequence[_Edge]) -> str:
    """Halve the edges with each comparison, which keeps the expression flat."""
    if len(edges) <= 1:
        return str(edges[0][1]) if edges else "NULL"
    middle = len(edges) // 2
    earlier, later = _search(day, edges[:middle]), _search(day, edges[middle:])
    return f"CASE WHEN {day} < {text_literal(edges[middle][0])} THEN {earlier} ELSE {later} END"
