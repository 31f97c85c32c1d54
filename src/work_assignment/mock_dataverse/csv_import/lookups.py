"""Which row a cell means: by id, by the value of an alternate key, or by its primary name."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from ..faults import Fault
from ..storage.rows import find_ids, has_row
from ..tables.metadata import Catalog, Table
from ..tables.values import to_stored
from ..writing.references import Reference
from .cells import read_guid
from .problems import Problems, shown
from .rows import ImportRow, Pointer

# What people know a user by, although no alternate key of Dataverse has it.
_ALSO = {"systemuser": ("domainname",)}
_MADE_OF = {"fullname": ("firstname", "lastname")}


class UnknownRow(ValueError):
    """No row, or more than one, is what a cell names."""


def check_names(
    db: sqlite3.Connection, catalog: Catalog, rows: Iterable[ImportRow], problems: Problems
) -> None:
    """Refuse a second row of a name that only one can have, such as a user's domain name."""
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        for column in _ALSO.get(row.table.logical_name, ()):
            name = row.body.get(column)
            if not name:
                continue
            header = next((each for each in row.record.cells if each.lower() == column), column)
            key = (row.table.logical_name, column, _folded(name))
            first = seen.setdefault(key, row.record.line)
            if first != row.record.line:
                what = f"{shown(name)} is on line {first} already"
            elif any(row.row_id != found for found in _stored(db, row.table, column, name)):
                kind = row.table.logical_name
                what = f"{shown(name)} is the {column} of another {kind} already"
            else:
                continue
            problems.note(row.file, what, row.record.line, header)


class Lookups:
    """The rows of the files together with those that are there already."""

    def __init__(self, db: sqlite3.Connection, catalog: Catalog, rows: Iterable[ImportRow]) -> None:
        self._db = db
        self._catalog = catalog
        self._ids: set[tuple[str, str]] = set()
        self._named: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._found: dict[tuple[str, str], frozenset[str]] = {}
        for row in rows:
            self._ids.add((row.table.logical_name, row.row_id))
            for column in _naming(row.table):
                value = row.body.get(column) or _put_together(row, column)
                if value:
                    self._named[row.table.logical_name, column, _folded(value)].add(row.row_id)

    def find(self, pointer: Pointer) -> Reference:
        """Return the one row that a cell means."""
        found = [
            Reference(table, row_id)
            for table in map(self._catalog.tables.__getitem__, pointer.targets)
            for row_id in self._ids_in(table, pointer.text)
        ]
        kinds = " or ".join(pointer.targets)
        if not found:
            raise UnknownRow(f"there is no {kinds} {shown(pointer.text)}, by id, key or name")
        if len(found) > 1:
            raise UnknownRow(
                f"{shown(pointer.text)} is more than one {kinds}; name it by its id instead"
            )
        return found[0]

    def _ids_in(self, table: Table, text: str) -> frozenset[str]:
        known = self._found.get((table.logical_name, text))
        if known is None:
            known = frozenset(self._search(table, text))
            self._found[table.logical_name, text] = known
        return known

    def _search(self, table: Table, text: str) -> Iterator[str]:
        row_id = read_guid(text)
        if row_id is not None:
            if (table.logical_name, row_id) in self._ids or has_row(self._db, table, row_id):
                yield row_id
            return
        for column in _naming(table):
            found = {
                *self._named.get((table.logical_name, column, _folded(text)), ()),
                *_stored(self._db, table, column, text),
            }
            if found:
                yield from found
                return


def _stored(db: sqlite3.Connection, table: Table, column: str, text: str) -> Iterable[str]:
    try:
        value = to_stored(table, table.columns[column], text)
    except Fault:
        return ()  # what this column cannot hold names no row by it
    return find_ids(db, table, {column: value}, limit=2)


def _naming(table: Table) -> Iterator[str]:
    """Yield the columns that name a row: alternate keys of one column, then the primary name."""
    for key in table.keys:
        if len(key.columns) == 1 and not table.columns[key.columns[0]].type.is_lookup:
            yield key.columns[0]
    yield from _ALSO.get(table.logical_name, ())
    if table.primary_name is not None:
        yield table.primary_name


def _put_together(row: ImportRow, column: str) -> str:
    """Return the full name of a person, which is made of the others when the row is written."""
    parts = _MADE_OF.get(column, ())
    return " ".join(str(row.body[part]) for part in parts if row.body.get(part))


def _folded(value: Any) -> str:
    return str(value).strip().casefold()
