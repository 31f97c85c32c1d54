"""Filters as written: the syntax tree, read from nested lists.

Nothing here knows columns or types; `conditions.compile_filter` checks and compiles a tree, and
`fetchxml` reads and writes the form that Dataverse speaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from work_assignment.domain.errors import DefinitionError, nearest

Join = Literal["all", "any"]

_DYNAMIC = re.compile(r"\$\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a column, a FetchXML operator, and the operands as text.

    An operand may hold `$(column)`, which stands for what the routed record has there.
    """

    column: str
    operator: str
    operands: tuple[str, ...] = ()

    @property
    def record_columns(self) -> tuple[str, ...]:
        """The record's columns that operands stand for."""
        return tuple(name for text in self.operands for name in _DYNAMIC.findall(text))


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of which all, or any one, must hold. An empty group holds."""

    join: Join
    parts: tuple[Filter, ...] = ()


EVERY_RECORD = Group("all")


@dataclass(frozen=True, slots=True)
class Related:
    """Whether there is a row of another table for which a filter holds, or there is none (`absent`).

    The other row's `column` equals `own_column` of this row. None stands for a row's own id, and
    as `table` for the one that `own_column` points at.
    """

    table: str | None
    column: str | None
    own_column: str | None
    absent: bool = False
    filter: Filter = EVERY_RECORD


Filter = Term | Group | Related

_JOINS: dict[str, Join] = {"all": "all", "any": "any"}
_RELATED = ("related", "not_related")
_NOT = "not"
_RELATED_KEYS = ("lookup", "to", "table", "filter")


def dynamic_parts(operand: str) -> tuple[str | None, list[str]]:
    """The column when an operand is `$(column)` and nothing else, and all columns it names."""
    whole = _DYNAMIC.fullmatch(operand)
    return (whole[1] if whole else None), _DYNAMIC.findall(operand)


def fill(operand: str, values: Mapping[str, str]) -> str:
    """The operand with each `$(column)` replaced."""
    return _DYNAMIC.sub(lambda found: values[found[1]], operand)


def terms(tree: Filter) -> Iterator[Term]:
    """Every term about the filtered table itself, in the order written."""
    match tree:
        case Term():
            yield tree
        case Group(parts=parts):
            for part in parts:
                yield from terms(part)


def own_columns(tree: Filter) -> frozenset[str]:
    """The columns of the filtered table itself that are named, those that join others included."""
    match tree:
        case Term(column=column):
            return frozenset((column,))
        case Related(own_column=column):
            return frozenset() if column is None else frozenset((column,))
        case Group(parts=parts):
            return frozenset().union(*map(own_columns, parts))


def read_nested(form: object, where: str, *, many_valued: bool = False) -> Filter:
    """Read `{all: [...]}`, `{any: [...]}`, `{not: ...}`, `{related: ...}`, `{not_related: ...}` and
    `[column, operator, value or list]`, nested at will.

    `many_valued` says that the filter is about what may have several values, seller attributes.
    Raises DefinitionError with `where` for any other shape.
    """
    match form:
        case {**pairs} if len(pairs) == 1:
            ((key, parts),) = pairs.items()
            if key in _RELATED:
                return read_related(parts, where, absent=key == "not_related")
            if key == _NOT:
                return _read_not(parts, where, many_valued=many_valued)
            return _read_group(str(key), parts, where, many_valued=many_valued)
        case [str(column), str(operator)]:
            return Term(column, operator)
        case [str(column), ("null" | "not-null") as operator, None]:
            return Term(column, operator)
        case [str(column), str(operator), list(values)]:
            return Term(column, operator, tuple(_operand(value, where) for value in values))
        case [str(column), str(operator), value]:
            return Term(column, operator, (_operand(value, where),))
    raise DefinitionError(
        where,
        "a condition is [column, operator, value], all: [...], any: [...], not: [...], "
        f"related: {{...}} or not_related: {{...}}, not {form!r}",
    )


def _read_group(key: str, parts: object, where: str, *, many_valued: bool) -> Group:
    join = _JOINS.get(key)
    if join is None:
        raise DefinitionError(
            where,
            f"'{key}' is none of all, any, not, related and not_related",
            nearest(key, (*_JOINS, _NOT, *_RELATED)),
        )
    if not isinstance(parts, list):
        raise DefinitionError(where, f"'{key}' needs a list of conditions")
    return Group(join, tuple(read_nested(part, where, many_valued=many_valued) for part in parts))


def _read_not(parts: object, where: str, *, many_valued: bool) -> Filter:
    """What `not` stands for: of a list of conditions, that not all of them hold."""
    if parts is None or parts in ([], {}):
        raise DefinitionError(where, "'not' needs a condition or a list of conditions")
    is_list = isinstance(parts, list) and not isinstance(parts[0], str)
    form = {"all": parts} if is_list else parts
    tree = read_nested(form, where, many_valued=many_valued)
    return negated(tree, where, many_valued=many_valued)


_OPPOSITES = {
    "eq": "ne",
    "in": "not-in",
    "null": "not-null",
    "like": "not-like",
    "begins-with": "not-begin-with",
    "ends-with": "not-end-with",
    "between": "not-between",
    "contain-values": "not-contain-values",
    "under": "not-under",
}
_NEGATIONS = _OPPOSITES | {there: here for here, there in _OPPOSITES.items()} | {"neq": "eq"}
_BOUNDS = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
"""Where one of two bounds does not hold the other does, unless the column is empty."""


def negated(tree: Filter, where: str, *, many_valued: bool = False) -> Filter:
    """A filter that holds exactly where this one does not, written without `not`.

    Raises DefinitionError with `where` for what no condition is the opposite of. Of what has
    several values, that none is greater is not that one is not: no bound has an opposite there.
    """
    if _holds_always(tree):
        raise DefinitionError(where, "'not' of a filter without conditions holds for no record")
    match tree:
        case Term():
            return _negated_term(tree, where, many_valued=many_valued)
        case Related():
            return replace(tree, absent=not tree.absent)
        case Group(join=join, parts=parts):
            opposites = tuple(
                negated(part, where, many_valued=many_valued)
                for part in parts
                if not _holds_always(part)
            )
            return Group("any" if join == "all" else "all", opposites)


def _holds_always(tree: Filter) -> bool:
    """Whether there is nothing in a filter that could fail."""
    if not isinstance(tree, Group):
        return False
    holding = map(_holds_always, tree.parts)
    return not tree.parts or (all(holding) if tree.join == "all" else any(holding))


def _negated_term(term: Term, where: str, *, many_valued: bool) -> Filter:
    column, operator, operands = term.column, term.operator, term.operands
    if operator in _NEGATIONS:
        return Term(column, _NEGATIONS[operator], operands)
    if operator == "eq-or-under":
        return Group("all", (Term(column, "ne", operands), Term(column, "not-under", operands)))
    # Where `$(column)` stands for nothing, neither a bound nor its opposite holds.
    if operator in _BOUNDS and not term.record_columns and not many_valued:
        opposite = Term(column, _BOUNDS[operator], operands)
        return Group("any", (opposite, Term(column, "null")))
    raise DefinitionError(
        where,
        f"'not' cannot be said of [{', '.join((column, operator, *operands))}]; "
        "say it the other way round, without 'not'",
    )


def read_related(form: object, where: str, *, absent: bool) -> Related:
    """Read `{lookup: column, to: table, filter: ...}`, the row that a lookup points at (`to` says
    which table where there are several), or `{table: name, lookup: column, filter: ...}`, the rows
    of a table whose lookup points here.
    """
    if not isinstance(form, dict):
        raise DefinitionError(where, "'related' is a mapping with lookup, table and filter")
    names = related_names(form, where)
    inner = form.get("filter")
    tree = EVERY_RECORD if inner is None else read_nested(inner, f"{where}, related")
    return related(names, tree, absent=absent)


def related_names(form: Mapping[str, object], where: str) -> dict[str, str]:
    """The names that a related form gives, checked."""
    for key in form:
        if key not in _RELATED_KEYS:
            raise DefinitionError(
                where, f"'related' has no key '{key}'", nearest(str(key), _RELATED_KEYS)
            )
    names: dict[str, str] = {}
    for key in _RELATED_KEYS[:3]:
        name = form.get(key)
        if name is not None:
            if not isinstance(name, str) or not name:
                raise DefinitionError(where, f"'{key}' of 'related' is a name, not {name!r}")
            names[key] = name
    if "lookup" not in names:
        raise DefinitionError(where, "'related' needs a lookup")
    if "table" in names and "to" in names:
        raise DefinitionError(
            where,
            "'related' has either table, whose lookup points here, or to, at which the lookup "
            "points, not both",
        )
    return names


def related(names: Mapping[str, str], tree: Filter, *, absent: bool) -> Related:
    """The related condition of names that `related_names` has checked."""
    if "table" in names:
        return Related(names["table"], names["lookup"], None, absent, tree)
    return Related(names.get("to"), None, names["lookup"], absent, tree)


def _operand(value: object, where: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float() | Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
    raise DefinitionError(where, f"{value!r} is no value to compare with")
