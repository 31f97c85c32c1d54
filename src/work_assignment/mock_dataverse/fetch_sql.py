"""FetchXML -> FROM and WHERE with bound values: entities, links, filters and orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .caller import Caller
from .faults import Fault, not_emulated
from .fetch_operators import COMPARISONS, Operand, condition_sql
from .fetch_parser import invalid
from .fetch_tree import Condition, Entity, Fetch, Filter, Link, LinkType, Order
from .filter_conditions import Fragment, all_of, any_of, compared_columns, quoted
from .filter_values import family
from .metadata import Catalog, Column, Table
from .odata_source import Joined, alias_names
from .paging import SortKey, sort_key

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
        return Operand(self.joined.sql(attribute), self.column(attribute))

    def key(self, attribute: str) -> str:
        """What a result row calls an attribute that has no alias."""
        column = self.column(attribute)
        return column.wire_name if self.name is None else f"{self.name}.{attribute}"


class FetchSource:
    """The tables of a query, joined, and its filters."""

    def __init__(self, catalog: Catalog, fetch: Fetch, caller: Caller) -> None:
        self.catalog = catalog
        self.fetch = fetch
        self._caller = caller
        self._aliases = alias_names()
        self._names: dict[str, Node] = {}
        self.nodes = list(self._open(fetch.entity, None))
        self.base = self.nodes[0]
        self.tables = self._from()
        self.condition = self._filters(self.base)

    def sort_keys(self) -> list[SortKey]:
        """The keys of all orders by attribute, those of the base entity first."""
        return [self._order(node, order) for node in self.nodes for order in node.entity.orders]

    # tables

    def _open(self, entity: Entity, name: str | None) -> Iterator[Node]:
        table = find_table(self.catalog, entity.name)
        node = Node(entity, Joined(table, next(self._aliases)), name)
        if name is not None:
            if name in self._names:
                raise invalid(f"The alias '{name}' is used by two link-entities.")
            self._names[name] = node
        yield node
        for link in entity.links:
            yield from self._open(link.entity, link.alias)

    def _from(self) -> Fragment:
        base = f"{quoted(self.base.joined.table.logical_name)} AS {self.base.joined.alias}"
        parts = [Fragment(base), *self._joins(self.base, is_outer=False)]
        return Fragment(
            " ".join(part.sql for part in parts),
            tuple(value for part in parts for value in part.params),
        )

    def _joins(self, parent: Node, *, is_outer: bool) -> Iterator[Fragment]:
        for link in parent.entity.links:
            if is_outer and link.type is LinkType.INNER:
                raise not_emulated(f"the inner link '{link.alias}' inside an outer link")
            yield self._join(parent, link)
            inside = is_outer or link.type is LinkType.OUTER
            yield from self._joins(self._names[link.alias], is_outer=inside)

    def _join(self, parent: Node, link: Link) -> Fragment:
        """Join one link; its filters belong to the join, which matters when that is an outer one."""
        node = self._names[link.alias]
        left, right = node.operand(link.from_column), parent.operand(link.to_column)
        if family(left.column) != family(right.column):
            raise invalid(
                f"The link-entity '{link.alias}' joins '{link.from_column}' and "
                f"'{link.to_column}', which are of different types."
            )
        tie = Fragment(f"{left.expression} = {right.expression}")
        condition = all_of((tie, self._filters(node)))
        kind = "JOIN" if link.type is LinkType.INNER else "LEFT JOIN"
        table = f"{quoted(node.joined.table.logical_name)} AS {node.joined.alias}"
        return Fragment(f"{kind} {table} ON {condition.sql}", condition.params)

    # filters

    def _filters(self, node: Node) -> Fragment:
        return all_of([self._filter(node, item) for item in node.entity.filters])

    def _filter(self, node: Node, item: Filter) -> Fragment:
        terms = [
            self._filter(node, term) if isinstance(term, Filter) else self._condition(node, term)
            for term in item.terms
        ]
        if not terms:
            return all_of(())
        return any_of(terms) if item.is_or else all_of(terms)

    def _condition(self, node: Node, condition: Condition) -> Fragment:
        if condition.entityname is not None:
            node = self._named(condition.entityname)
        operand = node.operand(condition.attribute)
        if condition.valueof is None:
            return condition_sql(operand, condition, self._caller)
        return self._column_condition(node, operand, condition)

    def _column_condition(self, node: Node, left: Operand, condition: Condition) -> Fragment:
        operator = COMPARISONS.get(condition.operator)
        if operator is None or condition.values:
            raise invalid(
                f"The operator '{condition.operator}' on '{condition.attribute}' "
                "cannot be combined with valueof."
            )
        entity, dot, attribute = (condition.valueof or "").rpartition(".")
        right = (self._named(entity) if dot else node).operand(attribute)
        if family(left.column) != family(right.column):
            raise invalid(
                f"'{condition.attribute}' and '{condition.valueof}' are of different types "
                "and cannot be compared."
            )
        return compared_columns(left.expression, operator, right.expression)

    def _named(self, name: str) -> Node:
        """Find the entity that entityname or valueof speaks of: by alias, else by table name."""
        if name in self._names:
            return self._names[name]
        for node in self.nodes:
            if node.entity.name == name:
                return node
        raise invalid(f"No entity of the query has the name or alias '{name}'.")

    # orders

    def _order(self, node: Node, order: Order) -> SortKey:
        if order.entityname is not None:
            node = self._named(order.entityname)
        if order.attribute is None:
            node, attribute = self._aliased(order.alias or "")
        else:
            attribute = order.attribute
        return self.sort_by(node, attribute, descending=order.descending)

    def sort_by(self, node: Node, attribute: str, *, descending: bool = False) -> SortKey:
        """Sort by an attribute; choices sort by label unless the query says otherwise
        (Learn: Order rows using FetchXML)."""
        return sort_key(
            self.catalog,
            node.joined,
            node.column(attribute),
            f"{node.name}.{attribute}" if node.name else attribute,
            descending=descending,
            by_label=not self.fetch.choices_by_value,
        )

    def _aliased(self, alias: str) -> tuple[Node, str]:
        for node in self.nodes:
            for attribute in node.entity.attributes:
                if attribute.alias == alias:
                    return node, attribute.name
        raise invalid(f"No attribute has the alias '{alias}' that an order names.")


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
