"""Finds the rows that hang on others, level by level: a query for each relationship and level."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..storage.rows import RawRow, as_dict
from ..storage.schema import quoted
from ..tables.metadata import CascadeRows, Catalog, Column, OneToMany, Table

_AT_ONCE = 512
_OPEN, _SCHEDULED = 0, 3


@dataclass(frozen=True, slots=True)
class Hanging:
    """A row with its table, and the row of the level above that it hangs on by `relation`."""

    table: Table
    row: RawRow
    relation: OneToMany
    parent: RawRow

    @property
    def row_id(self) -> str:
        return str(self.row[self.table.primary_id])


class Descents:
    """Walks down some relationships of a catalog."""

    def __init__(self, catalog: Catalog, relations: Iterable[OneToMany]) -> None:
        self._catalog = catalog
        self._below: dict[str, list[OneToMany]] = defaultdict(list)
        self._probes: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {}
        for relation in relations:
            self._below[relation.referenced_table].append(relation)

    def level_below(
        self, db: sqlite3.Connection, table: Table, rows: Sequence[RawRow]
    ) -> Iterator[Hanging]:
        """Yield the rows that hang directly on some rows of one table."""
        by_id = {str(row[table.primary_id]): row for row in rows}
        relations = self._below.get(table.logical_name, ())
        if len(relations) > 1 and len(by_id) == 1 and not self._has_any(db, table, *by_id):
            return
        for relation in relations:
            child = self._catalog.tables[relation.referencing_table]
            for row in rows_pointing_at(db, child, relation, list(by_id)):
                yield Hanging(child, row, relation, by_id[row[relation.referencing_column]])

    def _has_any(self, db: sqlite3.Connection, table: Table, row_id: str) -> bool:
        """Tell by one query whether anything hangs on a row; on most rows nothing does."""
        probe = self._probes.get(table.logical_name)
        if probe is None:
            probe = self._probes[table.logical_name] = self._probe(self._below[table.logical_name])
        statement, kinds = probe
        values = [value for kind in kinds for value in (row_id, *kind)]
        return bool(db.execute(statement, values).fetchone()[0])

    def _probe(self, relations: Iterable[OneToMany]) -> tuple[str, tuple[tuple[str, ...], ...]]:
        """Write a query for whether any lookup holds an id; and the kinds that go with each id."""
        found, kinds = [], []
        for relation in relations:
            child = self._catalog.tables[relation.referencing_table]
            column, kind = _lookup_in(child, relation)
            found.append(
                f"EXISTS ({_pointing(child.logical_name, column.logical_name, '= ?', column.is_polymorphic)})"
            )
            kinds.append(kind)
        return f"SELECT {' OR '.join(found)}", tuple(kinds)

    def levels(
        self, db: sqlite3.Connection, table: Table, row: RawRow, how: Reach
    ) -> Iterator[Hanging]:
        """Yield all rows below one, level by level, each once and before those below it."""
        seen = {(table.logical_name, str(row[table.primary_id]))}
        level: dict[str, tuple[Table, list[RawRow]]] = {table.logical_name: (table, [row])}
        while level:
            below: dict[str, tuple[Table, list[RawRow]]] = {}
            for above, rows in level.values():
                for hanging in self.level_below(db, above, rows):
                    key = (hanging.table.logical_name, hanging.row_id)
                    if key not in seen and how.reaches(hanging):
                        seen.add(key)
                        below.setdefault(key[0], (hanging.table, []))[1].append(hanging.row)
                        yield hanging
            level = below


@dataclass(frozen=True, slots=True)
class Reach:
    """Which of the rows below an action goes on to: `action` is a member of Cascades, or None
    when every relationship that is walked is followed to all of its rows."""

    action: str | None = None

    def reaches(self, hanging: Hanging) -> bool:
        if self.action is None:
            return True
        how: CascadeRows = getattr(hanging.relation.cascades, self.action)
        match how:
            case CascadeRows.CASCADE:
                return True
            case CascadeRows.ACTIVE:
                return _is_active(hanging.table, hanging.row)
            case CascadeRows.USER_OWNED:
                owner = hanging.parent.get("ownerid")
                return owner is not None and hanging.row.get("ownerid") == owner
            case CascadeRows.NO_CASCADE:
                return False


def rows_pointing_at(
    db: sqlite3.Connection,
    table: Table,
    relation: OneToMany,
    ids: Sequence[str],
    *,
    limit: int = -1,
) -> Iterator[RawRow]:
    """Yield rows whose lookup holds one of these ids, no more than `limit` for each query."""
    column, kind = _lookup_in(table, relation)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        # A power of two of them, so that few different statements have to be prepared.
        places = 1 << (len(some) - 1).bit_length()
        filled = (*some, *[some[-1]] * (places - len(some)))
        statement = _select_pointing(
            table.logical_name, column.logical_name, places, column.is_polymorphic
        )
        for row in db.execute(statement, (*filled, *kind, limit)).fetchall():
            yield as_dict(row)


def _lookup_in(table: Table, relation: OneToMany) -> tuple[Column, tuple[str, ...]]:
    """Return the lookup of a relationship, and the kind that it must hold if it has several."""
    column = table.columns[relation.referencing_column]
    return column, (relation.referenced_table,) if column.is_polymorphic else ()


def _is_active(table: Table, row: Mapping[str, Any]) -> bool:
    state = row.get("statecode", _OPEN)
    return state == _OPEN or (table.is_activity and state == _SCHEDULED)


@lru_cache(maxsize=1024)
def _select_pointing(table: str, column: str, places: int, is_polymorphic: bool) -> str:
    marks = ", ".join("?" * places)
    return f"{_pointing(table, column, f'IN ({marks})', is_polymorphic)} LIMIT ?"


def _pointing(table: str, column: str, holds: str, is_polymorphic: bool) -> str:
    sql = ("SELECT * FROM", quoted(table), "WHERE", quoted(column), holds)
    kind = ("AND", quoted(f"{column}__type"), "= ?") if is_polymorphic else ()
    return " ".join((*sql, *kind))
