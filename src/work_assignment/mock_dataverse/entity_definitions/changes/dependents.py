"""What needs a table or a column, and so keeps it from being deleted."""

from __future__ import annotations

import sqlite3

from ...tables.metadata import Catalog, Column, OneToMany, Table
from .names import is_custom_name

_STEPS = """
SELECT s."name" AS "name", s."filteringattributes" AS "filtering"
FROM "sdkmessageprocessingstep" AS s
JOIN "sdkmessagefilter" AS f ON f."sdkmessagefilterid" = s."sdkmessagefilterid"
WHERE f."primaryobjecttypecode" = ?
ORDER BY s."name"
"""
_IMAGES = """
SELECT i."entityalias" AS "name", i."attributes" AS "filtering"
FROM "sdkmessageprocessingstepimage" AS i
JOIN "sdkmessageprocessingstep" AS s
  ON s."sdkmessageprocessingstepid" = i."sdkmessageprocessingstepid"
JOIN "sdkmessagefilter" AS f ON f."sdkmessagefilterid" = s."sdkmessagefilterid"
WHERE f."primaryobjecttypecode" = ?
ORDER BY i."entityalias"
"""


def dependents_of_table(db: sqlite3.Connection, catalog: Catalog, table: Table) -> list[str]:
    """Name the lookups of other tables that point at a table, and the steps registered on it."""
    name = table.logical_name
    lookups = [
        f"the lookup {relation.referencing_column} of {relation.referencing_table}"
        for relation in catalog.one_to_many
        if relation.referenced_table == name != relation.referencing_table
        and is_custom_name(_lookup(catalog, relation).schema_name)
    ]
    return lookups + [f"the step {row['name']}" for row in db.execute(_STEPS, (name,))]


def _lookup(catalog: Catalog, relation: OneToMany) -> Column:
    return catalog.tables[relation.referencing_table].columns[relation.referencing_column]


def dependents_of_column(db: sqlite3.Connection, table: Table, column: Column) -> list[str]:
    """Name the keys that a column is part of, and the steps and images that name it."""
    keys = [
        f"the key {key.schema_name}"
        for key in (*table.keys, *table.failed_keys)
        if column.logical_name in key.columns
    ]
    found = []
    for kind, statement in (("step", _STEPS), ("image", _IMAGES)):
        for row in db.execute(statement, (table.logical_name,)):
            listed = {name.strip().lower() for name in (row["filtering"] or "").split(",")}
            if column.logical_name in listed:
                found.append(f"the {kind} {row['name']}")
    return keys + found
