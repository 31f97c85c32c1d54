"""Conditions on days and spans of time as SQL, for columns of each behavior.

A UserLocal column holds moments and is compared with the moments at which the caller's days begin;
a TimeZoneIndependent one holds what a clock shows and is compared with the caller's clock; a
DateOnly one holds days and is compared by day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..faults import bad_request
from ..tables.metadata import Column, ColumnType, DateBehavior
from .circumstances import Circumstances
from .comparisons import NEVER, Fragment, Operand, all_of, any_of, is_not_null, quoted, select
from .literals import INVALID_ARGUMENT, moment_text
from .relative_dates import Edge, Span, numbered_period

_DAY = timedelta(days=1)


def check_date(operand: Operand, operator: str) -> None:
    """Refuse a date operator on a column that has no dates; `operator` is what errors call it."""
    column = operand.column
    if column.type is not ColumnType.DATETIME:
        raise bad_request(
            f"The operator '{operator}' needs a date column, which '{column.logical_name}' is not.",
            INVALID_ARGUMENT,
        )


def check_time(operand: Operand, operator: str) -> None:
    """Refuse an operator of hours or minutes on a column that has no times."""
    check_date(operand, operator)
    if operand.column.date_behavior is DateBehavior.DATE_ONLY:
        raise bad_request(
            f"The operator '{operator}' needs a time of day, "
            f"which '{operand.column.logical_name}' of behavior DateOnly does not have.",
            INVALID_ARGUMENT,
        )


def within(operand: Operand, span: Span, zone: ZoneInfo) -> Fragment:
    """Lies in a span; an empty column never does."""
    tests = list(_tests(operand, span, zone))
    return all_of(tests) if tests else is_not_null(operand.expression)


def day_asked_for(column: Column, asked: date | datetime, zone: ZoneInfo) -> date:
    """The day that a condition names. A moment with an offset means the day that the caller then
    has, or the one of UTC where the column knows no zones (unverified)."""
    if not isinstance(asked, datetime):
        return asked
    is_local = column.date_behavior is DateBehavior.USER_LOCAL
    try:
        return asked.astimezone(zone if is_local else UTC).date() if asked.tzinfo else asked.date()
    except OverflowError:  # at the calendar's ends
        return asked.date()


def in_fiscal_period(operand: Operand, number: int, circumstances: Circumstances) -> Fragment:
    """In the period with this number of any of the fiscal years that the table's rows reach over."""
    if number > circumstances.fiscal.periods_a_year:
        return NEVER
    spans = _spans_in_use(operand, number, circumstances)
    return any_of(within(operand, span, circumstances.zone) for span in spans)


def _spans_in_use(operand: Operand, number: int, circumstances: Circumstances) -> Iterator[Span]:
    for year in years_in_use(operand, circumstances):
        with suppress(ValueError):  # the calendar ends before the period begins
            yield numbered_period(circumstances.fiscal, number, year)


def years_in_use(operand: Operand, circumstances: Circumstances) -> range:
    """The fiscal years that a column's dates reach over, and one more on either side."""
    name = quoted(operand.column.logical_name)
    statement = select(f"min({name}), max({name})", quoted(operand.table), "1")
    first, last = circumstances.db.execute(statement).fetchone()
    if first is None:
        return range(0)
    days = (date.fromisoformat(text[:10]) for text in (first, last))
    earliest, latest = (circumstances.fiscal.year_of(day) for day in days)
    return range(max(earliest - 1, date.min.year), min(latest + 1, date.max.year) + 1)


def _tests(operand: Operand, span: Span, zone: ZoneInfo) -> Iterator[Fragment]:
    expression, column = operand.expression, operand.column
    if span.first is not None:
        yield Fragment(f"{expression} >= ?", (_begin(column, span.first, zone),))
    if span.before is not None:
        yield Fragment(f"{expression} < ?", (_begin(column, span.before, zone),))
    if span.last is None:
        return
    if isinstance(span.last, datetime):
        yield Fragment(f"{expression} <= ?", (_begin(column, span.last, zone),))
    elif span.last < date.max:
        yield Fragment(f"{expression} < ?", (_begin(column, span.last + _DAY, zone),))


def _begin(column: Column, edge: Edge, zone: ZoneInfo) -> str:
    """The first value of an edge, as a column of this behavior stores it."""
    match column.date_behavior, edge:
        case DateBehavior.DATE_ONLY, datetime():
            return edge.astimezone(zone).date().isoformat()
        case DateBehavior.DATE_ONLY, _:
            return edge.isoformat()
        case DateBehavior.TIME_ZONE_INDEPENDENT, datetime():
            return moment_text(edge.astimezone(zone).replace(tzinfo=UTC))
        case DateBehavior.USER_LOCAL, datetime():
            return moment_text(edge)
        case DateBehavior.TIME_ZONE_INDEPENDENT, _:
            return moment_text(datetime.combine(edge, time(), UTC))
    return moment_text(_first_moment(edge, zone))


def _first_moment(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins in a zone: at midnight or, if the clock skips that, right after the skip."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:  # the calendar's very first or last day
        return datetime.combine(day, time(), UTC)
