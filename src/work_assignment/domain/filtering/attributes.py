"""Conditions on seller attributes: a seller may have several values of one attribute."""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
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
from work_assignment.domain.filtering.operands import OperandError, read_number
from work_assignment.domain.filtering.rows import Scope
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.filtering.terms import text_of
from work_assignment.domain.text import fold, like

Attributes = Mapping[str, tuple[str, ...]]
"""A seller's values by attribute name."""

_Held = tuple[str, ...]
_Number = int | Decimal
_Some = Callable[[_Held], bool]
"""Whether a seller who has these values has one that fits."""


@dataclass(frozen=True, slots=True)
class _Operator:
    """What makes a test of operands, how many it takes (None: one or more).

    A negative operator holds where the test does not: no value fits.
    """

    make: Callable[[tuple[str, ...]], _Some]
    arity: int | None = 1
    is_negative: bool = False


@lru_cache(maxsize=65_536)
def _number(text: str) -> _Number | None:
    try:
        return read_number(text) if text.isascii() else None
    except OperandError:
        return None


@lru_cache(maxsize=65_536)
def _keys(values: _Held) -> frozenset[str | _Number]:
    """The values in the form in which they are equal: as numbers where they can be read so."""
    numbers = ((value, _number(value)) for value in values)
    return frozenset(fold(value) if number is None else number for value, number in numbers)


def _one_of(operands: tuple[str, ...]) -> _Some:
    wanted = _keys(operands)
    return lambda held: not wanted.isdisjoint(_keys(held))


def _compared(holds: Callable[[Any, Any], bool], value: str, operand: str) -> bool:
    numbers = _number(value), _number(operand)
    if None in numbers:
        return holds(fold(value), fold(operand))
    return holds(*numbers)


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[tuple[str, ...]], _Some]:
    return lambda operands: lambda held: any(_compared(holds, value, operands[0]) for value in held)


def _between(operands: tuple[str, ...]) -> _Some:
    low, high = operands
    return lambda held: any(
        _compared(python.ge, value, low) and _compared(python.le, value, high) for value in held
    )


def _pattern(form: str) -> Callable[[tuple[str, ...]], _Some]:
    def make(operands: tuple[str, ...]) -> _Some:
        match = like(form.format(operands[0])).fullmatch
        return lambda held: any(match(fold(value)) for value in held)

    return make


def _anything(_: tuple[str, ...]) -> _Some:
    return bool


OPERATORS: dict[str, _Operator] = {
    "eq": _Operator(_one_of, arity=None),
    "ne": _Operator(_one_of, arity=None, is_negative=True),
    "in": _Operator(_one_of, arity=None),
    "not-in": _Operator(_one_of, arity=None, is_negative=True),
    "not-null": _Operator(_anything, arity=0),
    "null": _Operator(_anything, arity=0, is_negative=True),
    "gt": _Operator(_ordered(python.gt)),
    "ge": _Operator(_ordered(python.ge)),
    "lt": _Operator(_ordered(python.lt)),
    "le": _Operator(_ordered(python.le)),
    "between": _Operator(_between, arity=2),
    "not-between": _Operator(_between, arity=2, is_negative=True),
    "like": _Operator(_pattern("{}")),
    "not-like": _Operator(_pattern("{}"), is_negative=True),
    "begins-with": _Operator(_pattern("{}%")),
    "not-begin-with": _Operator(_pattern("{}%"), is_negative=True),
    "ends-with": _Operator(_pattern("%{}")),
    "not-end-with": _Operator(_pattern("%{}"), is_negative=True),
}
_OF_KNOWN_VALUES = ("eq", "ne", "in", "not-in")


def named(attributes: Attributes, names: Iterable[str]) -> Attributes:
    """A seller's values by the names that a rule writes, whatever their case and accents."""
    return {name: _values(attributes, name) for name in names}


def _values(attributes: Attributes, name: str) -> _Held:
    found = attributes.get(name)
    if found is not None:
        return found
    wanted = fold(name)
    return tuple(
        value for other, held in attributes.items() if fold(other) == wanted for value in held
    )


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
    operator = OPERATORS.get(term.operator)
    if operator is None:
        raise DefinitionError(
            where,
            f"there is no operator '{term.operator}' for seller attributes "
            f"(attribute '{term.column}')",
            nearest(term.operator, OPERATORS),
        )
    given = len(term.operands)
    if given == 0 if operator.arity is None else given != operator.arity:
        raise DefinitionError(
            where, f"operator '{term.operator}' on attribute '{term.column}' has a wrong value"
        )


def _test(term: Term) -> Holds:
    attribute, operator = term.column, OPERATORS[term.operator]
    is_negative, some = operator.is_negative, operator.make(term.operands)

    def holds(attributes: Mapping[str, Any], _: Scope) -> bool:
        return some(_values(attributes, attribute)) is not is_negative

    return holds


def _dynamic_test(term: Term) -> Holds:
    attribute, operator = term.column, OPERATORS[term.operator]
    is_negative = operator.is_negative

    def holds(attributes: Mapping[str, Any], scope: Scope) -> bool:
        held = _values(attributes, attribute)
        some = any(operator.make(texts)(held) for texts in _filled(term, operator, scope))
        return some is not is_negative

    return holds


def _filled(term: Term, operator: _Operator, scope: Scope) -> Iterator[tuple[str, ...]]:
    """The operands that a term stands for, by the record's numbers and by its labels.

    Of a list what is empty is left out; otherwise there are none where something is.
    """
    meant = [_meant(operand, scope) for operand in term.operands]
    if operator.arity is None:
        meant = [texts for texts in meant if texts]
    if meant and all(meant):
        yield tuple(texts[0] for texts in meant)
        yield tuple(texts[-1] for texts in meant)


def _meant(operand: str, scope: Scope) -> tuple[str, ...]:
    """The texts an operand stands for: a record's choice goes by its label or its number."""
    _, columns = dynamic_parts(operand)
    if not columns:
        return (operand,)
    values = {name: scope.record.get(name) for name in columns}
    if any(value is None for value in values.values()):
        return ()
    numbers = {name: text_of(value) for name, value in values.items()}
    labels = {name: scope.labels.get(name, text) for name, text in numbers.items()}
    return fill(operand, numbers), fill(operand, labels)


def _check_known(term: Term, where: str, known: Mapping[str, Iterable[str]]) -> None:
    if fold(term.column) not in set(map(fold, known)):
        raise DefinitionError(
            where, f"no seller has an attribute '{term.column}'", nearest(term.column, known)
        )
    if term.operator not in _OF_KNOWN_VALUES:
        return
    values = _values({name: tuple(held) for name, held in known.items()}, term.column)
    for operand in term.operands:
        if not dynamic_parts(operand)[1] and _keys((operand,)).isdisjoint(_keys(values)):
            raise DefinitionError(
                where,
                f"no seller has the value '{operand}' of attribute '{term.column}'",
                nearest(operand, values),
            )
