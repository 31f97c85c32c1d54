"""FetchXML with aggregate="true": grouped rows, each a handful of values under aliases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ...conditions.comparisons import select
from ...faults import not_emulated
from ...tables.metadata import Column, ColumnType
from ..formats import DEFAULT_SYMBOL, Format, amount, format_of, places, whole_number
from ..limits import AGGREGATE_LIMIT, too_many_rows
from ..paging import SortKey, SortKind
from ..query import Reader
from ..render import (
    FORMATTED,
    Cell,
    JsonObject,
    Names,
    Place,
    Values,
    cell_of,
    is_formatted_money,
    read_names,
    value_cell,
)
from .date_groups import date_part, fiscal_format
from .nodes import Node
from .parser import invalid
from .sql import FetchSource
from .tree import Aggregate, Attribute, Order


@dataclass(frozen=True, slots=True)
class _Value:
    """One column of the result."""

    alias: str
    expression: str
    node: Node
    column: Column
    attribute: Attribute


class Aggregation:
    """A grouped query, ready to be read page by page."""

    def __init__(self, reader: Reader, source: FetchSource) -> None:
        self._reader = reader
        self._source = source
        self._values = [
            self._value(node, attribute)
            for node in source.nodes
            for attribute in _checked_attributes(node)
        ]
        if not self._values:
            raise invalid("An aggregate query needs at least one attribute.")
        _check_aliases(self.aliases)
        self._groups = [value for value in self._values if value.attribute.groupby]
        self.sort = self._sort()

    @property
    def aliases(self) -> list[str]:
        return [value.alias for value in self._values]

    def rows(self, limit: int, offset: int) -> list[Values]:
        """Read result rows in order; the source rows are counted first, as Dataverse does."""
        self._check_size()
        source = self._source
        kinds = [f"min({sql})" for value in self._groups for sql in _kinds(value)]
        groups = [sql for value in self._groups for sql in (value.expression, *_kinds(value))]
        statement = select(
            ", ".join([*(value.expression for value in self._values), *kinds]),
            source.tables.sql,
            source.condition.sql,
            f"GROUP BY {', '.join(groups)}" if groups else "",
            f"ORDER BY {', '.join(key.sql for key in self.sort)}" if self.sort else "",
            f"LIMIT {limit} OFFSET {offset}",
        )
        return self._fetch(statement)

    def render(self, rows: list[Values]) -> list[JsonObject]:
        """Turn result rows into JSON objects with the annotations asked for."""
        shown_places = self._places()
        reader = self._reader
        grouped = [place for place in shown_places if place is not None]
        names = read_names(reader.db, reader.catalog, grouped, rows, reader.prefer, reader.zone)
        cells = [
            self._aggregate_cell(index, value) if place is None else self._group_cell(place)
            for index, (value, place) in enumerate(zip(self._values, shown_places, strict=True))
        ]
        return [_shown(cells, row, names) for row in rows]

    def _check_size(self) -> None:
        source = self._source
        most = source.fetch.aggregate_limit or AGGREGATE_LIMIT
        inner = select("1", source.tables.sql, source.condition.sql, f"LIMIT {most + 1}")
        (counted,) = self._fetch(select("count(*)", f"({inner})", "1"))
        if counted[0] > most:
            raise too_many_rows()

    def _fetch(self, statement: str) -> list[Values]:
        params = self._source.tables.params + self._source.condition.params
        return self._reader.fetch(statement, params)

    # columns

    def _value(self, node: Node, attribute: Attribute) -> _Value:
        operand = node.operand(attribute.name)
        expression = operand.expression
        if attribute.aggregate is not None:
            expression = _aggregated(attribute, operand.column, expression)
        elif attribute.dategrouping is not None:
            expression = date_part(attribute, operand, self._source.circumstances)
        return _Value(attribute.alias or "", expression, node, operand.column, attribute)

    def _places(self) -> list[Place | None]:
        """Where grouped columns stand that are shown as in any other query."""
        position = len(self._values)
        found: list[Place | None] = []
        for index, value in enumerate(self._values):
            if not value.attribute.groupby or value.attribute.dategrouping:
                found.append(None)
                continue
            kind = None
            if value.column.is_polymorphic:
                kind, position = position, position + 1
            table = value.node.joined.table
            found.append(Place(table, value.column, value.alias, index, kind))
        return found

    def _group_cell(self, place: Place) -> Cell:
        return cell_of(self._reader.catalog, place, self._reader.prefer)

    def _aggregate_cell(self, index: int, value: _Value) -> Cell:
        """Show a computed value; a part of a calendar date is a number without formatted value."""
        if not self._reader.prefer.wants(FORMATTED):
            return value_cell(value.alias, index, None)
        if value.attribute.aggregate is not None:
            return value_cell(value.alias, index, _format(value, self._reader))
        formatted = fiscal_format(value.attribute, self._source.circumstances)
        return value_cell(value.alias, index, formatted)

    # order

    def _sort(self) -> list[SortKey]:
        """The orders by alias, then all groups, so that pages do not overlap."""
        orders = [o for node in self._source.nodes for o in node.entity.orders]
        keys = [self._order(order) for order in orders]
        keys += [self._key(value, descending=False) for value in self._groups]
        distinct: dict[str, SortKey] = {}
        for key in keys:
            distinct.setdefault(key.name, key)
        return list(distinct.values())

    def _order(self, order: Order) -> SortKey:
        if order.alias is None:
            raise invalid(
                "In an aggregate query an order names an alias, "
                f"not the attribute '{order.attribute}'."
            )
        for value in self._values:
            if value.alias == order.alias:
                return self._key(value, descending=order.descending)
        raise invalid(f"No attribute has the alias '{order.alias}' that an order names.")

    def _key(self, value: _Value, *, descending: bool) -> SortKey:
        if value.attribute.groupby and not value.attribute.dategrouping:
            key = self._source.sort_by(value.node, value.attribute.name, descending=descending)
            return SortKey(value.alias, key.expression, key.kind, descending)
        return SortKey(value.alias, value.expression, SortKind.REAL, descending)


def _checked_attributes(node: Node) -> tuple[Attribute, ...]:
    if node.entity.all_attributes:
        raise invalid("An aggregate query cannot hold <all-attributes>.")
    for attribute in node.entity.attributes:
        if attribute.alias is None:
            raise invalid(f"The attribute '{attribute.name}' of an aggregate query needs an alias.")
        if (attribute.aggregate is None) != attribute.groupby:
            raise invalid(
                f"The attribute '{attribute.name}' of an aggregate query needs "
                "either aggregate or groupby."
            )
    return node.entity.attributes


def _aggregated(attribute: Attribute, column: Column, expression: str) -> str:
    function = attribute.aggregate
    if attribute.distinct and function is not Aggregate.COUNT_COLUMN:
        raise not_emulated(f"distinct with the aggregate '{function}' in FetchXML")
    if function is Aggregate.COUNT:
        return "count(*)"
    if function is Aggregate.COUNT_COLUMN:
        return f"count({'DISTINCT ' if attribute.distinct else ''}{expression})"
    ordered = column.type is ColumnType.DATETIME and function in (Aggregate.MIN, Aggregate.MAX)
    if not column.type.is_numeric and not ordered:
        raise invalid(
            f"The aggregate '{function}' cannot be applied to '{attribute.name}', "
            f"which is of type {column.type}."
        )
    if function is Aggregate.AVG and column.type.is_whole:
        # SQL Server's average of whole numbers is a whole number.
        return f"CAST(avg({expression}) AS INTEGER)"
    return f"{function}({expression})"


def _kinds(value: _Value) -> tuple[str, ...]:
    """The SQL of the target's name beside a polymorphic lookup that is grouped by."""
    if not value.column.is_polymorphic:
        return ()
    return (value.node.joined.sql(f"{value.column.logical_name}__type"),)


def _format(value: _Value, reader: Reader) -> Format | None:
    if value.attribute.aggregate in (Aggregate.COUNT, Aggregate.COUNT_COLUMN):
        return whole_number
    if is_formatted_money(value.column, reader.prefer):
        return partial(amount, digits=places(value.column), symbol=DEFAULT_SYMBOL)
    return format_of(value.column)


def _shown(cells: list[Cell], row: Values, names: Names) -> JsonObject:
    """Show what is not null, as in every FetchXML result."""
    shown: JsonObject = {}
    for position, cell in enumerate(cells):
        if row[position] is not None:
            cell(shown, row, names)
    return shown


def _check_aliases(aliases: Sequence[str]) -> None:
    for alias in aliases:
        if aliases.count(alias) > 1:
            raise invalid(f"Two columns of the result would be called '{alias}'.")
