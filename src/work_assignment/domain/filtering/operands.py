"""What operators work with: the kinds of columns, operands and how they are read, and tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from uuid import UUID

from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.records import Value
from work_assignment.domain.text import fold

Comparable = str | int | Decimal | datetime | date | frozenset[int]
Test = Callable[[Any], bool]
"""Takes a value of the column's kind, or None, which the type checker cannot know."""

LARGEST_COUNT = 10_000_000
"""Of days, hours and so on: enough for any date that Dataverse holds."""
FIRST_FISCAL_YEAR, LAST_FISCAL_YEAR = 1900, 9999
MOST_FISCAL_PERIODS = 13

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_BEGINS_WITH_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ]|$)")
_DIGITS_KEPT_AS_WHOLE = 30


class ColumnKind(Enum):
    """How a column's values are written and compared."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes or no"
    CHOICE = "choice"
    CHOICES = "choices"
    LOOKUP = "lookup"
    MOMENT = "date and time"
    WALL_CLOCK = "date and time without time zone"
    DAY = "date"


TIMES = frozenset({ColumnKind.MOMENT, ColumnKind.WALL_CLOCK})
DATES = TIMES | {ColumnKind.DAY}
ORDERED = DATES | {ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.CHOICE}
EVERY_KIND = frozenset(ColumnKind)


class OperandError(ValueError):
    """An operand that is no value of the column's kind; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Operands:
    """What stands right of the operator, read as values of the column's kind.

    A day, and a moment written without offset, are meant in the time zone of `reckoning`.
    """

    kind: ColumnKind
    texts: tuple[str, ...]
    reckoning: Reckoning

    def values(self) -> list[Comparable]:
        return [_read(self.kind, text, self.zone) for text in self.texts]

    def value(self) -> Comparable:
        return self.values()[0]

    def days(self) -> list[date]:
        """The operands as days: a time with an offset is on the day that the place then has.

        Columns that know no time zones have the day of UTC.
        """
        zone = self.reckoning.zone if self.kind is ColumnKind.MOMENT else UTC
        return [read_day_of(text, zone) for text in self.texts]

    @property
    def zone(self) -> tzinfo:
        """Where the days of the column begin; a time without time zone is written as if in UTC."""
        return UTC if self.kind is ColumnKind.WALL_CLOCK else self.reckoning.zone

    def present(self, at: datetime) -> datetime:
        """A moment as the column would hold it."""
        if self.kind is not ColumnKind.WALL_CLOCK:
            return at.astimezone(UTC)
        try:
            return at.astimezone(self.reckoning.zone).replace(tzinfo=UTC, fold=0)
        except OverflowError:  # at the calendar's ends
            return at


def kind_of(value: Value) -> ColumnKind:
    """The kind that a value shows by itself, for cases that carry no column definitions."""
    match value:
        case bool():
            return ColumnKind.YES_NO
        case int() | Decimal():
            return ColumnKind.NUMBER
        case datetime():
            return ColumnKind.MOMENT
        case date():
            return ColumnKind.DAY
        case tuple():
            return ColumnKind.CHOICES
        case _:
            return ColumnKind.TEXT


def _read(kind: ColumnKind, text: str, zone: tzinfo) -> Comparable:
    match kind:
        case ColumnKind.TEXT:
            return fold(text)
        case ColumnKind.NUMBER:
            return read_number(text)
        case ColumnKind.CHOICE:
            return read_choice(text)
        case ColumnKind.CHOICES:
            return read_choices(text)
        case ColumnKind.YES_NO:
            return read_yes_no(text)
        case ColumnKind.LOOKUP:
            return read_id(text)
        case ColumnKind.DAY:
            return read_day(text)
        case ColumnKind.MOMENT | ColumnKind.WALL_CLOCK:
            return read_moment(text, zone)


def read_number(text: str) -> int | Decimal:
    """A number; an int where it is whole, which compares faster."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise OperandError(f"'{text}' is not a number") from None
    if not number.is_finite():
        raise OperandError(f"'{text}' is not a number")
    if number.adjusted() < _DIGITS_KEPT_AS_WHOLE and number == number.to_integral_value():
        return int(number)
    return number


def read_choice(text: str) -> int:
    """The number of a choice."""
    number = _whole(text)
    if number is None:
        raise OperandError(f"'{text}' is not the number of a choice")
    return number


def read_choices(text: str) -> frozenset[int]:
    """The numbers of choices, as Dataverse writes several: `1,9`."""
    return frozenset(read_choice(part) for part in text.split(","))


def read_yes_no(text: str) -> bool:
    """True or false, in words or as a bit."""
    answer = {"1": True, "true": True, "0": False, "false": False}.get(text.strip().lower())
    if answer is None:
        raise OperandError(f"'{text}' is neither true nor false")
    return answer


def read_id(text: str) -> str:
    """The id of a row, in the form in which ids are compared."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        raise OperandError(f"'{text}' is not the id of a row") from None


def read_day(text: str) -> date:
    """A day; a time behind it, and its offset, say nothing."""
    return _read_written(text).date()


def read_day_of(text: str, zone: tzinfo) -> date:
    """A day or, of a time with an offset, the day that it is in `zone`."""
    written = _read_written(text)
    try:
        return (written.astimezone(zone) if written.tzinfo else written).date()
    except OverflowError:
        return written.date()


def _read_written(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise OperandError(f"'{text}' is not a date, such as 2026-03-01") from None


def read_moment(text: str, zone: tzinfo) -> datetime:
    """A moment in UTC; without an offset it is meant in `zone`."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise OperandError(
            f"'{text}' is not a date and time, such as 2026-03-01T08:00:00Z"
        ) from None


def written_moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment, or the beginning of the day, that a text is; None where it is anything else."""
    stripped = text.strip()
    if not _BEGINS_WITH_DAY.match(stripped):
        return None
    try:
        return read_moment(stripped, zone)
    except OperandError:
        return None


def read_day_or_moment(text: str, zone: tzinfo) -> date:
    """A day where no time is written, otherwise a moment."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return read_moment(text, zone)


def read_count(text: str) -> int:
    """How many days, hours and so on."""
    return _in_range(text, 1, LARGEST_COUNT, "whole number")


def read_fiscal_year(text: str) -> int:
    """The number that a fiscal year bears."""
    return _in_range(text, FIRST_FISCAL_YEAR, LAST_FISCAL_YEAR, "fiscal year")


def read_fiscal_period(text: str) -> int:
    """The number of a period in its fiscal year."""
    return _in_range(text, 1, MOST_FISCAL_PERIODS, "fiscal period")


def _in_range(text: str, least: int, most: int, what: str) -> int:
    number = _whole(text)
    if number is None or not least <= number <= most:
        raise OperandError(f"'{text}' is not a {what} from {least} to {most}")
    return number


def _whole(text: str) -> int | None:
    stripped = text.strip()
    return int(stripped) if _WHOLE.fullmatch(stripped) else None
