"""A SELECT without aggregates: its complete order, and its rows, perhaps distinct."""

from __future__ import annotations

from collections.abc import Sequence

from ...conditions.comparisons import Fragment, all_of, select
from ...faults import bad_request
from ..paging import Position, SortKey, SortKind, position_of, primary_key, read_after, sort_key
from ..query import Reader
from ..render import (
    CURRENCY,
    VERSION,
    JsonObject,
    Place,
    Values,
    cell_of,
    etag,
    is_formatted_money,
    read_names,
)
from .outputs import Shown, by_alias, shown_columns, with_attribute_name
from .scope import Found, SqlScope
from .tree import Order, Statement


class SqlRows:
    """Reads and shows rows. A raw row holds what `_read` lists, then the values of the sort keys.

    Distinct rows have neither key nor version, so their pages are counted.
    """

    def __init__(self, reader: Reader, scope: SqlScope, statement: Statement) -> None:
        self._reader = reader
        self._scope = scope
        self._distinct = statement.distinct
        self._shown = shown_columns(scope, statement)
        if not self._distinct:
            self._add_primary_key()
        self._read: dict[str, int] = {}
        self._places = [self._place(column) for column in self._shown]
        self._version = None if self._distinct else self._add(scope.base.sql(VERSION))
        self.sort = self._complete_order(statement.orders)

    @property
    def columns(self) -> list[str]:
        return [column.key for column in self._shown]

    def rows(self, limit: int, offset: int, start: Position | None = None) -> list[Values]:
        """Read raw rows in order, those after `start`."""
        return read_after(
            self.sort,
            start,
            limit,
            lambda further, rest: self._rows_where(
                all_of((self._scope.condition, *further)), rest, offset
            ),
        )

    def _rows_where(self, condition: Fragment, limit: int, offset: int) -> list[Values]:
        expressions = [*self._read, *(key.expression for key in self.sort)]
        statement = select(
            ("DISTINCT " if self._distinct else "") + ", ".join(expressions),
            self._scope.tables.sql,
            condition.sql,
            "ORDER BY " + ", ".join(key.sql for key in self.sort),
            f"LIMIT {limit} OFFSET {offset}",
        )
        return self._fetch(statement, condition)

    def position(self, row: Values) -> Position:
        """Where a raw row stands in the order."""
        return position_of(self.sort, row[-len(self.sort) :])

    def render(self, rows: Sequence[Values]) -> list[JsonObject]:
        """Turn raw rows into JSON objects with the annotations asked for."""
        reader = self._reader
        names = read_names(
            reader.db, reader.catalog, self._places, rows, reader.prefer, reader.zone
        )
        cells = [
            with_attribute_name(
                column, cell_of(reader.catalog, place, reader.prefer), reader.prefer
            )
            for column, place in zip(self._shown, self._places, strict=True)
        ]
        objects = []
        for row in rows:
            shown: JsonObject = {}
            if self._version is not None:
                shown["@odata.etag"] = etag(row[self._version])
            for cell in cells:
                cell(shown, row, names)
            objects.append(shown)
        return objects

    def _fetch(self, statement: str, condition: Fragment) -> list[Values]:
        return self._reader.fetch(statement, self._scope.tables.params + condition.params)

    # columns

    def _add_primary_key(self) -> None:
        """Dataverse returns the primary key of the base table whether or not it is selected."""
        base = self._scope.base
        key = base.table.columns[base.table.primary_id]
        if key.logical_name not in self.columns:
            self._shown.append(Shown(key.logical_name, Found(base, key)))

    def _place(self, shown: Shown) -> Place:
        """Plan where a column stands, with what its annotations need beside it. The currency of
        an amount is left out of distinct rows, which it would tell apart."""
        found = shown.column
        position = self._add(found.sql)
        kind = None if found.kind is None else self._add(found.kind)
        currency = None
        table = found.joined.table
        shows_symbol = is_formatted_money(found.column, self._reader.prefer)
        if shows_symbol and not self._distinct and CURRENCY in table.columns:
            currency = self._add(found.joined.sql(CURRENCY))
        return Place(table, found.column, shown.key, position, kind, currency)

    def _add(self, expression: str) -> int:
        return self._read.setdefault(expression, len(self._read))

    # order

    def _complete_order(self, orders: Sequence[Order]) -> tuple[SortKey, ...]:
        """What ORDER BY asks for, then what makes each row's place its own."""
        keys = [self._sort(self._ordered(order), order.descending) for order in orders]
        if self._distinct:
            keys += [self._sort(column.column, False) for column in self._shown]
            keys += [SortKey(c.key, c.column.sql, SortKind.TEXT) for c in self._shown]
        else:
            keys += [
                primary_key(joined, self._prefix(joined.alias)) for joined in self._scope.all_joined
            ]
        distinct: dict[str, SortKey] = {}
        for key in keys:
            distinct.setdefault(key.expression, key)
        return tuple(distinct.values())

    def _ordered(self, order: Order) -> Found:
        place = by_alias(self._shown, order.name)
        found = self._scope.find(order.name) if place is None else self._shown[place].column
        if self._distinct and found not in [column.found for column in self._shown]:
            raise bad_request(
                f"ORDER BY items must appear in the select list if SELECT DISTINCT is specified, "
                f"which '{order.name}' does not."
            )
        return found

    def _sort(self, found: Found, descending: bool) -> SortKey:
        name = f"{self._prefix(found.joined.alias)}{found.column.logical_name}"
        return sort_key(
            self._reader.catalog, found.joined, found.column, name, descending=descending
        )

    def _prefix(self, alias: str) -> str:
        return "" if alias == self._scope.base.alias else f"{alias}."
