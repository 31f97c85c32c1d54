"""Notes and activities of a custom table: it becomes a target of their lookups of several tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...tables.columns import PARENTAL
from ...tables.edits import with_columns, with_relations
from ...tables.metadata import CascadeDelete, Catalog, OneToMany, Table

NOTES, NOTE_PARENT = "annotation", "objectid"
ACTIVITY_PARENT = "regardingobjectid"
_EXAMPLE = "Account_"


def with_notes(catalog: Catalog, table: str) -> Catalog:
    """Let rows of a table have notes."""
    navigation = f"{NOTE_PARENT}_{table}"
    return _pointing_at(catalog, NOTES, NOTE_PARENT, table, f"{table}_Annotations", navigation)


def with_activities(catalog: Catalog, table: str) -> Catalog:
    """Let every kind of activity regard the rows of a table."""
    for activity in list(catalog):
        if activity.is_activity and ACTIVITY_PARENT in activity.columns:
            catalog = with_activity(catalog, activity.logical_name, table)
    return catalog


def with_activity(catalog: Catalog, activity: str, table: str) -> Catalog:
    """Let one kind of activity regard the rows of a table."""
    navigation = f"{ACTIVITY_PARENT}_{table}_{activity}"
    collection = f"{table}_{_plural_in_names(catalog, catalog.tables[activity])}"
    return _pointing_at(catalog, activity, ACTIVITY_PARENT, table, collection, navigation)


def regarded_tables(catalog: Catalog) -> Iterator[str]:
    """Name the tables that activities may regard."""
    seen = set()
    for table in catalog:
        if table.is_activity and ACTIVITY_PARENT in table.columns:
            for target in table.columns[ACTIVITY_PARENT].targets:
                if target not in seen:
                    seen.add(target)
                    yield target


def _plural_in_names(catalog: Catalog, activity: Table) -> str:
    """Return `PhoneCalls` of Account_PhoneCalls; a custom activity takes its logical name."""
    for relation in catalog.navigations_of(activity.logical_name, ACTIVITY_PARENT):
        if relation.schema_name.startswith(_EXAMPLE):
            return relation.schema_name.removeprefix(_EXAMPLE)
    return f"{activity.logical_name}s"


def _pointing_at(
    catalog: Catalog, source: str, column_name: str, table: str, name: str, navigation: str
) -> Catalog:
    column = catalog.tables[source].columns[column_name]
    if table in column.targets:
        return catalog
    wider = replace(column, targets=(*column.targets, table))
    relation = OneToMany(
        schema_name=name,
        referenced_table=table,
        referencing_table=source,
        referencing_column=column_name,
        referencing_navigation=navigation,
        referenced_navigation=name,
        cascade_delete=CascadeDelete.CASCADE,
        cascades=PARENTAL,
    )
    return with_relations(with_columns(catalog, source, (wider,)), (relation,))
