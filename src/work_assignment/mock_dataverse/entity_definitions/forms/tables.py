"""EntityMetadata: a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.privileges import privilege_id, privilege_name
from ...tables.metadata import Labels, Table
from ...tables.metadata_ids import table_id
from ...tables.system_columns import USER_OWNED
from ...writing.queue_items import is_queue_enabled
from .base import INTRODUCED_VERSION, METADATA_BASE, dates, identity
from .column_types import definition_of_column
from .keys import definition_of_key
from .labels import LABEL, label
from .relationships import many_to_many_of, many_to_one_of, one_to_many_of
from .subjects import KeySubject, TableSubject, columns_of
from .types import (
    EDM_GUID,
    EDM_INT32,
    EDM_STRING,
    Definition,
    Member,
    Navigation,
    extend,
    fixed,
    flag,
    flags,
    managed,
    managed_flag,
    nothing,
    text,
    whole,
)

_RIGHTS = ("Create", "Read", "Write", "Delete", "Assign", "Share", "Append", "AppendTo")
_OF_OWNED_ROWS = frozenset({"Assign", "Share"})
_OWNERSHIP_DEPTHS = ("CanBeBasic", "CanBeDeep", "CanBeLocal")
# Managed properties by the value that they have for every table.
_ALLOWED = (
    "CanCreateForms",
    "CanCreateViews",
    "CanCreateCharts",
    "CanBeRelatedEntityInRelationship",
    "CanBePrimaryEntityInRelationship",
    "CanBeInManyToMany",
    "CanBeInCustomEntityAssociation",
    "CanEnableSyncToExternalSearchIndex",
    "CanModifyAdditionalSettings",
    "CanChangeHierarchicalRelationship",
    "CanChangeTrackingBeEnabled",
)
_SWITCHED_OFF = {
    "IsMailMergeEnabled": "canmodifymailmergesettings",
    "IsVisibleInMobile": "canmodifymobilevisibility",
    "IsVisibleInMobileClient": "canmodifymobileclientvisibility",
    "IsReadOnlyInMobileClient": "canmodifymobileclientreadonly",
    "IsOfflineInMobileClient": "canmodifymobileclientoffline",
    "IsAuditEnabled": "canmodifyauditsettings",
    "IsConnectionsEnabled": "canmodifyconnectionsettings",
    "IsDuplicateDetectionEnabled": "canmodifyduplicatedetectionsettings",
}


def _label(name: str, words: str, translated: str) -> Member:
    def read(s: TableSubject) -> dict[str, Any]:
        plain: str = getattr(s.table, words)
        labels: Labels = getattr(s.table, translated)
        return label(plain, labels, table_id(s.table), name, is_managed=not s.table.is_custom)

    return Member(LABEL, read)


def _collection_schema_name(table: Table) -> str:
    """Return the name of the set in the case of the table's: `Leads`, `wa_Segments`."""
    set_name, common = table.entity_set_name, 0
    for ours, theirs in zip(table.schema_name.lower(), set_name, strict=False):
        if ours != theirs:
            break
        common += 1
    return table.schema_name[:common] + set_name[common:]


def _privileges(s: TableSubject) -> list[dict[str, Any]]:
    """List the privileges of a table; intersects have none."""
    return [] if s.table.is_intersect else [_privilege(s.table, r) for r in _rights(s.table)]


def _rights(table: Table) -> Iterator[str]:
    is_owned = table.ownership == USER_OWNED
    return (right for right in _RIGHTS if is_owned or right not in _OF_OWNED_ROWS)


def _privilege(table: Table, right: str) -> dict[str, Any]:
    name = privilege_name(right, table)
    return {
        **dict.fromkeys(_OWNERSHIP_DEPTHS, table.ownership == USER_OWNED),
        "CanBeGlobal": True,
        "CanBeEntityReference": False,
        "CanBeParentEntityReference": False,
        "Name": name,
        "PrivilegeId": privilege_id(name),
        "PrivilegeType": right,
    }


def _attributes(s: TableSubject) -> Iterator[Definition]:
    return (definition_of_column(column) for column in columns_of(s.catalog, s.table))


def _keys(s: TableSubject) -> Iterator[Definition]:
    """Yield the keys in force, then those whose index could not be made."""
    yield from (definition_of_key(KeySubject(s.table, key)) for key in s.table.keys)
    for key in s.table.failed_keys:
        yield definition_of_key(KeySubject(s.table, key, is_failed=True))


