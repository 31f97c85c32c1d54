"""Which definition a URL or a bound reference means: by its id, or by one of its names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...tables.metadata import AlternateKey, Catalog, Choice, Column, ManyToMany, OneToMany, Table
from ...tables.metadata_ids import choice_id, column_id, key_id, relationship_id, table_id
from ...tables.values import is_guid
from .refusals import invalid, no_definition

_NAMED = re.compile(r"\s*(\w+)\s*=\s*'((?:[^']|'')*)'\s*")
_BOUND = re.compile(
    r"(?:https?://[^/]+)?/?(?:api/data/v9\.\d(?:\.\d+){0,2}/)?(\w+)\((.+)\)", re.IGNORECASE
)


def find_table(catalog: Catalog, key: str) -> Table:
    for table in catalog:
        names = {"LogicalName": table.logical_name, "SchemaName": table.schema_name.lower()}
        if _is_meant(key, table_id(table), names):
            return table
    raise no_definition("an entity", key)


def find_column(table: Table, key: str) -> Column:
    for column in table.columns.values():
        names = {"LogicalName": column.logical_name, "SchemaName": column.schema_name.lower()}
        if _is_meant(key, column_id(table, column), names):
            return column
    raise no_definition(f"an attribute of {table.logical_name}", key)


def find_key(table: Table, key: str) -> AlternateKey:
    for alternate in (*table.keys, *table.failed_keys):
        name = alternate.schema_name.lower()
        if _is_meant(key, key_id(table, alternate), {"LogicalName": name, "SchemaName": name}):
            return alternate
    raise no_definition(f"an entity key of {table.logical_name}", key)


def find_relation(catalog: Catalog, key: str) -> OneToMany | ManyToMany:
    relations: tuple[OneToMany | ManyToMany, ...] = (*catalog.one_to_many, *catalog.many_to_many)
    for relation in relations:
        names = {"SchemaName": relation.schema_name.lower()}
        if _is_meant(key, relationship_id(relation), names):
            return relation
    raise no_definition("a relationship", key)


def find_choice(catalog: Catalog, key: str) -> Choice:
    for choice in catalog.choices.values():
        if _is_meant(key, choice_id(choice), {"Name": choice.name.lower()}):
            return choice
    raise no_definition("a global choice", key)


def read_bound(text: str, collection: str) -> str:
    """Return what stands in the parentheses of a reference into a collection of definitions."""
    matched = _BOUND.fullmatch(text)
    if matched is None or matched[1] != collection:
        raise invalid(f"'{text}' is no reference such as /{collection}(<id>).")
    return matched[2]


def _is_meant(key: str, metadata_id: str, names: Mapping[str, str]) -> bool:
    if is_guid(key):
        return key.lower() == metadata_id
    matched = _NAMED.fullmatch(key)
    if matched is None:
        return False
    return names.get(matched[1]) == matched[2].replace("''", "'").lower()
