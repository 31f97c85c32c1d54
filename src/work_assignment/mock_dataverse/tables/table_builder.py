"""Puts a table together: primary key, own columns, Dataverse's columns, relationships."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .definitions import Definitions, Part, relationships_of
from .metadata import AlternateKey, Column, ColumnType, ManyToMany, Table
from .system_columns import (
    ACTIVE_INACTIVE,
    UNOWNED,
    USER_OWNED,
    State,
    version_part,
    with_system_columns,
)


def define(
    schema_name: str,
    code: int,
    entity_set_name: str,
    label: str,
    plural_label: str,
    columns: Iterable[Part],
    *,
    name: str | None,
    key: str | None = None,
    ownership: str = USER_OWNED,
    states: tuple[State, ...] = ACTIVE_INACTIVE,
    is_activity: bool = False,
    is_custom: bool = False,
    keys: tuple[AlternateKey, ...] = (),
) -> Definitions:
    """Define one table; `key` and `name` are the schema names of its id and primary name."""
    table_name = schema_name.lower()
    key = key or f"{schema_name}Id"
    own = [_primary_key(key, label), *_with_primary_name(columns, name)]
    parts = with_system_columns(table_name, ownership, states, own)
    table = Table(
        logical_name=table_name,
        schema_name=schema_name,
        entity_set_name=entity_set_name,
        label=label,
        plural_label=plural_label,
        primary_id=key.lower(),
        primary_name=name.lower() if name else None,
        ownership=ownership,
        object_type_code=code,
        keys=keys,
        is_activity=is_activity,
        is_custom=is_custom,
    ).with_columns(part.column for part in parts)
    return Definitions((table,), relationships_of(table_name, parts))


def define_intersect(
    schema_name: str,
    code: int,
    entity_set_name: str,
    relationship: str,
    first: str,
    second: str,
    *,
    key: str | None = None,
    navigations: tuple[str, str] | None = None,
    is_custom: bool = False,
) -> Definitions:
    """Define a many-to-many relationship with its intersect table."""
    table_name = schema_name.lower()
    key = key or f"{schema_name}Id"
    first_column, second_column = _intersect_columns(first, second)
    parts = [
        _primary_key(key, schema_name),
        *(Part(_id_column(column)) for column in (first_column, second_column)),
        version_part(),
    ]
    table = Table(
        logical_name=table_name,
        schema_name=schema_name,
        entity_set_name=entity_set_name,
        label=schema_name,
        plural_label=schema_name,
        primary_id=key.lower(),
        primary_name=None,
        ownership=UNOWNED,
        object_type_code=code,
        is_intersect=True,
        is_custom=is_custom,
    ).with_columns(part.column for part in parts)
    navigation1, navigation2 = navigations or (relationship, relationship)
    relation = ManyToMany(
        schema_name=relationship,
        table1=first,
        navigation1=navigation1,
        column1=first_column,
        table2=second,
        navigation2=navigation2,
        column2=second_column,
        intersect_table=table_name,
    )
    return Definitions((table,), many_to_many=(relation,))


def _primary_key(schema_name: str, label: str) -> Part:
    return Part(
        Column(
            schema_name.lower(),
            schema_name,
            ColumnType.UNIQUEIDENTIFIER,
            label,
            system_required=True,
            is_primary_id=True,
            valid_for_update=False,
        )
    )


def _id_column(logical_name: str) -> Column:
    return Column(
        logical_name,
        logical_name,
        ColumnType.UNIQUEIDENTIFIER,
        logical_name,
        valid_for_create=False,
        valid_for_update=False,
    )


def _intersect_columns(first: str, second: str) -> tuple[str, str]:
    """Name the two id columns; a table joined with itself gets `one` and `two`."""
    if first == second:
        return f"{first}idone", f"{second}idtwo"
    return f"{first}id", f"{second}id"


def _with_primary_name(columns: Iterable[Part], name: str | None) -> Iterable[Part]:
    for part in columns:
        if name is not None and part.column.schema_name == name:
            yield replace(part, column=replace(part.column, is_primary_name=True))
        else:
            yield part
