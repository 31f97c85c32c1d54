"""WHERE and ON of a parsed SELECT -> conditions: a column, an operator, constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from ...conditions.filter_tree import Operator
from .refusals import construct_refused, only, refused, written
from .tree import (
    And,
    Comparison,
    Condition,
    IsNull,
    Like,
    Membership,
    Name,
    Not,
    Or,
    Range,
    SameColumn,
)

_OPERATORS: dict[type[exp.Expr], Operator] = {
    exp.EQ: Operator.EQ,
    exp.NEQ: Operator.NE,
    exp.GT: Operator.GT,
    exp.GTE: Operator.GE,
    exp.LT: Operator.LT,
    exp.LTE: Operator.LE,
}
_MIRRORED = {
    Operator.EQ: Operator.EQ,
    Operator.NE: Operator.NE,
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
}


def read_condition(node: exp.Expr, place: str) -> Condition:
    """Read a condition; `place` is the clause that it stands in."""
    match node:
        case exp.Paren():
            return read_condition(node.this, place)
        case exp.And():
            return And(tuple(read_condition(term, place) for term in _terms(node, exp.And)))
        case exp.Or():
            return Or(tuple(read_condition(term, place) for term in _terms(node, exp.Or)))
        case exp.Not():
            return Not(read_condition(node.this, place))
    reader = _READERS.get(type(node))
    if reader is None:
        raise construct_refused(node, place)
    return reader(node, place)


def read_name(node: exp.Expr | None, place: str) -> Name:
    """Read a column; anything else is refused by what it is."""
    if not isinstance(node, exp.Column):
        raise refused(f"nothing in {place}") if node is None else construct_refused(node, place)
    if not isinstance(node.this, exp.Identifier):
        raise construct_refused(node.this, place)
    if node.args.get("db") or node.args.get("catalog") or node.args.get("join_mark"):
        raise refused(f"the name {written(node)} in {place}, which has too many parts")
    return Name(node.name, node.table or None)


def _terms(node: exp.Expr, kind: type[exp.Expr]) -> Iterator[exp.Expr]:
    """List the terms of `a AND b AND c`, which is parsed as a deep tree, without descending."""
    terms: list[exp.Expr] = []
    while isinstance(node, kind):
        terms.append(node.expression)
        node = node.this
    return reversed([*terms, node])


def _comparison(node: exp.Expr, place: str) -> Condition:
    only(node, "this", "expression")
    operator, left, right = _OPERATORS[type(node)], node.this, node.expression
    if isinstance(left, exp.Column) and isinstance(right, exp.Column):
        if operator is not Operator.EQ or place != "ON":
            raise refused(f"a comparison of two columns in {place}")
        return SameColumn(read_name(left, place), read_name(right, place))
    if isinstance(left, exp.Column):
        return Comparison(read_name(left, place), operator, _value(right, place))
    if isinstance(right, exp.Column):
        return Comparison(read_name(right, place), _MIRRORED[operator], _value(left, place))
    if _is_constant(left) and _is_constant(right):
        raise refused(f"a comparison of two constants in {place}")
    raise construct_refused(right if _is_constant(left) else left, place)


def _like(node: exp.Expr, place: str) -> Condition:
    only(node, "this", "expression", "negate")
    pattern = _value(node.expression, place)
    if pattern is None:
        raise refused(f"LIKE NULL in {place}")
    condition = Like(read_name(node.this, place), pattern)
    return Not(condition) if node.args.get("negate") else condition


def _membership(node: exp.Expr, place: str) -> Condition:
    only(node, "this", "expressions")
    values = [_value(value, place) for value in node.expressions]
    if not values or None in values:
        raise refused(f"IN without a list of constants in {place}")
    return Membership(read_name(node.this, place), tuple(v for v in values if v is not None))


def _range(node: exp.Expr, place: str) -> Condition:
    only(node, "this", "low", "high")
    low, high = (_value(node.args[name], place) for name in ("low", "high"))
    if low is None or high is None:
        raise refused(f"BETWEEN with NULL in {place}")
    return Range(read_name(node.this, place), low, high)


def _is(node: exp.Expr, place: str) -> Condition:
    only(node, "this", "expression")
    if not isinstance(node.expression, exp.Null):
        raise refused(f"IS with something else than NULL in {place}")
    return IsNull(read_name(node.this, place))


_READERS: dict[type[exp.Expr], Callable[[exp.Expr, str], Condition]] = {
    **dict.fromkeys(_OPERATORS, _comparison),
    exp.Like: _like,
    exp.In: _membership,
    exp.Between: _range,
    exp.Is: _is,
}


def _is_constant(node: exp.Expr) -> bool:
    is_number = isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal)
    return is_number or isinstance(node, exp.Literal | exp.National | exp.Null)


def _value(node: exp.Expr, place: str) -> str | None:
    """Read a constant as it is written; None for NULL."""
    match node:
        case exp.Null():
            return None
        case exp.Literal() | exp.National():
            return node.name
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return f"-{node.this.name}"
        case exp.Paren():
            return _value(node.this, place)
    if isinstance(node, exp.Column):
        raise refused(f"a column in {place}, where a constant has to stand")
    raise construct_refused(node, place)
