"""Values as DataContractJsonSerializer writes them: every function returns JSON text.

Slashes are escaped when a body is finished, not here.
"""

from __future__ import annotations

import json.encoder
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ..tables.metadata import Column, ColumnType

NULL = "null"
NO_ID = "00000000-0000-0000-0000-000000000000"

_CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
_MESSAGE_CONTRACTS = "http://schemas.microsoft.com/crm/2011/Contracts"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPTIONS = (ColumnType.PICKLIST, ColumnType.STATE, ColumnType.STATUS)
_AS_THEY_ARE = (ColumnType.INTEGER, ColumnType.BIGINT, ColumnType.DECIMAL, ColumnType.DOUBLE)

# Writes a stored value that is not null; the row says which table a lookup points at, the name is
# what the row pointed at is called.
ValueWriter: TypeAlias = Callable[[Any, Mapping[str, Any], str | None], str]

text: Callable[[str], str] = json.encoder.encode_basestring


def optional_text(value: str | None) -> str:
    return NULL if value is None else text(value)


def flag(value: bool) -> str:
    return "true" if value else "false"


def number(value: float) -> str:
    return repr(value)


def milliseconds(moment: datetime) -> int:
    """Count from 1970; exact, also where floats are not."""
    passed = moment - _EPOCH
    return passed.days * 86_400_000 + passed.seconds * 1000 + passed.microseconds // 1000


def date(moment: datetime) -> str:
    return f'"/Date({milliseconds(moment)})/"'


def stored_date(value: str) -> str:
    """Write a stored date or time; a date without time is its midnight in UTC."""
    moment = datetime.fromisoformat(value)
    return date(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def option(value: int) -> str:
    return f'{{"__type":"OptionSetValue:{_CONTRACTS}","Value":{value}}}'


def options(values: Iterable[int]) -> str:
    """Write an OptionSetValueCollection, which has no type of its own as JSON."""
    return f"[{','.join(option(value) for value in values)}]"


def money(value: float) -> str:
    return f'{{"__type":"Money:{_CONTRACTS}","Value":{float(value)!r}}}'


def plain_reference(table: str, row_id: str, name: str | None = None) -> str:
    """Write an EntityReference where nothing else can stand."""
    return (
        f'{{"Id":"{row_id}","KeyAttributes":[],"LogicalName":"{table}",'
        f'"Name":{optional_text(name)},"RowVersion":null}}'
    )


def reference(table: str, row_id: str, name: str | None = None) -> str:
    return f'{{"__type":"EntityReference:{_CONTRACTS}",{plain_reference(table, row_id, name)[1:]}'


def references(rows: Iterable[tuple[str, str]]) -> str:
    """Write an EntityReferenceCollection of tables and ids."""
    return f"[{','.join(reference(table, row_id) for table, row_id in rows)}]"


def relationship(schema_name: str, role: int | None = None) -> str:
    """Write a Relationship; the role (0 referencing, 1 referenced) is for a table with itself."""
    shown = NULL if role is None else str(role)
    return (
        f'{{"__type":"Relationship:{_CONTRACTS}","PrimaryEntityRole":{shown},'
        f'"SchemaName":{text(schema_name)}}}'
    )


def principal_access(mask: int, table: str, row_id: str) -> str:
    """Write a PrincipalAccess; `mask` adds up the numbers of AccessRights."""
    return (
        f'{{"__type":"PrincipalAccess:{_MESSAGE_CONTRACTS}","AccessMask":{mask},'
        f'"Principal":{plain_reference(table, row_id)}}}'
    )


def ids(values: Iterable[str]) -> str:
    return f"[{','.join(text(value) for value in values)}]"


def pairs(items: Iterable[tuple[str, str]]) -> str:
    """Write names and values as Dataverse writes every collection of them."""
    written = [f'{{"key":"{key}","value":{value}}}' for key, value in items]
    return f"[{','.join(written)}]"


def plain_entity(
    table: str, row_id: str, attributes: str, formatted: str = "[]", version: str | None = None
) -> str:
    """Write an Entity where nothing else can stand; attributes and formatted values are JSON."""
    return (
        f'{{"Attributes":{attributes},"EntityState":null,"FormattedValues":{formatted},'
        f'"Id":"{row_id}","KeyAttributes":[],"LogicalName":"{table}","RelatedEntities":[],'
        f'"RowVersion":{optional_text(version)}}}'
    )


def typed_entity(plain: str) -> str:
    """Write an Entity as the value of a parameter."""
    return f'{{"__type":"Entity:{_CONTRACTS}",{plain[1:]}'


def collection(table: str, entities: Iterable[str]) -> str:
    """Write an EntityCollection of plain entities."""
    return (
        f'{{"__type":"EntityCollection:{_CONTRACTS}","Entities":[{",".join(entities)}],'
        f'"EntityName":"{table}","MinActiveRowVersion":null,"MoreRecords":false,'
        '"PagingCookie":null,"TotalRecordCount":0,"TotalRecordCountLimitExceeded":false}'
    )


def writer_of(column: Column) -> ValueWriter:
    """Choose how the values of a column are written."""
    if column.type.is_lookup:
        return _lookup_writer(column)
    if column.type in _OPTIONS:
        return lambda value, _row, _name: option(value)
    if column.type in _AS_THEY_ARE:
        return lambda value, _row, _name: number(value)
    match column.type:
        case ColumnType.MONEY:
            return lambda value, _row, _name: money(value)
        case ColumnType.BOOLEAN:
            return lambda value, _row, _name: flag(value)
        case ColumnType.DATETIME:
            return lambda value, _row, _name: stored_date(value)
        case ColumnType.CHOICES:
            return lambda value, _row, _name: options(map(int, str(value).split(",")))
    return lambda value, _row, _name: text(str(value))


def _lookup_writer(column: Column) -> ValueWriter:
    if not column.is_polymorphic:
        table = column.targets[0]
        return lambda value, _row, name: reference(table, value, name)
    kind = f"{column.logical_name}__type"
    return lambda value, row, name: reference(row[kind], value, name)
