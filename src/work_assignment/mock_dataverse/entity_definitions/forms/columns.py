"""AttributeMetadata: what every column has, whatever its type."""

from __future__ import annotations

from typing import Any

from ...tables.metadata import Labels
from ...tables.metadata_ids import column_id
from .base import INTRODUCED_VERSION, METADATA_BASE, dates, has_prefix, identity
from .labels import LABEL, label
from .subjects import ColumnSubject
from .types import (
    EDM_GUID,
    EDM_INT32,
    EDM_STRING,
    Member,
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

# What AttributeType says of a type of column, where it is not the type's own name.
_TYPE_CODES = {"MultiSelectPicklist": "Virtual", "File": "Virtual", "Image": "Virtual"}
# A simple column's value is stored in it (0), not calculated (1) or rolled up (2).
_SOURCED = frozenset(
    {
        "String",
        "Memo",
        "Integer",
        "Decimal",
        "Money",
        "Boolean",
        "Picklist",
        "MultiSelectPicklist",
        "DateTime",
    }
)


def is_custom(s: ColumnSubject) -> bool:
    return s.column.is_custom or has_prefix(s.column.schema_name)


def _id(s: ColumnSubject) -> str:
    return column_id(s.table, s.column)


def _label(name: str, words: str, translated: str) -> Member:
    def read(s: ColumnSubject) -> dict[str, Any]:
        plain: str = getattr(s.column, words)
        labels: Labels = getattr(s.column, translated)
        return label(plain, labels, _id(s), name, is_managed=not is_custom(s))

    return Member(LABEL, read)


def _required_level(s: ColumnSubject) -> dict[str, Any]:
    return {
        "Value": "SystemRequired" if s.column.system_required else s.column.required_level,
        "CanBeChanged": not s.column.system_required,
        "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
    }


def _is_plain(s: ColumnSubject) -> bool:
    """Tell whether rows have a property for the column, not only for the one it shows."""
    return s.shows is None


ATTRIBUTE = extend(
    "AttributeMetadata",
    METADATA_BASE,
    {
        **identity(_id),
        "LogicalName": text(lambda s: s.column.logical_name),
        "SchemaName": text(lambda s: s.column.schema_name),
        "EntityLogicalName": text(lambda s: s.table.logical_name),
        "AttributeType": Member(
            "mscrm.AttributeTypeCode", lambda s: _TYPE_CODES.get(s.attribute_type, s.attribute_type)
        ),
        "AttributeTypeName": Member(
            "mscrm.AttributeTypeDisplayName", lambda s: {"Value": f"{s.attribute_type}Type"}
        ),
        "AttributeOf": text(lambda s: s.shows),
        "ColumnNumber": whole(lambda s: s.number),
        "IsPrimaryId": flag(lambda s: s.column.is_primary_id),
        "IsPrimaryName": flag(lambda s: s.column.is_primary_name),
        "IsCustomAttribute": flag(is_custom),
        "IsManaged": flag(lambda s: not is_custom(s)),
        "IsValidODataAttribute": flag(_is_plain),
        "IsValidForCreate": flag(lambda s: s.column.valid_for_create),
        "IsValidForRead": flag(lambda s: s.column.valid_for_read),
        "IsValidForUpdate": flag(lambda s: s.column.valid_for_update),
        "IsValidForForm": flag(_is_plain),
        "IsValidForGrid": flag(_is_plain),
        "IsLogical": flag(lambda s: not _is_plain(s)),
        "CanBeSecuredForRead": flag(is_custom),
        "CanBeSecuredForCreate": flag(is_custom),
        "CanBeSecuredForUpdate": flag(is_custom),
        **flags(
            "IsDataSourceSecret",
            "IsFilterable",
            "IsRequiredForForm",
            "IsRetrievable",
            "IsSearchable",
            "IsSecured",
        ),
        "SourceType": Member(EDM_INT32, lambda s: 0 if s.attribute_type in _SOURCED else None),
        "IntroducedVersion": fixed(EDM_STRING, INTRODUCED_VERSION),
        **nothing(
            EDM_STRING, "AutoNumberFormat", "DeprecatedVersion", "ExternalName", "InheritsFrom"
        ),
        **nothing(EDM_GUID, "LinkedAttributeId"),
        **dates(),
        "Description": _label("description", "description", "descriptions"),
        "DisplayName": _label("displayname", "label", "labels"),
        "RequiredLevel": Member("mscrm.AttributeRequiredLevelManagedProperty", _required_level),
        "IsAuditEnabled": managed_flag("canmodifyauditsettings", True),
        "IsCustomizable": managed_flag("iscustomizable", True),
        "IsRenameable": managed_flag("isrenameable", True),
        "IsGlobalFilterEnabled": managed_flag("canmodifyglobalfiltersettings", False),
        "IsSortableEnabled": managed_flag("canmodifyissortablesettings", False),
        "IsValidForAdvancedFind": managed("canmodifysearchsettings", _is_plain),
        "CanModifyAdditionalSettings": managed_flag("canmodifyadditionalsettings", True),
        "Settings": fixed("Collection(Edm.String)", []),
    },
    alternate_keys=("LogicalName", "SchemaName"),
)
