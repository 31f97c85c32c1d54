"""Formatted values: what a person would see, for a user with US English settings. What takes no
zone is written in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeAlias
from zoneinfo import ZoneInfo

from ..conditions.literals import is_date_only
from ..tables.metadata import Column, ColumnType
from ..text import Stored, clock_at

Format: TypeAlias = Callable[[Stored], str | None]

DEFAULT_SYMBOL = "$"
_DEFAULT_PRECISION = 2


def format_of(column: Column) -> Format | None:
    """Choose the format of a column; None for what has no formatted value, and for lookups and
    money, whose formatted values take more than the column."""
    match column.type:
        case kind if kind.has_options:
            return _label(column)
        case ColumnType.CHOICES:
            return _labels(column)
        case ColumnType.INTEGER | ColumnType.BIGINT:
            return whole_number
        case ColumnType.DECIMAL | ColumnType.DOUBLE:
            return partial(_number, places(column))
        case ColumnType.DATETIME:
            date_only = is_date_only(column) or column.date_only_format
            return day if date_only else moment
    return None


def places(column: Column) -> int:
    """How many digits a number shows after its point."""
    return _DEFAULT_PRECISION if column.precision is None else column.precision


def whole_number(value: Stored) -> str:
    return f"{value:,}"


def amount(value: Stored, digits: int, symbol: str) -> str:
    """Write an amount of money: `$5,000.00`, `-$1.50`."""
    number = float(value or 0)
    sign = "-" if number < 0 else ""
    return f"{sign}{symbol}{abs(number):,.{digits}f}"


def moment(value: Stored) -> str:
    """Write `3/1/2026 9:00 AM`."""
    return _clock(datetime.fromisoformat(str(value)))


def local_moment(value: Stored, zone: ZoneInfo, *, date_only: bool) -> str:
    """Write what a clock in a zone, or only its calendar, shows at a moment."""
    at = clock_at(str(value), zone)
    return f"{at.month}/{at.day}/{at.year}" if date_only else _clock(at)


def _clock(at: datetime) -> str:
    half = "AM" if at.hour < 12 else "PM"
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at.minute:02d} {half}"


def day(value: Stored) -> str:
    """Write `3/1/2026`."""
    year, month, date = str(value)[:10].split("-")
    return f"{int(month)}/{int(date)}/{int(year)}"


def _labels(column: Column) -> Format:
    """Write the labels of all options that are chosen: `Hiking; Camping`."""
    labels = {str(option.value): option.label for option in column.options}

    def chosen(value: Stored) -> str:
        return "; ".join(labels.get(option, option) for option in str(value).split(","))

    return chosen


def _label(column: Column) -> Format:
    labels = {option.value: option.label for option in column.options}
    if column.type is ColumnType.BOOLEAN:
        labels = {0: "No", 1: "Yes"} | labels

    def label(value: Stored) -> str | None:
        return labels.get(int(value or 0))

    return label


def _number(digits: int, value: Stored) -> str:
    return f"{float(value or 0):,.{digits}f}"
