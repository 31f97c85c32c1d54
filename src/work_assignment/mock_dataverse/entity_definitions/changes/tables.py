"""Tables that are created, changed and deleted."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import replace

from ...faults import bad_request, not_emulated
from ...storage.column_values import forget_target
from ...tables.definitions import Definitions, Part
from ...tables.edits import with_definitions, with_table, without_table
from ...tables.labels import labels_of, merged, used_text
from ...tables.metadata import CascadeDelete, Catalog, Column, ColumnType, Labels, OneToMany, Table
from ...tables.metadata_ids import table_id
from ...tables.standard_tables.activities import activity_columns
from ...tables.system_columns import ACTIVE_INACTIVE, ORGANIZATION_OWNED, USER_OWNED, State
from ...tables.table_builder import define
from .belongings import ACTIVITY_PARENT, regarded_tables, with_activities, with_activity, with_notes
from .columns import read_new_column, read_type
from .dependents import dependents_of_table
from .known_members import TABLE, check_members
from .members import Members
from .names import check_schema_name, plural
from .refusals import depended_on, duplicate_name, invalid, missing_member, not_customizable
from .settings import table_settings

FIRST_TYPE_CODE = 10_000
_ACTIVITY_STATES = (
    State(0, "Open", ((1, "Open"),)),
    State(1, "Completed", ((2, "Completed"),)),
    State(2, "Canceled", ((3, "Canceled"),)),
    State(3, "Scheduled", ((4, "Scheduled"),)),
)
_OWNERSHIPS = (USER_OWNED, ORGANIZATION_OWNED)
_SUBJECT = "Subject"
_SET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_RELATIONSHIPS = ("OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships")


def create_table(catalog: Catalog, members: Members) -> tuple[Catalog, str]:
    """Return the catalog with a new table, and the table's logical name."""
    schema_name = check_schema_name("entity", members.required_text("SchemaName"))
    name = schema_name.lower()
    if name in catalog.tables:
        raise duplicate_name("Entity", name, "0x8004700b")
    members = Members(members.body, f"the table {schema_name}")
    check_members(members, TABLE)
    _refuse_members(members)
    plain = _read_table(members, catalog, schema_name)
    changed = with_definitions(catalog, plain)
    table = changed.tables[name]
    if table.is_activity:
        for target in regarded_tables(catalog):
            changed = with_activity(changed, name, target)
    if table.has_notes:
        changed = with_notes(changed, name)
    if table.has_activities:
        changed = with_activities(changed, name)
    return changed, name


def change_table(
    catalog: Catalog, table: Table, members: Members, *, keeps_labels: bool
) -> Catalog:
    """Return the catalog with the whole definition of a table replaced."""
    check_members(members, TABLE)
    _refuse_changes(table, members)
    name = table.logical_name
    labels = _labels(table.labels, table.label, members, "DisplayName", keeps_labels)
    plurals = _labels(
        table.plural_labels, table.plural_label, members, "DisplayCollectionName", keeps_labels
    )
    descriptions = merged(
        table.descriptions, members.labels("Description"), keeps_others=keeps_labels
    )
    changed = replace(
        table,
        entity_set_name=_changed_set_name(catalog, table, members),
        label=used_text(labels),
        labels=labels,
        plural_label=used_text(plurals),
        plural_labels=plurals,
        description=used_text(descriptions),
        descriptions=descriptions,
        tracks_changes=members.flag("ChangeTrackingEnabled", table.tracks_changes),
        has_notes=_switched_on(members, "HasNotes", table.has_notes),
        has_activities=_switched_on(members, "HasActivities", table.has_activities),
        settings={**table.settings, **table_settings(members)},
    )
    catalog = with_table(catalog, changed)
    if changed.has_notes and table.is_custom:
        catalog = with_notes(catalog, name)
    if changed.has_activities and table.is_custom:
        catalog = with_activities(catalog, name)
    return catalog


