"""The JSON of a webhook's body: RemoteExecutionContext, as Dataverse's serialiser writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ..reading.formats import DEFAULT_SYMBOL, amount, format_of, places
from ..tables.metadata import Column, ColumnType, Table
from .operations import CREATE, DELETE, UPDATE, Operation

LARGEST_BODY = 256 * 1024
STEP_TABLE = "sdkmessageprocessingstep"

_CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRIMMED = ("InputParameters", "ParentContext", "PostEntityImages", "PreEntityImages")
_CHOICES = (ColumnType.PICKLIST, ColumnType.STATE, ColumnType.STATUS)


class Names(Protocol):
    """Says what other rows are called."""

    def row_name(self, table: str, row_id: str) -> str | None:
        """The primary name of a row."""

    def currency_symbol(self, currency_id: str) -> str | None:
        """What stands before an amount in this currency."""


@dataclass(frozen=True, slots=True)
class Image:
    """A registered picture of the row before or after; no `columns` means all of them."""

    alias: str
    is_pre: bool
    is_post: bool
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Step:
    """A registered step that an operation has set off."""

    id: str
    name: str
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted; `is_trimmed` says that the context was too large to be sent whole."""

    text: str
    is_trimmed: bool


def body_of(context: Mapping[str, Any]) -> Body:
    """Serialise a context; beyond 256 KB its parameters, images and parent are left out."""
    text = _serialise(context)
    if len(text.encode()) <= LARGEST_BODY:
        return Body(text, is_trimmed=False)
    kept = {key: value for key, value in context.items() if key not in _TRIMMED}
    return Body(_serialise(kept), is_trimmed=True)


