"""Catalogs with one thing put in, replaced or taken away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .definitions import Definitions
from .metadata import Catalog, Choice, Column, ManyToMany, OneToMany, Table


def with_definitions(catalog: Catalog, added: Definitions) -> Catalog:
    """Add tables and relationships."""
    return _rebuilt(
        catalog,
        tables=[*catalog, *added.tables],
        one_to_many=(*catalog.one_to_many, *added.one_to_many),
        many_to_many=(*catalog.many_to_many, *added.many_to_many),
    )


def with_table(catalog: Catalog, table: Table) -> Catalog:
    """Put a table in the place of the one of its name."""
    return _rebuilt(catalog, tables=[*(catalog.tables | {table.logical_name: table}).values()])


def with_columns(catalog: Catalog, table: str, columns: Iterable[Column]) -> Catalog:
    """Add columns to a table, or replace those of the same name."""
    return with_table(catalog, catalog.tables[table].with_columns(columns))


def with_relations(catalog: Catalog, relations: Iterable[OneToMany]) -> Catalog:
    return _rebuilt(catalog, one_to_many=(*catalog.one_to_many, *relations))


def with_relation_replaced(
    catalog: Catalog, old: OneToMany | ManyToMany, new: OneToMany | ManyToMany
) -> Catalog:
    return _rebuilt(
        catalog,
        one_to_many=[
            new if each is old and isinstance(new, OneToMany) else each
            for each in catalog.one_to_many
        ],
        many_to_many=[
            new if each is old and isinstance(new, ManyToMany) else each
            for each in catalog.many_to_many
        ],
    )


def with_choice(catalog: Catalog, choice: Choice) -> Catalog:
    """Put a global choice in the place of the one of its name, in every column that shares it."""
    tables = [
        table.with_columns(
            replace(column, options=choice.options, default=_still(column, choice))
            for column in table.columns.values()
            if column.global_choice == choice.name
        )
        for table in catalog
    ]
    choices = catalog.choices | {choice.name: choice}
    return _rebuilt(catalog, tables=tables, choices=choices.values())


def _still(column: Column, choice: Choice) -> int | bool | None:
    """Return a column's default unless it is none of the options any more."""
    known = any(option.value == column.default for option in choice.options)
    return column.default if known else None


def without_choice(catalog: Catalog, name: str) -> Catalog:
    kept = [choice for choice in catalog.choices.values() if choice.name != name]
    return _rebuilt(catalog, choices=kept)


def without_columns(catalog: Catalog, table_name: str, names: Iterable[str]) -> Catalog:
    """Take columns away, with the relationships that lookups among them make."""
    gone, table = set(names), catalog.tables[table_name]
    kept = {name: column for name, column in table.columns.items() if name not in gone}
    changed = replace(table, columns=kept)
    return _rebuilt(
        catalog,
        tables=[changed if each is table else each for each in catalog],
        one_to_many=[
            relation
            for relation in catalog.one_to_many
            if relation.referencing_table != table_name or relation.referencing_column not in gone
        ],
    )


def without_intersect(catalog: Catalog, relation: ManyToMany) -> Catalog:
    """Take a many-to-many relationship away with its intersect table."""
    kept = [each for each in catalog if each.logical_name != relation.intersect_table]
    relations = [each for each in catalog.many_to_many if each is not relation]
    return _rebuilt(catalog, tables=kept, many_to_many=relations)


def without_table(catalog: Catalog, name: str) -> Catalog:
    """Take a table away, with its relationships and from the lookups of several tables."""
    for relation in catalog.many_to_many:
        if name in (relation.table1, relation.table2):
            catalog = without_intersect(catalog, relation)
    kept = [_not_pointing_at(table, name) for table in catalog if table.logical_name != name]
    relations = [
        relation
        for relation in catalog.one_to_many
        if name not in (relation.referenced_table, relation.referencing_table)
    ]
    return _rebuilt(catalog, tables=kept, one_to_many=relations)


def _not_pointing_at(table: Table, name: str) -> Table:
    changed = [
        replace(column, targets=tuple(target for target in column.targets if target != name))
        for column in table.columns.values()
        if name in column.targets
    ]
    return table.with_columns(changed) if changed else table


def _rebuilt(
    catalog: Catalog,
    *,
    tables: Iterable[Table] | None = None,
    one_to_many: Iterable[OneToMany] | None = None,
    many_to_many: Iterable[ManyToMany] | None = None,
    choices: Iterable[Choice] | None = None,
) -> Catalog:
    return Catalog(
        catalog.tables.values() if tables is None else tables,
        catalog.one_to_many if one_to_many is None else one_to_many,
        catalog.many_to_many if many_to_many is None else many_to_many,
        catalog.choices.values() if choices is None else choices,
    )
