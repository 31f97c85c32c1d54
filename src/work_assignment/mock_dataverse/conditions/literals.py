"""Literals and texts -> stored values: what a column of each type can be compared with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time

from ..faults import Fault, bad_request
from ..tables.metadata import Column, ColumnType, DateBehavior
from ..tables.values import written_choices
from ..text import Stored
from .circumstances import Circumstances
from .filter_tree import (
    Boolean,
    Day,
    Guid,
    Literal,
    Member,
    Moment,
    Null,
    Number,
    Operator,
    Text,
    TextList,
)

INVALID_ARGUMENT = "0x80040203"
_LONGEST_SHOWN = 100
_GUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"1": 1, "true": 1, "0": 0, "false": 0}
NUMERIC = frozenset({"Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double"})
_OPERATOR_KINDS = {
    Operator.EQ: "Equal",
    Operator.NE: "NotEqual",
    Operator.GT: "GreaterThan",
    Operator.GE: "GreaterThanOrEqual",
    Operator.LT: "LessThan",
    Operator.LE: "LessThanOrEqual",
}
_LITERAL_TYPES: dict[type[Literal], str] = {
    Text: "Edm.String",
    Number: "Edm.Decimal",
    Boolean: "Edm.Boolean",
    Guid: "Edm.Guid",
    Moment: "Edm.DateTimeOffset",
    Day: "Edm.Date",
    Null: "<null>",
}


def is_date_only(column: Column) -> bool:
    """Say whether a DateTime column holds days without a time."""
    return column.date_behavior is DateBehavior.DATE_ONLY


def edm_type(column: Column) -> str:
    """The OData type that error messages call a column by."""
    match column.type:
        case ColumnType.STRING | ColumnType.MEMO | ColumnType.CHOICES:
            return "Edm.String"
        case ColumnType.INTEGER | ColumnType.PICKLIST | ColumnType.STATE | ColumnType.STATUS:
            return "Edm.Int32"
        case ColumnType.BIGINT:
            return "Edm.Int64"
        case ColumnType.DECIMAL | ColumnType.MONEY:
            return "Edm.Decimal"
        case ColumnType.DOUBLE:
            return "Edm.Double"
        case ColumnType.BOOLEAN:
            return "Edm.Boolean"
        case ColumnType.DATETIME:
            return "Edm.Date" if is_date_only(column) else "Edm.DateTimeOffset"
        case _:
            return "Edm.Guid"


def family(column: Column) -> str:
    """Columns of one family can be compared with each other."""
    if column.type is ColumnType.CHOICES:
        return column.type.value
    kind = edm_type(column)
    return "number" if kind in NUMERIC else kind


def stored_literal(column: Column, literal: Literal, operator: Operator) -> Stored:
    """Turn a literal of $filter into what the column stores, or refuse its type."""
    match literal:
        case Null():
            return None
        case Text(value) if column.type.is_text:
            return value
        case Text(value) if column.type is ColumnType.CHOICES:
            return stored_choices(column, value)
        case Number(value) if edm_type(column) in NUMERIC:
            return value
        case Boolean(value) if column.type is ColumnType.BOOLEAN:
            return int(value)
        case Guid(value) if edm_type(column) == "Edm.Guid":
            return value
        case Text(value) if edm_type(column) == "Edm.Guid" and _GUID.fullmatch(value):
            return _guid(value)
        case Moment(moment) if edm_type(column) == "Edm.DateTimeOffset":
            return moment_text(moment)
        case Day(day) if edm_type(column) == "Edm.DateTimeOffset":
            return moment_text(datetime.combine(day, time(), UTC))
        case Day(day) if edm_type(column) == "Edm.Date":
            return day.isoformat()
    what = f"The column is '{column.wire_name}', the value {shown_literal(literal)}."
    raise incompatible(edm_type(column), literal_type(literal), operator, what)


def stored_text(column: Column, text: str, circumstances: Circumstances) -> Stored:
    """Turn the text of a FetchXML value, or of a PropertyValues list, into what is stored. A date
    without offset is read on the caller's clock (unverified)."""
    try:
        if column.type.is_text:
            return text
        if column.type is ColumnType.CHOICES:
            return stored_choices(column, text)
        if column.type is ColumnType.DATETIME:
            return _stored_moment(column, datetime.fromisoformat(text.strip()), circumstances)
        return _READERS.get(column.type, _guid)(text.strip())
    except (ValueError, OverflowError) as exc:
        raise _invalid(text, column.logical_name, column.type.value) from exc


