"""The rows of a case, which change while it is played: filters see them as they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from work_assignment.domain.filtering.rows import Columns, Rows, id_column, key_of
from work_assignment.domain.records import Value

_Index = dict[Hashable, dict[str, Columns]]


class LiveRows(Rows):
    """Rows by table and id, of which any can be put anew."""

    def __init__(self) -> None:
        super().__init__()
        self._by_id: dict[str, dict[str, Columns]] = defaultdict(dict)
        self._by_value: dict[tuple[str, str], _Index] = {}

    def put(self, table: str, row_id: str, row: Columns) -> None:
        """Add a row, or replace the one of that id."""
        before = self._by_id[table].get(row_id)
        self._by_id[table][row_id] = row
        for (name, column), index in self._by_value.items():
            if name == table:
                _move(index, row_id, (before or {}).get(column), row.get(column), row)
        self._trees.pop(table, None)

    def copy(self) -> LiveRows:
        """The same rows, to go their own way."""
        copied = LiveRows()
        for table, rows in self._by_id.items():
            copied._by_id[table].update(rows)
        return copied

    def find(self, table: str, row_id: str) -> Columns | None:
        """The row of that id."""
        return self._by_id[table].get(row_id) if table in self._by_id else None

    def tables_with(self, row_id: str) -> list[str]:
        """The tables that have a row of that id."""
        return [table for table, rows in self._by_id.items() if row_id in rows]

    def of(self, table: str) -> Sequence[Columns]:
        """Every row known of a table."""
        return tuple(self._by_id.get(table, {}).values())

    def where(self, table: str | None, column: str | None, value: Value) -> Sequence[Columns]:
        """The rows whose `column` equals a value, as `Rows.where`."""
        if table is None:
            return [row for name in list(self._by_id) for row in self.where(name, None, value)]
        wanted = column or id_column(table)
        if wanted == id_column(table):
            exact = self.find(table, str(value))
            if exact is not None:
                return (exact,)
        index = self._by_value.get((table, wanted))
        if index is None:
            index = self._by_value[table, wanted] = self._indexed(table, wanted)
        return tuple(index.get(_key(value), {}).values())

    def _indexed(self, table: str, column: str) -> _Index:
        found: _Index = defaultdict(dict)
        for row_id, row in self._by_id.get(table, {}).items():
            value = row.get(column)
            if value is not None:
                found[_key(value)][row_id] = row
        return found


def _key(value: Value) -> Hashable:
    """The form in which values are joined: ids are text, even those written as numbers."""
    return str(value) if type(value) is int else key_of(value)


def _move(index: _Index, row_id: str, before: Value, now: Value, row: Columns) -> None:
    if before is not None:
        index.get(_key(before), {}).pop(row_id, None)
    if now is not None:
        index.setdefault(_key(now), {})[row_id] = row
