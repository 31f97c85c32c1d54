"""The operators of filters: one small function each, and the table that names them.

An operator makes a test out of a column's kind and the operands written in the definition. The
test takes the column's value, which must be of that kind, and says whether it holds. What an empty
column gives is Dataverse's way: nothing equals it, and every negative operator holds for it.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum, auto
from typing import Any

from work_assignment.domain.filtering import date_operators as dates
from work_assignment.domain.filtering.date_operators import within
from work_assignment.domain.filtering.fiscal_years import (
    COUNTED_FISCAL,
    FIXED_FISCAL,
    period_span,
    since_period,
    until_period,
)
from work_assignment.domain.filtering.operands import DATES as DATES
from work_assignment.domain.filtering.operands import EVERY_KIND as EVERY_KIND
from work_assignment.domain.filtering.operands import ORDERED as ORDERED
from work_assignment.domain.filtering.operands import TIMES, read_choices, read_day_or_moment
from work_assignment.domain.filtering.operands import ColumnKind as ColumnKind
from work_assignment.domain.filtering.operands import OperandError as OperandError
from work_assignment.domain.filtering.operands import Operands as Operands
from work_assignment.domain.filtering.operands import Test as Test
from work_assignment.domain.filtering.operands import kind_of as kind_of
from work_assignment.domain.filtering.relative_dates import (
    COUNTED,
    FIXED,
    HOURS,
    OLDER_BY_DAY,
    OLDER_BY_TIME,
    Span,
    first_moment,
)
from work_assignment.domain.filtering.trees import Tree
from work_assignment.domain.records import Value
from work_assignment.domain.text import fold, like

TestIn = Callable[[Tree], Test]

_TEXT = frozenset({ColumnKind.TEXT})
_CHOICES = frozenset({ColumnKind.CHOICES})
_LOOKUP = frozenset({ColumnKind.LOOKUP})


class Needs(Enum):
    """What a test needs besides the column's value."""

    NOTHING = auto()
    MOMENT = auto()
    TREE = auto()


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: its maker, how many operands it takes (None: one or more), and for what.

    `make` gives a Test or, as `needs` says, what makes one of a moment or of a tree.
    """

    make: Callable[[Operands], Any]
    arity: int | None = 1
    kinds: frozenset[ColumnKind] = EVERY_KIND
    needs: Needs = Needs.NOTHING


def _among(operands: Operands) -> Test:
    """Whether the value is one of the operands.

    Of several choices, whether they are all those named and no other. Learn only says that `in`
    can be used with them; this is how Dataverse's filter editor writes that they are equal.
    """
    match operands.kind:
        case ColumnKind.CHOICES:
            together = _all_choices(operands)
            return lambda value: value is not None and together == frozenset(value)
        case ColumnKind.TEXT:
            texts = frozenset(operands.values())
            return lambda value: value is not None and fold(value) in texts
        case ColumnKind.LOOKUP:
            ids = frozenset(operands.values())
            return lambda value: value in ids or (value is not None and value.lower() in ids)
    # A set's own method takes half the time of a function that asks the set.
    return frozenset(operands.values()).__contains__


def _all_choices(operands: Operands) -> frozenset[int]:
    return frozenset[int]().union(*map(read_choices, operands.texts))


def _any_choice(operands: Operands) -> Test:
    """Whether at least one of the choices is made."""
    wanted = _all_choices(operands)
    return lambda value: value is not None and not wanted.isdisjoint(value)


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Operands], Test]:
    def operator(operands: Operands) -> Test:
        bound = operands.value()
        if operands.kind is ColumnKind.TEXT:
            return lambda value: value is not None and holds(fold(value), bound)
        return lambda value: value is not None and holds(value, bound)

    return operator


def _between(operands: Operands) -> Test:
    inside = within(*operands.values())
    if operands.kind is ColumnKind.TEXT:
        return lambda value: value is not None and inside(fold(value))
    return inside


def _pattern(make: Callable[[str], str]) -> Callable[[Operands], Test]:
    def operator(operands: Operands) -> Test:
        match = like(make(operands.texts[0])).fullmatch
        return lambda value: value is not None and match(fold(value)) is not None

    return operator


def _empty(_: Operands) -> Test:
    return lambda value: value is None


def _not(operator: Callable[[Operands], Test]) -> Callable[[Operands], Test]:
    def negative(operands: Operands) -> Test:
        positive = operator(operands)
        return lambda value: not positive(value)

    return negative


def _related(
    rows: Callable[[Tree, str], frozenset[str]], *, or_equal: bool = False
) -> Callable[[Operands], TestIn]:
    """Whether the column's row is one of `rows` of the operand's, or, if so asked, that row."""

    def operator(operands: Operands) -> TestIn:
        wanted = fold(str(operands.value()))

        def test_in(tree: Tree) -> Test:
            found = rows(tree, wanted)
            if not or_equal:
                return lambda value: value is not None and fold(value) in found
            return lambda value: (
                value is not None and (fold(value) == wanted or fold(value) in found)
            )

        return test_in

    return operator


def _not_under(operands: Operands) -> TestIn:
    """Learn ("Query hierarchical data"): all that is not below the row, so the row itself too."""
    under = _related(Tree.below)(operands)

    def test_in(tree: Tree) -> Test:
        is_under = under(tree)
        return lambda value: not is_under(value)

    return test_in


OPERATORS: dict[str, Operator] = {
    "eq": Operator(_among),
    "ne": Operator(_not(_among)),
    "neq": Operator(_not(_among)),
    "gt": Operator(_ordered(python.gt), kinds=ORDERED),
    "ge": Operator(_ordered(python.ge), kinds=ORDERED),
    "lt": Operator(_ordered(python.lt), kinds=ORDERED),
    "le": Operator(_ordered(python.le), kinds=ORDERED),
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
    "contain-values": Operator(_any_choice, arity=None, kinds=_CHOICES),
    "not-contain-values": Operator(_not(_any_choice), arity=None, kinds=_CHOICES),
    "on": Operator(dates.by_day(lambda day: Span(day, day)), kinds=DATES),
    "on-or-after": Operator(dates.by_day(lambda day: Span(first=day)), kinds=DATES),
    "on-or-before": Operator(dates.by_day(lambda day: Span(last=day)), kinds=DATES),
    **{
        name: Operator(dates.fixed(span), arity=0, kinds=DATES, needs=Needs.MOMENT)
        for name, span in (*FIXED.items(), *FIXED_FISCAL.items())
    },
    **{
        name: Operator(dates.counted(span), kinds=DATES, needs=Needs.MOMENT)
        for name, span in (*COUNTED.items(), *COUNTED_FISCAL.items())
    },
    **{
        name: Operator(dates.older(earlier), kinds=DATES, needs=Needs.MOMENT)
        for name, earlier in OLDER_BY_DAY.items()
    },
    # Learn ("Behavior and format of the date and time column"): not for columns without times.
    **{
        name: Operator(dates.older(earlier), kinds=TIMES, needs=Needs.MOMENT)
        for name, earlier in OLDER_BY_TIME.items()
    },
    **{
        name: Operator(dates.hours(bounds), kinds=TIMES, needs=Needs.MOMENT)
        for name, bounds in HOURS.items()
    },
    "in-fiscal-year": Operator(dates.in_fiscal_year, kinds=DATES),
    "in-fiscal-period": Operator(dates.in_fiscal_period, kinds=DATES),
    "in-fiscal-period-and-year": Operator(
        dates.by_fiscal_period(period_span), arity=2, kinds=DATES
    ),
    "in-or-before-fiscal-period-and-year": Operator(
        dates.by_fiscal_period(until_period), arity=2, kinds=DATES
    ),
    "in-or-after-fiscal-period-and-year": Operator(
        dates.by_fiscal_period(since_period), arity=2, kinds=DATES
    ),
    "under": Operator(_related(Tree.below), kinds=_LOOKUP, needs=Needs.TREE),
    "eq-or-under": Operator(_related(Tree.below, or_equal=True), kinds=_LOOKUP, needs=Needs.TREE),
    "not-under": Operator(_not_under, kinds=_LOOKUP, needs=Needs.TREE),
    "above": Operator(_related(Tree.above), kinds=_LOOKUP, needs=Needs.TREE),
    "eq-or-above": Operator(_related(Tree.above, or_equal=True), kinds=_LOOKUP, needs=Needs.TREE),
}


def as_kind(value: Value, operator: Operator, zone: tzinfo) -> tuple[ColumnKind, Value] | None:
    """The kind that a value shows under an operator, and the value as one of that kind.

    Where no column definitions are at hand, text is read as what the operator is about: a date (in
    `zone` when it has no offset), a list of choices, the id of a row. An empty value is of any
    kind. None means that the operator can say nothing about the value: the condition cannot hold.
    """
    kind = kind_of(value)
    if kind in operator.kinds:
        return kind, value
    if value is None:
        return next(kind for kind in ColumnKind if kind in operator.kinds), None
    if not isinstance(value, str):
        return None
    if operator.needs is Needs.TREE:
        return ColumnKind.TEXT, value  # ids outside Dataverse may be of any form
    try:
        return _from_text(value, operator, zone)
    except OperandError:
        return None


def _from_text(text: str, operator: Operator, zone: tzinfo) -> tuple[ColumnKind, Value]:
    if ColumnKind.CHOICES in operator.kinds:
        return ColumnKind.CHOICES, tuple(sorted(read_choices(text)))
    read = read_day_or_moment(text, zone)
    if isinstance(read, datetime):
        return ColumnKind.MOMENT, read
    if ColumnKind.DAY in operator.kinds:
        return ColumnKind.DAY, read
    return ColumnKind.MOMENT, first_moment(read, zone)
