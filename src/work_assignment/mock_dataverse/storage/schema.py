"""The SQLite schema of a catalog: a table each, its columns, its indexes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ..tables.metadata import Catalog, Column, ColumnType, Table
from ..text import COLLATION
from .definition_rows import prepare
from .planner_hints import heed_hints, hint, prepare_hints
from .tombstones import TOMBSTONES, create_tombstones

# Columns every table has, by which nobody searches; an index would only slow down each write.
_RARELY_SEARCHED = frozenset(
    [
        "createdby",
        "createdonbehalfby",
        "modifiedby",
        "modifiedonbehalfby",
        "owninguser",
        "owningteam",
        "owningbusinessunit",
        "organizationid",
        "transactioncurrencyid",
    ]
)
_SQL_TYPES = {
    ColumnType.STRING: f"TEXT COLLATE {COLLATION}",
    ColumnType.MEMO: f"TEXT COLLATE {COLLATION}",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.BIGINT: "INTEGER",
    ColumnType.PICKLIST: "INTEGER",
    ColumnType.STATE: "INTEGER",
    ColumnType.STATUS: "INTEGER",
    ColumnType.BOOLEAN: "INTEGER",
    ColumnType.DECIMAL: "REAL",
    ColumnType.DOUBLE: "REAL",
    ColumnType.MONEY: "REAL",
}
_FOUND_BY = {
    "systemuser": ("domainname", "fullname", "applicationid", "azureactivedirectoryobjectid"),
    "sdkmessage": ("name",),
    "principalobjectaccess": ("objectid", "principalid"),
}


def quoted(name: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def stored_columns(table: Table) -> tuple[str, ...]:
    """Name the SQLite columns of a table: its own, and the target beside a polymorphic lookup."""
    return tuple(name for column in table.columns.values() for name in _stored_names(column))


def bring_up_to_date(db: sqlite3.Connection, catalog: Catalog) -> None:
    """Create what the catalog has and the database lacks: tables, columns, indexes."""
    prepare(db)
    create_tombstones(db)
    prepare_hints(db, TOMBSTONES)
    existing = {
        name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    for table in catalog:
        if table.logical_name in existing:
            _add_columns(db, table)
        else:
            db.execute(_create_table(table))
        for statement in _indexes(catalog, table).values():
            db.execute(statement)
        _hint(db, table)
    heed_hints(db)


def migrate(db: sqlite3.Connection, before: Catalog, after: Catalog) -> None:
    """Change the schema from one catalog's to another's; the values of what goes are lost.

    A unique index that the rows do not allow raises sqlite3.IntegrityError.
    """
    for table in before:
        if table.logical_name not in after.tables:
            db.execute(_drop("TABLE", table.logical_name))
    changed = [t for t in after if before.tables.get(t.logical_name) is not t]
    for table in changed:
        old = before.tables.get(table.logical_name)
        if old is None:
            db.execute(_create_table(table))
        old_indexes = {} if old is None else _indexes(before, old)
        new_indexes = _indexes(after, table)
        for name in old_indexes.keys() - new_indexes.keys():
            db.execute(_drop("INDEX", name))
        if old is not None and stored_columns(old) != stored_columns(table):
            _drop_columns(db, old, table)
            _add_columns(db, table)
        for name, statement in new_indexes.items():
            if name not in old_indexes:
                db.execute(statement)
        _hint(db, table)
    if changed:
        heed_hints(db)


def _hint(db: sqlite3.Connection, table: Table) -> None:
    found = [(_index(table, names)[0], names) for names in _searched(table)]
    hint(db, table.logical_name, found)


def _stored_names(column: Column) -> Iterator[str]:
    yield column.logical_name
    if column.is_polymorphic:
        yield f"{column.logical_name}__type"


def _declarations(column: Column) -> Iterator[tuple[str, str]]:
    yield column.logical_name, _SQL_TYPES.get(column.type, "TEXT")
    if column.is_polymorphic:
        yield f"{column.logical_name}__type", "TEXT"


def _create_table(table: Table) -> str:
    declared = [
        f"{quoted(name)} {kind}{' PRIMARY KEY' if name == table.primary_id else ''}"
        for column in table.columns.values()
        for name, kind in _declarations(column)
    ]
    return f"CREATE TABLE IF NOT EXISTS {quoted(table.logical_name)} ({', '.join(declared)})"


def _add_columns(db: sqlite3.Connection, table: Table) -> None:
    name = quoted(table.logical_name)
    existing = {row[1] for row in db.execute(f"PRAGMA table_info({name})")}
    for column in table.columns.values():
        for stored, kind in _declarations(column):
            if stored not in existing:
                db.execute(f"ALTER TABLE {name} ADD COLUMN {quoted(stored)} {kind}")


def _drop_columns(db: sqlite3.Connection, old: Table, new: Table) -> None:
    name, wanted = quoted(new.logical_name), set(stored_columns(new))
    existing = {row[1] for row in db.execute(f"PRAGMA table_info({name})")}
    for column in stored_columns(old):
        if column not in wanted and column in existing:
            db.execute(f"ALTER TABLE {name} DROP COLUMN {quoted(column)}")


def _drop(kind: str, name: str) -> str:
    return f"DROP {kind} IF EXISTS {quoted(name)}"


def _indexes(catalog: Catalog, table: Table) -> dict[str, str]:
    """Return the statements that create a table's indexes, by name."""
    return dict(_create_indexes(catalog, table))


def _create_indexes(catalog: Catalog, table: Table) -> Iterator[tuple[str, str]]:
    for key in table.keys:
        yield _index(table, key.columns, unique=True)
    for relation in catalog.many_to_many:
        if relation.intersect_table == table.logical_name:
            yield _index(table, (relation.column1, relation.column2), unique=True)
            yield _index(table, (relation.column2,))
    for names in _searched(table):
        yield _index(table, names)


def _searched(table: Table) -> Iterator[tuple[str, ...]]:
    if table.tracks_changes:
        yield ("versionnumber",)
    for name in _FOUND_BY.get(table.logical_name, ()):
        yield (name,)
    for column in table.columns.values():
        if column.type is ColumnType.OWNER:
            yield from _owned(table, column.logical_name)
        elif column.type.is_lookup and column.logical_name not in _RARELY_SEARCHED:
            yield (column.logical_name,)
    if table.ownership == "UserOwned":
        yield ("createdon", table.primary_id)
        if "statecode" in table.columns:
            yield ("statecode", table.primary_id)
            yield ("statecode", "createdon", table.primary_id)


def _owned(table: Table, owner: str) -> Iterator[tuple[str, ...]]:
    """The primary key comes last, for pages are in its order unless another is asked for."""
    if "statecode" in table.columns:
        yield (owner, "statecode", table.primary_id)
        yield (owner, "statecode", "createdon", table.primary_id)
    else:
        yield (owner, table.primary_id)


def _index(table: Table, columns: tuple[str, ...], *, unique: bool = False) -> tuple[str, str]:
    """Return an index's name and the statement that creates it."""
    name = "__".join(("key" if unique else "by", table.logical_name, *columns))
    listed = ", ".join(quoted(column) for column in columns)
    place = f"{quoted(name)} ON {quoted(table.logical_name)} ({listed})"
    kind = "UNIQUE INDEX" if unique else "INDEX"
    return name, f"CREATE {kind} IF NOT EXISTS {place}"
