"""Columns of a table that are added, changed and dropped."""

from __future__ import annotations

import sqlite3

from ...faults import bad_request
from ...storage.column_values import keep_days_only
from ...tables.definitions import Part, relationships_of
from ...tables.edits import with_columns, with_relations, without_columns
from ...tables.metadata import Catalog, Column, ColumnType, DateBehavior, Table
from ...tables.metadata_ids import column_id
from ...tables.system_columns import money_parts
from .columns import read_changed_column, read_new_column
from .dependents import dependents_of_column
from .members import Members
from .names import is_custom_name
from .refusals import depended_on, invalid, primary_column, standard_column


def create_column(catalog: Catalog, table: Table, members: Members) -> tuple[Catalog, Column]:
    """Return the catalog with a new column, and with what the column brings along."""
    if table.is_intersect:
        raise invalid(f"The table {table.logical_name} joins others; it gets no columns.")
    column = read_new_column(members, catalog)
    if members.flag("IsPrimaryName"):
        raise bad_request(
            f"The new {column.logical_name} attribute cannot be the primary name attribute of the"
            f" {table.logical_name} entity, which has {table.primary_name} already. An entity can"
            " only have one primary name attribute.",
            "0x8004701e",
        )
    check_name_is_free(catalog, table, column.logical_name)
    parts = [Part(column)]
    for part in money_parts(table.logical_name, tuple(parts)):
        if part.column.logical_name not in table.columns:
            parts.append(part)
    changed = with_columns(catalog, table.logical_name, (part.column for part in parts))
    return with_relations(changed, relationships_of(table.logical_name, parts)), column


def check_name_is_free(catalog: Catalog, table: Table, name: str) -> None:
    """Refuse the name of a column or of a navigation property that the table has."""
    if name in table.columns:
        raise bad_request(
            f"An attribute with the specified name {name} already exists on {table.logical_name}.",
            "0x80047013",
        )
    if is_navigation(catalog, table.logical_name, name):
        raise bad_request(
            f"Attribute name {name} conflict with NavigationProerty name on entity"
            f" {table.logical_name}. Please use unique name for attribute.",
            "0x80048834",
        )


def is_navigation(catalog: Catalog, table: str, name: str) -> bool:
    return (
        catalog.single_valued(table, name) is not None
        or catalog.collection_valued(table, name) is not None
        or catalog.many_valued(table, name) is not None
    )


def change_column(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    old: Column,
    members: Members,
    *,
    keeps_labels: bool,
) -> Catalog:
    """Return the catalog with the whole definition of a column replaced."""
    column = read_changed_column(members, table, old, catalog, keeps_labels=keeps_labels)
    if column.date_behavior is not old.date_behavior:
        _check_behavior(table, old, column)
        if column.date_behavior is DateBehavior.DATE_ONLY:
            keep_days_only(db, table, column)
    return with_columns(catalog, table.logical_name, (column,))


def _check_behavior(table: Table, old: Column, new: Column) -> None:
    """Only what was in the user's time can change (Learn: Behavior and format of date columns)."""
    if old.date_behavior is not DateBehavior.USER_LOCAL or not is_custom_name(old.schema_name):
        raise invalid(
            f"The DateTimeBehavior of {old.logical_name} of {table.logical_name} is"
            f" {old.date_behavior}; it cannot be changed to {new.date_behavior}."
        )


def delete_column(
    db: sqlite3.Connection, catalog: Catalog, table: Table, column: Column
) -> Catalog:
    """Return the catalog without a column, once nothing needs it; a lookup's relationship goes too."""
    check_column_is_custom(table, column)
    dependents = dependents_of_column(db, table, column)
    if dependents:
        place = f"{column.logical_name} of {table.logical_name}"
        raise depended_on("Attribute", column_id(table, column), place, dependents)
    names = [column.logical_name]
    if column.type is ColumnType.MONEY:
        names.append(f"{column.logical_name}_base")
    return without_columns(catalog, table.logical_name, names)


def check_column_is_custom(table: Table, column: Column) -> None:
    """Refuse to drop a column that every organization has, or that the table cannot be without."""
    name = column.logical_name
    if column.is_primary_id or column.is_primary_name:
        raise primary_column(table.logical_name, name)
    if column.type is ColumnType.MONEY and name.removesuffix("_base") in table.columns.keys() - {
        name
    }:
        raise bad_request(
            f"The Child Attribute is not valid for deletion: {name} of {table.logical_name} goes"
            " with the amount that it is made of.",
            "0x80047016",
        )
    if not is_custom_name(column.schema_name):
        raise standard_column(table.logical_name, name)
