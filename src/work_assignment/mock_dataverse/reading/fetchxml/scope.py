"""One SELECT of a FetchXML query: an entity, the links joined to it, the conditions on them.

A link that is a condition, or that only chooses rows, opens a SELECT of its own inside this one.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...conditions.choices import check_comparison
from ...conditions.circumstances import Circumstances
from ...conditions.comparisons import (
    Fragment,
    Operand,
    all_of,
    any_of,
    compared_columns,
    exists,
    select,
)
from ...conditions.literals import family
from ...faults import not_emulated
from ..source import Joined
from .nodes import Node, find_table, source_of, tie
from .operators import COMPARISONS, condition_sql
from .parser import invalid
from .tree import Condition, Entity, Filter, Link, LinkType


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
        """Find the entity that entityname or valueof speaks of, by alias, else by table name: in
        this SELECT or in those around it."""
        scope: FetchScope | None = self
        while scope is not None:
            node = scope._find(name)
            if node is not None:
                return node
            scope = scope._outer
        raise invalid(f"No entity of the query has the name or alias '{name}'.")

    def _find(self, name: str) -> Node | None:
        if name in self._names:
            return self._names[name]
        return next((node for node in self.nodes if node.entity.name == name), None)

    # tables

    def _open(
        self, entity: Entity, name: str | None, link_type: LinkType | None = None
    ) -> Iterator[Node]:
        catalog = self._circumstances.catalog
        table = find_table(catalog, entity.name)
        node = Node(catalog, entity, Joined(table, next(self._aliases)), name, link_type)
        if name is not None:
            if name in self._names:
                raise invalid(f"The alias '{name}' is used by two link-entities.")
            self._names[name] = node
        yield node
        for link in entity.links:
            if link.type.is_joined:
                yield from self._open(link.entity, link.alias, link.type)

    def _from(self) -> Fragment:
        parts = [Fragment(source_of(self.base)), *self._joins(self.base, is_outer=False)]
        return Fragment(
            " ".join(part.sql for part in parts),
            tuple(value for part in parts for value in part.params),
        )

    def _joins(self, parent: Node, *, is_outer: bool) -> Iterator[Fragment]:
        for link in parent.entity.links:
            if not link.type.is_joined:
                continue
            if is_outer and link.type is not LinkType.OUTER:
                raise not_emulated(f"the {link.type} link '{link.alias}' inside an outer link")
            yield self._join(parent, link)
            inside = is_outer or link.type is LinkType.OUTER
            yield from self._joins(self._names[link.alias], is_outer=inside)

    def _join(self, parent: Node, link: Link) -> Fragment:
        """Join one link; its filters belong to the join, which matters when that is an outer one."""
        node = self._names[link.alias]
        if link.type is LinkType.FIRST:
            return self._first(parent, node, link)
        condition = all_of((tie(parent, node, link), self._conditions(node)))
        kind = "JOIN" if link.type is LinkType.INNER else "LEFT JOIN"
        return Fragment(f"{kind} {source_of(node)} ON {condition.sql}", condition.params)

    def _first(self, parent: Node, node: Node, link: Link) -> Fragment:
        """Join one of the linked rows that fulfil the filters: that with the lowest id, so that
        pages agree (Learn: Join tables using FetchXml)."""
        if any(inner.type.is_joined for inner in link.entity.links):
            raise not_emulated(f"links inside the {link.type} link '{link.alias}'")
        scope = self._inside(link)
        condition = all_of((tie(parent, scope.base, link), scope.condition))
        key = scope.base.joined.sql(scope.base.joined.table.primary_id)
        found = select(key, scope.tables.sql, condition.sql, f"ORDER BY {key} LIMIT 1")
        own = node.joined.sql(node.joined.table.primary_id)
        return Fragment(
            f"JOIN {source_of(node)} ON {own} = ({found})", scope.tables.params + condition.params
        )

    def _inside(self, link: Link) -> FetchScope:
        return FetchScope(
            self._circumstances, link.entity, self._aliases, name=link.alias, outer=self
        )

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
        scope = self._inside(link)
        tied = tie(node, scope.base, link)
        found = exists(scope.tables.sql, all_of((tied, scope.condition)))
        found = Fragment(found.sql, scope.tables.params + found.params)
        match link.type:
            case LinkType.NOT_ANY:
                return _not(found)
            case LinkType.ALL:
                return all_of((exists(source_of(scope.base), tied), _not(found)))
        return found

    def _condition(self, node: Node, condition: Condition) -> Fragment:
        if condition.entityname is not None:
            node = self._other(node, condition.entityname)
        operand = node.operand(condition.attribute)
        if condition.valueof is None:
            return condition_sql(operand, condition, self._circumstances)
        return self._column_condition(node, operand, condition)

    def _other(self, node: Node, name: str) -> Node:
        """The entity that a condition names; one in an outer link cannot speak of a later one,
        which is not joined yet."""
        found = self.named(name)
        is_joined = node.link is LinkType.OUTER and found in self.nodes
        if is_joined and self.nodes.index(found) > self.nodes.index(node):
            raise not_emulated(
                f"a condition in the outer link-entity '{node.name}' on '{name}', "
                "which comes after it"
            )
        return found

    def _column_condition(self, node: Node, left: Operand, condition: Condition) -> Fragment:
        operator = COMPARISONS.get(condition.operator)
        if operator is None or condition.values:
            raise invalid(
                f"The operator '{condition.operator}' on '{condition.attribute}' "
                "cannot be combined with valueof."
            )
        entity, dot, attribute = (condition.valueof or "").rpartition(".")
        right = (self._other(node, entity) if dot else node).operand(attribute)
        if family(left.column) != family(right.column):
            raise invalid(
                f"'{condition.attribute}' and '{condition.valueof}' are of different types "
                "and cannot be compared."
            )
        check_comparison(left.column, operator)
        return compared_columns(left.expression, operator, right.expression)


def _not(found: Fragment) -> Fragment:
    return Fragment(f"NOT {found.sql}", found.params)