def delete_table(db: sqlite3.Connection, catalog: Catalog, table: Table) -> Catalog:
    """Return the catalog without a table, once nothing needs it."""
    if not table.is_custom or table.is_intersect:
        raise not_customizable(table.logical_name)
    dependents = dependents_of_table(db, catalog, table)
    if dependents:
        raise depended_on("Entity", table_id(table), table.logical_name, dependents)
    for relation in catalog.one_to_many:
        if relation.referenced_table == table.logical_name != relation.referencing_table:
            _let_go(db, catalog, relation)
    return without_table(catalog, table.logical_name)


def _let_go(db: sqlite3.Connection, catalog: Catalog, relation: OneToMany) -> None:
    """Take notes and activities off the rows of a table that goes, or delete them with it."""
    source = catalog.tables[relation.referencing_table]
    column = source.columns[relation.referencing_column]
    if column.is_polymorphic:
        deletes = relation.cascade_delete is CascadeDelete.CASCADE
        forget_target(db, source, column, relation.referenced_table, deletes=deletes)


def _read_table(members: Members, catalog: Catalog, schema_name: str) -> Definitions:
    is_activity = members.flag("IsActivity")
    columns = _read_columns(members, catalog, is_activity=is_activity)
    labels = members.required_labels("DisplayName")
    plurals = members.required_labels("DisplayCollectionName")
    descriptions = members.labels("Description")
    defined = define(
        schema_name,
        _next_code(catalog),
        _new_set_name(catalog, members, schema_name.lower()),
        used_text(labels),
        used_text(plurals),
        [*(Part(column) for column in columns), *(_activity_parts() if is_activity else ())],
        name=next(column.schema_name for column in columns if column.is_primary_name),
        key="ActivityId" if is_activity else None,
        ownership=_read_ownership(members, is_activity=is_activity),
        states=_ACTIVITY_STATES if is_activity else ACTIVE_INACTIVE,
        is_activity=is_activity,
        is_custom=True,
    )
    table = replace(
        defined.tables[0],
        labels=labels,
        plural_labels=plurals,
        description=used_text(descriptions),
        descriptions=descriptions,
        metadata_id=members.metadata_id() or str(uuid.uuid4()),
        has_notes=members.flag("HasNotes"),
        has_activities=members.flag("HasActivities") and not is_activity,
        tracks_changes=members.flag("ChangeTrackingEnabled"),
        settings=table_settings(members),
    )
    return replace(defined, tables=(table,))


def _activity_parts() -> Iterator[Part]:
    """Yield what an activity has; which tables it regards is added with their relationships."""
    yield from activity_columns()
    yield Part(Column(ACTIVITY_PARENT, "RegardingObjectId", ColumnType.LOOKUP, "Regarding"))


def _read_columns(members: Members, catalog: Catalog, *, is_activity: bool) -> list[Column]:
    """Read the columns of a new table, of which one is the primary name.

    Tests that Microsoft's Python client runs against Dataverse name the primary name once more as a
    plain text column; it is one column.
    """
    columns: list[Column] = []
    for item in members.each("Attributes"):
        column = _read_column(item, catalog, is_activity=is_activity)
        known = next((c for c in columns if c.logical_name == column.logical_name), None)
        if known is None:
            columns.append(column)
        elif not known.is_primary_name or column.is_primary_name or column.type is not known.type:
            raise duplicate_name("Attribute", column.logical_name, "0x80047013")
    primary = [column.logical_name for column in columns if column.is_primary_name]
    if not primary:
        raise bad_request(
            f"No attributes for Create Entity action: {members.what} needs one String attribute"
            " with IsPrimaryName in its Attributes.",
            "0x80047014",
        )
    if len(primary) > 1:
        raise bad_request(
            f"The new {primary[1]} attribute is set as the primary name attribute for"
            f" {members.what}, which already has the {primary[0]} attribute set as the primary name"
            " attribute. An entity can only have one primary name attribute.",
            "0x8004701e",
        )
    return columns


