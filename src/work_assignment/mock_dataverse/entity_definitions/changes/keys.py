"""Alternate keys that are created, deleted and tried again."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import replace

from ...faults import bad_request
from ...storage.column_values import has_duplicates
from ...tables.edits import with_table
from ...tables.labels import used_text
from ...tables.metadata import AlternateKey, Catalog, ColumnType, Table
from .known_members import KEY, check_members
from .members import Members
from .names import LONGEST_RELATIONSHIP_NAME, check_schema_name
from .refusals import invalid, missing_member

MOST_KEYS, MOST_COLUMNS, MOST_BYTES = 10, 16, 900
_BYTES = {
    ColumnType.DECIMAL: 17,
    ColumnType.INTEGER: 4,
    ColumnType.PICKLIST: 4,
    ColumnType.DATETIME: 8,
    ColumnType.LOOKUP: 16,
}


def create_key(
    db: sqlite3.Connection, catalog: Catalog, table: Table, members: Members
) -> tuple[Catalog, AlternateKey]:
    """Return the catalog with a new key; it has failed at once if the rows are not unique."""
    check_members(members, KEY)
    name = check_schema_name(
        "entity key", members.required_text("SchemaName"), LONGEST_RELATIONSHIP_NAME
    )
    columns = _read_columns(Members(members.body, f"the key {name}"), table)
    existing = (*table.keys, *table.failed_keys)
    if any(key.schema_name.lower() == name.lower() for key in existing):
        raise bad_request(
            f"An entity key with the name {name} already exists on entity {table.logical_name}.",
            "0x80060893",
        )
    if any(set(key.columns) == set(columns) for key in existing):
        raise bad_request(
            f"An entity key with the selected attributes already exists on entity"
            f" {table.logical_name}: {', '.join(columns)}.",
            "0x80060894",
        )
    if len(existing) >= MOST_KEYS:
        raise invalid(f"The table {table.logical_name} has {MOST_KEYS} entity keys already.")
    labels = members.labels("DisplayName")
    key = AlternateKey(
        name, columns, used_text(labels), labels, members.metadata_id() or str(uuid.uuid4())
    )
    return with_table(catalog, _with_key(db, table, key)), key


def reactivate_key(
    db: sqlite3.Connection, catalog: Catalog, table: Table, key: AlternateKey
) -> Catalog:
    """Return the catalog with a failed key tried once more."""
    if key in table.keys:
        return catalog
    rest = tuple(other for other in table.failed_keys if other is not key)
    return with_table(catalog, _with_key(db, replace(table, failed_keys=rest), key))


def delete_key(catalog: Catalog, table: Table, key: AlternateKey) -> Catalog:
    return with_table(
        catalog,
        replace(
            table,
            keys=tuple(other for other in table.keys if other is not key),
            failed_keys=tuple(other for other in table.failed_keys if other is not key),
        ),
    )


def _with_key(db: sqlite3.Connection, table: Table, key: AlternateKey) -> Table:
    if has_duplicates(db, table, key.columns):
        return replace(table, failed_keys=(*table.failed_keys, key))
    return replace(table, keys=(*table.keys, key))


def _read_columns(members: Members, table: Table) -> tuple[str, ...]:
    names = tuple(name.lower() for name in members.texts("KeyAttributes"))
    if not names:
        raise missing_member(members.what, "KeyAttributes")
    if len(names) > MOST_COLUMNS or len(set(names)) < len(names):
        raise invalid(f"The KeyAttributes of {members.what} are not 1 to {MOST_COLUMNS} columns.")
    size = sum(_size(members, table, name) for name in names)
    if size > MOST_BYTES:
        raise invalid(
            f"The columns of {members.what} are {size} bytes long, of at most {MOST_BYTES}:"
            f" {', '.join(names)}."
        )
    return names


def _size(members: Members, table: Table, name: str) -> int:
    """Return how long a value can be, once the column is known to be one for a key."""
    column = table.columns.get(name)
    if column is None:
        raise invalid(f"There is no column {name} of {table.logical_name} for {members.what}.")
    if not column.valid_for_create or not column.valid_for_update:
        raise bad_request(
            "Attribute of an entity key must be valid for create and update. Atribute Name ="
            f" '{name}' Id = '{column.metadata_id or ''}'",
            "0x80090112",
        )
    if column.type is ColumnType.STRING:
        return 2 * (column.max_length or 0)
    if column.type not in _BYTES or column.is_polymorphic:
        raise invalid(
            f"The column {name} of {table.logical_name} is of the type {column.type}, which cannot"
            f" be in {members.what}."
        )
    return _BYTES[column.type]
