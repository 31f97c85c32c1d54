"""The tables of a SELECT, found in the metadata; names -> columns; conditions -> SQL.

Every condition is either true or not, as in Dataverse, which turns the query into conditions of its
own: `NOT` is carried inwards to them, so that `<>` and `NOT LIKE` are fulfilled by a null column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from ...conditions.circumstances import Circumstances
from ...conditions.comparisons import (
    INVERSE,
    NEVER,
    Fragment,
    all_of,
    any_of,
    between,
    compared,
    compared_columns,
    is_not_null,
    is_null,
    like,
    none_of,
    not_between,
    not_like,
    one_of,
    quoted,
)
from ...conditions.filter_tree import Operator
from ...conditions.literals import family, stored_text
from ...faults import (
    OF_IMAGES,
    Fault,
    bad_request,
    not_emulated,
    table_not_found,
    unknown_property,
)
from ...tables.metadata import Catalog, Column, Table
from ..source import Joined, alias_names
from .tree import (
    And,
    Comparison,
    Condition,
    IsNull,
    Join,
    Like,
    Membership,
    Name,
    Not,
    Or,
    Range,
    SameColumn,
    Statement,
    TableName,
)

NO_TABLE = "0x80041102"
NO_COLUMN = "0x80041103"
MOST_JOINS = 15
MOST_CONDITIONS = 500
_TOO_MANY_JOINS = "0x8004430d"
_TOO_MANY_CONDITIONS = "0x8004430c"


@dataclass(frozen=True, slots=True)
class Found:
    """A column of the query with the table that it belongs to."""

    joined: Joined
    column: Column

    @property
    def sql(self) -> str:
        return self.joined.sql(self.column.logical_name)

    @property
    def kind(self) -> str | None:
        """The SQL of the target's name beside a polymorphic lookup."""
        if not self.column.is_polymorphic:
            return None
        return self.joined.sql(f"{self.column.logical_name}__type")


