"""What a table is: its columns, keys and relationships. Everything the mock does is driven by this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

# Texts by language code, in the order given; where none are kept, the plain text is English.
Labels: TypeAlias = tuple[tuple[int, str], ...]
ENGLISH = 1033


class ColumnType(StrEnum):
    """Dataverse's AttributeType names."""

    STRING = "String"
    MEMO = "Memo"
    INTEGER = "Integer"
    BIGINT = "BigInt"
    DECIMAL = "Decimal"
    DOUBLE = "Double"
    MONEY = "Money"
    BOOLEAN = "Boolean"
    PICKLIST = "Picklist"
    CHOICES = "MultiSelectPicklist"
    STATE = "State"
    STATUS = "Status"
    DATETIME = "DateTime"
    UNIQUEIDENTIFIER = "Uniqueidentifier"
    LOOKUP = "Lookup"
    CUSTOMER = "Customer"
    OWNER = "Owner"

    @property
    def is_lookup(self) -> bool:
        """A column that points at a row: Lookup, Customer or Owner."""
        return self in (ColumnType.LOOKUP, ColumnType.CUSTOMER, ColumnType.OWNER)

    @property
    def is_text(self) -> bool:
        return self in (ColumnType.STRING, ColumnType.MEMO)

    @property
    def is_whole(self) -> bool:
        """A column of whole numbers that are amounts, not options."""
        return self in (ColumnType.INTEGER, ColumnType.BIGINT)

    @property
    def is_numeric(self) -> bool:
        """A column whose values can be added up."""
        return self.is_whole or self in (ColumnType.DECIMAL, ColumnType.DOUBLE, ColumnType.MONEY)

    @property
    def has_options(self) -> bool:
        """A column stored as a number with a label: choice, state, status or yes/no."""
        return self in (
            ColumnType.PICKLIST,
            ColumnType.STATE,
            ColumnType.STATUS,
            ColumnType.BOOLEAN,
        )


class DateBehavior(StrEnum):
    """How a DateTime column reads the clock (DateTimeBehavior in Dataverse)."""

    USER_LOCAL = "UserLocal"
    DATE_ONLY = "DateOnly"
    TIME_ZONE_INDEPENDENT = "TimeZoneIndependent"


@dataclass(frozen=True, slots=True)
class Option:
    """One label of a choice. `state` is set on status reasons, `default_status` on states."""

    value: int
    label: str
    state: int | None = None
    default_status: int | None = None
    labels: Labels = ()
    descriptions: Labels = ()
    color: str | None = None
    external_value: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A global choice, which several columns share by its name."""

    name: str
    label: str
    options: tuple[Option, ...]
    labels: Labels = ()
    descriptions: Labels = ()
    metadata_id: str | None = None
    is_custom: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `schema_name` keeps its case: it is the navigation name of a custom lookup.

    `format` is Email, Url, Duration and the like; `required_level` is None, Recommended or
    ApplicationRequired; `settings` are members of its definition that nothing here depends on.
    """

    logical_name: str
    schema_name: str
    type: ColumnType
    label: str
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    precision: int | None = None
    date_behavior: DateBehavior = DateBehavior.USER_LOCAL
    date_only_format: bool = False
    options: tuple[Option, ...] = ()
    targets: tuple[str, ...] = ()
    default: int | bool | None = None
    system_required: bool = False
    is_primary_id: bool = False
    is_primary_name: bool = False
    valid_for_create: bool = True
    valid_for_update: bool = True
    valid_for_read: bool = True
    is_custom: bool = False
    description: str = ""
    labels: Labels = ()
    descriptions: Labels = ()
    metadata_id: str | None = None
    required_level: str = "None"
    format: str | None = None
    global_choice: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def wire_name(self) -> str:
        """The property name in JSON: `_ownerid_value` for a lookup, else the logical name."""
        return f"_{self.logical_name}_value" if self.type.is_lookup else self.logical_name

    @property
    def is_polymorphic(self) -> bool:
        """Several tables may be pointed at, so the target's name is stored beside the id."""
        return len(self.targets) > 1

    def option(self, value: int) -> Option | None:
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True, slots=True)
class AlternateKey:
    """Columns whose values together name one row."""

    schema_name: str
    columns: tuple[str, ...]
    label: str = ""
    labels: Labels = ()
    metadata_id: str | None = None


class CascadeDelete(StrEnum):
    """What deleting the referenced row does to the rows that point at it."""

    CASCADE = "Cascade"
    REMOVE_LINK = "RemoveLink"
    RESTRICT = "Restrict"
    NO_CASCADE = "NoCascade"


class CascadeRows(StrEnum):
    """To which referencing rows an assignment, share or change of parent goes on."""

    CASCADE = "Cascade"
    ACTIVE = "Active"
    USER_OWNED = "UserOwned"
    NO_CASCADE = "NoCascade"


@dataclass(frozen=True, slots=True)
class Cascades:
    """What else happens to the referencing rows (CascadeConfiguration, but for its Delete)."""

    assign: CascadeRows = CascadeRows.NO_CASCADE
    share: CascadeRows = CascadeRows.NO_CASCADE
    unshare: CascadeRows = CascadeRows.NO_CASCADE
    reparent: CascadeRows = CascadeRows.NO_CASCADE
    merge: CascadeRows = CascadeRows.NO_CASCADE


