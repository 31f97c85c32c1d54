"""Conditions on who asks: the caller, her reports, her business unit, her teams, her language."""

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


def caller_or_reports(operand: Operand, circumstances: Circumstances) -> Fragment:
    """The caller, or somebody who reports to her, also through others (Learn: Query hierarchical
    data); how far down is the organization's setting."""
    line = _reporting_line(circumstances)
    members = select("id", "line", "1")
    return Fragment(f"{operand.expression} IN ({line.sql} {members})", line.params)


def caller_or_reports_or_teams(operand: Operand, circumstances: Circumstances) -> Fragment:
    """The caller, her reports, or a team that one of them is a member of."""
    line = _reporting_line(circumstances)
    members = select(
        quoted("teamid"),
        quoted(_MEMBERSHIP),
        f"{quoted('systemuserid')} IN ({select('id', 'line', '1')})",
    )
    theirs = Fragment(f"{operand.expression} IN ({line.sql} {members})", line.params)
    return any_of((caller_or_reports(operand, circumstances), theirs))


def _reporting_line(circumstances: Circumstances) -> Fragment:
    """All who report to the caller, and she herself; whoever reports in a circle is met once a
    level, of which there are few."""
    below = select(
        f"below.{quoted('systemuserid')}, line.level + 1",
        f"{quoted('systemuser')} AS below, line",
        f"below.{quoted('parentsystemuserid')} = line.id AND line.level < ?",
    )
    return Fragment(
        f"WITH RECURSIVE line(id, level) AS (SELECT ?, 0 UNION {below})",
        (circumstances.caller.user_id, circumstances.reporting_depth),
    )


def language(operand: Operand, circumstances: Circumstances) -> Fragment:
    return compared(operand.expression, Operator.EQ, circumstances.language)
