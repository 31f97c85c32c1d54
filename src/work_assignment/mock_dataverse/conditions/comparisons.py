"""One condition on one column as SQL with bound values, for $filter and FetchXML alike.

A negative condition (`ne`, `not-in`, `not-like`, `not-between`) is also true for a null column:
Dataverse compiles it to `column <> value or column is null`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..tables.metadata import Column
from ..text import Stored
from .filter_tree import Operator


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL and the values for its question marks, in order."""

    sql: str
    params: tuple[Stored, ...] = ()


@dataclass(frozen=True, slots=True)
class Operand:
    """The column that a condition is about: its SQL, its definition and its table's name."""

    expression: str
    column: Column
    table: str


ALWAYS = Fragment("1")
NEVER = Fragment("0")
_SYMBOLS = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.GT: ">",
    Operator.GE: ">=",
    Operator.LT: "<",
    Operator.LE: "<=",
}
INVERSE = {
    Operator.EQ: Operator.NE,
    Operator.NE: Operator.EQ,
    Operator.GT: Operator.LE,
    Operator.LE: Operator.GT,
    Operator.LT: Operator.GE,
    Operator.GE: Operator.LT,
}


def quoted(identifier: str) -> str:
    """Quote a name for SQLite."""
    escaped = identifier.replace('"', '""')
    return f'"{escaped}"'


def text_literal(text: str) -> str:
    """A text constant for places where a question mark would upset the order of parameters."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def select(columns: str, source: str, condition: str, *rest: str) -> str:
    """Write a SELECT; `rest` is what follows its condition."""
    return " ".join(("SELECT", columns, "FROM", source, "WHERE", condition, *rest))


def exists(source: str, condition: Fragment) -> Fragment:
    return Fragment(f"EXISTS ({select('1', source, condition.sql)})", condition.params)


def all_of(fragments: Iterable[Fragment]) -> Fragment:
    """Join with AND; no fragment at all is true."""
    return _joined(list(fragments), " AND ", ALWAYS)


def any_of(fragments: Iterable[Fragment]) -> Fragment:
    """Join with OR; no fragment at all is false."""
    return _joined(list(fragments), " OR ", NEVER)


def _joined(fragments: Sequence[Fragment], word: str, empty: Fragment) -> Fragment:
    """Join as a balanced tree, for SQLite limits how deep an expression may be."""
    if not fragments:
        return empty
    if len(fragments) <= 8:
        if len(fragments) == 1:
            return fragments[0]
        return Fragment(
            "(" + word.join(f.sql for f in fragments) + ")",
            tuple(value for f in fragments for value in f.params),
        )
    middle = len(fragments) // 2
    halves = (fragments[:middle], fragments[middle:])
    return _joined([_joined(half, word, empty) for half in halves], word, empty)


def negated(fragment: Fragment) -> Fragment:
    """True where the fragment is not; unknown counts as not true."""
    return Fragment(f"({fragment.sql}) IS NOT TRUE", fragment.params)


def compared(expression: str, operator: Operator, value: Stored) -> Fragment:
    """Compare with one value; null can only be equal or not."""
    if value is None:
        return _compared_with_null(expression, operator)
    if operator is Operator.NE:
        return Fragment(f"({expression} <> ? OR {expression} IS NULL)", (value,))
    return Fragment(f"{expression} {_SYMBOLS[operator]} ?", (value,))


def _compared_with_null(expression: str, operator: Operator) -> Fragment:
    match operator:
        case Operator.EQ:
            return is_null(expression)
        case Operator.NE:
            return is_not_null(expression)
    return NEVER


def compared_columns(left: str, operator: Operator, right: str) -> Fragment:
    """Compare two columns; as with a value, a null on the left is not equal to anything."""
    if operator is Operator.NE:
        return Fragment(f"({left} <> {right} OR {left} IS NULL)")
    return Fragment(f"{left} {_SYMBOLS[operator]} {right}")


def is_null(expression: str) -> Fragment:
    return Fragment(f"{expression} IS NULL")


def is_not_null(expression: str) -> Fragment:
    return Fragment(f"{expression} IS NOT NULL")


def like(expression: str, pattern: str) -> Fragment:
    return Fragment(f"dv_like({expression}, ?)", (pattern,))


def not_like(expression: str, pattern: str) -> Fragment:
    return Fragment(f"(NOT dv_like({expression}, ?) OR {expression} IS NULL)", (pattern,))


def one_of(expression: str, values: Sequence[Stored]) -> Fragment:
    return Fragment(f"{expression} IN ({_marks(values)})", tuple(values))


def none_of(expression: str, values: Sequence[Stored]) -> Fragment:
    return Fragment(
        f"({expression} NOT IN ({_marks(values)}) OR {expression} IS NULL)", tuple(values)
    )


def among(expression: str, ids: Iterable[str]) -> Fragment:
    """Is one of any number of ids, which travel as one value."""
    members = select("value", "json_each(?)", "1")
    return Fragment(f"{expression} IN ({members})", (json.dumps(list(ids)),))


def between(expression: str, low: Stored, high: Stored) -> Fragment:
    """Within two bounds, both included."""
    return Fragment(f"{expression} BETWEEN ? AND ?", (low, high))


def not_between(expression: str, low: Stored, high: Stored) -> Fragment:
    return Fragment(f"({expression} NOT BETWEEN ? AND ? OR {expression} IS NULL)", (low, high))


def _marks(values: Sequence[Stored]) -> str:
    return ",".join("?" * len(values))
