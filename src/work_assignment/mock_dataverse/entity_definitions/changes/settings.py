"""Members of definitions that are kept and shown, and that nothing here depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .members import Members

# Of these clients may set the value alone, or the managed property that has it.
_MANAGED_OF_COLUMNS = (
    "CanModifyAdditionalSettings",
    "IsAuditEnabled",
    "IsCustomizable",
    "IsGlobalFilterEnabled",
    "IsRenameable",
    "IsSortableEnabled",
    "IsValidForAdvancedFind",
)
_FLAGS_OF_COLUMNS = (
    "IsFilterable",
    "IsRequiredForForm",
    "IsRetrievable",
    "IsSearchable",
    "IsSecured",
    "IsValidForForm",
    "IsValidForGrid",
)
_MANAGED_OF_TABLES = (
    "CanBeInManyToMany",
    "CanBePrimaryEntityInRelationship",
    "CanBeRelatedEntityInRelationship",
    "CanChangeHierarchicalRelationship",
    "CanChangeTrackingBeEnabled",
    "CanCreateAttributes",
    "CanCreateCharts",
    "CanCreateForms",
    "CanCreateViews",
    "CanEnableSyncToExternalSearchIndex",
    "CanModifyAdditionalSettings",
    "IsAuditEnabled",
    "IsConnectionsEnabled",
    "IsCustomizable",
    "IsDuplicateDetectionEnabled",
    "IsMailMergeEnabled",
    "IsMappable",
    "IsOfflineInMobileClient",
    "IsReadOnlyInMobileClient",
    "IsRenameable",
    "IsVisibleInMobile",
    "IsVisibleInMobileClient",
)
_FLAGS_OF_TABLES = (
    "AutoCreateAccessTeams",
    "AutoRouteToOwnerQueue",
    "CanTriggerWorkflow",
    "EntityHelpUrlEnabled",
    "HasEmailAddresses",
    "HasFeedback",
    "IsAvailableOffline",
    "IsBusinessProcessEnabled",
    "IsDocumentManagementEnabled",
    "IsDocumentRecommendationsEnabled",
    "IsEnabledForCharts",
    "IsImportable",
    "IsInteractionCentricEnabled",
    "IsKnowledgeManagementEnabled",
    "IsOneNoteIntegrationEnabled",
    "IsQuickCreateEnabled",
    "IsReadingPaneEnabled",
    "IsSLAEnabled",
    "SyncToExternalSearchIndex",
)
_TEXTS_OF_TABLES = ("EntityColor", "EntityHelpUrl", "IconLargeName", "IconVectorName")
_MANAGED_OF_RELATIONSHIPS = ("IsCustomizable",)
_FLAGS_OF_RELATIONSHIPS = ("IsValidForAdvancedFind",)
_MENUS = (
    "AssociatedMenuConfiguration",
    "Entity1AssociatedMenuConfiguration",
    "Entity2AssociatedMenuConfiguration",
)


def column_settings(members: Members) -> dict[str, Any]:
    return {
        **_managed(members, _MANAGED_OF_COLUMNS),
        **_flags(members, _FLAGS_OF_COLUMNS),
        **_texts(members, ("ImeMode",)),
    }


def table_settings(members: Members) -> dict[str, Any]:
    return {
        **_managed(members, _MANAGED_OF_TABLES),
        **_flags(members, _FLAGS_OF_TABLES),
        **_texts(members, _TEXTS_OF_TABLES),
    }


def relationship_settings(members: Members) -> dict[str, Any]:
    return {
        **_managed(members, _MANAGED_OF_RELATIONSHIPS),
        **_flags(members, _FLAGS_OF_RELATIONSHIPS),
        **{name: dict(menu.body) for name in _MENUS if (menu := members.inner(name))},
    }


def _managed(members: Members, names: tuple[str, ...]) -> Mapping[str, Any]:
    return {name: {"Value": members.flag(name)} for name in names if name in members}


def _flags(members: Members, names: tuple[str, ...]) -> Mapping[str, Any]:
    return {name: members.flag(name) for name in names if name in members}


def _texts(members: Members, names: tuple[str, ...]) -> Mapping[str, Any]:
    return {name: members.text(name) for name in names if name in members}
