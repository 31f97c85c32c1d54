"""What definitions are about: tables, columns and relationships with the catalog around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from ...tables.metadata import (
    AlternateKey,
    Catalog,
    Choice,
    Column,
    ColumnType,
    ManyToMany,
    OneToMany,
    Table,
)
from ...tables.metadata_ids import table_id

_NO_SETTINGS: Mapping[str, Any] = {}
# Tables whose rows have a phonetic spelling of their names, which lookups of them show too.
_PHONETIC = frozenset({"systemuser", "team", "account", "contact", "lead", "businessunit"})
Relation: TypeAlias = OneToMany | ManyToMany


class CatalogIndex:
    """Look-ups that only definitions need, made once for each catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.table_of_id = {table_id(table): table for table in catalog}
        self.referenced_by: dict[str, list[OneToMany]] = defaultdict(list)
        self.referencing: dict[str, list[OneToMany]] = defaultdict(list)
        self.joined: dict[str, list[ManyToMany]] = defaultdict(list)
        for relation in catalog.one_to_many:
            self.referenced_by[relation.referenced_table].append(relation)
            self.referencing[relation.referencing_table].append(relation)
        for join in catalog.many_to_many:
            for table in {join.table1, join.table2}:
                self.joined[table].append(join)

    def is_referenced_by(self, table: str, referencing_table: str) -> bool:
        return any(r.referencing_table == referencing_table for r in self.referenced_by[table])


_indexes: WeakKeyDictionary[Catalog, CatalogIndex] = WeakKeyDictionary()


def index_of(catalog: Catalog) -> CatalogIndex:
    """Return the index of a catalog, which never changes: a changed definition is a new catalog."""
    index = _indexes.get(catalog)
    if index is None:
        index = _indexes[catalog] = CatalogIndex(catalog)
    return index


@dataclass(frozen=True, slots=True)
class TableSubject:
    catalog: Catalog
    table: Table

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.table.settings

    @property
    def index(self) -> CatalogIndex:
        return index_of(self.catalog)


@dataclass(frozen=True, slots=True)
class ColumnSubject:
    """A column of a table; `shows` names the column whose label or name it repeats for reading.

    Such a column is `Virtual` (the label of a choice), `String` (the name of the row that a lookup
    points at) or `EntityName` (which table that row is in). Rows are not read by it.
    """

    catalog: Catalog
    table: Table
    column: Column
    number: int
    attribute_type: str
    shows: str | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.column.settings


@dataclass(frozen=True, slots=True)
class RelationSubject:
    catalog: Catalog
    relation: Relation

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.relation.settings


@dataclass(frozen=True, slots=True)
class KeySubject:
    table: Table
    key: AlternateKey
    is_failed: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        return _NO_SETTINGS


@dataclass(frozen=True, slots=True)
class ChoiceSubject:
    """A choice: a global one, or the one that a column has for itself."""

    choice: Choice
    metadata_id: str
    set_type: str
    is_global: bool

    @property
    def settings(self) -> Mapping[str, Any]:
        return _NO_SETTINGS


def columns_of(catalog: Catalog, table: Table) -> Iterator[ColumnSubject]:
    """Yield the columns of a table, then those that only show what another one means."""
    own = list(table.columns.values())
    for number, column in enumerate(own, start=1):
        yield ColumnSubject(catalog, table, column, number, column.type.value)
    number = len(own)
    for column in own:
        for shown in _showing(column):
            if shown[0] not in table.columns:
                number += 1
                yield _shown_column(catalog, table, column, shown, number)


def _showing(column: Column) -> Iterator[tuple[str, str]]:
    """Yield the name and type of each column that shows what this one means."""
    name = column.logical_name
    if column.type.is_lookup:
        yield f"{name}name", "String"
        if _PHONETIC.intersection(column.targets):
            yield f"{name}yominame", "String"
        if column.is_polymorphic:
            yield f"{name}type", "EntityName"
    elif column.options:
        yield f"{name}name", "Virtual"


def _shown_column(
    catalog: Catalog, table: Table, column: Column, shown: tuple[str, str], number: int
) -> ColumnSubject:
    name, kind = shown
    schema_name = column.schema_name + name.removeprefix(column.logical_name).capitalize()
    described = Column(
        name,
        schema_name,
        ColumnType.STRING,
        "",
        max_length=4000 if kind == "EntityName" else 100,
        system_required=kind == "EntityName" and column.system_required,
        valid_for_create=False,
        valid_for_update=False,
        is_custom=column.is_custom,
    )
    return ColumnSubject(catalog, table, described, number, kind, column.logical_name)
