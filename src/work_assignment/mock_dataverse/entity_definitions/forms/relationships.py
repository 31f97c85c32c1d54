"""RelationshipMetadataBase: what joins tables, one to many or many to many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...tables.metadata import Catalog, Labels, ManyToMany, OneToMany
from ...tables.metadata_ids import relationship_id
from .base import INTRODUCED_VERSION, METADATA_BASE, has_prefix, identity
from .labels import label
from .subjects import RelationSubject, TableSubject
from .types import (
    EDM_STRING,
    Definition,
    Member,
    extend,
    fixed,
    flag,
    flags,
    managed_flag,
    nothing,
    text,
)

_MENU = "mscrm.AssociatedMenuConfiguration"


def _is_custom(s: RelationSubject) -> bool:
    """Tell whether a relationship came with a custom table or column; its name does not say so."""
    if isinstance(s.relation, ManyToMany):
        return s.relation.is_custom or s.catalog.tables[s.relation.intersect_table].is_custom
    table = s.catalog.tables[s.relation.referencing_table]
    column = table.columns[s.relation.referencing_column]
    own = column.is_custom or has_prefix(column.schema_name)
    return s.relation.is_custom or table.is_custom or own


def _menu(s: RelationSubject, labels: Labels = ()) -> dict[str, Any]:
    """Describe where a form lists the related rows; standard ones use the table's plural name."""
    return {
        "Behavior": "UseCollectionName",
        "Group": "Details",
        "Order": 10000,
        "IsCustomizable": True,
        "Icon": None,
        "ViewId": "00000000-0000-0000-0000-000000000000",
        "AvailableOffline": True,
        "MenuId": None,
        "QueryApi": None,
        "Label": label("", labels, is_managed=not _is_custom(s)),
    }


def _cascades(relation: OneToMany) -> dict[str, Any]:
    return {
        "Assign": relation.cascades.assign.value,
        "Delete": relation.cascade_delete.value,
        "Archive": relation.cascade_delete.value,
        "Merge": relation.cascades.merge.value,
        "Reparent": relation.cascades.reparent.value,
        "Share": relation.cascades.share.value,
        "Unshare": relation.cascades.unshare.value,
        "RollupView": "NoCascade",
    }


def _referenced_id(catalog: Catalog, relation: OneToMany) -> str:
    table = catalog.tables.get(relation.referenced_table)
    return table.primary_id if table is not None else f"{relation.referenced_table}id"


RELATIONSHIP = extend(
    "RelationshipMetadataBase",
    METADATA_BASE,
    {
        **identity(lambda s: relationship_id(s.relation)),
        "SchemaName": text(lambda s: s.relation.schema_name),
        "RelationshipType": Member("mscrm.RelationshipType", lambda s: _kind(s.relation)),
        "SecurityTypes": Member("mscrm.SecurityTypes", lambda s: _security(s.relation)),
        "IntroducedVersion": fixed(EDM_STRING, INTRODUCED_VERSION),
        "IsCustomRelationship": flag(_is_custom),
        "IsManaged": flag(lambda s: not _is_custom(s)),
        "IsValidForAdvancedFind": fixed("Edm.Boolean", True),
        "IsCustomizable": managed_flag("iscustomizable", True),
    },
    alternate_keys=("SchemaName",),
    is_abstract=True,
)


def _kind(relation: OneToMany | ManyToMany) -> str:
    one = isinstance(relation, OneToMany)
    return "OneToManyRelationship" if one else "ManyToManyRelationship"


def _security(relation: OneToMany | ManyToMany) -> str:
    return "Append" if isinstance(relation, OneToMany) else "None"


ONE_TO_MANY = extend(
    "OneToManyRelationshipMetadata",
    RELATIONSHIP,
    {
        "ReferencedAttribute": text(lambda s: _referenced_id(s.catalog, s.relation)),
        "ReferencedEntity": text(lambda s: s.relation.referenced_table),
        "ReferencingAttribute": text(lambda s: s.relation.referencing_column),
        "ReferencingEntity": text(lambda s: s.relation.referencing_table),
        "ReferencedEntityNavigationPropertyName": text(lambda s: s.relation.referenced_navigation),
        "ReferencingEntityNavigationPropertyName": text(
            lambda s: s.relation.referencing_navigation
        ),
        "IsHierarchical": flag(lambda s: s.relation.is_hierarchical),
        "RelationshipBehavior": fixed("Edm.Int32", 1),
        **nothing(EDM_STRING, "EntityKey", "DenormalizedAttributeName"),
        **flags("IsRelationshipAttributeDenormalized", "IsDenormalizedLookup"),
        "AssociatedMenuConfiguration": Member(_MENU, _menu),
        "CascadeConfiguration": Member(
            "mscrm.CascadeConfiguration", lambda s: _cascades(s.relation)
        ),
        "RelationshipAttributes": fixed("Collection(Edm.String)", []),
    },
)
MANY_TO_MANY = extend(
    "ManyToManyRelationshipMetadata",
    RELATIONSHIP,
    {
        "Entity1LogicalName": text(lambda s: s.relation.table1),
        "Entity2LogicalName": text(lambda s: s.relation.table2),
        "IntersectEntityName": text(lambda s: s.relation.intersect_table),
        "Entity1IntersectAttribute": text(lambda s: s.relation.column1),
        "Entity2IntersectAttribute": text(lambda s: s.relation.column2),
        "Entity1NavigationPropertyName": text(lambda s: s.relation.navigation1),
        "Entity2NavigationPropertyName": text(lambda s: s.relation.navigation2),
        "Entity1AssociatedMenuConfiguration": Member(_MENU, _menu),
        "Entity2AssociatedMenuConfiguration": Member(_MENU, _menu),
    },
)


def definition_of_relation(catalog: Catalog, relation: OneToMany | ManyToMany) -> Definition:
    kind = ONE_TO_MANY if isinstance(relation, OneToMany) else MANY_TO_MANY
    return Definition(kind, RelationSubject(catalog, relation))


def all_relations(catalog: Catalog) -> Iterator[Definition]:
    yield from (definition_of_relation(catalog, relation) for relation in catalog.one_to_many)
    yield from (definition_of_relation(catalog, relation) for relation in catalog.many_to_many)


def one_to_many_of(s: TableSubject) -> Iterator[Definition]:
    relations = s.index.referenced_by[s.table.logical_name]
    return (definition_of_relation(s.catalog, relation) for relation in relations)


def many_to_one_of(s: TableSubject) -> Iterator[Definition]:
    relations = s.index.referencing[s.table.logical_name]
    return (definition_of_relation(s.catalog, relation) for relation in relations)


def many_to_many_of(s: TableSubject) -> Iterator[Definition]:
    relations = s.index.joined[s.table.logical_name]
    return (definition_of_relation(s.catalog, relation) for relation in relations)