def _serialise(context: Mapping[str, Any]) -> str:
    """Write JSON with every slash escaped, as DataContractJsonSerializer does."""
    text = json.dumps(context, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", "\\/")


def execution_context(
    operation: Operation, step: Step, names: Names, *, operation_id: str
) -> dict[str, Any]:
    """Build the context that one asynchronous step gets to see of one operation."""
    caller = operation.caller
    return {
        "BusinessUnitId": caller.business_unit_id,
        "CorrelationId": operation.correlation_id,
        "Depth": operation.depth,
        "InitiatingUserAzureActiveDirectoryObjectId": caller.aad_object_id,
        "InitiatingUserId": caller.user_id,
        "InputParameters": _input_parameters(operation),
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": operation.message,
        "Mode": 1,
        "OperationCreatedOn": f"/Date({_milliseconds(operation.occurred_at)}+0000)/",
        "OperationId": operation_id,
        "OrganizationId": caller.organization_id,
        "OrganizationName": caller.organization_name,
        "OutputParameters": _pairs([("id", operation.row_id)] if _creates(operation) else []),
        "OwningExtension": _plain_reference(STEP_TABLE, step.id, step.name),
        "ParentContext": None,
        "PostEntityImages": _images(
            operation, operation.post, [image for image in step.images if image.is_post], names
        ),
        "PreEntityImages": _images(
            operation, operation.pre, [image for image in step.images if image.is_pre], names
        ),
        "PrimaryEntityId": operation.row_id,
        "PrimaryEntityName": operation.table.logical_name,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": _shared_variables(operation),
        "Stage": 40,
        "UserAzureActiveDirectoryObjectId": caller.aad_object_id,
        "UserId": caller.user_id,
    }


def _creates(operation: Operation) -> bool:
    return operation.message == CREATE


def _input_parameters(operation: Operation) -> list[dict[str, Any]]:
    table = operation.table
    if operation.message == DELETE:
        return _pairs([("Target", _reference(table.logical_name, operation.row_id))])
    target = {
        "__type": f"Entity:{_CONTRACTS}",
        **_entity(operation, _target_attributes(operation), [], _target_version(operation)),
    }
    if operation.message == UPDATE:
        return _pairs([("Target", target), ("ConcurrencyBehavior", 0)])
    return _pairs([("Target", target)])


def _target_version(operation: Operation) -> str | None:
    return None if _creates(operation) else _version(operation.post)


def _target_attributes(operation: Operation) -> list[tuple[str, Any]]:
    """List what the request set and cleared; the id belongs to it, the version does not."""
    table, target = operation.table, operation.target
    attributes = [
        (column.logical_name, _value(column, target))
        for column in _columns(table, target)
        if column.logical_name not in (table.primary_id, "versionnumber")
    ]
    return [*attributes, (table.primary_id, operation.row_id)]


def _shared_variables(operation: Operation) -> list[dict[str, Any]]:
    variables: list[tuple[str, Any]] = []
    if _creates(operation):
        variables += [("IsAutoTransact", True), ("DefaultsAddedFlag", True)]
    if operation.tag is not None:
        variables.append(("tag", operation.tag))
    return _pairs(variables)


def _images(
    operation: Operation,
    row: Mapping[str, Any] | None,
    images: Iterable[Image],
    names: Names,
) -> list[dict[str, Any]]:
    """Build the images of one moment; a moment at which there was no row has none."""
    if row is None:
        return []
    return _pairs([(image.alias, _image(operation, row, image, names)) for image in images])


def _image(
    operation: Operation, row: Mapping[str, Any], image: Image, names: Names
) -> dict[str, Any]:
    """Build one image: null columns are left out, the id is always there."""
    table = operation.table
    attributes: list[tuple[str, Any]] = []
    formatted: list[tuple[str, Any]] = []
    for column in _columns(table, row):
        key = column.logical_name
        if row[key] is None or column.is_primary_id or not _pictured(image, column):
            continue
        text = _formatted(column, row, names)
        attributes.append((key, _value(column, row, text)))
        if text is not None:
            formatted.append((key, text))
    attributes.append((table.primary_id, operation.row_id))
    version = None if _creates(operation) else _version(row)
    return _entity(operation, attributes, formatted, version)


def _pictured(image: Image, column: Column) -> bool:
    return not image.columns or column.logical_name in image.columns


def _columns(table: Table, row: Mapping[str, Any]) -> list[Column]:
    """List the columns present in a raw row in its order, without those nobody may read."""
    found = (table.columns.get(name) for name in row)
    return [column for column in found if column is not None and column.valid_for_read]


def _entity(
    operation: Operation,
    attributes: Iterable[tuple[str, Any]],
    formatted: Iterable[tuple[str, Any]],
    version: str | None,
) -> dict[str, Any]:
    return {
        "Attributes": _pairs(attributes),
        "EntityState": None,
        "FormattedValues": _pairs(formatted),
        "Id": operation.row_id,
        "KeyAttributes": [],
        "LogicalName": operation.table.logical_name,
        "RelatedEntities": [],
        "RowVersion": version,
    }


def _value(column: Column, row: Mapping[str, Any], name: str | None = None) -> Any:
    """Write a stored value as the serialiser does, by the type of its column."""
    value = row[column.logical_name]
    if value is None:
        return None
    if column.type in _CHOICES:
        return {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": value}
    if column.type is ColumnType.MONEY:
        return {"__type": f"Money:{_CONTRACTS}", "Value": float(value)}
    if column.type is ColumnType.BOOLEAN:
        return bool(value)
    if column.type is ColumnType.DATETIME:
        return f"/Date({_milliseconds(_moment(value))})/"
    if column.type.is_lookup:
        return _reference(_target_table(column, row), value, name)
    return value


def _target_table(column: Column, row: Mapping[str, Any]) -> str:
    if column.is_polymorphic:
        return str(row[f"{column.logical_name}__type"])
    return column.targets[0]


def _formatted(column: Column, row: Mapping[str, Any], names: Names) -> str | None:
    """Return what a person would see: a name, a label, an amount, a date; None for plain text."""
    value = row[column.logical_name]
    if column.type.is_lookup:
        return names.row_name(_target_table(column, row), value)
    if column.type is ColumnType.MONEY:
        return amount(value, places(column), _symbol(column, row, names))
    formatted = format_of(column)
    return formatted(value) if formatted else None


def _symbol(column: Column, row: Mapping[str, Any], names: Names) -> str:
    """Return the symbol of the row's currency; base amounts are in the organisation's."""
    currency_id = row.get("transactioncurrencyid")
    if currency_id is None or column.logical_name.endswith("_base"):
        return DEFAULT_SYMBOL
    return names.currency_symbol(currency_id) or DEFAULT_SYMBOL


def _reference(table: str, row_id: str, name: str | None = None) -> dict[str, Any]:
    return {
        "__type": f"EntityReference:{_CONTRACTS}",
        **_plain_reference(table, row_id, name),
    }


def _plain_reference(table: str, row_id: str, name: str | None) -> dict[str, Any]:
    return {
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": name,
        "RowVersion": None,
    }


def _pairs(items: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in items]


def _version(row: Mapping[str, Any] | None) -> str | None:
    version = row.get("versionnumber") if row is not None else None
    return None if version is None else str(version)


def _moment(stored: str) -> datetime:
    """Read a stored date or time; a date without time is its midnight in UTC."""
    moment = datetime.fromisoformat(stored)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