_NAMES = {
    "LogicalName": text(lambda s: s.table.logical_name),
    "SchemaName": text(lambda s: s.table.schema_name),
    "EntitySetName": text(lambda s: s.table.entity_set_name),
    "LogicalCollectionName": text(lambda s: s.table.entity_set_name),
    "CollectionSchemaName": text(lambda s: _collection_schema_name(s.table)),
    "PrimaryIdAttribute": text(lambda s: s.table.primary_id),
    "PrimaryNameAttribute": text(lambda s: s.table.primary_name),
    "ObjectTypeCode": whole(lambda s: s.table.object_type_code),
    "OwnershipType": Member("mscrm.OwnershipTypes", lambda s: s.table.ownership),
    "TableType": fixed(EDM_STRING, "Standard"),
    "ReportViewName": text(lambda s: f"Filtered{s.table.schema_name}"),
    "IntroducedVersion": fixed(EDM_STRING, INTRODUCED_VERSION),
    "MobileOfflineFilters": fixed(EDM_STRING, ""),
    **nothing(
        EDM_STRING,
        "EntityColor",
        "EntityHelpUrl",
        "ExternalCollectionName",
        "ExternalName",
        "IconLargeName",
        "IconMediumName",
        "IconSmallName",
        "IconVectorName",
        "PrimaryImageAttribute",
        "RecurrenceBaseEntityLogicalName",
        "SettingOf",
    ),
}
_SWITCHES = {
    "IsActivity": flag(lambda s: s.table.is_activity),
    "IsCustomEntity": flag(lambda s: s.table.is_custom),
    "IsIntersect": flag(lambda s: s.table.is_intersect),
    "IsManaged": flag(lambda s: not s.table.is_custom),
    "IsActivityParty": flag(
        lambda s: s.index.is_referenced_by(s.table.logical_name, "activityparty")
    ),
    "IsOptimisticConcurrencyEnabled": flag(lambda s: s.table.has_versions),
    "ChangeTrackingEnabled": flag(lambda s: s.table.tracks_changes),
    "IsStateModelAware": flag(lambda s: "statecode" in s.table.columns),
    "HasActivities": flag(
        lambda s: s.table.has_activities or s.index.is_referenced_by(s.table.logical_name, "task")
    ),
    "HasNotes": flag(
        lambda s: s.table.has_notes or s.index.is_referenced_by(s.table.logical_name, "annotation")
    ),
    "HasEmailAddresses": flag(lambda s: "emailaddress1" in s.table.columns),
    **flags(
        "CanTriggerWorkflow",
        "IsEnabledForCharts",
        "IsImportable",
        "IsReadingPaneEnabled",
        "IsValidForAdvancedFind",
        value=True,
    ),
    **flags(
        "AutoCreateAccessTeams",
        "AutoRouteToOwnerQueue",
        "EnforceStateTransitions",
        "EntityHelpUrlEnabled",
        "HasFeedback",
        "IsAIRUpdated",
        "IsArchivalEnabled",
        "IsAvailableOffline",
        "IsBPFEntity",
        "IsBusinessProcessEnabled",
        "IsChildEntity",
        "IsDocumentManagementEnabled",
        "IsDocumentRecommendationsEnabled",
        "IsEnabledForExternalChannels",
        "IsEnabledForTrace",
        "IsInteractionCentricEnabled",
        "IsKnowledgeManagementEnabled",
        "IsLogicalEntity",
        "IsMSTeamsIntegrationEnabled",
        "IsOneNoteIntegrationEnabled",
        "IsPrivate",
        "IsQuickCreateEnabled",
        "IsRetrieveAuditEnabled",
        "IsRetrieveMultipleAuditEnabled",
        "IsSLAEnabled",
        "IsSolutionAware",
        "SyncToExternalSearchIndex",
        "UsesBusinessDataLabelTable",
    ),
}
_OTHERS = {
    "ActivityTypeMask": whole(lambda s: 1 if s.table.is_activity else 0),
    "DaysSinceRecordLastModified": fixed(EDM_INT32, 0),
    "OwnerIdType": fixed(EDM_INT32, 8),
    **nothing(EDM_GUID, "DataProviderId", "DataSourceId", "OwnerId", "OwningBusinessUnit"),
    **dates(),
    "Description": _label("description", "description", "descriptions"),
    "DisplayCollectionName": _label("displaycollectionname", "plural_label", "plural_labels"),
    "DisplayName": _label("displayname", "label", "labels"),
}
_MANAGED = {
    "IsValidForQueue": managed("canmodifyqueuesettings", lambda s: is_queue_enabled(s.table)),
    "IsCustomizable": managed_flag("iscustomizable", True),
    "IsRenameable": managed_flag("isrenameable", True),
    "IsMappable": managed_flag("ismappable", True, can_change=False),
    "CanCreateAttributes": managed(
        "cancreateattributes", lambda s: not s.table.is_intersect, can_change=False
    ),
    **{name: managed_flag(name.lower(), True) for name in _ALLOWED},
    **{name: managed_flag(owner, False) for name, owner in _SWITCHED_OFF.items()},
}
ENTITY = extend(
    "EntityMetadata",
    METADATA_BASE,
    {
        **identity(lambda s: table_id(s.table)),
        **_NAMES,
        **_SWITCHES,
        **_OTHERS,
        **_MANAGED,
        "Privileges": Member("Collection(mscrm.SecurityPrivilegeMetadata)", _privileges),
        "Settings": fixed("Collection(Edm.String)", []),
    },
    {
        "Attributes": Navigation("AttributeMetadata", True, _attributes),
        "Keys": Navigation("EntityKeyMetadata", True, _keys),
        "OneToManyRelationships": Navigation("OneToManyRelationshipMetadata", True, one_to_many_of),
        "ManyToOneRelationships": Navigation("OneToManyRelationshipMetadata", True, many_to_one_of),
        "ManyToManyRelationships": Navigation(
            "ManyToManyRelationshipMetadata", True, many_to_many_of
        ),
    },
    alternate_keys=("LogicalName", "SchemaName"),
)


def definition_of_table(subject: TableSubject) -> Definition:
    return Definition(ENTITY, subject)
