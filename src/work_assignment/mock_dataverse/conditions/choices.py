"""Conditions on choices columns, of which several options may be chosen (Learn: Choices columns).

What is chosen is stored as a text of numbers in order, `1,9`. Equal, also `in` with several values,
means exactly these options (unverified: Learn only says that `in` can be used).
"""

from __future__ import annotations

from ..faults import bad_request
from ..tables.metadata import Column, ColumnType
from .circumstances import Circumstances
from .comparisons import Fragment, Operand, any_of, is_null
from .filter_tree import Operator
from .literals import INVALID_ARGUMENT

_EQUALITY = frozenset({Operator.EQ, Operator.NE})


def check_choices(operand: Operand, operator: str) -> None:
    """Refuse an operator on several options for a column that has one or none."""
    column = operand.column
    if column.type is not ColumnType.CHOICES:
        raise bad_request(
            f"The operator '{operator}' needs a choices column, "
            f"which '{column.logical_name}' is not.",
            INVALID_ARGUMENT,
        )


def check_comparison(column: Column, operator: Operator) -> None:
    """Refuse to ask which of two choices is greater."""
    if column.type is ColumnType.CHOICES and operator not in _EQUALITY:
        raise bad_request(
            f"The operator '{operator}' cannot be used with the choices column "
            f"'{column.logical_name}', only eq and ne.",
            INVALID_ARGUMENT,
        )


def contain(operand: Operand, options: frozenset[int], _: Circumstances) -> Fragment:
    """At least one of these options."""
    has_option = f"instr(',' || {operand.expression} || ',', ?) > 0"
    return any_of(Fragment(has_option, (f",{option},",)) for option in sorted(options))


def not_contain(
    operand: Operand, options: frozenset[int], circumstances: Circumstances
) -> Fragment:
    """None of these options; holds for an empty column, as other negative conditions do."""
    found = contain(operand, options, circumstances)
    return any_of((Fragment(f"NOT ({found.sql})", found.params), is_null(operand.expression)))