def stored_choices(column: Column, *texts: str) -> str:
    """Write the options that texts name, one or several in each, as a choices column stores them."""
    return written_choices(option_numbers(column.logical_name, texts))


def option_numbers(name: str, texts: Iterable[str]) -> frozenset[int]:
    """Read the options that a condition names, one or several in a text; `name` is for errors."""
    parts = (part.strip() for text in texts for part in text.split(","))
    return frozenset(stored_number(part, name) for part in parts)


def stored_number(text: str, name: str) -> int:
    """Read a whole number that a condition takes, whatever its column is; `name` is for errors."""
    try:
        return _whole_number(text.strip())
    except ValueError as exc:
        raise _invalid(text, name, "whole number") from exc


def stored_id(text: str, name: str) -> str:
    """Read a guid that a condition takes."""
    try:
        return _guid(text.strip())
    except ValueError as exc:
        raise _invalid(text, name, "guid") from exc


def stored_date(text: str, name: str) -> datetime:
    """Read a date as it is written: with or without time, with or without offset."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise _invalid(text, name, "DateTime") from exc


def moment_text(moment: datetime) -> str:
    """Write a moment so that text order is time order. Stored times have whole seconds; a
    fraction follows the Z, where it sorts after its own second and before the next."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    padded = text.rjust(len("2026-03-01T00:00:00Z"), "0")
    return f"{padded}{moment.microsecond:06d}" if moment.microsecond else padded


def _stored_moment(column: Column, written: datetime, circumstances: Circumstances) -> str:
    if is_date_only(column):
        return written.date().isoformat()
    if written.tzinfo is not None:
        return moment_text(written)
    is_local = column.date_behavior is DateBehavior.USER_LOCAL
    return moment_text(written.replace(tzinfo=circumstances.zone if is_local else UTC))


def _invalid(text: str, name: str, kind: str) -> Fault:
    return bad_request(f"The value '{text}' of '{name}' is not a valid {kind}.", INVALID_ARGUMENT)


def incompatible(left: str, right: str, operator: Operator, what: str) -> Fault:
    """Refuse a comparison of two types; `what` names the column and what it is compared with."""
    return bad_request(
        "A binary operator with incompatible types was detected. "
        f"Found operand types '{left}' and '{right}' for operator kind "
        f"'{_OPERATOR_KINDS[operator]}'. {what}"
    )


def shown_literal(literal: Literal | TextList) -> str:
    """Write a literal as it stands in a filter; a long one is cut."""
    match literal:
        case TextList(values):
            text = f"[{','.join(shown_literal(Text(value)) for value in values)}]"
        case Text(value):
            quoted = value.replace("'", "''")
            text = f"'{quoted}'"
        case Boolean(value):
            text = str(value).lower()
        case Moment(moment):
            text = moment_text(moment)
        case Null():
            text = "null"
        case Member(kind, name):
            text = f"{kind}'{name}'"
        case Number() | Guid() | Day():
            text = str(literal.value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def literal_type(literal: Literal) -> str:
    if isinstance(literal, Member):
        return literal.type
    if isinstance(literal, Number) and isinstance(literal.value, int):
        return "Edm.Int32"
    return _LITERAL_TYPES[type(literal)]


def _guid(text: str) -> str:
    match = _GUID.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match.group(1).lower()


def _whole_number(text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    return float(text)


def _boolean(text: str) -> int:
    if text.lower() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.lower()]


_READERS: dict[ColumnType, Callable[[str], Stored]] = {
    ColumnType.INTEGER: _whole_number,
    ColumnType.BIGINT: _whole_number,
    ColumnType.PICKLIST: _whole_number,
    ColumnType.STATE: _whole_number,
    ColumnType.STATUS: _whole_number,
    ColumnType.DECIMAL: _number,
    ColumnType.DOUBLE: _number,
    ColumnType.MONEY: _number,
    ColumnType.BOOLEAN: _boolean,
}