@dataclass(frozen=True, slots=True)
class OneToMany:
    """A lookup seen as a relationship: many `referencing` rows point at one `referenced` row.

    `referencing_navigation` is the single-valued property on the many side (`parentaccountid`,
    `customerid_account`), `referenced_navigation` the collection on the one side. A relationship
    of a table with itself may be marked as the one that makes a tree of its rows.
    """

    schema_name: str
    referenced_table: str
    referencing_table: str
    referencing_column: str
    referencing_navigation: str
    referenced_navigation: str
    cascade_delete: CascadeDelete = CascadeDelete.REMOVE_LINK
    is_hierarchical: bool = False
    cascades: Cascades = Cascades()
    is_custom: bool = False
    metadata_id: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ManyToMany:
    """Two tables joined by an intersect table that has one id column for each."""

    schema_name: str
    table1: str
    navigation1: str
    column1: str
    table2: str
    navigation2: str
    column2: str
    intersect_table: str
    is_custom: bool = False
    metadata_id: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `ownership` is UserOwned, OrganizationOwned, BusinessOwned or None.

    `failed_keys` are those whose values were not unique, so that nothing goes by them;
    `has_versions` says that writes may ask for a version (IsOptimisticConcurrencyEnabled);
    `settings` are members of its definition that nothing here depends on.
    """

    logical_name: str
    schema_name: str
    entity_set_name: str
    label: str
    plural_label: str
    primary_id: str
    primary_name: str | None
    ownership: str
    object_type_code: int
    columns: dict[str, Column] = field(default_factory=dict)
    keys: tuple[AlternateKey, ...] = ()
    failed_keys: tuple[AlternateKey, ...] = ()
    is_activity: bool = False
    is_intersect: bool = False
    is_custom: bool = False
    has_activities: bool = False
    has_notes: bool = False
    tracks_changes: bool = False
    has_versions: bool = True
    description: str = ""
    labels: Labels = ()
    plural_labels: Labels = ()
    descriptions: Labels = ()
    metadata_id: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def with_columns(self, columns: Iterable[Column]) -> Table:
        """The same table with more columns; one of the same logical name is replaced."""
        return replace(
            self, columns={**self.columns, **{column.logical_name: column for column in columns}}
        )

    def column_by_wire_name(self, wire_name: str) -> Column | None:
        """The column that JSON calls `wire_name`, or None."""
        if wire_name.startswith("_") and wire_name.endswith("_value"):
            column = self.columns.get(wire_name[1 : -len("_value")])
            return column if column is not None and column.type.is_lookup else None
        column = self.columns.get(wire_name)
        return column if column is not None and not column.type.is_lookup else None


# A published example spells this collection so; both are taken, the real one is given out.
_OTHER_SPELLINGS = {("lead", "lead_tasks"): "Lead_Tasks"}


class Catalog:
    """All tables and relationships, with the look-ups that reading and writing need.

    A catalog never changes; one with other definitions has another `token`.
    """

    def __init__(
        self,
        tables: Iterable[Table],
        one_to_many: Iterable[OneToMany] = (),
        many_to_many: Iterable[ManyToMany] = (),
        choices: Iterable[Choice] = (),
        *,
        token: str = "",
    ) -> None:
        self.token = token
        self.tables: dict[str, Table] = {table.logical_name: table for table in tables}
        self.one_to_many: tuple[OneToMany, ...] = tuple(one_to_many)
        self.many_to_many: tuple[ManyToMany, ...] = tuple(many_to_many)
        self.choices: dict[str, Choice] = {choice.name: choice for choice in choices}
        self._by_set = {table.entity_set_name: table for table in self.tables.values()}
        self._single = {
            (r.referencing_table, r.referencing_navigation): r for r in self.one_to_many
        }
        self._collection = {
            (r.referenced_table, r.referenced_navigation): r for r in self.one_to_many
        }
        for (table, spelling), name in _OTHER_SPELLINGS.items():
            if (table, name) in self._collection:
                self._collection.setdefault((table, spelling), self._collection[table, name])
        self._many = {}
        for relation in self.many_to_many:
            self._many[relation.table1, relation.navigation1] = relation
            self._many[relation.table2, relation.navigation2] = relation

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables.values())

    def with_token(self, token: str) -> Catalog:
        """The same definitions under another token."""
        relations = (self.one_to_many, self.many_to_many)
        return Catalog(self.tables.values(), *relations, self.choices.values(), token=token)

    def by_set(self, entity_set_name: str) -> Table | None:
        """The table behind `leads`; entity set names are case-sensitive."""
        return self._by_set.get(entity_set_name)

    def single_valued(self, table: str, navigation: str) -> OneToMany | None:
        """The relationship behind a single-valued navigation property, such as `parentaccountid`."""
        return self._single.get((table, navigation))

    def collection_valued(self, table: str, navigation: str) -> OneToMany | None:
        """The one-to-many relationship behind a collection-valued navigation property."""
        return self._collection.get((table, navigation))

    def many_valued(self, table: str, navigation: str) -> ManyToMany | None:
        """The many-to-many relationship behind a collection-valued navigation property."""
        return self._many.get((table, navigation))

    def navigations_of(self, table: str, column: str) -> tuple[OneToMany, ...]:
        """The relationships that one lookup column takes part in, one for each target table."""
        return tuple(
            r
            for r in self.one_to_many
            if r.referencing_table == table and r.referencing_column == column
        )
