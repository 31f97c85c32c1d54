"""The operators of filters: one small function each, and the table that names them.

An operator makes a test out of a column's kind and the operands written in the definition. The
test takes the column's value and says whether it holds. What an empty column gives is Dataverse's
way: nothing equals it, and every negative operator holds for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from uuid import UUID

from work_assignment.domain.records import Value
from work_assignment.domain.text import fold, like

Test = Callable[[Value], bool]
Comparable = str | int | Decimal | datetime | date


class ColumnKind(Enum):
    """How a column's values are written and compared."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes or no"
    CHOICE = "choice"
    LOOKUP = "lookup"
    MOMENT = "date and time"
    DAY = "date"


ORDERED = frozenset(
    {ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.CHOICE, ColumnKind.MOMENT, ColumnKind.DAY}
)
DATES = frozenset({ColumnKind.MOMENT, ColumnKind.DAY})
EVERY_KIND = frozenset(ColumnKind)


class OperandError(ValueError):
    """An operand that is no value of the column's kind; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Operands:
    """What stands right of the operator, read as values of the column's kind.

    `zone` is the evaluation time zone: a day, and a moment written without offset, are meant in it.
    """

    kind: ColumnKind
    texts: tuple[str, ...]
    zone: tzinfo

    def values(self) -> list[Comparable]:
        return [_read(self.kind, text, self.zone) for text in self.texts]

    def value(self) -> Comparable:
        return self.values()[0]

    def days(self) -> list[date]:
        """The operands as days, whatever time they carry."""
        return [_read_day(text) for text in self.texts]


def comparable(kind: ColumnKind, value: Value) -> Comparable | None:
    """The form in which a column's value is compared."""
    if value is None:
        return None
    if kind is ColumnKind.TEXT or isinstance(value, str):
        return fold(str(value))
    return value


def _equal(operands: Operands) -> Test:
    kind, wanted = operands.kind, operands.value()
    return lambda value: value is not None and comparable(kind, value) == wanted


def _among(operands: Operands) -> Test:
    kind, wanted = operands.kind, frozenset(operands.values())
    return lambda value: value is not None and comparable(kind, value) in wanted


def _ordered(holds: Callable[[Comparable, Comparable], bool]) -> Callable[[Operands], Test]:
    def operator(operands: Operands) -> Test:
        kind, bound = operands.kind, operands.value()

        def test(value: Value) -> bool:
            compared = comparable(kind, value)
            return compared is not None and holds(compared, bound)

        return test

    return operator


def _between(operands: Operands) -> Test:
    kind = operands.kind
    low, high = operands.values()

    def test(value: Value) -> bool:
        compared = comparable(kind, value)
        return compared is not None and not _less(compared, low) and not _less(high, compared)

    return test


def _less(left: Any, right: Any) -> bool:
    """Both are of the column's kind, which the type checker cannot know."""
    return bool(left < right)


def _pattern(make: Callable[[str], str]) -> Callable[[Operands], Test]:
    def operator(operands: Operands) -> Test:
        matcher = like(make(operands.texts[0]))
        return lambda value: isinstance(value, str) and bool(matcher.fullmatch(fold(value)))

    return operator


def _empty(_: Operands) -> Test:
    return lambda value: value is None


def _day_of(value: Value, zone: tzinfo) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(zone).date()
    return value if isinstance(value, date) else None


def _by_day(holds: Callable[[date, date], bool]) -> Callable[[Operands], Test]:
    def operator(operands: Operands) -> Test:
        zone = operands.zone
        (wanted,) = operands.days()

        def test(value: Value) -> bool:
            day = _day_of(value, zone)
            return day is not None and holds(day, wanted)

        return test

    return operator


def _not(operator: Callable[[Operands], Test]) -> Callable[[Operands], Test]:
    def negative(operands: Operands) -> Test:
        positive = operator(operands)
        return lambda value: not positive(value)

    return negative


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator's test maker, how many operands it takes (None: one or more), and for what."""

    make: Callable[[Operands], Test]
    arity: int | None = 1
    kinds: frozenset[ColumnKind] = EVERY_KIND


_TEXT = frozenset({ColumnKind.TEXT})

OPERATORS: dict[str, Operator] = {
    "eq": Operator(_equal),
    "ne": Operator(_not(_equal)),
    "neq": Operator(_not(_equal)),
    "gt": Operator(_ordered(lambda value, bound: _less(bound, value)), kinds=ORDERED),
    "ge": Operator(_ordered(lambda value, bound: not _less(value, bound)), kinds=ORDERED),
    "lt": Operator(_ordered(_less), kinds=ORDERED),
    "le": Operator(_ordered(lambda value, bound: not _less(bound, value)), kinds=ORDERED),
    "in": Operator(_among, arity=None),
    "not-in": Operator(_not(_among), arity=None),
    "between": Operator(_between, arity=2, kinds=ORDERED),
    "not-between": Operator(_not(_between), arity=2, kinds=ORDERED),
    "null": Operator(_empty, arity=0),
    "not-null": Operator(_not(_empty), arity=0),
    "like": Operator(_pattern(lambda text: text), kinds=_TEXT),
    "not-like": Operator(_not(_pattern(lambda text: text)), kinds=_TEXT),
    "begins-with": Operator(_pattern(lambda text: text + "%"), kinds=_TEXT),
    "not-begin-with": Operator(_not(_pattern(lambda text: text + "%")), kinds=_TEXT),
    "ends-with": Operator(_pattern(lambda text: "%" + text), kinds=_TEXT),
    "not-end-with": Operator(_not(_pattern(lambda text: "%" + text)), kinds=_TEXT),
    "on": Operator(_by_day(lambda day, wanted: day == wanted), kinds=DATES),
    "on-or-after": Operator(_by_day(lambda day, wanted: day >= wanted), kinds=DATES),
    "on-or-before": Operator(_by_day(lambda day, wanted: day <= wanted), kinds=DATES),
}


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
        case _:
            return ColumnKind.TEXT


def _read(kind: ColumnKind, text: str, zone: tzinfo) -> Comparable:
    match kind:
        case ColumnKind.TEXT:
            return fold(text)
        case ColumnKind.NUMBER:
            return _read_number(text)
        case ColumnKind.CHOICE:
            return _read_whole(text)
        case ColumnKind.YES_NO:
            return _read_yes_no(text)
        case ColumnKind.LOOKUP:
            return _read_id(text)
        case ColumnKind.DAY:
            return _read_day(text)
        case ColumnKind.MOMENT:
            return _read_moment(text, zone)


def _read_number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise OperandError(f"'{text}' is not a number") from None
    if not number.is_finite():
        raise OperandError(f"'{text}' is not a number")
    return number


def _read_whole(text: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise OperandError(f"'{text}' is not the number of a choice") from None


def _read_yes_no(text: str) -> bool:
    answer = {"1": True, "true": True, "0": False, "false": False}.get(text.strip().lower())
    if answer is None:
        raise OperandError(f"'{text}' is neither true nor false")
    return answer


def _read_id(text: str) -> str:
    try:
        return str(UUID(text.strip()))
    except ValueError:
        raise OperandError(f"'{text}' is not the id of a row") from None


def _read_day(text: str) -> date:
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise OperandError(f"'{text}' is not a date, such as 2026-03-01") from None


def _read_moment(text: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise OperandError(
            f"'{text}' is not a date and time, such as 2026-03-01T08:00:00Z"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
