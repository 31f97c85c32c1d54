"""One value of a request, checked against its column and turned into what is stored."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ..faults import Fault, bad_request, invalid_payload
from .metadata import Column, ColumnType, DateBehavior, Table

EARLIEST_YEAR = 1753
MOST_CHOICES = 150

_GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d{1,7})?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE
)
_WHOLE = re.compile(r"-?\d{1,19}")
_OUT_OF_RANGE = "0x80044330"
# What no XML can hold, Dataverse keeps in no text (InvalidCharactersInField).
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EDM_TYPES = {
    ColumnType.STRING: "Edm.String",
    ColumnType.MEMO: "Edm.String",
    ColumnType.INTEGER: "Edm.Int32",
    ColumnType.BIGINT: "Edm.Int64",
    ColumnType.DECIMAL: "Edm.Decimal",
    ColumnType.MONEY: "Edm.Decimal",
    ColumnType.DOUBLE: "Edm.Double",
    ColumnType.BOOLEAN: "Edm.Boolean",
    ColumnType.PICKLIST: "Edm.Int32",
    ColumnType.CHOICES: "Edm.String",
    ColumnType.STATE: "Edm.Int32",
    ColumnType.STATUS: "Edm.Int32",
    ColumnType.DATETIME: "Edm.DateTimeOffset",
    ColumnType.UNIQUEIDENTIFIER: "Edm.Guid",
}


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def stored_moment(moment: datetime) -> str:
    """Write an aware moment as it is stored: UTC, whole seconds."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def to_stored(table: Table, column: Column, value: object) -> Any:
    """Check a JSON value and return what is stored for it; null clears the column."""
    if value is None:
        return None
    return _READERS[column.type](table, column, value)


def check_ignored(table: Table, column: Column, value: object) -> None:
    """Check the type of a value for a column that nobody may write; its limits do not matter."""
    to_stored(table, replace(column, max_length=None, minimum=None, maximum=None), value)


def _wrong_type(table: Table, column: Column, value: object) -> Fault:
    edm_type = _EDM_TYPES[column.type]
    if column.type is ColumnType.DATETIME and column.date_behavior is DateBehavior.DATE_ONLY:
        edm_type = "Edm.Date"
    given = _shown(value) if column.valid_for_read else "given"
    return invalid_payload(
        table.entity_set_name,
        f"Cannot convert the value {given} of '{column.logical_name}' to the expected"
        f" type '{edm_type}'.",
    )


