"""Columns as definitions describe them: what each type may say, and what it says by default."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ...faults import not_emulated
from ...tables.columns import (
    LARGEST_BIGINT,
    LARGEST_DECIMAL,
    LARGEST_INTEGER,
    LARGEST_MONEY,
)
from ...tables.labels import labels_of, merged, used_text
from ...tables.metadata import Catalog, Column, ColumnType, DateBehavior, Table
from .known_members import ATTRIBUTE, LOOKUP, check_members
from .members import Members
from .names import check_schema_name
from .options import bound_choice, read_options, read_yes_no
from .refusals import invalid, missing_member
from .settings import column_settings

_TYPE_NAMES = {
    "StringAttributeMetadata": ColumnType.STRING,
    "MemoAttributeMetadata": ColumnType.MEMO,
    "IntegerAttributeMetadata": ColumnType.INTEGER,
    "BigIntAttributeMetadata": ColumnType.BIGINT,
    "DecimalAttributeMetadata": ColumnType.DECIMAL,
    "DoubleAttributeMetadata": ColumnType.DOUBLE,
    "MoneyAttributeMetadata": ColumnType.MONEY,
    "BooleanAttributeMetadata": ColumnType.BOOLEAN,
    "PicklistAttributeMetadata": ColumnType.PICKLIST,
    "MultiSelectPicklistAttributeMetadata": ColumnType.CHOICES,
    "DateTimeAttributeMetadata": ColumnType.DATETIME,
    "LookupAttributeMetadata": ColumnType.LOOKUP,
    "UniqueIdentifierAttributeMetadata": ColumnType.UNIQUEIDENTIFIER,
    "StateAttributeMetadata": ColumnType.STATE,
    "StatusAttributeMetadata": ColumnType.STATUS,
}
_NOT_EMULATED = {
    "FileAttributeMetadata": "file columns",
    "ImageAttributeMetadata": "image columns",
    "ManagedPropertyAttributeMetadata": "managed properties of one's own",
}
# The class of these in a CreateEntities call.
_COMPLEX = "Complex"
_LEVELS = ("None", "Recommended", "ApplicationRequired")
_TEXT_FORMATS = (
    "Text",
    "Email",
    "Json",
    "Phone",
    "PhoneticGuide",
    "RichText",
    "TextArea",
    "TickerSymbol",
    "Url",
    "VersionNumber",
)
_MEMO_FORMATS = ("TextArea", "Text", "Email", "InternalExtentData", "Json", "RichText")
_NUMBER_FORMATS = ("None", "Duration", "Language", "Locale", "TimeZone")
_DATE_ONLY, _DATE_AND_TIME = "DateOnly", "DateAndTime"
LONGEST_STRING, LONGEST_MEMO = 4000, 1_048_576

Typed = Callable[[Members, Column, Catalog], Column]


def read_type(members: Members) -> ColumnType:
    """Return the type of a column that `@odata.type` names."""
    name = members.type_name
    if name is None:
        raise missing_member(members.what, "@odata.type")
    name = name.removeprefix(_COMPLEX)
    if name in _NOT_EMULATED:
        raise not_emulated(_NOT_EMULATED[name])
    if name not in _TYPE_NAMES:
        raise invalid(f"The type '{name}' of {members.what} is no type of a column.")
    return _TYPE_NAMES[name]


def read_new_column(members: Members, catalog: Catalog) -> Column:
    """Read a column that is to be created."""
    kind = read_type(members)
    check_members(members, ATTRIBUTE)
    name = check_schema_name("attribute", members.required_text("SchemaName"))
    if kind.is_lookup:
        raise invalid(
            f"The lookup {name} cannot be created as an attribute: a lookup is created with its"
            " relationship, by a POST to RelationshipDefinitions."
        )
    if kind not in _TYPED:
        raise invalid(f"The column {name} is of the type {kind}, which nobody can create.")
    _check_logical_name(members, name.lower())
    named = Members(members.body, f"the column {name}")
    return _TYPED[kind](named, _plain_column(named, name, kind), catalog)


def new_lookup_column(members: Members, targets: tuple[str, ...]) -> Column:
    """Read the lookup of a relationship that is to be created."""
    check_members(members, LOOKUP)
    name = check_schema_name("attribute", members.required_text("SchemaName"))
    _check_logical_name(members, name.lower())
    column = _plain_column(members, name, ColumnType.LOOKUP)
    return replace(column, targets=targets)


def read_changed_column(
    members: Members, table: Table, old: Column, catalog: Catalog, *, keeps_labels: bool
) -> Column:
    """Read the whole definition of a column that is there; its name and type stay."""
    kind = read_type(members)
    check_members(members, ATTRIBUTE)
    if kind is not old.type and not (kind is ColumnType.LOOKUP and old.type.is_lookup):
        raise invalid(
            f"The type of the column {old.logical_name} of {table.logical_name} is {old.type} and"
            f" cannot be changed to {kind}."
        )
    _check_logical_name(members, old.logical_name)
    labels = merged(
        labels_of(old.labels, old.label), members.labels("DisplayName"), keeps_others=keeps_labels
    )
    descriptions = merged(
        old.descriptions, members.labels("Description"), keeps_others=keeps_labels
    )
    column = replace(
        old,
        label=used_text(labels) or old.label,
        labels=labels or old.labels,
        description=used_text(descriptions),
        descriptions=descriptions,
        required_level=_required_level(members, old),
        settings={**old.settings, **column_settings(members)},
    )
    read = _TYPED.get(old.type)
    return column if read is None else read(members, column, catalog)


def _plain_column(members: Members, schema_name: str, kind: ColumnType) -> Column:
    """Build a column with what every type has, and the defaults of its own."""
    for name in ("AutoNumberFormat", "FormulaDefinition"):
        if name in members and members.text(name):
            raise not_emulated(f"columns that Dataverse fills in itself ({name})")
    if members.whole("SourceType", 0, 0, LARGEST_INTEGER):
        raise not_emulated("calculated and rollup columns (SourceType)")
    labels, descriptions = members.labels("DisplayName"), members.labels("Description")
    column = Column(
        schema_name.lower(),
        schema_name,
        kind,
        used_text(labels) or schema_name,
        **_DEFAULTS.get(kind, {}),
        labels=labels,
        description=used_text(descriptions),
        descriptions=descriptions,
        is_custom=True,
        metadata_id=members.metadata_id() or str(uuid.uuid4()),
        settings=column_settings(members),
    )
    return replace(column, required_level=_required_level(members, column))


def _required_level(members: Members, old: Column) -> str:
    if old.system_required:
        return old.required_level
    return members.named("RequiredLevel", _LEVELS, old.required_level)


def _check_logical_name(members: Members, logical_name: str) -> None:
    given = members.text("LogicalName") or members.text("SchemaName") or logical_name
    if given.lower() != logical_name:
        raise invalid(f"The name of {members.what} is {logical_name}; it cannot be {given}.")


def _string(members: Members, column: Column, catalog: Catalog) -> Column:
    longest = max(LONGEST_STRING, column.max_length or 0)
    length = members.whole("MaxLength", column.max_length or 100, 1, longest)
    text_format = members.named(
        "FormatName", _TEXT_FORMATS, members.named("Format", _TEXT_FORMATS, column.format or "Text")
    )
    return replace(column, max_length=length, format=text_format)


def _memo(members: Members, column: Column, catalog: Catalog) -> Column:
    longest = max(LONGEST_MEMO, column.max_length or 0)
    length = members.whole("MaxLength", column.max_length or 2000, 1, longest)
    text_format = members.named("FormatName", _MEMO_FORMATS, column.format or "TextArea")
    return replace(column, max_length=length, format=text_format)


def _integer(members: Members, column: Column, catalog: Catalog) -> Column:
    limits = (-LARGEST_INTEGER - 1, LARGEST_INTEGER)
    smallest = members.whole("MinValue", int(column.minimum or 0), *limits)
    largest = members.whole("MaxValue", int(column.maximum or 0), *limits)
    _check_limits(members, smallest, largest)
    number_format = members.named("Format", _NUMBER_FORMATS, column.format or "None")
    return replace(column, minimum=smallest, maximum=largest, format=number_format)


def _as_it_is(members: Members, column: Column, catalog: Catalog) -> Column:
    return column


def _number(limit: float, most_digits: int) -> Typed:
    def read(members: Members, column: Column, catalog: Catalog) -> Column:
        lowest, highest = column.minimum or 0.0, column.maximum or 0.0
        smallest = members.number("MinValue", lowest, min(-limit, lowest), limit)
        largest = members.number("MaxValue", highest, -limit, max(limit, highest))
        _check_limits(members, smallest, largest)
        old = column.precision or 0
        digits = members.whole("Precision", old, 0, max(most_digits, old))
        return replace(column, minimum=smallest, maximum=largest, precision=digits)

    return read


def _check_limits(members: Members, smallest: float, largest: float) -> None:
    if smallest > largest:
        raise invalid(
            f"The MinValue {smallest} of {members.what} is greater than its MaxValue {largest}."
        )


def _yes_no(members: Members, column: Column, catalog: Catalog) -> Column:
    default = members.flag("DefaultValue", bool(column.default))
    options = column.options or read_yes_no(members.inner("OptionSet"))
    return replace(column, options=options, default=default)


def _choice(members: Members, column: Column, catalog: Catalog) -> Column:
    """Read a choice; the options of one that is there change by messages of their own."""
    if not column.options and column.global_choice is None:
        column = _with_options(members, column, catalog)
    default = members.optional_whole("DefaultFormValue")
    if default in (None, -1):
        return replace(column, default=None)
    if column.option(default) is None:
        raise invalid(f"The DefaultFormValue {default} of {members.what} is none of its options.")
    return replace(column, default=default)


def _with_options(members: Members, column: Column, catalog: Catalog) -> Column:
    shared = bound_choice(catalog, members)
    if shared is not None:
        return replace(column, options=shared.options, global_choice=shared.name)
    option_set = members.inner("OptionSet")
    if option_set is None:
        raise missing_member(members.what, "OptionSet")
    return replace(column, options=read_options(option_set))


def _moment(members: Members, column: Column, catalog: Catalog) -> Column:
    usual = _DATE_ONLY if column.date_only_format else _DATE_AND_TIME
    shown = members.named("Format", (_DATE_ONLY, _DATE_AND_TIME), usual)
    behavior = DateBehavior(
        members.named("DateTimeBehavior", tuple(DateBehavior), column.date_behavior)
    )
    if behavior is DateBehavior.DATE_ONLY and shown != _DATE_ONLY:
        if "Format" in members:
            raise invalid(
                f"The Format of {members.what} is {shown}; with the behavior DateOnly it is DateOnly."
            )
        shown = _DATE_ONLY
    return replace(column, date_only_format=shown == _DATE_ONLY, date_behavior=behavior)


_DEFAULTS: Mapping[ColumnType, Mapping[str, Any]] = {
    ColumnType.INTEGER: {"minimum": -LARGEST_INTEGER - 1, "maximum": LARGEST_INTEGER},
    ColumnType.BIGINT: {"minimum": -LARGEST_BIGINT, "maximum": LARGEST_BIGINT},
    ColumnType.DECIMAL: {
        "minimum": -LARGEST_DECIMAL,
        "maximum": LARGEST_DECIMAL,
        "precision": 2,
    },
    ColumnType.DOUBLE: {"minimum": -LARGEST_DECIMAL, "maximum": LARGEST_DECIMAL, "precision": 2},
    ColumnType.MONEY: {"minimum": -LARGEST_MONEY, "maximum": LARGEST_MONEY, "precision": 2},
}
# What a request may say of each type; others cannot be created.
_TYPED: Mapping[ColumnType, Typed] = {
    ColumnType.STRING: _string,
    ColumnType.MEMO: _memo,
    ColumnType.INTEGER: _integer,
    ColumnType.BIGINT: _as_it_is,
    ColumnType.DECIMAL: _number(LARGEST_DECIMAL, 10),
    ColumnType.DOUBLE: _number(LARGEST_DECIMAL, 5),
    ColumnType.MONEY: _number(LARGEST_MONEY, 4),
    ColumnType.BOOLEAN: _yes_no,
    ColumnType.PICKLIST: _choice,
    ColumnType.CHOICES: _choice,
    ColumnType.DATETIME: _moment,
}
