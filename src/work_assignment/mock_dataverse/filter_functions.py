"""Dataverse's own functions in $filter (`Microsoft.Dynamics.CRM.In` and kin), as one table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from .faults import Fault, bad_request, not_emulated
from .filter_conditions import (
    Fragment,
    between,
    none_of,
    not_between,
    on,
    on_or_after,
    on_or_before,
    one_of,
)
from .filter_parser import QUERY_FUNCTION_PREFIX
from .filter_tree import Day, Moment, Null, QueryFunction, Text, TextList
from .filter_values import read_moment, stored_text
from .metadata import Column, ColumnType
from .text import Stored

FindColumn = Callable[[str], tuple[str, Column]]


def query_function(node: QueryFunction, find: FindColumn) -> Fragment:
    """Compile one of the functions; `find` resolves the name of a property."""
    compile_function = _FUNCTIONS.get(node.name)
    if compile_function is None:
        raise not_emulated(f"the query function {QUERY_FUNCTION_PREFIX}{node.name}")
    return compile_function(node, *find(_text(node, "PropertyName")))


def _in(node: QueryFunction, expression: str, column: Column) -> Fragment:
    return one_of(expression, _values(node, column))


def _not_in(node: QueryFunction, expression: str, column: Column) -> Fragment:
    return none_of(expression, _values(node, column))


def _between(node: QueryFunction, expression: str, column: Column) -> Fragment:
    return between(expression, *_bounds(node, column))


def _not_between(node: QueryFunction, expression: str, column: Column) -> Fragment:
    return not_between(expression, *_bounds(node, column))


def _on(node: QueryFunction, expression: str, column: Column) -> Fragment:
    return on(expression, column, _day(node, column))


def _on_or_after(node: QueryFunction, expression: str, column: Column) -> Fragment:
    return on_or_after(expression, column, _day(node, column))


def _on_or_before(node: QueryFunction, expression: str, column: Column) -> Fragment:
    return on_or_before(expression, column, _day(node, column))


_FUNCTIONS: dict[str, Callable[[QueryFunction, str, Column], Fragment]] = {
    "In": _in,
    "NotIn": _not_in,
    "Between": _between,
    "NotBetween": _not_between,
    "On": _on,
    "OnOrAfter": _on_or_after,
    "OnOrBefore": _on_or_before,
}


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


def _values(node: QueryFunction, column: Column) -> list[Stored]:
    value = _argument(node, "PropertyValues")
    if not isinstance(value, TextList) or not value.values:
        raise _bad_parameter(node, "PropertyValues")
    return [stored_text(column, text) for text in value.values]


def _bounds(node: QueryFunction, column: Column) -> tuple[Stored, Stored]:
    values = _values(node, column)
    if len(values) != 2:
        raise _bad_parameter(node, "PropertyValues")
    return values[0], values[1]


def _day(node: QueryFunction, column: Column) -> date:
    if column.type is not ColumnType.DATETIME:
        raise bad_request(
            f"{QUERY_FUNCTION_PREFIX}{node.name} needs a date column, "
            f"which '{column.logical_name}' is not."
        )
    match _argument(node, "PropertyValue"):
        case Day(day):
            return day
        case Moment(moment):
            return moment.date()
        case Text(text):
            stored_text(column, text)
            return read_moment(text).date()
    raise _bad_parameter(node, "PropertyValue")


def _bad_parameter(node: QueryFunction, name: str) -> Fault:
    return bad_request(
        f"The parameter {name} of {QUERY_FUNCTION_PREFIX}{node.name} has a wrong value."
    )
