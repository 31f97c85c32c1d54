"""Conditions on seller attributes: a seller may have several values of one attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from work_assignment.domain.conditions import Comparison, Condition, Group
from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filters import Filter, Term
from work_assignment.domain.text import fold

Attributes = Mapping[str, tuple[str, ...]]
"""A seller's values by attribute name."""

_Held = frozenset[str]


def _has_any(wanted: _Held) -> Callable[[_Held], bool]:
    return lambda held: not wanted.isdisjoint(held)


def _has_none(wanted: _Held) -> Callable[[_Held], bool]:
    return lambda held: wanted.isdisjoint(held)


OPERATORS: dict[str, Callable[[_Held], Callable[[_Held], bool]]] = {
    "eq": _has_any,
    "in": _has_any,
    "ne": _has_none,
    "not-in": _has_none,
    "null": lambda _: lambda held: not held,
    "not-null": lambda _: lambda held: bool(held),
}


def compile_attributes(
    tree: Filter, where: str, known: Mapping[str, Iterable[str]] | None = None
) -> Condition:
    """Check a filter over attributes and make its tests: `eq` means *has this value*.

    With `known` (values by attribute name) a name or value that no seller has is refused.
    """
    if isinstance(tree, Term):
        return _compile_term(tree, where, known)
    return Group(tree.join, tuple(compile_attributes(part, where, known) for part in tree.parts))


def _compile_term(term: Term, where: str, known: Mapping[str, Iterable[str]] | None) -> Comparison:
    if any("$(" in operand for operand in term.operands):
        raise DefinitionError(where, f"a record's own value in '{term.column}' is not supported")
    make = OPERATORS.get(term.operator)
    if make is None:
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
    if known is not None:
        _check_known(term, where, known)
    holds = make(frozenset(map(fold, term.operands)))
    return Comparison(term, lambda held: holds(frozenset(map(fold, held or ()))))


def _check_known(term: Term, where: str, known: Mapping[str, Iterable[str]]) -> None:
    if term.column not in known:
        raise DefinitionError(
            where, f"no seller has an attribute '{term.column}'", nearest(term.column, known)
        )
    values = list(known[term.column])
    folded = set(map(fold, values))
    for operand in term.operands:
        if fold(operand) not in folded:
            raise DefinitionError(
                where,
                f"no seller has the value '{operand}' of attribute '{term.column}'",
                nearest(operand, values),
            )
