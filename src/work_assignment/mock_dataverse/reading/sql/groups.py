"""A SELECT with aggregates or GROUP BY."""

from __future__ import annotations

from collections.abc import Sequence

from ...faults import bad_request, not_emulated
from ..aggregates import Aggregation, GroupKey, Groups, Total
from ..aggregates import Order as GroupOrder
from ..query import Reader
from ..render import Cell, JsonObject, Values
from .outputs import Shown, by_alias, shown_columns, with_attribute_name
from .scope import Found, SqlScope
from .tree import Order, Statement


class SqlGroups:
    """Reads and shows groups; those of one query are counted from page to page."""

    def __init__(self, reader: Reader, scope: SqlScope, statement: Statement) -> None:
        self._reader = reader
        self._scope = scope
        self._shown = shown_columns(scope, statement)
        found = [scope.find(name) for name in statement.groups]
        self._grouped = list({column.sql: column for column in found}.values())
        self._check(statement)
        self._keys = [self._key(found) for found in self._grouped]
        self._aggregated = [column for column in self._shown if column.method is not None]
        self._orders = [self._order(order) for order in statement.orders]
        self._aggregation = Aggregation(
            scope.tables, scope.condition, self._keys, [_total(c) for c in self._aggregated]
        )

    @property
    def columns(self) -> list[str]:
        return [column.key for column in self._shown]

    def read(self, limit: int, offset: int) -> Groups:
        return self._aggregation.read(self._reader, self._orders, limit, offset)

    def render(self, rows: Sequence[Values]) -> list[JsonObject]:
        return self._aggregation.render(self._reader, rows, self._cells())

    def _cells(self) -> list[Cell]:
        """The cells of keys and totals in the order of the select list."""
        cells = self._aggregation.cells(self._reader)
        return [
            with_attribute_name(column, cells[self._place(column)], self._reader.prefer)
            for column in self._shown
        ]

    def _place(self, column: Shown) -> int:
        if column.method is None:
            return self._grouped.index(column.column)
        return len(self._keys) + self._aggregated.index(column)

    def _check(self, statement: Statement) -> None:
        plain = [column for column in self._shown if column.method is None]
        for column in plain:
            if column.found not in self._grouped:
                raise bad_request(
                    f"Column '{column.key}' is invalid in the select list because it is not "
                    "contained in either an aggregate function or the GROUP BY clause."
                )
        shown = {column.column.sql for column in plain}
        if len(shown) < len(plain):
            raise not_emulated("a column that stands twice beside GROUP BY in sql")
        if statement.distinct and len(shown) < len(self._grouped):
            raise not_emulated("DISTINCT beside GROUP BY in sql")

    def _key(self, found: Found) -> GroupKey:
        key = next((c.key for c in self._shown if c.method is None and c.found == found), "")
        return GroupKey(key, found.joined.table, found.column, found.sql, found.kind)

    def _order(self, order: Order) -> GroupOrder:
        alias = by_alias(self._shown, order.name)
        if alias is not None:
            return GroupOrder(self._place(self._shown[alias]), order.descending)
        found = self._scope.find(order.name)
        if found not in self._grouped:
            raise bad_request(
                f"Column '{order.name}' is invalid in the ORDER BY clause because it is not "
                "contained in either an aggregate function or the GROUP BY clause."
            )
        return GroupOrder(self._grouped.index(found), order.descending)


def _total(shown: Shown) -> Total:
    if shown.method is None:
        raise ValueError(f"'{shown.key}' is not an aggregate")
    if shown.found is None:
        return Total(shown.key, shown.method)
    return Total(shown.key, shown.method, shown.found.column, shown.found.sql)
