"""Conditions on seller attributes: a seller may have several values of one attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.conditions import Comparison, Condition, Holds, group
from work_assignment.domain.filtering.filters import (
    Filter,
    Group,
    Related,
    Term,
    dynamic_parts,
    fill,
)
from work_assignment.domain.filtering.rows import Scope
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.filtering.terms import text_of
from work_assignment.domain.text import fold

Attributes = Mapping[str, tuple[str, ...]]
"""A seller's values by attribute name."""

_Held = frozenset[str]


def _has_any(held: _Held, wanted: _Held) -> bool:
    return not wanted.isdisjoint(held)


def _has_none(held: _Held, wanted: _Held) -> bool:
    return wanted.isdisjoint(held)


OPERATORS: dict[str, Callable[[_Held, _Held], bool]] = {
    "eq": _has_any,
    "in": _has_any,
    "ne": _has_none,
    "not-in": _has_none,
    "null": lambda held, _: not held,
    "not-null": lambda held, _: bool(held),
}


def compile_attributes(
    tree: Filter,
    where: str,
    known: Mapping[str, Iterable[str]] | None = None,
    record: TableSchema | None = None,
) -> Condition:
    """Check a filter over attributes and make its tests: `eq` means *has this value*.

    With `known` (values by attribute name) a name or value that no seller has is refused, and with
    `record` a column of it that is not there.
    """
    match tree:
        case Term():
            return _compile_term(tree, where, known, record)
        case Group(join=join, parts=parts):
            return group(
                join, tuple(compile_attributes(part, where, known, record) for part in parts)
            )
        case Related():
            raise DefinitionError(where, "seller attributes have no related rows")


def _compile_term(
    term: Term,
    where: str,
    known: Mapping[str, Iterable[str]] | None,
    record: TableSchema | None,
) -> Comparison:
    _check_shape(term, where)
    if known is not None:
        _check_known(term, where, known)
    if record is not None:
        for name in term.record_columns:
            if name not in record.columns:
                raise DefinitionError(
                    where,
                    f"there is no column '{name}' of {record.table} for '$({name})'",
                    nearest(name, record.columns),
                )
    return Comparison(term, _dynamic_test(term) if term.record_columns else _test(term))


def _check_shape(term: Term, where: str) -> None:
    if term.operator not in OPERATORS:
        raise DefinitionError(
            where,
            f"there is no operator '{term.operator}' for seller attributes "
            f"(attribute '{term.column}')",
            nearest(term.operator, OPERATORS),
        )
    if bool(term.operands) == (term.operator in ("null", "not-null")):
        raise DefinitionError(
            where, f"operator '{term.operator}' on attribute '{term.column}' has a wrong value"
        )


def _test(term: Term) -> Holds:
    attribute, compare = term.column, OPERATORS[term.operator]
    wanted = frozenset(map(fold, term.operands))

    def holds(attributes: Mapping[str, Any], _: Scope) -> bool:
        return compare(_folded(attributes.get(attribute) or ()), wanted)

    return holds


@lru_cache(maxsize=65_536)
def _folded(values: tuple[str, ...]) -> _Held:
    return frozenset(map(fold, values))


def _dynamic_test(term: Term) -> Holds:
    attribute, compare = term.column, OPERATORS[term.operator]

    def holds(attributes: Mapping[str, Any], scope: Scope) -> bool:
        meant = (*(text for operand in term.operands for text in _meant(operand, scope)),)
        return compare(_folded(attributes.get(attribute) or ()), _folded(meant))

    return holds


def _meant(operand: str, scope: Scope) -> Iterable[str]:
    """The texts an operand stands for: a record's choice goes by its label or its number."""
    _, named = dynamic_parts(operand)
    if not named:
        return (operand,)
    values = {name: scope.record.get(name) for name in named}
    if any(value is None for value in values.values()):
        return ()
    numbers = {name: text_of(value) for name, value in values.items()}
    labels = {name: scope.labels.get(name, text) for name, text in numbers.items()}
    return fill(operand, numbers), fill(operand, labels)


def _check_known(term: Term, where: str, known: Mapping[str, Iterable[str]]) -> None:
    if term.column not in known:
        raise DefinitionError(
            where, f"no seller has an attribute '{term.column}'", nearest(term.column, known)
        )
    values = list(known[term.column])
    folded = set(map(fold, values))
    for operand in term.operands:
        if not dynamic_parts(operand)[1] and fold(operand) not in folded:
            raise DefinitionError(
                where,
                f"no seller has the value '{operand}' of attribute '{term.column}'",
                nearest(operand, values),
            )
