"""The tables of one SELECT: its base table, and those joined on the way along lookups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from ..conditions.comparisons import Fragment, quoted, text_literal
from ..faults import Fault, bad_request, not_emulated, unknown_property
from ..tables.metadata import Catalog, Column, ColumnType, ManyToMany, OneToMany, Table

DEEPEST_PATH = 50


@dataclass(frozen=True, slots=True)
class Joined:
    """A table under the alias that a SELECT knows it by."""

    table: Table
    alias: str

    def sql(self, column: str) -> str:
        """The SQL of one of its stored columns."""
        return f"{self.alias}.{quoted(column)}"


class Source:
    """The FROM clause of one SELECT, growing with each path that is asked for."""

    def __init__(self, catalog: Catalog, table: Table, aliases: Iterator[str]) -> None:
        self.catalog = catalog
        self.aliases = aliases
        self.base = Joined(table, next(aliases))
        self._joins: dict[tuple[str, ...], Joined] = {}
        self._sql = [f"{quoted(table.logical_name)} AS {self.base.alias}"]

    def across(self, relation: ManyToMany, side: PartnerSide) -> str:
        """Join the intersect table, `side.column` being ours; return the SQL of the other id."""
        alias = next(self.aliases)
        key = self.base.sql(self.base.table.primary_id)
        self._sql.append(
            f"JOIN {quoted(relation.intersect_table)} AS {alias} "
            f"ON {alias}.{quoted(side.column)} = {key}"
        )
        return f"{alias}.{quoted(side.own_column)}"

    @property
    def sql(self) -> str:
        """What follows FROM."""
        return " ".join(self._sql)

    def column(self, path: tuple[str, ...]) -> tuple[Joined, Column]:
        """Resolve `a/b/column`, where all but the last are single-valued navigation properties."""
        owner = self.owner(path)
        if owner is not None:
            return owner
        joined = self.along(path[:-1])
        return joined, readable_column(joined.table, path[-1])

    def logical_column(self, path: tuple[str, ...]) -> tuple[Joined, Column]:
        """Resolve a path whose last name may also be the logical name of a lookup."""
        joined = self.along(path[:-1])
        column = joined.table.columns.get(path[-1])
        if column is not None and column.type.is_lookup:
            return joined, column
        return joined, readable_column(joined.table, path[-1])

    def owner(self, path: tuple[str, ...]) -> tuple[Joined, Column] | None:
        """Resolve a path through an owner, who is of type principal: only `ownerid` is known of her."""
        if len(path) < 2:
            return None
        joined = self.along(path[:-2])
        column = joined.table.columns.get(path[-2])
        if column is None or column.type is not ColumnType.OWNER:
            return None
        if path[-1] != "ownerid":
            raise unknown_property(path[-1], "principal")
        return joined, column

    def along(self, path: tuple[str, ...]) -> Joined:
        """Resolve a path of single-valued navigation properties; joins each table once."""
        if not path:
            return self.base
        if len(path) > DEEPEST_PATH:
            raise not_emulated(f"a path through more than {DEEPEST_PATH} navigation properties")
        if path not in self._joins:
            self._joins[path] = self._join(self.along(path[:-1]), path[-1])
        return self._joins[path]

    def _join(self, parent: Joined, navigation: str) -> Joined:
        relation = single_valued(self.catalog, parent.table, navigation)
        target = Joined(self.catalog.tables[relation.referenced_table], next(self.aliases))
        condition = (
            f"{target.sql(target.table.primary_id)} = {parent.sql(relation.referencing_column)}"
        )
        if parent.table.columns[relation.referencing_column].is_polymorphic:
            kind = parent.sql(f"{relation.referencing_column}__type")
            condition += f" AND {kind} = {text_literal(relation.referenced_table)}"
        table = quoted(target.table.logical_name)
        self._sql.append(f"LEFT JOIN {table} AS {target.alias} ON {condition}")
        return target


def alias_names() -> Iterator[str]:
    """Table aliases for one statement: t0, t1 and so on."""
    return (f"t{number}" for number in count())


def readable_column(table: Table, wire_name: str) -> Column:
    """The column that a query calls `wire_name`, or a 400 that names it."""
    column = table.column_by_wire_name(wire_name)
    if column is None or not column.valid_for_read:
        raise unknown_property(wire_name, table.logical_name)
    return column


def single_valued(catalog: Catalog, table: Table, navigation: str) -> OneToMany:
    """The relationship behind a single-valued navigation property in a path of a query."""
    column = table.columns.get(navigation)
    if column is not None and column.type is ColumnType.OWNER:
        raise bad_request(
            f"A path cannot go on through '{navigation}', whose type "
            "'Microsoft.Dynamics.CRM.principal' has no navigation properties; "
            "use owninguser or owningteam."
        )
    relation = catalog.single_valued(table.logical_name, navigation)
    if relation is None:
        raise not_single_valued(catalog, table, navigation)
    return relation


def not_single_valued(catalog: Catalog, table: Table, navigation: str) -> Fault:
    """The refusal of a navigation property that is unknown or a collection."""
    if is_collection(catalog, table, navigation):
        return bad_request(
            f"The parent value for the property '{navigation}' on type "
            f"'Microsoft.Dynamics.CRM.{table.logical_name}' is a collection; use any or all."
        )
    return unknown_property(navigation, table.logical_name)


def is_collection(catalog: Catalog, table: Table, navigation: str) -> bool:
    return (
        catalog.collection_valued(table.logical_name, navigation) is not None
        or catalog.many_valued(table.logical_name, navigation) is not None
    )


def child_link(child: Joined, relation: OneToMany, key: str) -> Fragment:
    """Tie the many side of a relationship to the id that the SQL in `key` gives."""
    sql = f"{child.sql(relation.referencing_column)} = {key}"
    if child.table.columns[relation.referencing_column].is_polymorphic:
        kind = child.sql(f"{relation.referencing_column}__type")
        return Fragment(f"({sql} AND {kind} = ?)", (relation.referenced_table,))
    return Fragment(sql)


@dataclass(frozen=True, slots=True)
class PartnerSide:
    """The far side of a many-to-many relationship, seen from one of its tables."""

    table: str
    column: str
    own_column: str


def partner_side(relation: ManyToMany, table: str, navigation: str) -> PartnerSide:
    """Choose the far side; a table related to itself is told apart by the navigation property."""
    if relation.table1 == table and relation.navigation1 == navigation:
        return PartnerSide(relation.table2, relation.column2, relation.column1)
    return PartnerSide(relation.table1, relation.column1, relation.column2)
