"""What each type of column adds to AttributeMetadata, and which class describes which type."""

from __future__ import annotations

from typing import Any

from .choices import choice_of_column, global_choice_of_column
from .columns import ATTRIBUTE
from .subjects import ColumnSubject
from .types import (
    EDM_BOOLEAN,
    EDM_INT32,
    EDM_MOMENT,
    EDM_STRING,
    Definition,
    DefinitionType,
    Member,
    Navigation,
    extend,
    fixed,
    flag,
    flags,
    managed_flag,
    nothing,
    text,
    whole,
)

_IME_OFF = fixed("mscrm.ImeMode", "Disabled")
_IME_AUTO = fixed("mscrm.ImeMode", "Auto")
# No formula and no source but the user: the column is simple.
_SIMPLE = {"FormulaDefinition": fixed(EDM_STRING, ""), "SourceTypeMask": fixed(EDM_INT32, 0)}
_EARLIEST, _LATEST = "1753-01-01T00:00:00Z", "9999-12-30T23:59:59Z"
# Standard columns do not say their format; their names tell.
_TEXT_FORMATS = (("emailaddress", "Email"), ("websiteurl", "Url"), ("telephone", "Phone"))
_NUMBER_FORMATS = (("durationminutes", "Duration"), ("timezonecode", "TimeZone"))


def _format_by_name(s: ColumnSubject, formats: tuple[tuple[str, str], ...], usual: str) -> str:
    given: str | None = s.column.format
    if given:
        return given
    name = s.column.logical_name
    return next((known for part, known in formats if part in name), usual)


def _text_format(s: ColumnSubject) -> str:
    return _format_by_name(s, _TEXT_FORMATS, "Text")


def _string_format(s: ColumnSubject) -> str:
    """Return the older Format, which has no word for the newer formats."""
    found = _text_format(s)
    return found if found in ("Email", "Url", "TickerSymbol", "PhoneticGuide") else "Text"


def _date_format(s: ColumnSubject) -> str:
    return "DateOnly" if s.column.date_only_format else "DateAndTime"


def _as_whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _calculated_from(s: ColumnSubject) -> str | None:
    """Return the amount that an amount in base currency is made of."""
    name: str = s.column.logical_name
    amount = name.removesuffix("_base")
    return amount if amount != name and amount in s.table.columns else None


def _default_choice(s: ColumnSubject) -> int:
    """Return the default option; -1 says that there is none."""
    return -1 if s.column.default is None else int(s.column.default)


def _sets() -> dict[str, Navigation]:
    return {
        "OptionSet": Navigation("OptionSetMetadata", False, choice_of_column),
        "GlobalOptionSet": Navigation("OptionSetMetadata", False, global_choice_of_column),
    }


def _column_class(
    name: str,
    members: dict[str, Member] | None = None,
    navigations: dict[str, Navigation] | None = None,
    base: DefinitionType = ATTRIBUTE,
) -> DefinitionType:
    return extend(f"{name}AttributeMetadata", base, members or {}, navigations)


def _limits(kind: str, convert: Any = lambda value: value) -> dict[str, Member]:
    return {
        "MinValue": Member(kind, lambda s: convert(s.column.minimum)),
        "MaxValue": Member(kind, lambda s: convert(s.column.maximum)),
    }


