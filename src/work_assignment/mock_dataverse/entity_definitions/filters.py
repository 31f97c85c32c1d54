"""$filter on definitions: the syntax tree, evaluated on JSON objects."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from ..conditions.filter_tree import (
    And,
    Boolean,
    Comparison,
    Guid,
    Member,
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
from ..faults import bad_request, not_emulated

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


def matches(node: Node, described: Mapping[str, Any]) -> bool:
    """Tell whether a definition satisfies a filter; text compares without case."""
    match node:
        case And(terms):
            return all(matches(term, described) for term in terms)
        case Or(terms):
            return any(matches(term, described) for term in terms)
        case Not(operand):
            return not matches(operand, described)
        case Comparison(left, comparison, right):
            return _compare(_value(left, described), comparison, _value(right, described))
        case TextMatch(function, subject, value):
            text, part = _value(subject, described), _value(value, described)
            return _TEXT_TESTS[function](str(text or ""), str(part))
        case _:
            raise not_emulated("query functions and lambdas in filters on definitions")


def _compare(left: Any, comparison: Operator, right: Any) -> bool:
    if comparison is Operator.EQ:
        return bool(left == right)
    if comparison is Operator.NE:
        return bool(left != right)
    if type(left) is not type(right):
        return False
    return _ORDERED[comparison](left, right)


def _value(operand: Operand, described: Mapping[str, Any]) -> Any:
    match operand:
        case Property(path):
            return _folded(_at(path, described))
        case Text(value) | Guid(value):
            return _folded(value)
        case Member(_, name):
            return _folded(name)
        case Number(value) | Boolean(value):
            return value
        case Null():
            return None
        case _:
            raise not_emulated("dates in filters on definitions")


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _at(path: tuple[str, ...], described: Mapping[str, Any]) -> Any:
    value: Any = described
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            raise bad_request(f"Could not find a property named '{name}' on the definition.")
        value = value[name]
    return value
