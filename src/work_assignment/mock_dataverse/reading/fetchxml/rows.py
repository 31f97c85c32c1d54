"""A fetch without aggregates: its result columns, its complete order, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...conditions.comparisons import Fragment, all_of, quoted, select
from ...conditions.hierarchy import tree_of
from ...faults import Fault
from ...tables.metadata import Column, ColumnType
from ..paging import Position, SortKey, SortKind, position_of, primary_key, read_after
from ..query import Reader
from ..render import (
    CURRENCY,
    VERSION,
    Cell,
    JsonObject,
    Names,
    Place,
    Values,
    cell_of,
    etag,
    is_formatted_money,
    read_names,
)
from .nodes import Node
from .parser import invalid
from .sql import FetchSource
from .tree import Attribute


@dataclass(frozen=True, slots=True)
class _Output:
    """One column of the result."""

    key: str
    node: Node
    column: Column
    attribute: str
    counts_children: bool = False


class FetchRows:
    """Reads and shows the rows of a fetch. A raw row holds the values that `_shown` lists, then
    those of the sort keys."""

    def __init__(self, reader: Reader, source: FetchSource) -> None:
        self._reader = reader
        self._source = source
        self._distinct = source.fetch.distinct
        self._outputs = self._checked_outputs()
        self.sort = self._complete_order()
        self._shown: dict[str, int] = {}
        self._places = [self._place(output) for output in self._outputs]
        self._version = None if self._distinct else self._add(source.base, VERSION)

    @property
    def columns(self) -> list[str]:
        """What the context names: nothing if the base entity shows all its columns."""
        base = self._source.base.entity
        return [] if _shows_everything(self._source) or base.all_attributes else self._keys()

    def _keys(self) -> list[str]:
        return [output.key for output in self._outputs]

    def rows(self, limit: int, start: Position | None, offset: int) -> list[Values]:
        """Read raw rows in order."""
        return read_after(
            self.sort,
            start,
            limit,
            lambda further, rest: self._read(
                all_of((self._source.condition, *further)), rest, offset
            ),
        )

    def count(self, limit: int) -> int:
        """Count the rows, but not further than `limit`."""
        condition = self._source.condition
        inner = self._statement(condition, [f"LIMIT {limit}"])
        return int(self._fetch(select("count(*)", f"({inner})", "1"), condition)[0][0])

    def position(self, row: Values) -> Position:
        """Where a raw row stands in the order."""
        return position_of(self.sort, row[-len(self.sort) :])

    def render(self, rows: list[Values]) -> list[JsonObject]:
        """Turn raw rows into JSON objects with the annotations asked for."""
        reader = self._reader
        names = read_names(
            reader.db, reader.catalog, self._places, rows, reader.prefer, reader.zone
        )
        cells = [
            (cell_of(reader.catalog, place, reader.prefer), place.position)
            for place in self._places
        ]
        return [self._render(cells, row, names) for row in rows]

    def _render(self, cells: list[tuple[Cell, int]], row: Values, names: Names) -> JsonObject:
        """Show what is not null (Learn: Retrieve and execute predefined queries)."""
        shown: JsonObject = {}
        if self._version is not None:
            shown["@odata.etag"] = etag(row[self._version])
        for cell, position in cells:
            if row[position] is not None:
                cell(shown, row, names)
        return shown

    # reading

    def _read(self, condition: Fragment, limit: int, offset: int) -> list[Values]:
        order = "ORDER BY " + ", ".join(key.sql for key in self.sort)
        statement = self._statement(condition, [order, f"LIMIT {limit} OFFSET {offset}"])
        return self._fetch(statement, condition)

    def _statement(self, condition: Fragment, rest: list[str]) -> str:
        expressions = [*self._shown, *(key.expression for key in self.sort)]
        columns = ("DISTINCT " if self._distinct else "") + ", ".join(expressions)
        return select(columns, self._source.tables.sql, condition.sql, *rest)

    def _fetch(self, statement: str, condition: Fragment) -> list[Values]:
        params = self._source.tables.params + condition.params
        return self._reader.fetch(statement, params)

    # columns

    def _checked_outputs(self) -> list[_Output]:
        outputs: dict[str, _Output] = {}
        for output in self._all_outputs():
            other = outputs.setdefault(output.key, output)
            if other != output:
                raise _same_key(output.key)
        return list(outputs.values())

    def _all_outputs(self) -> Iterator[_Output]:
        for node in self._source.nodes:
            is_base = node is self._source.base
            if node.entity.all_attributes or (is_base and _shows_everything(self._source)):
                for column in node.joined.table.columns.values():
                    if column.valid_for_read:
                        yield self._output(node, Attribute(column.logical_name))
            for attribute in node.entity.attributes:
                yield self._output(node, attribute)
            if is_base and not self._distinct:
                yield from self._added(node)

    def _added(self, base: Node) -> Iterator[_Output]:
        """What comes unasked: the primary key and, beside an amount, its currency."""
        table = base.joined.table
        columns = [base.column(attribute.name) for attribute in base.entity.attributes]
        if CURRENCY in table.columns and any(c.type is ColumnType.MONEY for c in columns):
            yield self._output(base, Attribute(CURRENCY))
        yield self._output(base, Attribute(table.primary_id))

    def _output(self, node: Node, attribute: Attribute) -> _Output:
        if attribute.aggregate is not None or attribute.groupby:
            raise invalid(
                f"The attribute '{attribute.name}' can only be grouped or aggregated "
                'in a fetch with aggregate="true".'
            )
        if attribute.counts_children:
            return _children(node, attribute)
        key = attribute.alias or node.key(attribute.name)
        return _Output(key, node, node.column(attribute.name), attribute.name)

    def _place(self, output: _Output) -> Place:
        """Plan where an output stands, with what its annotations need beside it. The currency of
        an amount is left out of distinct rows, which it would tell apart."""
        kind = currency = None
        if output.counts_children:
            position = self._shown.setdefault(_count_of_children(output.node), len(self._shown))
            return Place(output.node.joined.table, output.column, output.key, position)
        position = self._add(output.node, output.attribute)
        if output.column.is_polymorphic:
            kind = self._add(output.node, f"{output.attribute}__type")
        table = output.node.joined.table
        shows_symbol = is_formatted_money(output.column, self._reader.prefer)
        if shows_symbol and not self._distinct and CURRENCY in table.columns:
            currency = self._add(output.node, CURRENCY)
        return Place(table, output.column, output.key, position, kind, currency)

    def _add(self, node: Node, stored: str) -> int:
        return self._shown.setdefault(node.joined.sql(stored), len(self._shown))

    # order

    def _complete_order(self) -> tuple[SortKey, ...]:
        """The orders asked for, then what makes each row's place its own: the primary keys of all
        tables or, for distinct rows, all columns."""
        keys = self._source.sort_keys()
        if self._distinct:
            shown = [output for output in self._outputs if not output.counts_children]
            keys += [self._source.sort_by(o.node, o.attribute) for o in shown]
            keys += [_by_value(o) for o in shown if _has_name(o.column)]
        else:
            keys += [primary_key(n.joined, _key_prefix(n)) for n in self._source.nodes]
        distinct: dict[str, SortKey] = {}
        for key in keys:
            distinct.setdefault(key.expression, key)
        return tuple(distinct.values())


def _children(node: Node, attribute: Attribute) -> _Output:
    """Count the rows right below each in the tree of its table (Learn: Query hierarchical data)."""
    if attribute.alias is None or not node.column(attribute.name).is_primary_id:
        raise invalid(
            f"The rowaggregate of '{attribute.name}' needs an alias, and the primary key to count "
            "the children of."
        )
    counted = Column(attribute.alias, attribute.alias, ColumnType.INTEGER, attribute.alias)
    return _Output(attribute.alias, node, counted, attribute.name, counts_children=True)


def _count_of_children(node: Node) -> str:
    table = node.joined.table
    relation = tree_of(node.catalog, table.logical_name)
    if relation is None:
        raise invalid(f"The table '{table.logical_name}' has no hierarchical relationship.")
    parent = f"child.{quoted(relation.referencing_column)}"
    condition = f"{parent} = {node.joined.sql(table.primary_id)}"
    source = f"{quoted(table.logical_name)} AS child"
    return f"({select('count(*)', source, condition)})"


def _shows_everything(source: FetchSource) -> bool:
    """A fetch that names no attribute at all shows all columns of its base entity."""
    return not any(n.entity.attributes or n.entity.all_attributes for n in source.nodes)


def _key_prefix(node: Node) -> str:
    return f"{node.name}." if node.name else ""


def _has_name(column: Column) -> bool:
    return column.type.is_lookup or column.type.has_options


def _by_value(output: _Output) -> SortKey:
    """Tell apart what has the same name or label."""
    kind = SortKind.GUID if output.column.type.is_lookup else SortKind.INTEGER
    name = f"{_key_prefix(output.node)}{output.attribute}-value"
    return SortKey(name, output.node.joined.sql(output.attribute), kind)


def _same_key(key: str) -> Fault:
    return invalid(f"Two columns of the result would be called '{key}'.")
