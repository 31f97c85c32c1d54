"""Rows that filters look at beside the one they are about, and all that a condition may look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.trees import Tree
from work_assignment.domain.records import Value
from work_assignment.domain.text import fold

Columns = Mapping[str, Value]
"""A row: its columns' values by name, its own id among them. A missing column is empty."""

_ACTIVITIES = frozenset(
    {"activitypointer", "appointment", "email", "fax", "letter", "phonecall", "task"}
)
_PARENTS = {
    "account": "parentaccountid",
    "businessunit": "parentbusinessunitid",
    "position": "parentpositionid",
    "product": "parentproductid",
    "systemuser": "parentsystemuserid",
    "territory": "parentterritoryid",
}


def id_column(table: str) -> str:
    """The column of a table's own id, as Dataverse names it."""
    return "activityid" if table in _ACTIVITIES else f"{table}id"


def parent_column(table: str) -> str | None:
    """The column by which a standard table is a tree, where it is one."""
    return _PARENTS.get(table)


def key_of(value: Hashable) -> Hashable:
    """The form in which two values are equal when a join of Dataverse says they are."""
    return fold(value) if isinstance(value, str) else value


class Rows:
    """Other rows by table, found by the value of any of their columns. They do not change."""

    def __init__(
        self,
        tables: Mapping[str, Iterable[Columns]] | None = None,
        trees: Mapping[str, Tree] | None = None,
        faults: Mapping[str, DefinitionError] | None = None,
    ) -> None:
        """`faults` say of which tables rows could not be read: who asks for them is told."""
        self._tables = {table: tuple(rows) for table, rows in (tables or {}).items()}
        self._indexes: dict[tuple[str, str], dict[Hashable, list[Columns]]] = {}
        self._given_trees = dict(trees or {})
        self._trees = dict(self._given_trees)
        self.faults = dict(faults or {})

    def of(self, table: str) -> Sequence[Columns]:
        """Every row known of a table. Raises the table's fault."""
        if table in self.faults:
            raise self.faults[table]
        return self._tables.get(table, ())

    def where(self, table: str | None, column: str | None, value: Value) -> Sequence[Columns]:
        """The rows whose `column` equals a value, which must not be empty.

        Without a column its own id is meant, and without a table that of any table.
        """
        if table is None:
            return [row for name in self._tables for row in self.where(name, None, value)]
        return self._index(table, column or id_column(table)).get(key_of(value), ())

    def _index(self, table: str, column: str) -> Mapping[Hashable, list[Columns]]:
        found = self._indexes.get((table, column))
        if found is None:
            found = defaultdict(list)
            for row in self.of(table):
                value = row.get(column)
                if value is not None:
                    found[key_of(value)].append(row)
            self._indexes[table, column] = found = dict(found)
        return found

    def tree(self, table: str, own_id: str, parent: str) -> Tree:
        """The hierarchy of a table: `parent` is the column that points at the row above.

        It is made of the rows known, unless it was given.
        """
        if table not in self._trees:
            self._trees[table] = Tree(
                {
                    str(row[own_id]): str(row[parent])
                    for row in self.of(table)
                    if row.get(own_id) and row.get(parent)
                }
            )
        return self._trees[table]

    def with_others(self, others: Rows) -> Rows:
        """These rows and others; a row that both have is the others'."""
        if others is NO_ROWS or self is NO_ROWS:
            return self if others is NO_ROWS else others
        merged: dict[str, dict[Hashable, Columns]] = {}
        for source in (self, others):
            for table, rows in source._tables.items():
                own_id = id_column(table)
                known = merged.setdefault(table, {})
                for row in rows:
                    own = row.get(own_id)
                    known[id(row) if own is None else key_of(own)] = row
        return Rows(
            {table: rows.values() for table, rows in merged.items()},
            self._given_trees | others._given_trees,
            self.faults | others.faults,
        )


NO_ROWS = Rows()


@dataclass(slots=True)
class Scope:
    """What a condition may look at besides its own row.

    `record` is the record being routed, whose columns `$(column)` stands for, and `labels` what
    people read in its choices and lookups.
    """

    at: datetime
    rows: Rows = NO_ROWS
    record: Columns = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
