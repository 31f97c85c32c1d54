"""Tables, columns and keys as EntityDefinitions shows them."""

from __future__ import annotations

import re
from typing import Any

from ..resource_paths import NAMESPACE
from ..tables.metadata import AlternateKey, Column, ColumnType, Option, Table
from ..well_known import stable_id
from ..writing.queue_items import is_queue_enabled

_PREFIXED = re.compile(r"[a-z][a-z0-9]*_")  # a publisher's prefix
_TYPE_NAMES = {kind: f"{kind.value}Type" for kind in ColumnType}


def table_id(table: Table) -> str:
    return stable_id("table", table.logical_name)


def column_id(table: Table, column: Column) -> str:
    return stable_id("column", table.logical_name, column.logical_name)


def metadata_type(column: Column) -> str:
    """Return the metadata class of a column, such as `PicklistAttributeMetadata`."""
    kind = ColumnType.LOOKUP if column.type.is_lookup else column.type
    name = "UniqueIdentifier" if kind is ColumnType.UNIQUEIDENTIFIER else kind.value
    return f"{name}AttributeMetadata"


def table_json(table: Table) -> dict[str, Any]:
    """Describe a table without its columns."""
    return {
        "MetadataId": table_id(table),
        "LogicalName": table.logical_name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set_name,
        "LogicalCollectionName": table.entity_set_name,
        "CollectionSchemaName": table.entity_set_name,
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name,
        "ObjectTypeCode": table.object_type_code,
        "OwnershipType": table.ownership,
        "TableType": "Standard",
        "IsActivity": table.is_activity,
        "IsCustomEntity": table.is_custom,
        "IsIntersect": table.is_intersect,
        "IsPrivate": False,
        "IsManaged": not table.is_custom,
        "IsBPFEntity": False,
        "IsValidForQueue": {
            "Value": is_queue_enabled(table),
            "CanBeChanged": False,
            "ManagedPropertyLogicalName": "canbeinqueue",
        },
        "IsOptimisticConcurrencyEnabled": True,
        "ChangeTrackingEnabled": False,
        "DisplayName": _label(table.label),
        "DisplayCollectionName": _label(table.plural_label),
    }


def column_json(table: Table, column: Column) -> dict[str, Any]:
    """Describe a column with what its type adds."""
    return {
        "@odata.type": f"#{NAMESPACE}{metadata_type(column)}",
        "MetadataId": column_id(table, column),
        "LogicalName": column.logical_name,
        "SchemaName": column.schema_name,
        "EntityLogicalName": table.logical_name,
        "AttributeType": column.type.value,
        "AttributeTypeName": {"Value": _TYPE_NAMES[column.type]},
        "AttributeOf": None,
        "IsPrimaryId": column.is_primary_id,
        "IsPrimaryName": column.is_primary_name,
        "IsCustomAttribute": _PREFIXED.match(column.schema_name) is not None,
        "IsValidForCreate": column.valid_for_create,
        "IsValidForRead": column.valid_for_read,
        "IsValidForUpdate": column.valid_for_update,
        "RequiredLevel": {
            "Value": "SystemRequired" if column.system_required else "None",
            "CanBeChanged": not column.system_required,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
        "DisplayName": _label(column.label),
        **_typed(column),
    }


def option_set_json(table: Table, column: Column) -> dict[str, Any]:
    """Describe the choices of a column."""
    name = f"{table.logical_name}_{column.logical_name}"
    described: dict[str, Any] = {
        "MetadataId": stable_id("optionset", name),
        "Name": name,
        "IsGlobal": False,
        "OptionSetType": column.type.value,
    }
    if column.type is ColumnType.BOOLEAN:
        by_value = {option.value: option for option in column.options}
        return described | {
            "TrueOption": _option(column, by_value[1]),
            "FalseOption": _option(column, by_value[0]),
        }
    return described | {"Options": [_option(column, option) for option in column.options]}


def key_json(table: Table, key: AlternateKey) -> dict[str, Any]:
    return {
        "MetadataId": stable_id("key", table.logical_name, key.schema_name),
        "SchemaName": key.schema_name,
        "LogicalName": key.schema_name.lower(),
        "EntityLogicalName": table.logical_name,
        "KeyAttributes": list(key.columns),
        "EntityKeyIndexStatus": "Active",
    }


def _typed(column: Column) -> dict[str, Any]:
    match column.type:
        case ColumnType.STRING | ColumnType.MEMO:
            return {"MaxLength": column.max_length}
        case ColumnType.INTEGER | ColumnType.BIGINT:
            return {"MinValue": column.minimum, "MaxValue": column.maximum}
        case ColumnType.DECIMAL | ColumnType.DOUBLE | ColumnType.MONEY:
            return {
                "MinValue": column.minimum,
                "MaxValue": column.maximum,
                "Precision": column.precision,
            }
        case ColumnType.DATETIME:
            return {
                "Format": "DateOnly" if column.date_only_format else "DateAndTime",
                "DateTimeBehavior": {"Value": column.date_behavior.value},
            }
        case ColumnType.LOOKUP | ColumnType.CUSTOMER | ColumnType.OWNER:
            return {"Targets": list(column.targets)}
        case ColumnType.PICKLIST | ColumnType.STATE | ColumnType.STATUS:
            return {"DefaultFormValue": column.default}
        case ColumnType.BOOLEAN:
            return {"DefaultValue": bool(column.default)}
        case _:
            return {}


def _option(column: Column, option: Option) -> dict[str, Any]:
    described: dict[str, Any] = {"Value": option.value, "Label": _label(option.label)}
    if column.type is ColumnType.STATE:
        return {
            "@odata.type": f"#{NAMESPACE}StateOptionMetadata",
            **described,
            "DefaultStatus": option.default_status,
            "InvariantName": option.label,
        }
    if column.type is ColumnType.STATUS:
        return {
            "@odata.type": f"#{NAMESPACE}StatusOptionMetadata",
            **described,
            "State": option.state,
            "TransitionData": None,
        }
    return described


def _label(text: str) -> dict[str, Any]:
    label = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "HasChanged": None}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}
