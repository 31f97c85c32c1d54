"""The operators that FetchXML and $filter share beyond comparing with values, as one table: under
FetchXML's names, with what each is given and its SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeAlias

from ..faults import bad_request
from . import choices, hierarchy, people
from .circumstances import Circumstances
from .comparisons import Fragment, Operand
from .dates import check_date, check_time, day_asked_for, in_fiscal_period, within
from .filter_tree import Operator
from .fiscal_calendar import check_period
from .literals import INVALID_ARGUMENT
from .relative_dates import (
    COUNTED_SPANS,
    FIXED_SPANS,
    NEEDS_TIME,
    Span,
    fiscal_year,
    numbered_period,
)


@dataclass(frozen=True, slots=True)
class Bare:
    """An operator without value."""

    compile: Callable[[Operand, Circumstances], Fragment]
    check: Callable[[Operand, str], None] = check_date


@dataclass(frozen=True, slots=True)
class Numbered:
    """A date operator that takes whole numbers."""

    compile: Callable[[Operand, tuple[int, ...], Circumstances], Fragment]
    how_many: int = 1
    check: Callable[[Operand, str], None] = check_date


@dataclass(frozen=True, slots=True)
class Dated:
    """An operator that takes a day, or a moment that means one."""

    compile: Callable[[Operand, date | datetime, Circumstances], Fragment]
    check: Callable[[Operand, str], None] = check_date


@dataclass(frozen=True, slots=True)
class Identified:
    """An operator that takes the id of a row."""

    compile: Callable[[Operand, str, Circumstances], Fragment]
    check: Callable[[Operand, str], None] = people.check_id


@dataclass(frozen=True, slots=True)
class Chosen:
    """An operator that takes options of a choices column."""

    compile: Callable[[Operand, frozenset[int], Circumstances], Fragment]
    check: Callable[[Operand, str], None] = choices.check_choices


Special: TypeAlias = Bare | Numbered | Dated | Identified | Chosen


def _check(name: str) -> Callable[[Operand, str], None]:
    return check_time if name in NEEDS_TIME else check_date


def _fixed(name: str, operand: Operand, circumstances: Circumstances) -> Fragment:
    return within(operand, FIXED_SPANS[name](circumstances.frame), circumstances.zone)


def _counted(
    name: str, operand: Operand, numbers: tuple[int, ...], circumstances: Circumstances
) -> Fragment:
    (count,) = numbers
    if count < 1:
        raise bad_request(f"The operator '{name}' takes 1 or more, not {count}.", INVALID_ARGUMENT)
    return within(operand, COUNTED_SPANS[name](circumstances.frame, count), circumstances.zone)


def _fiscal_year(
    operand: Operand, numbers: tuple[int, ...], circumstances: Circumstances
) -> Fragment:
    (year,) = numbers
    fiscal = circumstances.fiscal
    return within(operand, fiscal_year(fiscal, fiscal.named_year(year)), circumstances.zone)


def _fiscal_period(
    operand: Operand, numbers: tuple[int, ...], circumstances: Circumstances
) -> Fragment:
    (period,) = numbers
    return in_fiscal_period(operand, check_period(period), circumstances)


def _fiscal_period_and_year(
    bounds: Callable[[Span], Span],
    operand: Operand,
    numbers: tuple[int, ...],
    circumstances: Circumstances,
) -> Fragment:
    period, year = numbers
    fiscal = circumstances.fiscal
    span = numbered_period(fiscal, check_period(period), fiscal.named_year(year))
    return within(operand, bounds(span), circumstances.zone)


def _itself(span: Span) -> Span:
    return span


def _and_before(span: Span) -> Span:
    return Span(last=span.last)


def _and_after(span: Span) -> Span:
    return Span(first=span.first)


def _dated(
    bounds: Callable[[Span], Span],
    operand: Operand,
    asked: date | datetime,
    circumstances: Circumstances,
) -> Fragment:
    day = day_asked_for(operand.column, asked, circumstances.zone)
    return within(operand, bounds(Span(day, day)), circumstances.zone)


SPECIAL_OPERATORS: Mapping[str, Special] = {
    **{name: Bare(partial(_fixed, name)) for name in FIXED_SPANS},
    **{name: Numbered(partial(_counted, name), check=_check(name)) for name in COUNTED_SPANS},
    "on": Dated(partial(_dated, _itself)),
    "on-or-before": Dated(partial(_dated, _and_before)),
    "on-or-after": Dated(partial(_dated, _and_after)),
    "in-fiscal-year": Numbered(_fiscal_year),
    "in-fiscal-period": Numbered(_fiscal_period),
    "in-fiscal-period-and-year": Numbered(partial(_fiscal_period_and_year, _itself), 2),
    "in-or-before-fiscal-period-and-year": Numbered(
        partial(_fiscal_period_and_year, _and_before), 2
    ),
    "in-or-after-fiscal-period-and-year": Numbered(partial(_fiscal_period_and_year, _and_after), 2),
    "eq-userid": Bare(partial(people.caller, Operator.EQ), people.check_id),
    "ne-userid": Bare(partial(people.caller, Operator.NE), people.check_id),
    "eq-businessid": Bare(partial(people.business_unit, Operator.EQ), people.check_id),
    "ne-businessid": Bare(partial(people.business_unit, Operator.NE), people.check_id),
    "eq-userteams": Bare(people.teams, people.check_id),
    "eq-useroruserteams": Bare(people.caller_or_teams, people.check_id),
    "eq-useroruserhierarchy": Bare(people.caller_or_reports, people.check_id),
    "eq-useroruserhierarchyandteams": Bare(people.caller_or_reports_or_teams, people.check_id),
    "eq-userlanguage": Bare(people.language, people.check_number),
    "contain-values": Chosen(choices.contain),
    "not-contain-values": Chosen(choices.not_contain),
    "under": Identified(hierarchy.under),
    "eq-or-under": Identified(hierarchy.equal_or_under),
    "not-under": Identified(hierarchy.not_under),
    "above": Identified(hierarchy.above),
    "eq-or-above": Identified(hierarchy.equal_or_above),
}