_MAX_LENGTH = {"MaxLength": whole(lambda s: s.column.max_length)}
_PRECISION = {"Precision": whole(lambda s: s.column.precision)}
ENUM = extend(
    "EnumAttributeMetadata",
    ATTRIBUTE,
    {"DefaultFormValue": whole(_default_choice)},
    _sets(),
    is_abstract=True,
)
_CHOSEN = {
    **_SIMPLE,
    **nothing(EDM_STRING, "ParentPicklistLogicalName"),
    "ChildPicklistLogicalNames": fixed("Collection(Edm.String)", []),
}
_LOOKUP = _column_class(
    "Lookup",
    {
        "Targets": Member("Collection(Edm.String)", lambda s: list(s.column.targets)),
        "Format": fixed("mscrm.LookupFormat", "None"),
    },
)
# By the name of the type of column; one that is not here has nothing to add.
CLASSES: dict[str, DefinitionType] = {
    "String": _column_class(
        "String",
        {
            "Format": Member("mscrm.StringFormat", _string_format),
            "FormatName": Member("mscrm.StringFormatName", lambda s: {"Value": _text_format(s)}),
            "ImeMode": _IME_AUTO,
            **_MAX_LENGTH,
            "DatabaseLength": whole(lambda s: 2 * (s.column.max_length or 0)),
            "IsLocalizable": fixed(EDM_BOOLEAN, False),
            **nothing(EDM_STRING, "YomiOf"),
            **_SIMPLE,
        },
    ),
    "Memo": _column_class(
        "Memo",
        {
            "Format": fixed("mscrm.StringFormat", "TextArea"),
            "FormatName": Member(
                "mscrm.MemoFormatName", lambda s: {"Value": s.column.format or "TextArea"}
            ),
            "ImeMode": _IME_AUTO,
            **_MAX_LENGTH,
            **flags("IsLocalizable"),
        },
    ),
    "Integer": _column_class(
        "Integer",
        {
            "Format": Member(
                "mscrm.IntegerFormat", lambda s: _format_by_name(s, _NUMBER_FORMATS, "None")
            ),
            **_limits(EDM_INT32, _as_whole),
            **_SIMPLE,
        },
    ),
    "BigInt": _column_class("BigInt", _limits("Edm.Int64", _as_whole)),
    "Decimal": _column_class(
        "Decimal", {"ImeMode": _IME_OFF, **_limits("Edm.Decimal"), **_PRECISION, **_SIMPLE}
    ),
    "Double": _column_class("Double", {"ImeMode": _IME_OFF, **_limits("Edm.Double"), **_PRECISION}),
    "Money": _column_class(
        "Money",
        {
            "ImeMode": _IME_OFF,
            **_limits("Edm.Double"),
            **_PRECISION,
            "PrecisionSource": fixed(EDM_INT32, 2),
            "CalculationOf": text(_calculated_from),
            "IsBaseCurrency": flag(lambda s: _calculated_from(s) is not None),
            **_SIMPLE,
        },
    ),
    "Boolean": _column_class(
        "Boolean",
        {"DefaultValue": flag(lambda s: bool(s.column.default)), **_SIMPLE},
        {
            "OptionSet": Navigation("BooleanOptionSetMetadata", False, choice_of_column),
            "GlobalOptionSet": Navigation(
                "BooleanOptionSetMetadata", False, global_choice_of_column
            ),
        },
    ),
    "Picklist": _column_class("Picklist", _CHOSEN, base=ENUM),
    "MultiSelectPicklist": _column_class("MultiSelectPicklist", _CHOSEN, base=ENUM),
    "State": _column_class("State", base=ENUM),
    "Status": _column_class("Status", base=ENUM),
    "DateTime": _column_class(
        "DateTime",
        {
            "Format": Member("mscrm.DateTimeFormat", _date_format),
            "ImeMode": _IME_OFF,
            "MinSupportedValue": fixed(EDM_MOMENT, _EARLIEST),
            "MaxSupportedValue": fixed(EDM_MOMENT, _LATEST),
            "DateTimeBehavior": Member(
                "mscrm.DateTimeBehavior", lambda s: {"Value": s.column.date_behavior.value}
            ),
            "CanChangeDateTimeBehavior": managed_flag("canchangedatetimebehavior", True),
            **_SIMPLE,
        },
    ),
    "Lookup": _LOOKUP,
    "Customer": _LOOKUP,
    "Owner": _LOOKUP,
    "PartyList": _LOOKUP,
    "Uniqueidentifier": _column_class("UniqueIdentifier"),
    "EntityName": _column_class(
        "EntityName", {"IsEntityReferenceStored": fixed(EDM_BOOLEAN, False)}, base=ENUM
    ),
    "File": _column_class("File", {"MaxSizeInKB": fixed(EDM_INT32, 32768)}),
    "Image": _column_class(
        "Image",
        {
            **flags("IsPrimaryImage", "CanStoreFullImage"),
            "MaxHeight": fixed("Edm.Int16", 144),
            "MaxWidth": fixed("Edm.Int16", 144),
            "MaxSizeInKB": fixed(EDM_INT32, 10240),
        },
    ),
    "ManagedProperty": _column_class(
        "ManagedProperty",
        nothing(EDM_STRING, "ManagedPropertyLogicalName", "ParentAttributeName")
        | {"ValueAttributeTypeCode": fixed("mscrm.AttributeTypeCode", "Boolean")},
    ),
}


def definition_of_column(subject: ColumnSubject) -> Definition:
    return Definition(CLASSES.get(subject.attribute_type, ATTRIBUTE), subject)
