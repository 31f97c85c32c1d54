"""$filter on definitions: the syntax tree, checked against a type and made into a predicate.

Learn, Query table definitions: properties of primitive and enumeration types can be compared,
and those inside complex types by their path (`RequiredLevel/Value`), but nothing of a Label.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from ..conditions.filter_tree import (
    And,
    Bare,
    Boolean,
    Comparison,
    Day,
    Guid,
    Literal,
    Member,
    Moment,
    Node,
    Not,
    Null,
    Number,
    Operand,
    Operator,
    Or,
    Property,
    Text,
    TextMatch,
)
from ..conditions.literals import shown_literal
from ..faults import Fault, bad_request, not_emulated, unknown_property
from ..resource_paths import NAMESPACE
from .forms.types import (
    EDM_BOOLEAN,
    EDM_GUID,
    EDM_MOMENT,
    EDM_STRING,
    SCHEMA_ALIAS,
    Definition,
    DefinitionType,
)
from .forms.vocabulary import COMPLEX_TYPES, ENUMS

Predicate: TypeAlias = Callable[[Definition], bool]
_Value: TypeAlias = Callable[[Definition], Any]
_NUMBERS = frozenset({"Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double"})
_LITERAL_TYPES: Mapping[type[Literal], str] = {
    Text: EDM_STRING,
    Number: "Edm.Int32",
    Boolean: EDM_BOOLEAN,
    Guid: EDM_GUID,
    Moment: EDM_MOMENT,
    Day: "Edm.Date",
}
_KINDS = {
    Operator.EQ: "Equal",
    Operator.NE: "NotEqual",
    Operator.GT: "GreaterThan",
    Operator.GE: "GreaterThanOrEqual",
    Operator.LT: "LessThan",
    Operator.LE: "LessThanOrEqual",
}
_ORDERED: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def predicate(node: Node, kind: DefinitionType) -> Predicate:
    """Make a filter on definitions of one type into a function; text compares without case."""
    match node:
        case And(terms):
            parts = [predicate(term, kind) for term in terms]
            return lambda definition: all(part(definition) for part in parts)
        case Or(terms):
            parts = [predicate(term, kind) for term in terms]
            return lambda definition: any(part(definition) for part in parts)
        case Not(operand):
            negated = predicate(operand, kind)
            return lambda definition: not negated(definition)
        case Comparison(left, comparison, right):
            return _comparison(left, comparison, right, kind)
        case Bare(prop):
            raise _not_compared(prop, kind)
        case TextMatch(function, subject, value):
            return _text_match(function, subject, value, kind)
        case _:
            raise not_emulated("query functions and lambdas in filters on definitions")


def _not_compared(prop: Property, kind: DefinitionType) -> Fault:
    """Say what is wrong with a property that stands alone as a condition."""
    if _typed(prop, kind).type == EDM_BOOLEAN:
        return not_emulated(f"a condition without comparison: '{prop}'; add 'eq true'")
    return bad_request(
        f"The $filter expression must evaluate to a single boolean value, which '{prop}' is not."
    )


@dataclass(frozen=True, slots=True)
class _Typed:
    """One side of a comparison: its type in CSDL, its value, ready to be compared, its wording."""

    type: str
    value: _Value
    shown: str
    literal: Literal | None = None


def _comparison(
    left: Operand, comparison: Operator, right: Operand, kind: DefinitionType
) -> Predicate:
    one, other = _typed(left, kind), _typed(right, kind)
    if one.literal is not None and other.literal is None:
        one, other = _as(other, one, comparison), other
    else:
        other = _as(one, other, comparison)
    first, second = one.value, other.value
    if comparison is Operator.EQ:
        return lambda definition: bool(first(definition) == second(definition))
    if comparison is Operator.NE:
        return lambda definition: bool(first(definition) != second(definition))
    if other.type == EDM_BOOLEAN or _enum_of(other.type) is not None:
        raise _incompatible(one, other, comparison)
    return _ordered(_ORDERED[comparison], first, second)


def _ordered(test: Callable[[Any, Any], bool], first: _Value, second: _Value) -> Predicate:
    def holds(definition: Definition) -> bool:
        a, b = first(definition), second(definition)
        return a is not None and b is not None and test(a, b)

    return holds


def _text_match(function: str, subject: Operand, part: Operand, kind: DefinitionType) -> Predicate:
    text, wanted = _typed(subject, kind), _typed(part, kind)
    for side in (text, wanted):
        if side.type != EDM_STRING:
            raise bad_request(
                f"No function signature for the function with name '{function}' matches the"
                f" specified arguments; it takes texts, and {side.shown} is '{_shown(side.type)}'."
            )
    test, first, second = _TEXT_TESTS[function], text.value, wanted.value
    return lambda definition: test(first(definition) or "", second(definition) or "")


def _typed(operand: Operand, kind: DefinitionType) -> _Typed:
    if isinstance(operand, Property):
        return _property(operand.path, kind)
    shown = shown_literal(operand)
    match operand:
        case Null():
            return _Typed("<null>", lambda definition: None, shown, operand)
        case Member(type_name, _):
            return _Typed(type_name, lambda definition: None, shown, operand)
        case Day(value):
            day = value.isoformat()
            return _Typed("Edm.Date", lambda definition: day, shown, operand)
        case Text(value) | Number(value) | Boolean(value) | Guid(value) | Moment(value):
            constant = _folded(value)
            found = _LITERAL_TYPES[type(operand)]
            return _Typed(found, lambda definition: constant, shown, operand)


def _property(path: tuple[str, ...], kind: DefinitionType) -> _Typed:
    name, inner = path[0], path[1:]
    member = kind.members.get(name)
    if member is None:
        raise unknown_property(name, kind.name)
    found = _type_at(member.type, inner)
    if found.startswith("Collection(") or found.removeprefix(SCHEMA_ALIAS) in COMPLEX_TYPES:
        raise bad_request(
            f"The property '{'/'.join(path)}' of type '{_shown(found)}' cannot be compared in"
            " $filter."
        )

    def read(definition: Definition) -> Any:
        value = definition.value(name)
        for step in inner:
            value = value[step]
        return _ready(value, found)

    return _Typed(found, read, f"'{'/'.join(path)}'")


def _type_at(found: str, path: tuple[str, ...]) -> str:
    """Follow a path into complex types, of which Label cannot be filtered by."""
    for step in path:
        complex_type = found.removeprefix(SCHEMA_ALIAS)
        properties = COMPLEX_TYPES.get(complex_type, {})
        if step not in properties:
            raise unknown_property(step, complex_type)
        if complex_type == "Label":
            raise bad_request(f"The property '{step}' of a Label is not supported in $filter.")
        found = properties[step]
    return found


def _ready(value: Any, kind: str) -> Any:
    if kind == EDM_MOMENT and value is not None:
        return datetime.fromisoformat(value)
    return _folded(value)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _as(other: _Typed, side: _Typed, comparison: Operator) -> _Typed:
    """Read one side as the type of the other; enumeration members also come as plain texts."""
    literal, wanted = side.literal, other.type
    enum = _enum_of(wanted)
    if isinstance(literal, Null):
        return side
    if enum is not None and isinstance(literal, Text | Member):
        if isinstance(literal, Member) and literal.type != f"{NAMESPACE}{enum}":
            raise _incompatible(other, side, Operator.EQ)
        return _member(enum, literal, other)
    both_numbers = side.type in _NUMBERS and wanted in _NUMBERS
    if side.type != wanted and not both_numbers and wanted != "<null>":
        raise _incompatible(other, side, comparison)
    return side


def _enum_of(kind: str) -> str | None:
    name = kind.removeprefix(SCHEMA_ALIAS)
    return name if name in ENUMS else None


def _member(enum: str, literal: Text | Member, other: _Typed) -> _Typed:
    name = literal.value if isinstance(literal, Text) else literal.name
    if name not in ENUMS[enum]:
        raise bad_request(
            f"The string '{name}' is not a valid enumeration type constant of '{NAMESPACE}{enum}',"
            f" to which {other.shown} is compared."
        )
    constant = _folded(name)
    return _Typed(other.type, lambda definition: constant, f"'{name}'", literal)


def _incompatible(one: _Typed, other: _Typed, comparison: Operator) -> Fault:
    return bad_request(
        "A binary operator with incompatible types was detected. Found operand types"
        f" '{_shown(one.type)}' and '{_shown(other.type)}' for operator kind"
        f" '{_KINDS[comparison]}'. Compared are {one.shown} and {other.shown}."
    )


def _shown(kind: str) -> str:
    return kind.replace(SCHEMA_ALIAS, NAMESPACE)
