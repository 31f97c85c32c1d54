"""Relationships that are created, changed and deleted, with their lookups and intersect tables."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import replace

from ...faults import bad_request
from ...tables.edits import (
    with_columns,
    with_definitions,
    with_relation_replaced,
    with_relations,
    without_intersect,
)
from ...tables.metadata import (
    CascadeDelete,
    CascadeRows,
    Cascades,
    Catalog,
    ManyToMany,
    OneToMany,
    Table,
)
from ...tables.metadata_ids import relationship_id
from ...tables.table_builder import define_intersect
from .columns import new_lookup_column
from .known_members import check_members
from .members import Members
from .names import LONGEST_RELATIONSHIP_NAME, check_schema_name, is_custom_name
from .refusals import invalid, missing_member, standard_relationship
from .settings import relationship_settings
from .table_columns import check_name_is_free, delete_column, is_navigation

ONE_TO_MANY, MANY_TO_MANY = "OneToManyRelationshipMetadata", "ManyToManyRelationshipMetadata"
_ROW_ACTIONS = ("Assign", "Share", "Unshare", "Reparent", "Merge")
_NO_ENTITY = "0x8004f899"


def create_relationship(
    catalog: Catalog, members: Members, kind: str | None = None
) -> tuple[Catalog, OneToMany | ManyToMany]:
    """Return the catalog with a new relationship; `kind` says which if the body does not."""
    name = members.text("SchemaName")
    if name is None:
        raise bad_request(
            "Entity relationships require a name: SchemaName is missing.", "0x8004432a"
        )
    check_schema_name("relationship", name, LONGEST_RELATIONSHIP_NAME)
    relations: tuple[OneToMany | ManyToMany, ...] = (*catalog.one_to_many, *catalog.many_to_many)
    if any(relation.schema_name.lower() == name.lower() for relation in relations):
        raise bad_request(
            f"A relationship with the specified name {name} already exists. Please specify a"
            " unique name.",
            "0x8004432b",
        )
    named = Members(members.body, f"the relationship {name}")
    match members.type_name or kind:
        case "OneToManyRelationshipMetadata" | "ComplexOneToManyRelationshipMetadata":
            check_members(named, ONE_TO_MANY)
            return _create_one_to_many(catalog, named, name)
        case "ManyToManyRelationshipMetadata" | "ComplexManyToManyRelationshipMetadata":
            check_members(named, MANY_TO_MANY)
            return _create_many_to_many(catalog, named, name)
        case None:
            raise missing_member(named.what, "@odata.type")
        case other:
            raise invalid(f"The type '{other}' of {named.what} is no type of a relationship.")


def change_relationship(catalog: Catalog, old: OneToMany | ManyToMany, members: Members) -> Catalog:
    """Return the catalog with a relationship's cascades, menus and the like replaced."""
    check_members(members, MANY_TO_MANY if isinstance(old, ManyToMany) else ONE_TO_MANY)
    name = members.text("SchemaName")
    if name is not None and name != old.schema_name:
        raise invalid(f"The SchemaName of {members.what} is {old.schema_name}; it cannot change.")
    settings = {**old.settings, **relationship_settings(members)}
    if isinstance(old, ManyToMany):
        return with_relation_replaced(catalog, old, replace(old, settings=settings))
    given = members.inner("CascadeConfiguration")
    new = replace(
        old,
        settings=settings,
        cascade_delete=old.cascade_delete if given is None else _cascade_delete(given, old),
        cascades=old.cascades if given is None else _cascades(given, old.cascades),
        is_hierarchical=members.flag("IsHierarchical", old.is_hierarchical),
    )
    changed = (new.cascade_delete, new.cascades) != (old.cascade_delete, old.cascades)
    if changed and not _is_custom(catalog, old):
        raise standard_relationship(old.schema_name)
    others = [each for each in catalog.one_to_many if each is not old]
    _check_parents(others, new)
    _check_hierarchy(others, new)
    return with_relation_replaced(catalog, old, new)


def delete_relationship(
    db: sqlite3.Connection, catalog: Catalog, relation: OneToMany | ManyToMany
) -> Catalog:
    """Return the catalog without a relationship, and without the lookup or table that it made."""
    if not _is_custom(catalog, relation):
        raise standard_relationship(relation.schema_name)
    if isinstance(relation, ManyToMany):
        return without_intersect(catalog, relation)
    table = catalog.tables[relation.referencing_table]
    column = table.columns[relation.referencing_column]
    if column.is_polymorphic:
        raise bad_request(
            f"This relationship {relationship_id(relation)} is required by the"
            f" {column.logical_name} attribute and can't be deleted. To delete this relationship,"
            " first delete the lookup attribute.",
            "0x8004847d",
        )
    return delete_column(db, catalog, table, column)


def _is_custom(catalog: Catalog, relation: OneToMany | ManyToMany) -> bool:
    """Tell whether somebody other than Dataverse has made a relationship."""
    if isinstance(relation, ManyToMany):
        return catalog.tables[relation.intersect_table].is_custom
    table = catalog.tables[relation.referencing_table]
    return is_custom_name(table.columns[relation.referencing_column].schema_name)


