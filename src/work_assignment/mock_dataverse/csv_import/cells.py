"""Cells as the values of a request's JSON: numbers, labels, yes and no, dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ..tables.metadata import Column, ColumnType, DateBehavior, Option
from ..tables.values import is_guid

_WHOLE = re.compile(r"[-+]?\d+", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_LIST = re.compile(r"[;,]")
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_Reader: TypeAlias = Callable[[Column, str, int | None], Any]


class WrongCell(ValueError):
    """A cell is not what its column takes; the text says what would be."""


def read_cell(column: Column, text: str, state: int | None = None) -> Any:
    """Return the value of a cell that is not empty; `state` tells status reasons apart."""
    reader = _READERS.get(column.type)
    return text if reader is None else reader(column, text.strip(), state)


def read_guid(text: str) -> str | None:
    """Return an id in lower case, also out of braces; None if it is none."""
    plain = text.strip().removeprefix("{").removesuffix("}")
    return plain.lower() if is_guid(plain) else None


def _whole(column: Column, text: str, state: int | None) -> int:
    if not _WHOLE.fullmatch(text):
        raise WrongCell("a whole number")
    return int(text)


def _number(column: Column, text: str, state: int | None) -> float:
    if not _NUMBER.fullmatch(text):
        raise WrongCell("a number such as 1100.04")
    return float(text)


def _yes_no(column: Column, text: str, state: int | None) -> bool:
    known = _YES_NO.get(text.casefold())
    if known is not None:
        return known
    for option in column.options:
        if text.casefold() in _labels(option):
            return bool(option.value)
    raise WrongCell(_one_of({"yes": 1, "no": 0} | {o.label: o.value for o in column.options}))


def _choice(column: Column, text: str, state: int | None) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    found = [option for option in column.options if text.casefold() in _labels(option)]
    if len(found) > 1:
        found = [option for option in found if option.state == state] or found
    if not found:
        raise WrongCell(_one_of({option.label: option.value for option in column.options}))
    if len(found) > 1:
        numbers = ", ".join(str(option.value) for option in found)
        raise WrongCell(f"one label only: it is that of {numbers}")
    return found[0].value


def _choices(column: Column, text: str, state: int | None) -> str:
    """Read several labels or numbers, between semicolons or commas."""
    parts = [part.strip() for part in _LIST.split(text) if part.strip()]
    return ",".join(str(_choice(column, part, state)) for part in parts)


def _moment(column: Column, text: str, state: int | None) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise WrongCell("a date such as 2026-03-01 or 2026-03-01T09:30:00Z") from exc
    if column.date_behavior is DateBehavior.DATE_ONLY:
        return moment.date().isoformat()
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return f"{aware.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _guid(column: Column, text: str, state: int | None) -> str:
    found = read_guid(text)
    if found is None:
        raise WrongCell("a guid")
    return found


def _labels(option: Option) -> set[str]:
    return {option.label.casefold(), *(label.casefold() for _, label in option.labels)}


def _one_of(labels: Mapping[str, int]) -> str:
    told = ", ".join(f"{label} ({value})" for label, value in list(labels.items())[:8])
    return f"one of {told}{', ...' if len(labels) > 8 else ''}"


_READERS: Mapping[ColumnType, _Reader] = {
    ColumnType.INTEGER: _whole,
    ColumnType.BIGINT: _whole,
    ColumnType.DECIMAL: _number,
    ColumnType.DOUBLE: _number,
    ColumnType.MONEY: _number,
    ColumnType.BOOLEAN: _yes_no,
    ColumnType.PICKLIST: _choice,
    ColumnType.CHOICES: _choices,
    ColumnType.STATE: _choice,
    ColumnType.STATUS: _choice,
    ColumnType.DATETIME: _moment,
    ColumnType.UNIQUEIDENTIFIER: _guid,
}
