"""Columns' values and moments as a case writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from work_assignment.domain.errors import nearest
from work_assignment.domain.filtering.operands import read_day, read_moment
from work_assignment.domain.filtering.operators import ColumnKind, OperandError
from work_assignment.domain.filtering.schemas import ColumnSchema, TableSchema
from work_assignment.domain.records import Value
from work_assignment.domain.text import fold


class BadValue(ValueError):
    """A value that cannot be what it stands for; the text says what was expected."""

    def __init__(self, problem: str, suggestion: str | None = None) -> None:
        super().__init__(problem)
        self.suggestion = suggestion


def read_time(raw: object) -> datetime:
    """A moment in UTC; one without offset is meant so."""
    if not isinstance(raw, str):
        raise BadValue(f"it is a date and time such as 2026-03-02T08:00:00Z, not {said(raw)}")
    try:
        return read_moment(raw, UTC)
    except OperandError as exc:
        raise BadValue(str(exc)) from None


def said(raw: object) -> str:
    """How problems name a value."""
    match raw:
        case None:
            return "null"
        case bool():
            return "true" if raw else "false"
        case str():
            return f"'{raw}'"
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return str(raw)


def plain_value(raw: object) -> Value:
    """A value whose own type says how it is compared; an empty text is no value, as in Dataverse."""
    if isinstance(raw, str):
        return raw or None
    if raw is None or isinstance(raw, int | Decimal):
        return raw
    if isinstance(raw, list) and all(type(part) is int for part in raw):
        return tuple(sorted(set(raw))) or None
    raise BadValue(
        "a value is a text, a number, true, false, null or a list of choices' numbers, "
        f"not {said(raw)}"
    )


def value_of(raw: object, column: ColumnSchema) -> Value:
    """A value of a column whose kind is known."""
    if column.kind is ColumnKind.CHOICES and isinstance(raw, list):
        return tuple(sorted({_choice(part, column) for part in raw})) or None
    value = plain_value(str(raw) if column.points_at_row and type(raw) is int else raw)
    if value is None:
        return None
    match column.kind:
        case ColumnKind.CHOICE:
            return _choice(value, column)
        case ColumnKind.CHOICES:
            raise BadValue(f"choices are a list of numbers, not {said(raw)}")
        case ColumnKind.MOMENT | ColumnKind.WALL_CLOCK:
            return read_time(value)
        case ColumnKind.DAY:
            return _day(value)
        case ColumnKind.NUMBER:
            fits = isinstance(value, int | Decimal) and not isinstance(value, bool)
        case ColumnKind.YES_NO:
            fits = isinstance(value, bool)
        case ColumnKind.TEXT | ColumnKind.LOOKUP:
            fits = isinstance(value, str)
    if not fits:
        kind = "lookup" if column.points_at_row else column.kind.value
        raise BadValue(f"{said(raw)} is no value of a {kind} column")
    return value


def _choice(raw: object, column: ColumnSchema) -> int:
    """A choice by its number or its label."""
    labels = column.labels
    if type(raw) is int and (not labels or raw in labels.values()):
        return raw
    number = {fold(label): number for label, number in labels.items()}.get(fold(str(raw)))
    if number is None or not isinstance(raw, str):
        raise BadValue(f"there is no choice {said(raw)}", nearest(str(raw), labels))
    return number


def _day(raw: object) -> Value:
    try:
        return read_day(raw if isinstance(raw, str) else str(raw))
    except OperandError as exc:
        raise BadValue(str(exc)) from None


def labels_of(columns: Mapping[str, Value], schema: TableSchema | None) -> dict[str, str]:
    """What people read in a record's choices, where that is known."""
    if schema is None:
        return {}
    found: dict[str, str] = {}
    for name, value in columns.items():
        column = schema.columns.get(name)
        if column is not None and column.kind is ColumnKind.CHOICE:
            found.update(
                (name, label) for label, number in column.labels.items() if number == value
            )
    return found
