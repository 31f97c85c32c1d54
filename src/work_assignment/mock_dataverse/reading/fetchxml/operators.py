"""FetchXML's condition operators, as one table: how many values each takes, and its SQL."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import assert_never

from ...conditions.choices import check_comparison
from ...conditions.circumstances import Circumstances
from ...conditions.comparisons import (
    Fragment,
    Operand,
    compared,
    is_not_null,
    is_null,
    like,
    not_like,
)
from ...conditions.filter_tree import Operator
from ...conditions.lists import among, within_bounds
from ...conditions.literals import (
    INVALID_ARGUMENT,
    option_numbers,
    stored_date,
    stored_id,
    stored_number,
    stored_text,
)
from ...conditions.special_operators import (
    SPECIAL_OPERATORS,
    Bare,
    Chosen,
    Dated,
    Identified,
    Numbered,
    Special,
)
from ...faults import bad_request, not_emulated
from .tree import Condition

Compile = Callable[[Operand, Condition, Circumstances], Fragment]
COMPARISONS = {
    "eq": Operator.EQ,
    "ne": Operator.NE,
    "neq": Operator.NE,
    "gt": Operator.GT,
    "ge": Operator.GE,
    "lt": Operator.LT,
    "le": Operator.LE,
}


def condition_sql(operand: Operand, condition: Condition, circumstances: Circumstances) -> Fragment:
    """Compile a condition that compares a column with values."""
    special = SPECIAL_OPERATORS.get(condition.operator)
    if special is not None:
        return _special(special, operand, condition, circumstances)
    compile_operator = _OPERATORS.get(condition.operator)
    if compile_operator is None:
        raise bad_request(
            f"The condition operator '{condition.operator}' on '{condition.attribute}' is not "
            "known in FetchXML.",
            INVALID_ARGUMENT,
        )
    return compile_operator(operand, condition, circumstances)


def _special(
    special: Special, operand: Operand, condition: Condition, circumstances: Circumstances
) -> Fragment:
    special.check(operand, condition.operator)
    name = condition.attribute
    match special:
        case Bare():
            _no_values(condition)
            return special.compile(operand, circumstances)
        case Numbered(how_many=how_many):
            texts = _exactly(how_many, condition)
            numbers = tuple(stored_number(text, name) for text in texts)
            return special.compile(operand, numbers, circumstances)
        case Dated():
            return special.compile(operand, stored_date(_single(condition), name), circumstances)
        case Identified():
            return special.compile(operand, stored_id(_single(condition), name), circumstances)
        case Chosen():
            options = option_numbers(name, _some(condition))
            return special.compile(operand, options, circumstances)
    assert_never(special)


def _compare(
    operator: Operator, operand: Operand, condition: Condition, circumstances: Circumstances
) -> Fragment:
    check_comparison(operand.column, operator)
    value = stored_text(operand.column, _single(condition), circumstances)
    return compared(operand.expression, operator, value)


def _like(
    shape: str, negative: bool, operand: Operand, condition: Condition, _: Circumstances
) -> Fragment:
    if not operand.column.type.is_text:
        raise not_emulated(
            f"the FetchXML operator '{condition.operator}' on '{condition.attribute}', "
            "which is no text"
        )
    pattern = shape.format(_single(condition))
    return (not_like if negative else like)(operand.expression, pattern)


def _member(
    negative: bool, operand: Operand, condition: Condition, circumstances: Circumstances
) -> Fragment:
    return among(operand, _some(condition), circumstances, negative=negative)


def _range(
    negative: bool, operand: Operand, condition: Condition, circumstances: Circumstances
) -> Fragment:
    return within_bounds(operand, _exactly(2, condition), circumstances, negative=negative)


def _null(negative: bool, operand: Operand, condition: Condition, _: Circumstances) -> Fragment:
    _no_values(condition)
    return (is_not_null if negative else is_null)(operand.expression)


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
}
OPERATORS = frozenset(_OPERATORS) | frozenset(SPECIAL_OPERATORS)
"""The FetchXML operators that are emulated."""


def _single(condition: Condition) -> str:
    return _exactly(1, condition)[0]


def _some(condition: Condition) -> tuple[str, ...]:
    if not condition.values:
        raise _wrong_values(condition, "at least one value")
    return condition.values


def _exactly(how_many: int, condition: Condition) -> tuple[str, ...]:
    if len(condition.values) != how_many:
        raise _wrong_values(condition, "one value" if how_many == 1 else "two values")
    return condition.values


def _no_values(condition: Condition) -> None:
    if condition.values:
        raise _wrong_values(condition, "no value")


def _wrong_values(condition: Condition, wanted: str) -> Exception:
    return bad_request(
        f"The operator '{condition.operator}' on '{condition.attribute}' takes {wanted}, "
        f"not {len(condition.values)}.",
        INVALID_ARGUMENT,
    )
