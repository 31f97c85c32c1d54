"""Conditions on who asks: the caller, her business unit, her teams, her language."""

from __future__ import annotations

from ..faults import bad_request
from ..tables.metadata import ColumnType
from .circumstances import Circumstances
from .comparisons import Fragment, Operand, any_of, compared, quoted, select
from .filter_tree import Operator
from .literals import INVALID_ARGUMENT, NUMERIC, edm_type

_MEMBERSHIP = "teammembership"


def check_id(operand: Operand, operator: str) -> None:
    """Refuse an operator on ids for a column that has none."""
    column = operand.column
    if not column.type.is_lookup and column.type is not ColumnType.UNIQUEIDENTIFIER:
        raise bad_request(
            f"The operator '{operator}' needs a lookup, which '{column.logical_name}' is not.",
            INVALID_ARGUMENT,
        )


def check_number(operand: Operand, operator: str) -> None:
    """Refuse an operator on numbers for a column that has none."""
    if edm_type(operand.column) not in NUMERIC:
        raise bad_request(
            f"The operator '{operator}' needs a number, "
            f"which '{operand.column.logical_name}' is not.",
            INVALID_ARGUMENT,
        )


def caller(operator: Operator, operand: Operand, circumstances: Circumstances) -> Fragment:
    return compared(operand.expression, operator, circumstances.caller.user_id)


def business_unit(operator: Operator, operand: Operand, circumstances: Circumstances) -> Fragment:
    return compared(operand.expression, operator, circumstances.caller.business_unit_id)


def teams(operand: Operand, circumstances: Circumstances) -> Fragment:
    """One of the teams that the caller is a member of."""
    mine = select(quoted("teamid"), quoted(_MEMBERSHIP), f"{quoted('systemuserid')} = ?")
    return Fragment(f"{operand.expression} IN ({mine})", (circumstances.caller.user_id,))


def caller_or_teams(operand: Operand, circumstances: Circumstances) -> Fragment:
    return any_of((caller(Operator.EQ, operand, circumstances), teams(operand, circumstances)))


def language(operand: Operand, circumstances: Circumstances) -> Fragment:
    return compared(operand.expression, Operator.EQ, circumstances.language)
