"""Answers `?$apply=`: one page of groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...conditions.comparisons import Fragment, all_of
from ...faults import bad_request, not_emulated
from ...tables.metadata import ColumnType, Table
from ..aggregates import Aggregation, GroupKey, Order, Total
from ..expand import query_text
from ..filter_sql import where
from ..limits import COUNT_LIMIT
from ..options import Options, OrderTerm, parse_options
from ..paging import next_page, page_number, sort_key
from ..preferences import LARGEST_PAGE
from ..query import Reader
from ..render import Cell, JsonObject, Names, Values
from ..scopes import Scope, scope_condition
from ..source import Source, alias_names, readable_column
from .parser import parse_apply
from .tree import Aggregate, Apply

_OPTIONS = frozenset({"$filter", "$orderby", "$top", "$count", "$skiptoken"})
_NOT_BESIDE = frozenset({"$select", "$expand"})


def read_apply(
    reader: Reader, table: Table, query: Mapping[str, str], address: str, scope: Scope | None
) -> JsonObject:
    """Answer `GET {set}?$apply=...`; `address` is the URL without its query."""
    for name in _NOT_BESIDE & query.keys():
        raise not_emulated(f"{name} beside $apply")
    rest = {name: value for name, value in query.items() if name != "$apply"}
    options = parse_options(rest, _OPTIONS)
    aliases = {name: value for name, value in query.items() if name.startswith("@")}
    answer = _Answer(reader, table, parse_apply(query["$apply"], aliases), options, scope)
    return answer.body(address, query)


class _Answer:
    """One request with `$apply`."""

    def __init__(
        self,
        reader: Reader,
        table: Table,
        apply: Apply,
        options: Options,
        scope: Scope | None,
    ) -> None:
        self._reader = reader
        self._table = table
        self._options = options
        self._apply = apply
        self._source = Source(reader.catalog, table, alias_names())
        self._keys = [self._key(path) for path in apply.keys]
        self._totals = [self._total(aggregate) for aggregate in apply.aggregates]
        _check_keys([*self._keys, *self._totals])
        self._orders = [self._order(term) for term in options.orderby]
        condition = all_of(self._conditions(scope))
        self._aggregation = Aggregation(
            Fragment(self._source.sql), condition, self._keys, self._totals
        )

    def body(self, address: str, query: Mapping[str, str]) -> JsonObject:
        token = self._options.skiptoken
        page = 1 if token is None else page_number(token)
        size, may_continue = self._size()
        groups = self._aggregation.read(
            self._reader, self._orders, size + may_continue, (page - 1) * size
        )
        shown = self._aggregation.render(self._reader, groups.rows[:size], self._cells())
        body: JsonObject = {
            "@odata.context": f"{self._reader.root}$metadata#{self._table.entity_set_name}"
        }
        if self._options.count:
            body["@odata.count"] = min(groups.count, COUNT_LIMIT)
        body["value"] = shown
        if len(groups.rows) > size:
            link = query_text([*({**query} | {"$skiptoken": next_page(page)}).items()])
            body["@odata.nextLink"] = f"{address}?{link}"
        return body

    def _size(self) -> tuple[int, bool]:
        """How many groups, and whether a next page may follow; as for rows, a page size puts
        $top out of action."""
        if self._reader.prefer.max_page_size is None and self._options.top is not None:
            return min(self._options.top, LARGEST_PAGE), False
        return self._reader.prefer.max_page_size or LARGEST_PAGE, True

    def _cells(self) -> list[Cell]:
        """Leave out keys without value, as Dataverse does (Learn: Aggregate data using OData)."""
        cells = self._aggregation.cells(self._reader)
        keys = len(self._keys)
        return [_unless_null(index, cell) for index, cell in enumerate(cells[:keys])] + cells[keys:]

    # names

    def _key(self, path: tuple[str, ...]) -> GroupKey:
        joined, column = self._source.column(path)
        if column.type is ColumnType.DATETIME:
            raise bad_request(
                f"The groupby of '{'/'.join(path)}' is not supported: it is a datetime value."
            )
        prefix = "" if joined is self._source.base else f"{joined.table.logical_name}_"
        kind = joined.sql(f"{column.logical_name}__type") if column.is_polymorphic else None
        return GroupKey(
            f"{prefix}{column.wire_name}",
            joined.table,
            column,
            joined.sql(column.logical_name),
            kind,
            self._sort(path),
        )

    def _sort(self, path: tuple[str, ...]) -> str | None:
        """What a key is sorted by, where $orderby asks for it."""
        if not any(term.path == path for term in self._options.orderby):
            return None
        joined, column = self._source.column(path)
        return sort_key(self._reader.catalog, joined, column, "").expression

    def _total(self, aggregate: Aggregate) -> Total:
        if not aggregate.path:
            return Total(aggregate.alias, aggregate.method)
        joined, column = self._source.column(aggregate.path)
        expression = joined.sql(column.logical_name)
        return Total(aggregate.alias, aggregate.method, column, expression)

    def _order(self, term: OrderTerm) -> Order:
        if term.path in self._apply.keys:
            return Order(self._apply.keys.index(term.path), term.descending)
        if len(term.path) == 1 and term.path[0] in {a.alias for a in self._apply.aggregates}:
            raise bad_request("The query node SingleValueOpenPropertyAccess is not supported.")
        readable_column(self._source.along(term.path[:-1]).table, term.path[-1])
        raise bad_request(
            f"The $orderby term '{'/'.join(term.path)}' is not among the groupby of $apply."
        )

    def _conditions(self, scope: Scope | None) -> Iterator[Fragment]:
        """The filters of $apply; $filter beside it chooses among the same rows."""
        filters = self._apply.filters
        if self._options.filter is not None:
            filters = (*filters, self._options.filter)
        for node in filters:
            yield where(node, self._source, self._reader.circumstances)
        if scope is not None:
            yield scope_condition(self._source, scope)


def _check_keys(values: Sequence[GroupKey | Total]) -> None:
    names = [value.key for value in values]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise not_emulated(f"two values of $apply that are both called '{name}'")


def _unless_null(index: int, cell: Cell) -> Cell:
    def shown_if_set(shown: JsonObject, row: Values, names: Names) -> None:
        if row[index] is not None:
            cell(shown, row, names)

    return shown_if_set
