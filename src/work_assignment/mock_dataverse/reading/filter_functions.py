"""Dataverse's own functions in $filter (`Microsoft.Dynamics.CRM.In` and kin), as tables.

The names are those of Learn's "Web API Query Function Reference"; those on patterns are not listed
there, but in the service's metadata.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import TypeAlias, assert_never

from ..conditions.circumstances import Circumstances
from ..conditions.comparisons import Fragment, Operand, like, not_like
from ..conditions.filter_tree import (
    Day,
    Guid,
    Literal,
    Moment,
    Null,
    Number,
    QueryFunction,
    Text,
    TextList,
)
from ..conditions.lists import among, within_bounds
from ..conditions.literals import option_numbers, shown_literal, stored_date, stored_id
from ..conditions.special_operators import (
    SPECIAL_OPERATORS,
    Bare,
    Chosen,
    Dated,
    Identified,
    Numbered,
)
from ..faults import Fault, bad_request, not_emulated
from .filter_parser import QUERY_FUNCTION_PREFIX, unknown_function

FindOperand: TypeAlias = Callable[[str], Operand]
_OnValues: TypeAlias = Callable[[Operand, Sequence[str], Circumstances], Fragment]
_NAME, _VALUE, _VALUES = "PropertyName", "PropertyValue", "PropertyValues"
_NUMBERED = ("PropertyValue1", "PropertyValue2")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def query_function(
    node: QueryFunction, find: FindOperand, circumstances: Circumstances
) -> Fragment:
    """Compile one of the functions; `find` resolves the name of a property."""
    if node.name in _ON_VALUES:
        _check_parameters(node, _VALUES)
        operand = find(_text(node, _NAME))
        return _ON_VALUES[node.name](operand, _values(node), circumstances)
    if node.name in _PATTERNS:
        _check_parameters(node, _VALUE)
        return _pattern(node, find(_text(node, _NAME)))
    if node.name == "Contains":
        # Only the articles of a knowledge base have such an index (Learn: Filter rows using OData).
        raise bad_request(
            f"The function {QUERY_FUNCTION_PREFIX}Contains needs a column with a full-text index, "
            "which no column has. Use the OData function contains."
        )
    if node.name == "EqualRoleBusinessId":
        raise not_emulated(f"the query function {QUERY_FUNCTION_PREFIX}EqualRoleBusinessId")
    operator = _SPECIAL.get(node.name)
    if operator is None:
        raise unknown_function(QUERY_FUNCTION_PREFIX + node.name)
    return _special(node, operator, find, circumstances)


def _special(
    node: QueryFunction, operator: str, find: FindOperand, circumstances: Circumstances
) -> Fragment:
    special = SPECIAL_OPERATORS[operator]
    _check_parameters(node, *_parameters(special))
    operand = find(_text(node, _NAME))
    special.check(operand, node.name)
    match special:
        case Bare():
            return special.compile(operand, circumstances)
        case Numbered():
            numbers = tuple(_number(node, name) for name in _parameters(special))
            return special.compile(operand, numbers, circumstances)
        case Dated():
            return special.compile(operand, _date(node), circumstances)
        case Identified():
            return special.compile(operand, _id(node), circumstances)
        case Chosen():
            return special.compile(operand, _options(node), circumstances)
    assert_never(special)


def _parameters(special: Bare | Numbered | Dated | Identified | Chosen) -> tuple[str, ...]:
    """The parameters that a function has besides the name of the property."""
    match special:
        case Bare():
            return ()
        case Numbered(how_many=how_many) if how_many > 1:
            return _NUMBERED
        case Chosen():
            return (_VALUES,)
    return (_VALUE,)


def _check_parameters(node: QueryFunction, *others: str) -> None:
    """Refuse a parameter that the function does not have, or that is given twice."""
    seen: set[str] = set()
    for name, _ in node.arguments:
        if name in seen or name not in (_NAME, *others):
            problem = "given more than once" if name in seen else "not one of its parameters"
            raise bad_request(
                f"The parameter '{name}' of {QUERY_FUNCTION_PREFIX}{node.name} is {problem}, "
                f"which are {', '.join((_NAME, *others))}."
            )
        seen.add(name)


def _pattern(node: QueryFunction, operand: Operand) -> Fragment:
    shape, negative = _PATTERNS[node.name]
    if not operand.column.type.is_text:
        raise not_emulated(f"{node.name} on '{operand.column.logical_name}', which is no text")
    pattern = shape.format(_text(node, _VALUE))
    return (not_like if negative else like)(operand.expression, pattern)


_ON_VALUES: Mapping[str, _OnValues] = {
    "In": among,
    "NotIn": partial(among, negative=True),
    "Between": within_bounds,
    "NotBetween": partial(within_bounds, negative=True),
}
_PAIRS = frozenset({"Between", "NotBetween"})

_PATTERNS: Mapping[str, tuple[str, bool]] = {
    "BeginsWith": ("{}%", False),
    "DoesNotBeginWith": ("{}%", True),
    "EndsWith": ("%{}", False),
    "DoesNotEndWith": ("%{}", True),
    "Like": ("{}", False),
    "NotLike": ("{}", True),
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
    "EqualUserOrUserHierarchy": "eq-useroruserhierarchy",
    "EqualUserOrUserHierarchyAndTeams": "eq-useroruserhierarchyandteams",
    "EqualUserLanguage": "eq-userlanguage",
    "ContainValues": "contain-values",
    "DoesNotContainValues": "not-contain-values",
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
    "BeginsWith": "begins-with",
    "DoesNotBeginWith": "not-begin-with",
    "EndsWith": "ends-with",
    "DoesNotEndWith": "not-end-with",
    "Like": "like",
    "NotLike": "not-like",
}
"""The functions that are emulated, each with the FetchXML operator that means the same."""


def _argument(node: QueryFunction, name: str) -> Literal | TextList:
    for argument, value in node.arguments:
        if argument == name and not isinstance(value, Null):
            return value
    raise bad_request(f"{QUERY_FUNCTION_PREFIX}{node.name} needs the parameter {name}.")


def _text(node: QueryFunction, name: str) -> str:
    value = _argument(node, name)
    if not isinstance(value, Text):
        raise _bad_parameter(node, name)
    return value.value


def _values(node: QueryFunction) -> tuple[str, ...]:
    value = _argument(node, _VALUES)
    if not isinstance(value, TextList) or not value.values:
        raise _bad_parameter(node, _VALUES)
    if node.name in _PAIRS and len(value.values) != 2:
        raise _bad_parameter(node, _VALUES)
    return value.values


def _options(node: QueryFunction) -> frozenset[int]:
    return option_numbers(_text(node, _NAME), _values(node))


def _number(node: QueryFunction, name: str) -> int:
    match _argument(node, name):
        case Number(int() as number):
            return number
        case Text(text) if _WHOLE_NUMBER.fullmatch(text):
            # Microsoft's samples put numbers in quotes here (Learn: Web API query data sample).
            return int(text)
    raise _bad_parameter(node, name)


def _id(node: QueryFunction) -> str:
    match _argument(node, _VALUE):
        case Guid(row_id):
            return row_id
        case Text(text):
            return stored_id(text, _VALUE)
    raise _bad_parameter(node, _VALUE)


def _date(node: QueryFunction) -> date | datetime:
    match _argument(node, _VALUE):
        case Day(day):
            return day
        case Moment(moment):
            return moment
        case Text(text):
            return stored_date(text, _VALUE)
    raise _bad_parameter(node, _VALUE)


def _bad_parameter(node: QueryFunction, name: str) -> Fault:
    return bad_request(
        f"The parameter {name} of {QUERY_FUNCTION_PREFIX}{node.name} has a wrong value:"
        f" {shown_literal(_argument(node, name))}."
    )