def _shown(value: object) -> str:
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _text(table: Table, column: Column, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(table, column, value)
    limit = column.max_length
    if limit is not None and len(value) > limit // 2 and _length(value) > limit:
        raise bad_request(
            f"A validation error occurred.  The length of the '{column.logical_name}' attribute of"
            f" the '{table.logical_name}' entity exceeded the maximum allowed length of '{limit}'.",
            "0x80044331",
        )
    unprintable = _NO_XML.search(value)
    if unprintable is not None:
        raise bad_request(
            f"Invalid character in field '{column.logical_name}': '.', hexadecimal value"
            f" 0x{ord(unprintable[0]):02X}, is an invalid character.",
            "0x80040278",
        )
    return value


def _length(text: str) -> int:
    """Count as Dataverse does: UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _whole(table: Table, column: Column, value: object) -> int:
    """Read a whole number; its digits as text are taken too, as Dataverse does."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(table, column, value)
    return value


def _integer(table: Table, column: Column, value: object) -> int:
    number = _whole(table, column, value)
    limit = 2**63 if column.type is ColumnType.BIGINT else 2**31
    if not -limit <= number < limit:
        raise _wrong_type(table, column, value)
    _check_range(table, column, number)
    return number


def _number(table: Table, column: Column, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong_type(table, column, value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise _out_of_range(table, column, number)
    _check_range(table, column, number)
    if column.precision is None or column.type is ColumnType.DOUBLE:
        return number
    try:
        return _rounded(number, column.precision)
    except InvalidOperation:
        raise _out_of_range(table, column, number) from None


def _rounded(number: float, precision: int) -> float:
    step = Decimal(1).scaleb(-precision)
    return float(Decimal(repr(number)).quantize(step, rounding=ROUND_HALF_UP))


def _check_range(table: Table, column: Column, number: float) -> None:
    below = column.minimum is not None and number < column.minimum
    above = column.maximum is not None and number > column.maximum
    if below or above:
        raise _out_of_range(table, column, number)


def _out_of_range(table: Table, column: Column, number: object) -> Fault:
    lowest = "" if column.minimum is None else f"{column.minimum:.15g}"
    highest = "" if column.maximum is None else f"{column.maximum:.15g}"
    return bad_request(
        f"A validation error occurred. The value {_shown(number)} of '{column.logical_name}' on"
        f" record of type '{table.logical_name}' is outside the valid range. Accepted Values:"
        f" {lowest} to {highest}",
        _OUT_OF_RANGE,
    )


def written_choices(numbers: Iterable[int]) -> str:
    """Write the options of a choices column as they are stored and shown: each once, in order."""
    return ",".join(str(number) for number in sorted(set(numbers)))


def _choices(table: Table, column: Column, value: object) -> str | None:
    """Read the options of a choices column, `"1,9"` (Learn: Choices columns); none is null."""
    if not isinstance(value, str):
        raise _wrong_type(table, column, value)
    if not value.strip():
        return None
    numbers = {_option(table, column, part.strip()) for part in value.split(",")}
    if len(numbers) > MOST_CHOICES:
        raise bad_request(
            f"The value of '{column.logical_name}' on record of type '{table.logical_name}' has"
            f" {len(numbers)} options; a choices column takes up to {MOST_CHOICES}.",
            "0x8004431a",
        )
    return written_choices(numbers)


def _option(table: Table, column: Column, text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise _wrong_type(table, column, text)
    return _choice(table, column, int(text))


def _choice(table: Table, column: Column, value: object) -> int:
    number = _whole(table, column, value)
    if column.option(number) is None:
        accepted = ",".join(str(option.value) for option in column.options)
        raise bad_request(
            f"The picklist value is out of the range. The value {number} of"
            f" '{column.logical_name}' on record of type '{table.logical_name}' is none of:"
            f" {accepted}",
            "0x8004431a",
        )
    return number


def _status(table: Table, column: Column, value: object) -> int:
    """Read a state or status reason; whether the pair is legal is decided with the row at hand."""
    return _whole(table, column, value)


def _boolean(table: Table, column: Column, value: object) -> int:
    if not isinstance(value, bool):
        raise _wrong_type(table, column, value)
    return int(value)


def _guid(table: Table, column: Column, value: object) -> str:
    if not isinstance(value, str) or not is_guid(value):
        raise _wrong_type(table, column, value)
    return value.lower()


def _date_time(table: Table, column: Column, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(table, column, value)
    if column.date_behavior is DateBehavior.DATE_ONLY:
        return _day(table, column, value).isoformat()
    if _DAY.fullmatch(value):
        return f"{_day(table, column, value).isoformat()}T00:00:00Z"
    return stored_moment(_moment(table, column, value))


def _day(table: Table, column: Column, text: str) -> date:
    if not _DAY.fullmatch(text):
        raise _wrong_type(table, column, text)
    try:
        return _in_range(date.fromisoformat(text))
    except ValueError:
        raise _invalid_date(column, text) from None


def _moment(table: Table, column: Column, text: str) -> datetime:
    matched = _MOMENT.fullmatch(text)
    if matched is None:
        raise _wrong_type(table, column, text)
    day, time, zone = matched.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{(zone or '+00:00').upper()}")
        _in_range(moment.astimezone(UTC).date())
    except (ValueError, OverflowError):
        raise _invalid_date(column, text) from None
    return moment


def _in_range(day: date) -> date:
    if day.year < EARLIEST_YEAR:
        raise ValueError("too early")
    return day


def _invalid_date(column: Column, text: str) -> Fault:
    return bad_request(
        "The date-time format is invalid, or value is outside the supported range."
        f" The value is {_shown(text)}, the column '{column.logical_name}'.",
        "0x80040239",
    )


_READERS: dict[ColumnType, Callable[[Table, Column, object], Any]] = {
    ColumnType.STRING: _text,
    ColumnType.MEMO: _text,
    ColumnType.INTEGER: _integer,
    ColumnType.BIGINT: _integer,
    ColumnType.DECIMAL: _number,
    ColumnType.DOUBLE: _number,
    ColumnType.MONEY: _number,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.PICKLIST: _choice,
    ColumnType.CHOICES: _choices,
    ColumnType.STATE: _status,
    ColumnType.STATUS: _status,
    ColumnType.DATETIME: _date_time,
    ColumnType.UNIQUEIDENTIFIER: _guid,
}
