"""The condition tree: a filter checked against the columns and compiled into tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filters import Filter, Join, Term
from work_assignment.domain.operators import (
    OPERATORS,
    ColumnKind,
    OperandError,
    Operands,
    Operator,
    Test,
    kind_of,
)
from work_assignment.domain.records import Value

Columns = Mapping[str, ColumnKind]
"""What a table has: each column's name and kind."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column against one operator; `test` takes the column's value."""

    term: Term
    test: Callable[..., bool] = field(compare=False, repr=False)

    def holds(self, values: Mapping[str, object]) -> bool:
        return self.test(values.get(self.term.column))

    def __str__(self) -> str:
        operands = ", ".join(self.term.operands)
        return " ".join(filter(None, (self.term.column, self.term.operator, operands)))


@dataclass(frozen=True, slots=True)
class Group:
    """All, or any, of the parts; an empty group holds."""

    join: Join
    parts: tuple[Condition, ...] = ()

    def holds(self, values: Mapping[str, object]) -> bool:
        if self.join == "all" or not self.parts:
            return all(part.holds(values) for part in self.parts)
        return any(part.holds(values) for part in self.parts)

    def __str__(self) -> str:
        inner = (" and " if self.join == "all" else " or ").join(map(str, self.parts))
        return f"({inner})" if len(self.parts) > 1 else inner


Condition = Comparison | Group

ALWAYS = Group("all")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a condition does not hold: the part that failed, and what the columns it reads are."""

    condition: str
    values: tuple[tuple[str, object], ...]


def first_failure(condition: Condition, values: Mapping[str, object]) -> Failure | None:
    """The first part that keeps the condition from holding, or None when it holds.

    Inside `all` that is the first part that fails; an `any` fails as a whole.
    """
    if condition.holds(values):
        return None
    if isinstance(condition, Group) and condition.join == "all":
        for part in condition.parts:
            failure = first_failure(part, values)
            if failure is not None:
                return failure
    read = dict.fromkeys(leaf.term.column for leaf in leaves(condition))
    return Failure(str(condition), tuple((column, values.get(column)) for column in read))


def leaves(condition: Condition) -> Iterator[Comparison]:
    """Every comparison of a condition, in the order written."""
    if isinstance(condition, Comparison):
        yield condition
        return
    for part in condition.parts:
        yield from leaves(part)


def columns_read(condition: Condition) -> frozenset[str]:
    """The columns whose change can change what the condition says."""
    return frozenset(leaf.term.column for leaf in leaves(condition))


def compile_filter(
    tree: Filter, where: str, columns: Columns | None = None, zone: tzinfo = UTC
) -> Condition:
    """Check a filter and make its tests.

    With `columns` every name and operand is checked against them; without, a value's own type
    says how it is compared. Raises DefinitionError naming `where` and what is wrong.
    """
    if isinstance(tree, Term):
        return _compile_term(tree, where, columns, zone)
    return Group(
        tree.join, tuple(compile_filter(part, where, columns, zone) for part in tree.parts)
    )


def _compile_term(term: Term, where: str, columns: Columns | None, zone: tzinfo) -> Comparison:
    operator = _operator(term, where)
    if columns is None:
        return Comparison(term, _test_by_value(term, operator, where, zone))
    kind = columns.get(term.column)
    if kind is None:
        raise DefinitionError(
            where, f"there is no column '{term.column}'", nearest(term.column, columns)
        )
    return Comparison(term, _test(term, operator, where, kind, zone))


def _operator(term: Term, where: str) -> Operator:
    if any("$(" in operand for operand in term.operands):
        raise DefinitionError(where, f"a record's own value in '{term.column}' is not supported")
    operator = OPERATORS.get(term.operator)
    if operator is None:
        advice = CALLER_RELATIVE.get(term.operator)
        if advice:
            raise DefinitionError(where, f"operator '{term.operator}' {advice}")
        raise DefinitionError(
            where,
            f"there is no operator '{term.operator}' (column '{term.column}')",
            nearest(term.operator, OPERATORS),
        )
    wanted, given = operator.arity, len(term.operands)
    if (wanted is None and given == 0) or (wanted is not None and given != wanted):
        raise DefinitionError(
            where,
            f"operator '{term.operator}' on column '{term.column}' takes "
            f"{'one or more values' if wanted is None else _count(wanted)}, not {given}",
        )
    return operator


def _count(wanted: int) -> str:
    return {0: "no value", 1: "one value"}.get(wanted, f"{wanted} values")


def _test(term: Term, operator: Operator, where: str, kind: ColumnKind, zone: tzinfo) -> Test:
    if kind not in operator.kinds:
        raise DefinitionError(
            where,
            f"operator '{term.operator}' does not fit column '{term.column}', a {kind.value} column",
        )
    try:
        return operator.make(Operands(kind, term.operands, zone))
    except OperandError as exc:
        raise DefinitionError(where, f"column '{term.column}': {exc}") from None


def _test_by_value(term: Term, operator: Operator, where: str, zone: tzinfo) -> Test:
    made: dict[ColumnKind, Test] = {}

    def test(value: Value) -> bool:
        kind = kind_of(value)
        if value is None and kind not in operator.kinds:
            kind = next(iter(operator.kinds))  # an empty value is of any kind
        if kind not in made:
            made[kind] = _test(term, operator, where, kind, zone)
        return made[kind](value)

    return test


_ASKS_WHO = "asks who is calling, which would be our application user; name the {0} instead"
CALLER_RELATIVE = {
    **dict.fromkeys(
        ("eq-userid", "ne-userid", "eq-useroruserhierarchy", "eq-useroruserhierarchyandteams"),
        _ASKS_WHO.format("user"),
    ),
    **dict.fromkeys(("eq-userteams", "eq-useroruserteams"), _ASKS_WHO.format("team")),
    **dict.fromkeys(("eq-businessid", "ne-businessid"), _ASKS_WHO.format("business unit")),
    "eq-userlanguage": _ASKS_WHO.format("language"),
}