def _create_one_to_many(catalog: Catalog, members: Members, name: str) -> tuple[Catalog, OneToMany]:
    parent = _participant(catalog, members, "ReferencedEntity")
    child = _participant(catalog, members, "ReferencingEntity")
    given = members.text("ReferencedAttribute")
    if given is not None and given.lower() != parent.primary_id:
        raise invalid(
            f"The ReferencedAttribute of {members.what} is {given}; it is {parent.primary_id}."
        )
    lookup = members.inner("Lookup")
    if lookup is None:
        raise missing_member(members.what, "Lookup")
    column = new_lookup_column(lookup, (parent.logical_name,))
    check_name_is_free(catalog, child, column.logical_name)
    cascades = members.inner("CascadeConfiguration") or Members({}, members.what)
    relation = OneToMany(
        schema_name=name,
        referenced_table=parent.logical_name,
        referencing_table=child.logical_name,
        referencing_column=column.logical_name,
        referencing_navigation=members.text("ReferencingEntityNavigationPropertyName")
        or column.schema_name,
        referenced_navigation=members.text("ReferencedEntityNavigationPropertyName") or name,
        cascade_delete=_cascade_delete(cascades, None),
        cascades=_cascades(cascades, Cascades()),
        is_hierarchical=members.flag("IsHierarchical"),
        is_custom=True,
        metadata_id=members.metadata_id() or str(uuid.uuid4()),
        settings=relationship_settings(members),
    )
    _check_navigation(catalog, child, relation.referencing_navigation, own=column.logical_name)
    _check_navigation(catalog, parent, relation.referenced_navigation)
    _check_parents(catalog.one_to_many, relation)
    _check_hierarchy(catalog.one_to_many, relation)
    changed = with_columns(catalog, child.logical_name, (column,))
    return with_relations(changed, (relation,)), relation


def _create_many_to_many(
    catalog: Catalog, members: Members, name: str
) -> tuple[Catalog, ManyToMany]:
    first = _participant(catalog, members, "Entity1LogicalName")
    second = _participant(catalog, members, "Entity2LogicalName")
    intersect = check_schema_name("entity", members.text("IntersectEntityName") or name)
    if intersect.lower() in catalog.tables:
        raise invalid(
            f"The IntersectEntityName {intersect} of {members.what} is that of a table already."
        )
    is_reflexive = first is second
    navigations = (
        members.text("Entity1NavigationPropertyName") or name,
        members.text("Entity2NavigationPropertyName") or (f"{name}_2" if is_reflexive else name),
    )
    if is_reflexive and navigations[0] == navigations[1]:
        raise invalid(f"The navigation properties of {members.what} have the same name.")
    for table, navigation in zip((first, second), navigations, strict=True):
        _check_navigation(catalog, table, navigation)
    defined = define_intersect(
        intersect,
        1 + max(table.object_type_code for table in catalog),
        f"{intersect.lower()}set",
        name,
        first.logical_name,
        second.logical_name,
        navigations=navigations,
        is_custom=True,
    )
    relation = replace(
        defined.many_to_many[0],
        is_custom=True,
        metadata_id=members.metadata_id() or str(uuid.uuid4()),
        settings=relationship_settings(members),
    )
    return with_definitions(catalog, replace(defined, many_to_many=(relation,))), relation


def _participant(catalog: Catalog, members: Members, name: str) -> Table:
    """Return the table that a member names."""
    given = members.required_text(name)
    table = catalog.tables.get(given.lower())
    if table is None:
        raise bad_request(
            f"Entity name '{given}' does not exist in the organization ({name} of {members.what}).",
            _NO_ENTITY,
        )
    if table.is_intersect:
        raise bad_request(
            f"This entity cannot participate in an entity association: {given} ({name} of"
            f" {members.what}).",
            "0x80044332",
        )
    return table


def _check_navigation(catalog: Catalog, table: Table, name: str, own: str = "") -> None:
    """Refuse a navigation property whose name the table uses; a lookup may share its own name."""
    if (name in table.columns and name != own) or is_navigation(catalog, table.logical_name, name):
        raise invalid(
            f"The navigation property {name} would not be the only {name} of {table.logical_name}."
        )


def _cascade_delete(members: Members, old: OneToMany | None) -> CascadeDelete:
    usual = CascadeDelete.REMOVE_LINK if old is None else old.cascade_delete
    return CascadeDelete(members.named("Delete", tuple(CascadeDelete), usual))


def _cascades(members: Members, old: Cascades) -> Cascades:
    names = tuple(CascadeRows)
    return Cascades(
        **{
            action.lower(): CascadeRows(members.named(action, names, getattr(old, action.lower())))
            for action in _ROW_ACTIONS
        }
    )


def _is_parental(relation: OneToMany) -> bool:
    cascades = relation.cascades
    acts = {cascades.assign, cascades.share, cascades.unshare, cascades.reparent}
    return acts != {CascadeRows.NO_CASCADE}


def _check_parents(others: list[OneToMany] | tuple[OneToMany, ...], relation: OneToMany) -> None:
    """Refuse a second relationship by which rows follow others (Learn: Table relationship behavior)."""
    if not _is_parental(relation):
        return
    for other in others:
        if (
            other.referencing_table == relation.referencing_table
            and other.referencing_column != relation.referencing_column
            and _is_parental(other)
        ):
            raise bad_request(
                f"An entity can have only one parental relationship:"
                f" {relation.referencing_table} follows {other.referenced_table} by"
                f" {other.schema_name} already.",
                "0x80047007",
            )


def _check_hierarchy(others: list[OneToMany] | tuple[OneToMany, ...], relation: OneToMany) -> None:
    if not relation.is_hierarchical:
        return
    if relation.referenced_table != relation.referencing_table:
        raise invalid(
            f"The relationship {relation.schema_name} cannot be hierarchical: it does not join"
            f" {relation.referenced_table} with itself."
        )
    for other in others:
        if other.is_hierarchical and other.referenced_table == relation.referenced_table:
            raise invalid(
                f"The table {relation.referenced_table} has the hierarchical relationship"
                f" {other.schema_name} already; {relation.schema_name} cannot be another."
            )
