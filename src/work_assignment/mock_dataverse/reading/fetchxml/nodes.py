"""The entities of a FetchXML query with the tables behind them, and how links tie them together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...conditions.comparisons import Fragment, Operand, quoted
from ...conditions.literals import family
from ...faults import OF_IMAGES, Fault, not_emulated, unknown_property
from ...tables.metadata import Catalog, Column, ColumnType, Table
from ...text import COLLATION
from ..names import label, looked_up_name
from ..source import Joined
from .parser import invalid
from .tree import Entity, Link, LinkType

NO_ENTITY = "0x80041102"
NO_ATTRIBUTE = "0x80041103"


@dataclass(frozen=True, slots=True)
class Node:
    """An entity of the query with the table behind it; `name` is None for the base entity, `link`
    for the first one of a SELECT."""

    catalog: Catalog
    entity: Entity
    joined: Joined
    name: str | None
    link: LinkType | None = None

    def column(self, attribute: str) -> Column:
        """A column by its logical name, or the error that Dataverse gives."""
        column = self.joined.table.columns.get(attribute)
        if column is None or not column.valid_for_read:
            raise _no_attribute(self.joined.table, attribute)
        return column

    def operand(self, attribute: str) -> Operand:
        """What a condition on an attribute is about, which may also be the name behind a lookup or
        a choice, such as `owneridname`."""
        table = self.joined.table
        base = named_column(table, attribute)
        if base is None:
            return Operand(self.joined.sql(attribute), self.column(attribute), table.logical_name)
        expression = label(self.joined.sql(base.logical_name), base)
        if base.type.is_lookup:
            expression = looked_up_name(self.catalog, self.joined, base) or "NULL"
        name = Column(attribute, attribute, ColumnType.STRING, attribute)
        return Operand(f"({expression} COLLATE {COLLATION})", name, table.logical_name)

    def key(self, attribute: str) -> str:
        """What a result row calls an attribute that has no alias. Of a first row it is the schema
        name (Learn: Join tables using FetchXml)."""
        column = self.column(attribute)
        if self.link is LinkType.FIRST:
            return column.schema_name
        return column.wire_name if self.name is None else f"{self.name}.{attribute}"


def source_of(node: Node) -> str:
    return f"{quoted(node.joined.table.logical_name)} AS {node.joined.alias}"


def tie(parent: Node, node: Node, link: Link) -> Fragment:
    """What makes a row linked; columns without value are tied to nothing."""
    from_column, to_column = _linked_columns(parent, node, link)
    left, right = node.operand(from_column), parent.operand(to_column)
    for operand in (left, right):
        if operand.column.type is ColumnType.CHOICES:
            raise invalid(
                f"The link-entity '{link.alias}' cannot join the choices column "
                f"'{operand.column.logical_name}'."
            )
    if family(left.column) != family(right.column):
        raise invalid(
            f"The link-entity '{link.alias}' joins '{from_column}' and "
            f"'{to_column}', which are of different types."
        )
    return Fragment(f"{left.expression} = {right.expression}")


def _linked_columns(parent: Node, node: Node, link: Link) -> tuple[str, str]:
    """The columns of a link; those that it does not name are those of the only relationship that
    fits."""
    if link.from_column is not None and link.to_column is not None:
        return link.from_column, link.to_column
    found = {
        pair
        for pair in _related_columns(parent, node)
        if link.from_column in (None, pair[0]) and link.to_column in (None, pair[1])
    }
    if len(found) == 1:
        return found.pop()
    tables = f"'{node.joined.table.logical_name}' and '{parent.joined.table.logical_name}'"
    raise invalid(
        f"The link-entity '{link.alias}' needs from and to: "
        f"{len(found) or 'no'} relationships between {tables} fit."
    )


def _related_columns(parent: Node, node: Node) -> Iterator[tuple[str, str]]:
    """The columns that relationships between two tables, or a table and an intersect, tie."""
    ours, theirs = node.joined.table, parent.joined.table
    for relation in parent.catalog.one_to_many:
        ends = (relation.referencing_table, relation.referenced_table)
        if ends == (ours.logical_name, theirs.logical_name):
            yield relation.referencing_column, theirs.primary_id
        if ends == (theirs.logical_name, ours.logical_name):
            yield ours.primary_id, relation.referencing_column
    for many in parent.catalog.many_to_many:
        for table, column in ((many.table1, many.column1), (many.table2, many.column2)):
            if (many.intersect_table, table) == (ours.logical_name, theirs.logical_name):
                yield column, theirs.primary_id
            if (many.intersect_table, table) == (theirs.logical_name, ours.logical_name):
                yield ours.primary_id, column


def find_table(catalog: Catalog, name: str) -> Table:
    """The table with a logical name, or the error that Dataverse gives."""
    table = catalog.tables.get(name)
    if table is None:
        raise invalid(
            f"The entity with a name = '{name}' with namemapping = 'Logical' "
            "was not found in the MetadataCache.",
            NO_ENTITY,
        )
    return table


def named_column(table: Table, attribute: str) -> Column | None:
    """The lookup or choice behind the name of a virtual column, such as `owneridname`; else None."""
    if attribute in table.columns or not attribute.endswith("name"):
        return None
    base = table.columns.get(attribute.removesuffix("name"))
    if base is None or not base.valid_for_read:
        return None
    return base if base.type.is_lookup or base.type.has_options else None


def _no_attribute(table: Table, name: str) -> Fault:
    """Refuse an attribute; the virtual names of choices and lookups exist in Dataverse."""
    base = named_column(table, name)
    if base is not None:
        return not_emulated(
            f"the name column '{name}' as an attribute in FetchXML; use the formatted value of "
            f"'{base.logical_name}'"
        )
    if name in OF_IMAGES:
        return unknown_property(name, table.logical_name)
    return invalid(
        f"'{table.logical_name}' entity doesn't contain attribute with Name = '{name}' "
        "and NameMapping = 'Logical'.",
        NO_ATTRIBUTE,
    )
