"""Dataverse's own functions in $filter (`Microsoft.Dynamics.CRM.In` and kin), as two tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import assert_never

from ..conditions.circumstances import Circumstances
from ..conditions.comparisons import Fragment, Operand, between, none_of, not_between, one_of
from ..conditions.filter_tree import Day, Guid, Moment, Null, Number, QueryFunction, Text, TextList
from ..conditions.literals import stored_date, stored_id, stored_text
from ..conditions.special_operators import SPECIAL_OPERATORS, Bare, Dated, Identified, Numbered
from ..faults import Fault, bad_request, not_emulated
from ..text import Stored
from .filter_parser import QUERY_FUNCTION_PREFIX

FindOperand = Callable[[str], Operand]


def query_function(
    node: QueryFunction, find: FindOperand, circumstances: Circumstances
) -> Fragment:
    """Compile one of the functions; `find` resolves the name of a property."""
    on_values = _ON_VALUES.get(node.name)
    if on_values is not None:
        return on_values(node, find(_text(node, "PropertyName")), circumstances)
    operator = _SPECIAL.get(node.name)
    if operator is None:
        raise not_emulated(f"the query function {QUERY_FUNCTION_PREFIX}{node.name}")
    return _special(node, operator, find(_text(node, "PropertyName")), circumstances)


def _special(
    node: QueryFunction, operator: str, operand: Operand, circumstances: Circumstances
) -> Fragment:
    special = SPECIAL_OPERATORS[operator]
    special.check(operand, node.name)
    match special:
        case Bare():
            return special.compile(operand, circumstances)
        case Numbered(how_many=1):
            return special.compile(operand, (_number(node, "PropertyValue"),), circumstances)
        case Numbered():
            names = [f"PropertyValue{place + 1}" for place in range(special.how_many)]
            numbers = tuple(_number(node, name) for name in names)
            return special.compile(operand, numbers, circumstances)
        case Dated():
            return special.compile(operand, _date(node), circumstances)
        case Identified():
            return special.compile(operand, _id(node), circumstances)
    assert_never(special)


def _in(node: QueryFunction, operand: Operand, circumstances: Circumstances) -> Fragment:
    return one_of(operand.expression, _values(node, operand, circumstances))


def _not_in(node: QueryFunction, operand: Operand, circumstances: Circumstances) -> Fragment:
    return none_of(operand.expression, _values(node, operand, circumstances))


def _between(node: QueryFunction, operand: Operand, circumstances: Circumstances) -> Fragment:
    return between(operand.expression, *_bounds(node, operand, circumstances))


def _not_between(node: QueryFunction, operand: Operand, circumstances: Circumstances) -> Fragment:
    return not_between(operand.expression, *_bounds(node, operand, circumstances))


_ON_VALUES: Mapping[str, Callable[[QueryFunction, Operand, Circumstances], Fragment]] = {
    "In": _in,
    "NotIn": _not_in,
    "Between": _between,
    "NotBetween": _not_between,
}

_SPECIAL: Mapping[str, str] = {
    "Yesterday": "yesterday",
    "Today": "today",
    "Tomorrow": "tomorrow",
    "Last7Days": "last-seven-days",
    "Next7Days": "next-seven-days",
    "LastWeek": "last-week",
    "ThisWeek": "this-week",
    "NextWeek": "next-week",
    "LastMonth": "last-month",
    "ThisMonth": "this-month",
    "NextMonth": "next-month",
    "LastYear": "last-year",
    "ThisYear": "this-year",
    "NextYear": "next-year",
    "LastFiscalYear": "last-fiscal-year",
    "ThisFiscalYear": "this-fiscal-year",
    "NextFiscalYear": "next-fiscal-year",
    "LastFiscalPeriod": "last-fiscal-period",
    "ThisFiscalPeriod": "this-fiscal-period",
    "NextFiscalPeriod": "next-fiscal-period",
    "LastXHours": "last-x-hours",
    "NextXHours": "next-x-hours",
    "LastXDays": "last-x-days",
    "NextXDays": "next-x-days",
    "LastXWeeks": "last-x-weeks",
    "NextXWeeks": "next-x-weeks",
    "LastXMonths": "last-x-months",
    "NextXMonths": "next-x-months",
    "LastXYears": "last-x-years",
    "NextXYears": "next-x-years",
    "LastXFiscalYears": "last-x-fiscal-years",
    "NextXFiscalYears": "next-x-fiscal-years",
    "LastXFiscalPeriods": "last-x-fiscal-periods",
    "NextXFiscalPeriods": "next-x-fiscal-periods",
    "OlderThanXMinutes": "olderthan-x-minutes",
    "OlderThanXHours": "olderthan-x-hours",
    "OlderThanXDays": "olderthan-x-days",
    "OlderThanXWeeks": "olderthan-x-weeks",
    "OlderThanXMonths": "olderthan-x-months",
    "OlderThanXYears": "olderthan-x-years",
    "On": "on",
    "OnOrBefore": "on-or-before",
    "OnOrAfter": "on-or-after",
    "InFiscalYear": "in-fiscal-year",
    "InFiscalPeriod": "in-fiscal-period",
    "InFiscalPeriodAndYear": "in-fiscal-period-and-year",
    "InOrBeforeFiscalPeriodAndYear": "in-or-before-fiscal-period-and-year",
    "InOrAfterFiscalPeriodAndYear": "in-or-after-fiscal-period-and-year",
    "EqualUserId": "eq-userid",
    "NotEqualUserId": "ne-userid",
    "EqualBusinessId": "eq-businessid",
    "NotEqualBusinessId": "ne-businessid",
    "EqualUserTeams": "eq-userteams",
    "EqualUserOrUserTeams": "eq-useroruserteams",
    "EqualUserLanguage": "eq-userlanguage",
    "Under": "under",
    "UnderOrEqual": "eq-or-under",
    "NotUnder": "not-under",
    "Above": "above",
    "AboveOrEqual": "eq-or-above",
}
FUNCTIONS: Mapping[str, str] = {
    **_SPECIAL,
    "In": "in",
    "NotIn": "not-in",
    "Between": "between",
    "NotBetween": "not-between",
}
"""The functions that are emulated, each with the FetchXML operator that means the same."""


def _argument(node: QueryFunction, name: str) -> object:
    for argument, value in node.arguments:
        if argument == name and not isinstance(value, Null):
            return value
    raise bad_request(f"{QUERY_FUNCTION_PREFIX}{node.name} needs the parameter {name}.")


def _text(node: QueryFunction, name: str) -> str:
    value = _argument(node, name)
    if not isinstance(value, Text):
        raise _bad_parameter(node, name)
    return value.value


def _values(node: QueryFunction, operand: Operand, circumstances: Circumstances) -> list[Stored]:
    value = _argument(node, "PropertyValues")
    if not isinstance(value, TextList) or not value.values:
        raise _bad_parameter(node, "PropertyValues")
    return [stored_text(operand.column, text, circumstances) for text in value.values]


def _bounds(
    node: QueryFunction, operand: Operand, circumstances: Circumstances
) -> tuple[Stored, Stored]:
    values = _values(node, operand, circumstances)
    if len(values) != 2:
        raise _bad_parameter(node, "PropertyValues")
    return values[0], values[1]


def _number(node: QueryFunction, name: str) -> int:
    match _argument(node, name):
        case Number(int() as number):
            return number
    raise _bad_parameter(node, name)


def _id(node: QueryFunction) -> str:
    match _argument(node, "PropertyValue"):
        case Guid(row_id):
            return row_id
        case Text(text):
            return stored_id(text, "PropertyValue")
    raise _bad_parameter(node, "PropertyValue")


def _date(node: QueryFunction) -> date | datetime:
    match _argument(node, "PropertyValue"):
        case Day(day):
            return day
        case Moment(moment):
            return moment
        case Text(text):
            return stored_date(text, "PropertyValue")
    raise _bad_parameter(node, "PropertyValue")


def _bad_parameter(node: QueryFunction, name: str) -> Fault:
    return bad_request(
        f"The parameter {name} of {QUERY_FUNCTION_PREFIX}{node.name} has a wrong value."
    )
