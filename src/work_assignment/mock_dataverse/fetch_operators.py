"""FetchXML's condition operators, as one table: how many values each takes, and its SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .caller import Caller
from .faults import bad_request, not_emulated
from .fetch_tree import Condition
from .filter_conditions import (
    DAY_CONDITIONS,
    Fragment,
    between,
    compared,
    is_not_null,
    is_null,
    like,
    none_of,
    not_between,
    not_like,
    one_of,
)
from .filter_tree import Operator
from .filter_values import INVALID_ARGUMENT, read_moment, stored_text
from .metadata import Column, ColumnType


@dataclass(frozen=True, slots=True)
class Operand:
    """The column that a condition is about, as SQL and as metadata."""

    expression: str
    column: Column


Compile = Callable[[Operand, Condition, Caller], Fragment]
COMPARISONS = {
    "eq": Operator.EQ,
    "ne": Operator.NE,
    "neq": Operator.NE,
    "gt": Operator.GT,
    "ge": Operator.GE,
    "lt": Operator.LT,
    "le": Operator.LE,
}


def condition_sql(operand: Operand, condition: Condition, caller: Caller) -> Fragment:
    """Compile a condition that compares a column with values."""
    compile_operator = _OPERATORS.get(condition.operator)
    if compile_operator is None:
        raise not_emulated(f"the FetchXML operator '{condition.operator}'")
    return compile_operator(operand, condition, caller)


def _compare(operator: Operator, operand: Operand, condition: Condition, _: Caller) -> Fragment:
    value = stored_text(operand.column, _single(condition))
    return compared(operand.expression, operator, value)


def _like(
    shape: str, negative: bool, operand: Operand, condition: Condition, _: Caller
) -> Fragment:
    if not operand.column.type.is_text:
        raise not_emulated(
            f"the FetchXML operator '{condition.operator}' on '{condition.attribute}', "
            "which is no text"
        )
    pattern = shape.format(_single(condition))
    return (not_like if negative else like)(operand.expression, pattern)


def _member(negative: bool, operand: Operand, condition: Condition, _: Caller) -> Fragment:
    if not condition.values:
        raise _wrong_values(condition, "at least one value")
    values = [stored_text(operand.column, text) for text in condition.values]
    return (none_of if negative else one_of)(operand.expression, values)


def _range(negative: bool, operand: Operand, condition: Condition, _: Caller) -> Fragment:
    if len(condition.values) != 2:
        raise _wrong_values(condition, "two values")
    low, high = (stored_text(operand.column, text) for text in condition.values)
    return (not_between if negative else between)(operand.expression, low, high)


def _null(negative: bool, operand: Operand, condition: Condition, _: Caller) -> Fragment:
    _no_values(condition)
    return (is_not_null if negative else is_null)(operand.expression)


def _day(operand: Operand, condition: Condition, _: Caller) -> Fragment:
    if operand.column.type is not ColumnType.DATETIME:
        raise bad_request(
            f"The operator '{condition.operator}' needs a date, "
            f"which '{condition.attribute}' is not.",
            INVALID_ARGUMENT,
        )
    text = _single(condition)
    stored_text(operand.column, text)
    compile_day = DAY_CONDITIONS[condition.operator]
    return compile_day(operand.expression, operand.column, read_moment(text).date())


def _user(operator: Operator, operand: Operand, condition: Condition, caller: Caller) -> Fragment:
    return _id(operator, operand, condition, caller.user_id)


def _business(
    operator: Operator, operand: Operand, condition: Condition, caller: Caller
) -> Fragment:
    return _id(operator, operand, condition, caller.business_unit_id)


def _id(operator: Operator, operand: Operand, condition: Condition, row_id: str) -> Fragment:
    _no_values(condition)
    if not operand.column.type.is_lookup and operand.column.type is not ColumnType.UNIQUEIDENTIFIER:
        raise bad_request(
            f"The operator '{condition.operator}' needs a lookup, "
            f"which '{condition.attribute}' is not.",
            INVALID_ARGUMENT,
        )
    return compared(operand.expression, operator, row_id)


_OPERATORS: dict[str, Compile] = {
    **{name: partial(_compare, operator) for name, operator in COMPARISONS.items()},
    "like": partial(_like, "{}", False),
    "not-like": partial(_like, "{}", True),
    "begins-with": partial(_like, "{}%", False),
    "not-begin-with": partial(_like, "{}%", True),
    "ends-with": partial(_like, "%{}", False),
    "not-end-with": partial(_like, "%{}", True),
    "in": partial(_member, False),
    "not-in": partial(_member, True),
    "between": partial(_range, False),
    "not-between": partial(_range, True),
    "null": partial(_null, False),
    "not-null": partial(_null, True),
    **dict.fromkeys(DAY_CONDITIONS, _day),
    "eq-userid": partial(_user, Operator.EQ),
    "ne-userid": partial(_user, Operator.NE),
    "eq-businessid": partial(_business, Operator.EQ),
    "ne-businessid": partial(_business, Operator.NE),
}
OPERATORS = frozenset(_OPERATORS)
"""The FetchXML operators that are emulated."""


def _single(condition: Condition) -> str:
    if len(condition.values) != 1:
        raise _wrong_values(condition, "one value")
    return condition.values[0]


def _no_values(condition: Condition) -> None:
    if condition.values:
        raise _wrong_values(condition, "no value")


def _wrong_values(condition: Condition, wanted: str) -> Exception:
    return bad_request(
        f"The operator '{condition.operator}' on '{condition.attribute}' takes {wanted}, "
        f"not {len(condition.values)}.",
        INVALID_ARGUMENT,
    )
