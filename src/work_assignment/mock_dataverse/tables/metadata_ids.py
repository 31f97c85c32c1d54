"""MetadataIds: given ones are kept, those of standard tables follow from their names."""

from __future__ import annotations

from ..well_known import stable_id
from .metadata import AlternateKey, Choice, Column, ManyToMany, OneToMany, Table


def table_id(table: Table) -> str:
    return table.metadata_id or stable_id("table", table.logical_name)


def column_id(table: Table, column: Column) -> str:
    return column.metadata_id or stable_id("column", table.logical_name, column.logical_name)


def key_id(table: Table, key: AlternateKey) -> str:
    return key.metadata_id or stable_id("key", table.logical_name, key.schema_name)


def relationship_id(relation: OneToMany | ManyToMany) -> str:
    """Name the side as well: the lookups of owners share one schema name for users and teams."""
    if relation.metadata_id is not None:
        return relation.metadata_id
    if isinstance(relation, ManyToMany):
        return stable_id("relationship", relation.schema_name)
    return stable_id("relationship", relation.schema_name, relation.referenced_table)


def choice_id(choice: Choice) -> str:
    return choice.metadata_id or stable_id("optionset", choice.name)


def local_choice_name(table: Table, column: Column) -> str:
    """Name the choice that a column has for itself."""
    return f"{table.logical_name}_{column.logical_name}"


def local_choice_id(table: Table, column: Column) -> str:
    """Return the id of the choice that a column has for itself."""
    given = (column.metadata_id,) if column.metadata_id is not None else ()
    return stable_id("optionset", local_choice_name(table, column), *given)
