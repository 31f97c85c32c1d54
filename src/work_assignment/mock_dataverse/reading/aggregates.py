"""Groups and totals for `$apply` and `sql`: one statement over the source rows, at most 50,000."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from ..conditions.comparisons import Fragment, select
from ..faults import bad_request
from ..tables.metadata import Column, ColumnType, Table
from ..text import COLLATION
from .formats import DEFAULT_SYMBOL, Format, amount, format_of, places, whole_number
from .limits import AGGREGATE_LIMIT, too_many_rows
from .query import Reader
from .render import (
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


class Method(StrEnum):
    """How the values of a group become one."""

    ROWS = "count of rows"
    COUNT = "count"
    COUNT_DISTINCT = "count of distinct values"
    SUM = "sum"
    AVERAGE = "average"
    MINIMUM = "min"
    MAXIMUM = "max"

    @property
    def counts(self) -> bool:
        return self in (Method.ROWS, Method.COUNT, Method.COUNT_DISTINCT)


@dataclass(frozen=True, slots=True)
class GroupKey:
    """A column to group by; `key` is its name in the result, `kind` the SQL of the target's name
    beside a polymorphic lookup, `sort` the SQL to sort by when that is not the value itself."""

    key: str
    table: Table
    column: Column
    expression: str
    kind: str | None = None
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """An aggregate; only the number of rows does without a column."""

    key: str
    method: Method
    column: Column | None = None
    expression: str = "1"


@dataclass(frozen=True, slots=True)
class Order:
    """Sort the groups by a key or a total, which is named by its place among keys and totals."""

    place: int
    descending: bool


@dataclass(frozen=True, slots=True)
class Groups:
    """One page of groups: raw rows, and how many groups there are on all pages."""

    rows: list[Values]
    count: int


class Aggregation:
    """A grouped query. A raw row holds the keys, then the totals, then the kinds of the keys."""

    def __init__(
        self,
        source: Fragment,
        condition: Fragment,
        keys: Sequence[GroupKey],
        totals: Sequence[Total],
    ) -> None:
        self._source = source
        self._condition = condition
        self._keys = keys
        self._totals = totals
        for total in totals:
            _check(total)

    def read(self, reader: Reader, orders: Sequence[Order], limit: int, offset: int = 0) -> Groups:
        """Read groups in order; more source rows than an aggregate may have are refused."""
        params = self._source.params + self._condition.params
        rows = reader.fetch(self._statement(orders, limit, offset), params)
        if rows and (rows[0][-2] or 0) > AGGREGATE_LIMIT:
            raise too_many_rows()
        return Groups(rows, rows[0][-1] if rows else 0)

    def render(
        self, reader: Reader, rows: Sequence[Values], cells: Sequence[Cell]
    ) -> list[JsonObject]:
        """Turn raw rows into JSON objects by the cells of `cells`, perhaps wrapped."""
        names = read_names(
            reader.db, reader.catalog, self._places(), rows, reader.prefer, reader.zone
        )
        return [_shown(cells, row, names) for row in rows]

    def cells(self, reader: Reader) -> list[Cell]:
        """What shows each key, then each total."""
        keys = [cell_of(reader.catalog, place, reader.prefer) for place in self._places()]
        first = len(self._keys)
        totals = [
            value_cell(total.key, place, _format(total, reader))
            for place, total in enumerate(self._totals, first)
        ]
        return [*keys, *totals]

    def _places(self) -> list[Place]:
        position = len(self._keys) + len(self._totals)
        places_found = []
        for index, key in enumerate(self._keys):
            kind = None
            if key.kind is not None:
                kind, position = position, position + 1
            places_found.append(Place(key.table, key.column, key.key, index, kind))
        return places_found

    def _statement(self, orders: Sequence[Order], limit: int, offset: int) -> str:
        """Take no more source rows than it takes to see that there are too many."""
        inner = select(
            ", ".join(self._inner()) or "1",
            self._source.sql,
            self._condition.sql,
            f"LIMIT {AGGREGATE_LIMIT + 1}",
        )
        groups = [_collated(f"k{index}", key) for index, key in enumerate(self._keys)]
        ordered = [*map(self._order, orders), *groups]
        return select(
            ", ".join([*self._outer(), "sum(count(*)) OVER ()", "count(*) OVER ()"]),
            f"({inner})",
            "1",
            f"GROUP BY {', '.join(groups)}" if groups else "",
            f"ORDER BY {', '.join(ordered)}" if ordered else "",
            f"LIMIT {limit} OFFSET {offset}",
        )

    def _inner(self) -> Iterator[str]:
        for index, key in enumerate(self._keys):
            yield f"{key.expression} AS k{index}"
            if key.kind is not None:
                yield f"{key.kind} AS d{index}"
            if key.sort is not None:
                yield f"{key.sort} AS s{index}"
        for index, total in enumerate(self._totals):
            yield f"{total.expression} AS v{index}"

    def _outer(self) -> Iterator[str]:
        for index in range(len(self._keys)):
            yield f"k{index}"
        for index, total in enumerate(self._totals):
            yield f"{_total_sql(total, f'v{index}')} AS t{index}"
        for index, key in enumerate(self._keys):
            if key.kind is not None:
                yield f"min(d{index})"

    def _order(self, order: Order) -> str:
        direction = " DESC" if order.descending else ""
        if order.place >= len(self._keys):
            return f"t{order.place - len(self._keys)}{direction}"
        key = self._keys[order.place]
        if key.sort is not None:
            return f"min(s{order.place}){direction}"
        return f"{_collated(f'k{order.place}', key)}{direction}"


def _check(total: Total) -> None:
    column, method = total.column, total.method
    if column is None or method.counts or column.type.is_numeric:
        return
    is_extreme = method in (Method.MINIMUM, Method.MAXIMUM)
    if not (is_extreme and column.type is ColumnType.DATETIME):
        raise bad_request(
            f"The aggregate '{method}' cannot be applied to '{column.logical_name}', "
            f"which is of type {column.type}."
        )


def _collated(name: str, key: GroupKey) -> str:
    return f"{name} COLLATE {COLLATION}" if key.column.type.is_text else name


def _total_sql(total: Total, value: str) -> str:
    match total.method:
        case Method.ROWS:
            return "count(*)"
        case Method.COUNT:
            return f"count({value})"
        case Method.COUNT_DISTINCT:
            is_text = total.column is not None and total.column.type.is_text
            return f"count(DISTINCT {value}{f' COLLATE {COLLATION}' if is_text else ''})"
        case Method.AVERAGE if total.column is not None and total.column.type.is_whole:
            # SQL Server's average of whole numbers is a whole number.
            return f"CAST(avg({value}) AS INTEGER)"
        case Method.AVERAGE:
            return f"avg({value})"
        case method:
            return f"{method}({value})"


def _format(total: Total, reader: Reader) -> Format | None:
    if not reader.prefer.wants(FORMATTED):
        return None
    if total.method.counts or total.column is None:
        return whole_number
    if is_formatted_money(total.column, reader.prefer):
        return partial(amount, digits=places(total.column), symbol=DEFAULT_SYMBOL)
    return format_of(total.column)


def _shown(cells: Sequence[Cell], row: Values, names: Names) -> JsonObject:
    shown: JsonObject = {}
    for cell in cells:
        cell(shown, row, names)
    return shown
