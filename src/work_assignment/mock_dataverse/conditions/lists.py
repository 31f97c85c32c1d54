"""Conditions with several values as they are written: in, not in, between, not between."""

from __future__ import annotations

from collections.abc import Sequence

from ..faults import bad_request
from ..tables.metadata import ColumnType
from .circumstances import Circumstances
from .comparisons import Fragment, Operand, between, compared, none_of, not_between, one_of
from .filter_tree import Operator
from .literals import INVALID_ARGUMENT, stored_choices, stored_text


def among(
    operand: Operand, texts: Sequence[str], circumstances: Circumstances, *, negative: bool = False
) -> Fragment:
    """One of the values, or none of them; of a choices column, exactly all of them."""
    column = operand.column
    if column.type is ColumnType.CHOICES:
        operator = Operator.NE if negative else Operator.EQ
        return compared(operand.expression, operator, stored_choices(column, *texts))
    values = [stored_text(column, text, circumstances) for text in texts]
    return (none_of if negative else one_of)(operand.expression, values)


def within_bounds(
    operand: Operand, texts: Sequence[str], circumstances: Circumstances, *, negative: bool = False
) -> Fragment:
    """Between two values, both included, or not."""
    column = operand.column
    if column.type is ColumnType.CHOICES:
        raise bad_request(
            f"The choices column '{column.logical_name}' has no order to be between.",
            INVALID_ARGUMENT,
        )
    low, high = (stored_text(column, text, circumstances) for text in texts)
    return (not_between if negative else between)(operand.expression, low, high)
