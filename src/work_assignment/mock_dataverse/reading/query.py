"""One SELECT over the rows of a table, as a set of options asks for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ..caller import Caller
from ..conditions.circumstances import Circumstances
from ..conditions.comparisons import Fragment, all_of, select
from ..faults import bad_request, not_emulated
from ..tables.metadata import Catalog, Column, Table
from ..text import Stored
from .filter_sql import where
from .options import Options, OrderTerm
from .paging import Position, SortKey, position_of, primary_key, read_after, sort_key
from .preferences import Preferences
from .render import JsonObject, Renderer, Values
from .source import Source, alias_names, readable_column

_LIMITS = (
    "parser stack overflow",
    "Expression tree is too large",
    "tables in a join",
    "FROM clause terms",
    "too many columns",
    "too many terms",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading needs to know besides the query itself."""

    db: sqlite3.Connection
    catalog: Catalog
    prefer: Preferences
    root: str
    caller: Caller
    now: datetime

    @property
    def circumstances(self) -> Circumstances:
        """What the conditions of one query may depend on besides its rows."""
        return Circumstances(self.db, self.catalog, self.caller, self.now)

    def zone(self) -> ZoneInfo:
        """The time zone of who reads."""
        return self.circumstances.zone

    def fetch(self, statement: str, params: Sequence[Stored]) -> list[Values]:
        """Run one SELECT. SQLite nests conditions and joins tables less far than SQL Server."""
        cursor = self.db.cursor()
        cursor.row_factory = None
        try:
            return cursor.execute(statement, params).fetchall()
        except sqlite3.OperationalError as exc:
            if not any(limit in str(exc) for limit in _LIMITS):
                raise
            raise not_emulated(f"a query of this depth or with so many joins ({exc})") from exc

    def link(self, table: Table, row_id: str) -> str:
        """The absolute address of a row."""
        return f"{self.root}{table.entity_set_name}({row_id})"


class RowQuery:
    """Reads rows of one table: filtered, sorted completely, rendered.

    A raw row holds the stored values of `renderer.stored`, then `beside` if given, then the values
    of the sort keys.
    """

    def __init__(
        self,
        reader: Reader,
        table: Table,
        columns: Sequence[Column],
        options: Options,
        needed: Iterable[str] = (),
    ) -> None:
        self.reader = reader
        self.table = table
        self.source = Source(reader.catalog, table, alias_names())
        self.renderer = Renderer(reader.catalog, table, columns, reader.prefer, needed)
        self.beside: str | None = None
        self._conditions: list[Fragment] = []
        if options.filter is not None:
            self._conditions.append(where(options.filter, self.source, reader.circumstances))
        self.sort = _sort_keys(self.source, options.orderby)

    def restrict(self, condition: Fragment) -> None:
        """Let only rows through that meet this condition too."""
        self._conditions.append(condition)

    def rows(self, *, limit: int | None = None, start: Position | None = None) -> list[Values]:
        """Read raw rows in order, at most `limit`, those after `start`."""
        return read_after(self.sort, start, -1 if limit is None else limit, self._rows_where)

    def _rows_where(self, further: tuple[Fragment, ...], limit: int) -> list[Values]:
        condition = all_of((*self._conditions, *further))
        shown = [self.source.base.sql(name) for name in self.renderer.stored]
        beside = [self.beside] if self.beside else []
        statement = select(
            ", ".join([*shown, *beside, *(key.expression for key in self.sort)]),
            self.source.sql,
            condition.sql,
            "ORDER BY " + ", ".join(key.sql for key in self.sort),
            f"LIMIT {limit}",
        )
        return self._fetch(statement, condition)

    def count(self, limit: int) -> int:
        """Count the rows, but not further than `limit`."""
        condition = all_of(self._conditions)
        inner = select("1", self.source.sql, condition.sql, f"LIMIT {limit}")
        statement = select("count(*)", f"({inner})", "1")
        return int(self._fetch(statement, condition)[0][0])

    def position(self, row: Values) -> Position:
        """Where a raw row stands in the order."""
        return position_of(self.sort, row[-len(self.sort) :])

    def beside_value(self, row: Values) -> str:
        """The value of `beside` in a raw row."""
        return str(row[-len(self.sort) - 1])

    def render(self, rows: Sequence[Values]) -> list[JsonObject]:
        """Render raw rows, reading names for formatted values in bulk."""
        names = self.renderer.read_names(self.reader.db, rows, self.reader.zone)
        return self.renderer.render(rows, names)

    def _fetch(self, statement: str, condition: Fragment) -> list[Values]:
        return self.reader.fetch(statement, condition.params)


def _sort_keys(source: Source, terms: Iterable[OrderTerm]) -> tuple[SortKey, ...]:
    """The keys of $orderby and, to make the order complete, the primary key."""
    keys = [_sort_key(source, term) for term in terms]
    keys.append(primary_key(source.base))
    distinct: dict[str, SortKey] = {}
    for key in keys:
        distinct.setdefault(key.expression, key)
    return tuple(distinct.values())


def _sort_key(source: Source, term: OrderTerm) -> SortKey:
    joined = source.along(term.path[:-1])
    name = term.path[-1]
    relation = source.catalog.single_valued(joined.table.logical_name, name)
    if relation is not None and joined.table.column_by_wire_name(name) is None:
        raise bad_request(
            "The $orderby expression must evaluate to a single value of primitive type, "
            f"which '{name}' is not; use its _value property."
        )
    column = readable_column(joined.table, name)
    return sort_key(source.catalog, joined, column, ".".join(term.path), descending=term.descending)
