"""FetchXML -> FROM and WHERE with bound values, and the orders by attribute."""

from __future__ import annotations

from ...conditions.circumstances import Circumstances
from ...conditions.comparisons import Fragment, all_of
from ..paging import SortKey, SortKind, sort_key
from ..scopes import Scope, scope_condition
from ..source import Source, alias_names
from .nodes import Node, named_column
from .parser import invalid
from .scope import FetchScope
from .tree import Fetch, Order


class FetchSource:
    """The outermost SELECT of a query, and what its rows can be sorted by."""

    def __init__(
        self, fetch: Fetch, circumstances: Circumstances, narrowed: Scope | None = None
    ) -> None:
        self.catalog = circumstances.catalog
        self.circumstances = circumstances
        self.fetch = fetch
        self._scope = FetchScope(circumstances, fetch.entity, alias_names())
        self.nodes = self._scope.nodes
        self.base = self._scope.base
        self.tables = self._scope.tables
        self.condition = all_of((self._scope.condition, self._narrowed(narrowed)))

    def _narrowed(self, scope: Scope | None) -> Fragment:
        """Only the rows of a collection that belongs to one row, if so asked."""
        if scope is None:
            return all_of(())
        base = self.base.joined
        return scope_condition(Source(self.catalog, base.table, iter((base.alias,))), scope)

    def sort_keys(self) -> list[SortKey]:
        """The keys of all orders by attribute, those of the base entity first."""
        return [self._order(node, order) for node in self.nodes for order in node.entity.orders]

    def _order(self, node: Node, order: Order) -> SortKey:
        if order.entityname is not None:
            node = self._scope.named(order.entityname)
        if order.attribute is None:
            node, attribute = self._aliased(order.alias or "")
        else:
            attribute = order.attribute
        return self.sort_by(node, attribute, descending=order.descending)

    def sort_by(self, node: Node, attribute: str, *, descending: bool = False) -> SortKey:
        """Sort by an attribute; choices sort by label unless the query says otherwise
        (Learn: Order rows using FetchXML)."""
        name = f"{node.name}.{attribute}" if node.name else attribute
        if named_column(node.joined.table, attribute) is not None:
            by_text = f"dv_fold({node.operand(attribute).expression})"
            return SortKey(name, by_text, SortKind.TEXT, descending)
        return sort_key(
            self.catalog,
            node.joined,
            node.column(attribute),
            name,
            descending=descending,
            by_label=not self.fetch.choices_by_value,
        )

    def _aliased(self, alias: str) -> tuple[Node, str]:
        for node in self.nodes:
            for attribute in node.entity.attributes:
                if attribute.alias == alias:
                    return node, attribute.name
        raise invalid(f"No attribute has the alias '{alias}' that an order names.")