def _read_column(item: Members, catalog: Catalog, *, is_activity: bool) -> Column:
    is_primary = item.flag("IsPrimaryName")
    if is_primary and read_type(item) is not ColumnType.STRING:
        raise bad_request(
            f"Primary UI Attribute has to be of type String, which {item.text('SchemaName')} is not.",
            "0x8004700e",
        )
    if is_primary and is_activity:
        return _read_subject(item, catalog)
    return replace(read_new_column(item, catalog), is_primary_name=is_primary)


def _read_subject(item: Members, catalog: Catalog) -> Column:
    """Read the primary name of an activity, which is the Subject of every activity."""
    if item.required_text("SchemaName") != _SUBJECT:
        raise invalid(
            f"The primary name of an activity is {_SUBJECT}, not {item.text('SchemaName')}."
        )
    column = read_new_column(
        Members({**item.body, "SchemaName": "new_Subject"}, item.what), catalog
    )
    return replace(column, logical_name="subject", schema_name=_SUBJECT, is_primary_name=True)


def _read_ownership(members: Members, *, is_activity: bool) -> str:
    ownership = members.required_text("OwnershipType")
    if ownership not in _OWNERSHIPS or (is_activity and ownership != USER_OWNED):
        raise bad_request(
            f"The specified ownership type mask is not valid for this operation: the OwnershipType"
            f" of {members.what} is {ownership}; it is"
            f" {USER_OWNED if is_activity else ' or '.join(_OWNERSHIPS)}.",
            "0x8004700d",
        )
    return ownership


def _next_code(catalog: Catalog) -> int:
    return max(FIRST_TYPE_CODE, 1 + max(table.object_type_code for table in catalog))


def _new_set_name(catalog: Catalog, members: Members, name: str) -> str:
    taken = {table.entity_set_name for table in catalog}
    given = members.text("EntitySetName")
    return plural(name, taken) if given is None else _checked_set_name(given, taken)


def _changed_set_name(catalog: Catalog, table: Table, members: Members) -> str:
    given = members.text("EntitySetName") or table.entity_set_name
    if given == table.entity_set_name:
        return given
    if not table.is_custom:
        raise bad_request(
            f"EntitySetName cannot be updated for OOB entities: {table.logical_name}.", "0x8004f663"
        )
    return _checked_set_name(given, {each.entity_set_name for each in catalog})


def _checked_set_name(given: str, taken: set[str]) -> str:
    if not _SET_NAME.fullmatch(given):
        raise invalid(f"The EntitySetName {given} does not consist of letters, digits and _.")
    if given in taken:
        raise duplicate_name("EntitySet", given)
    return given


def _refuse_members(members: Members) -> None:
    """Refuse what a table could have in Dataverse and cannot have here."""
    for name in _RELATIONSHIPS:
        if members.body.get(name):
            raise not_emulated(f"{name} in the definition of a new table; they are created apart")
    if members.flag("IsValidForQueue"):
        raise not_emulated("queues of custom tables (IsValidForQueue)")
    kind = members.text("TableType")
    if kind not in (None, "Standard"):
        raise not_emulated(f"tables of the type {kind}")
    if not members.body.get("Attributes"):
        raise missing_member(members.what, "Attributes")


def _refuse_changes(table: Table, members: Members) -> None:
    """Refuse what is fixed once a table exists."""
    fixed = {
        "LogicalName": table.logical_name,
        "SchemaName": table.schema_name,
        "OwnershipType": table.ownership,
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name,
    }
    for name, value in fixed.items():
        given = members.text(name)
        if given is not None and given != value:
            raise invalid(
                f"The {name} of {members.what} is {value}; it cannot be changed to {given}."
            )
    if members.flag("IsActivity", table.is_activity) != table.is_activity:
        raise invalid(f"IsActivity of {members.what} is {table.is_activity}; it cannot be changed.")


def _switched_on(members: Members, name: str, was_on: bool) -> bool:
    """Read a switch that stays on once it is on (Learn: Update table definitions)."""
    return was_on or members.flag(name)


def _labels(old: Labels, text: str, members: Members, name: str, keeps: bool) -> Labels:
    new = members.labels(name)
    known = labels_of(old, text)
    return merged(known, new, keeps_others=keeps) if new else known