class SqlScope:
    """The FROM clause, and where the names of a statement are looked up."""

    def __init__(self, circumstances: Circumstances, statement: Statement) -> None:
        if len(statement.joins) > MOST_JOINS:
            raise bad_request(
                "Number of link entities in query exceeded maximum limit.", _TOO_MANY_JOINS
            )
        self._circumstances = circumstances
        self._aliases = alias_names()
        self._by_name: dict[str, Joined] = {}
        self._conditions = 0
        self.base = self._open(statement.table)
        parts = [Fragment(_source(self.base)), *map(self._join, statement.joins)]
        self.tables = Fragment(
            " ".join(part.sql for part in parts),
            tuple(value for part in parts for value in part.params),
        )
        condition = statement.where
        self.condition = all_of(() if condition is None else (self._condition(condition, True),))

    @property
    def all_joined(self) -> tuple[Joined, ...]:
        """The tables in order, the base table first."""
        return tuple(self._by_name.values())

    def _count(self) -> None:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise bad_request(
                "Number of conditions in query exceeded maximum limit.", _TOO_MANY_CONDITIONS
            )

    def find(self, name: Name) -> Found:
        """The column that a name stands for, or a 400 that names it."""
        candidates = self._candidates(name)
        column_name = name.column.lower()
        found = [
            Found(joined, column)
            for joined in candidates
            if (column := joined.table.columns.get(column_name)) and column.valid_for_read
        ]
        if len(found) > 1:
            raise bad_request(f"Ambiguous column name '{name}' in the SQL query.", NO_COLUMN)
        if not found:
            raise _unknown(name, candidates)
        return found[0]

    def _candidates(self, name: Name) -> tuple[Joined, ...]:
        if name.qualifier is None:
            return self.all_joined
        joined = self._by_name.get(name.qualifier.lower())
        if joined is None:
            raise bad_request(
                f"The multi-part identifier '{name}' in the SQL query could not be bound: no table "
                f"is called '{name.qualifier}'.",
                NO_TABLE,
            )
        return (joined,)

    # tables

    def _open(self, name: TableName) -> Joined:
        table = find_table(self._circumstances.catalog, name.table)
        joined = Joined(table, next(self._aliases))
        if self._by_name.setdefault(name.alias.lower(), joined) is not joined:
            raise bad_request(
                f"The SQL query has two tables that are called '{name.alias}'; use aliases."
            )
        return joined

    def _join(self, join: Join) -> Fragment:
        joined = self._open(join.table)
        terms = join.on.terms if isinstance(join.on, And) else (join.on,)
        if not any(isinstance(term, SameColumn) and self._ties(term, joined) for term in terms):
            raise bad_request(
                f"The ON of the table '{join.table.alias}' in the SQL query has to compare one of "
                "its columns with a column of a table before it."
            )
        condition = self._condition(join.on, True)
        kind = "LEFT JOIN" if join.is_outer else "JOIN"
        return Fragment(f"{kind} {_source(joined)} ON {condition.sql}", condition.params)

    def _ties(self, same: SameColumn, joined: Joined) -> bool:
        sides = [self.find(name).joined is joined for name in (same.left, same.right)]
        return sides[0] != sides[1]

    # conditions

    def _condition(self, node: Condition, wanted: bool) -> Fragment:
        """Compile one condition; `wanted` is false below an odd number of NOT."""
        match node:
            case And(terms):
                return (all_of if wanted else any_of)(self._condition(t, wanted) for t in terms)
            case Or(terms):
                return (any_of if wanted else all_of)(self._condition(t, wanted) for t in terms)
            case Not(operand):
                return self._condition(operand, not wanted)
        self._count()
        match node:
            case Comparison():
                return self._comparison(node, wanted)
            case Like():
                return self._like(node, wanted)
            case Membership(name, values):
                found = self.find(name)
                stored = [self._stored(found, value) for value in values]
                return (one_of if wanted else none_of)(found.sql, stored)
            case Range(name, low, high):
                found = self.find(name)
                bounds = self._stored(found, low), self._stored(found, high)
                return (between if wanted else not_between)(found.sql, *bounds)
            case IsNull(name):
                return (is_null if wanted else is_not_null)(self.find(name).sql)
            case SameColumn():
                return self._same(node, wanted)
        assert_never(node)

    def _comparison(self, node: Comparison, wanted: bool) -> Fragment:
        found = self.find(node.name)
        if node.value is None:
            return NEVER  # a comparison with NULL is never true; IS NULL asks for it
        operator = node.operator if wanted else INVERSE[node.operator]
        return compared(found.sql, operator, self._stored(found, node.value))

    def _like(self, node: Like, wanted: bool) -> Fragment:
        found = self.find(node.name)
        if not found.column.type.is_text:
            raise bad_request(
                f"LIKE in the SQL query needs a text column, which '{node.name}' is not: it is of "
                f"type {found.column.type}."
            )
        return (like if wanted else not_like)(found.sql, node.pattern)

    def _same(self, node: SameColumn, wanted: bool) -> Fragment:
        left, right = self.find(node.left), self.find(node.right)
        if family(left.column) != family(right.column):
            raise bad_request(
                f"'{node.left}' and '{node.right}' in the SQL query are of different types and "
                "cannot be joined."
            )
        return compared_columns(left.sql, Operator.EQ if wanted else Operator.NE, right.sql)

    def _stored(self, found: Found, text: str) -> str | int | float | None:
        return stored_text(found.column, text, self._circumstances)


def find_table(catalog: Catalog, name: str) -> Table:
    """The table with a logical name, or a 400 that names it."""
    table = catalog.tables.get(name)
    if table is None:
        raise table_not_found(name)
    return table


def _source(joined: Joined) -> str:
    return f"{quoted(joined.table.logical_name)} AS {joined.alias}"


def _unknown(name: Name, candidates: tuple[Joined, ...]) -> Fault:
    """Refuse a column; the virtual names of choices and lookups exist in Dataverse."""
    base = name.column.lower().removesuffix("name")
    for joined in candidates:
        column = joined.table.columns.get(base)
        if column is not None and (column.type.is_lookup or column.type.has_options):
            return not_emulated(f"the name column '{name}' in sql; use '{base}'")
    if len(candidates) == 1:
        table = candidates[0].table.logical_name
        if name.column in OF_IMAGES:
            return unknown_property(name.column, table)
        return bad_request(
            f"'{table}' entity doesn't contain attribute with Name = '{name.column}' "
            "and NameMapping = 'Logical'.",
            NO_COLUMN,
        )
    return bad_request(f"Invalid column name '{name}' in the SQL query.", NO_COLUMN)
