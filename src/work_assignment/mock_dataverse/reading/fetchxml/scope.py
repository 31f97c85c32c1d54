"""One SELECT of a FetchXML query: an entity, the links joined to it, the conditions on them.

A link that is a condition, or that only chooses rows, opens a SELECT of its own inside this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...conditions.circumstances import Circumstances
from ...conditions.comparisons import (
    Fragment,
    Operand,
    all_of,
    any_of,
    compared_columns,
    exists,
    quoted,
)
from ...conditions.literals import family
from ...faults import Fault, not_emulated
from ...tables.metadata import Catalog, Column, Table
from ..source import Joined
from .operators import COMPARISONS, condition_sql
from .parser import invalid
from .tree import Condition, Entity, Filter, Link, LinkType

NO_ENTITY = "0x80041102"
NO_ATTRIBUTE = "0x80041103"


@dataclass(frozen=True, slots=True)
class Node:
    """An entity of the query with the table behind it; `name` is None for the base entity."""

    entity: Entity
    joined: Joined
    name: str | None

    def column(self, attribute: str) -> Column:
        """A column by its logical name, or the error that Dataverse gives."""
        column = self.joined.table.columns.get(attribute)
        if column is None or not column.valid_for_read:
            raise _no_attribute(self.joined.table, attribute)
        return column

    def operand(self, attribute: str) -> Operand:
        column = self.column(attribute)
        return Operand(self.joined.sql(attribute), column, self.joined.table.logical_name)

    def key(self, attribute: str) -> str:
        """What a result row calls an attribute that has no alias."""
        column = self.column(attribute)
        return column.wire_name if self.name is None else f"{self.name}.{attribute}"


class FetchScope:
    """The tables of one SELECT, joined, and what its rows must fulfil.

    `outer` is the SELECT around this one; `name` is the alias of the link that opens this one.
    """

    def __init__(
        self,
        circumstances: Circumstances,
        entity: Entity,
        aliases: Iterator[str],
        *,
        name: str | None = None,
        outer: FetchScope | None = None,
    ) -> None:
        self._circumstances = circumstances
        self._aliases = aliases
        self._outer = outer
        self._names: dict[str, Node] = {}
        self.nodes = list(self._open(entity, name))
        self.base = self.nodes[0]
        self.tables = self._from()
        self.condition = self._conditions(self.base)

    def named(self, name: str) -> Node:
        """Find the entity that entityname or valueof speaks of: by alias, else by table name."""
        node = self._find(name)
        if node is not None:
            return node
        scope = self._outer
        while scope is not None:
            if scope._find(name) is not None:
                raise not_emulated(
                    f"'{name}', an entity outside of the link-entity, in a condition"
                )
            scope = scope._outer
        raise invalid(f"No entity of the query has the name or alias '{name}'.")

    def _find(self, name: str) -> Node | None:
        if name in self._names:
            return self._names[name]
        return next((node for node in self.nodes if node.entity.name == name), None)

    # tables

    def _open(self, entity: Entity, name: str | None) -> Iterator[Node]:
        table = find_table(self._circumstances.catalog, entity.name)
        node = Node(entity, Joined(table, next(self._aliases)), name)
        if name is not None:
            if name in self._names:
                raise invalid(f"The alias '{name}' is used by two link-entities.")
            self._names[name] = node
        yield node
        for link in entity.links:
            if link.type.is_joined:
                yield from self._open(link.entity, link.alias)

    def _from(self) -> Fragment:
        parts = [Fragment(_source(self.base)), *self._joins(self.base, is_outer=False)]
        return Fragment(
            " ".join(part.sql for part in parts),
            tuple(value for part in parts for value in part.params),
        )

    def _joins(self, parent: Node, *, is_outer: bool) -> Iterator[Fragment]:
        for link in parent.entity.links:
            if is_outer and link.type is not LinkType.OUTER:
                raise not_emulated(f"the {link.type} link '{link.alias}' inside an outer link")
            if link.type.is_joined:
                yield self._join(parent, link)
                inside = is_outer or link.type is LinkType.OUTER
                yield from self._joins(self._names[link.alias], is_outer=inside)

    def _join(self, parent: Node, link: Link) -> Fragment:
        """Join one link; its filters belong to the join, which matters when that is an outer one."""
        node = self._names[link.alias]
        condition = all_of((_tie(parent, node, link), self._conditions(node)))
        kind = "JOIN" if link.type is LinkType.INNER else "LEFT JOIN"
        return Fragment(f"{kind} {_source(node)} ON {condition.sql}", condition.params)

    # conditions

    def _conditions(self, node: Node) -> Fragment:
        """All filters of an entity, and the links that choose among its rows."""
        filters = [self._filter(node, item) for item in node.entity.filters]
        chosen = [self._linked(node, link) for link in node.entity.links if not link.type.is_joined]
        return all_of([*filters, *chosen])

    def _filter(self, node: Node, item: Filter) -> Fragment:
        terms = [self._term(node, term) for term in item.terms]
        if not terms:
            return all_of(())
        return any_of(terms) if item.is_or else all_of(terms)

    def _term(self, node: Node, term: Condition | Filter | Link) -> Fragment:
        match term:
            case Filter():
                return self._filter(node, term)
            case Condition():
                return self._condition(node, term)
            case Link():
                return self._linked(node, term)

    def _linked(self, node: Node, link: Link) -> Fragment:
        """Test whether rows are linked to one row. `not all` means `any`, and `all` means some but
        none that fulfils the filters (Learn: Filter rows using FetchXml)."""
        scope = FetchScope(
            self._circumstances, link.entity, self._aliases, name=link.alias, outer=self
        )
        tie = _tie(node, scope.base, link)
        found = exists(scope.tables.sql, all_of((tie, scope.condition)))
        found = Fragment(found.sql, scope.tables.params + found.params)
        match link.type:
            case LinkType.NOT_ANY:
                return _not(found)
            case LinkType.ALL:
                return all_of((exists(_source(scope.base), tie), _not(found)))
        return found

    def _condition(self, node: Node, condition: Condition) -> Fragment:
        if condition.entityname is not None:
            node = self.named(condition.entityname)
        operand = node.operand(condition.attribute)
        if condition.valueof is None:
            return condition_sql(operand, condition, self._circumstances)
        return self._column_condition(node, operand, condition)

    def _column_condition(self, node: Node, left: Operand, condition: Condition) -> Fragment:
        operator = COMPARISONS.get(condition.operator)
        if operator is None or condition.values:
            raise invalid(
                f"The operator '{condition.operator}' on '{condition.attribute}' "
                "cannot be combined with valueof."
            )
        entity, dot, attribute = (condition.valueof or "").rpartition(".")
        right = (self.named(entity) if dot else node).operand(attribute)
        if family(left.column) != family(right.column):
            raise invalid(
                f"'{condition.attribute}' and '{condition.valueof}' are of different types "
                "and cannot be compared."
            )
        return compared_columns(left.expression, operator, right.expression)


def _source(node: Node) -> str:
    return f"{quoted(node.joined.table.logical_name)} AS {node.joined.alias}"


def _tie(parent: Node, node: Node, link: Link) -> Fragment:
    """What makes a row linked; columns without value are tied to nothing."""
    left, right = node.operand(link.from_column), parent.operand(link.to_column)
    if family(left.column) != family(right.column):
        raise invalid(
            f"The link-entity '{link.alias}' joins '{link.from_column}' and "
            f"'{link.to_column}', which are of different types."
        )
    return Fragment(f"{left.expression} = {right.expression}")


def _not(found: Fragment) -> Fragment:
    return Fragment(f"NOT {found.sql}", found.params)


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


def _no_attribute(table: Table, name: str) -> Fault:
    """Refuse an attribute; the virtual names of choices and lookups exist in Dataverse."""
    base = table.columns.get(name.removesuffix("name"))
    if name.endswith("name") and base and (base.type.is_lookup or base.type.has_options):
        return not_emulated(f"the name column '{name}' in FetchXML; use '{base.logical_name}'")
    return invalid(
        f"'{table.logical_name}' entity doesn't contain attribute with Name = '{name}' "
        "and NameMapping = 'Logical'.",
        NO_ATTRIBUTE,
    )
