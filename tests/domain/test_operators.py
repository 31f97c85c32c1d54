"""Operators on values: what holds, what an empty column gives, and what operands are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.domain.asking import BERLIN, IN_BERLIN, WEDNESDAY, holds

from work_assignment.domain.filtering.operators import (
    DATES,
    OPERATORS,
    ORDERED,
    ColumnKind,
    Needs,
    OperandError,
    Operands,
    as_kind,
    kind_of,
)
from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.filtering.trees import Tree
from work_assignment.domain.records import Value

ROW = "0a1b2c3d-0000-4000-8000-00000000000a"
OTHER = "0a1b2c3d-0000-4000-8000-00000000000b"
CALLER_RELATIVE = {
    *("eq-userid", "ne-userid", "eq-userteams", "eq-useroruserteams"),
    *("eq-useroruserhierarchy", "eq-useroruserhierarchyandteams"),
    *("eq-businessid", "ne-businessid", "eq-userlanguage"),
}
DOCUMENTED = [
    "eq",
    "ne",
    "neq",
    "gt",
    "ge",
    "lt",
    "le",
    "like",
    "not-like",
    "in",
    "not-in",
    "between",
    "not-between",
    "null",
    "not-null",
    "begins-with",
    "not-begin-with",
    "ends-with",
    "not-end-with",
    "yesterday",
    "today",
    "tomorrow",
    "last-seven-days",
    "next-seven-days",
    "last-week",
    "this-week",
    "next-week",
    "last-month",
    "this-month",
    "next-month",
    "last-year",
    "this-year",
    "next-year",
    "on",
    "on-or-before",
    "on-or-after",
    "last-x-hours",
    "next-x-hours",
    "last-x-days",
    "next-x-days",
    "last-x-weeks",
    "next-x-weeks",
    "last-x-months",
    "next-x-months",
    "last-x-years",
    "next-x-years",
    "olderthan-x-minutes",
    "olderthan-x-hours",
    "olderthan-x-days",
    "olderthan-x-weeks",
    "olderthan-x-months",
    "olderthan-x-years",
    "eq-userid",
    "ne-userid",
    "eq-userteams",
    "eq-useroruserteams",
    "eq-useroruserhierarchy",
    "eq-useroruserhierarchyandteams",
    "eq-businessid",
    "ne-businessid",
    "eq-userlanguage",
    "this-fiscal-year",
    "this-fiscal-period",
    "next-fiscal-year",
    "next-fiscal-period",
    "last-fiscal-year",
    "last-fiscal-period",
    "last-x-fiscal-years",
    "last-x-fiscal-periods",
    "next-x-fiscal-years",
    "next-x-fiscal-periods",
    "in-fiscal-year",
    "in-fiscal-period",
    "in-fiscal-period-and-year",
    "in-or-before-fiscal-period-and-year",
    "in-or-after-fiscal-period-and-year",
    "under",
    "eq-or-under",
    "not-under",
    "above",
    "eq-or-above",
    "contain-values",
    "not-contain-values",
]


def test_every_documented_operator_is_there_but_those_that_ask_who_is_calling() -> None:
    assert set(OPERATORS) == set(DOCUMENTED) - CALLER_RELATIVE


HOLDS: list[tuple[str, ColumnKind, Value, tuple[str, ...]]] = [
    ("eq", ColumnKind.TEXT, "zürich  ", ("Zurich",)),
    ("in", ColumnKind.TEXT, "BASEL ", ("Bern", "Basel")),
    ("gt", ColumnKind.TEXT, "Chur", ("bern",)),
    ("le", ColumnKind.TEXT, "BERN", ("bern",)),
    ("between", ColumnKind.TEXT, "Chur", ("b", "d")),
    ("like", ColumnKind.TEXT, "The Trade Show 2026", ("%trade [a-t]how%",)),
    ("begins-with", ColumnKind.TEXT, "Trade", ("tra",)),
    ("ends-with", ColumnKind.TEXT, "trade ", ("ADE",)),
    ("eq", ColumnKind.NUMBER, Decimal("10.00"), ("10",)),
    ("eq", ColumnKind.NUMBER, 10, ("1e1",)),
    ("eq", ColumnKind.NUMBER, Decimal("0.10"), (" 0.1 ",)),
    ("eq", ColumnKind.NUMBER, 10**31, ("1e31",)),
    ("in", ColumnKind.NUMBER, Decimal("2.5"), ("1", "2.50")),
    ("ge", ColumnKind.NUMBER, 10, ("10",)),
    ("lt", ColumnKind.NUMBER, Decimal("9.99"), ("10",)),
    ("between", ColumnKind.NUMBER, 10, ("10", "10")),
    ("eq", ColumnKind.YES_NO, True, ("1",)),
    ("in", ColumnKind.YES_NO, False, ("true", "false")),
    ("eq", ColumnKind.CHOICE, 7, ("7",)),
    ("in", ColumnKind.CHOICE, -1, ("7", "-1")),
    ("eq", ColumnKind.LOOKUP, ROW.upper(), (ROW,)),
    ("eq", ColumnKind.LOOKUP, ROW, ("{" + ROW.upper() + "}",)),
    ("in", ColumnKind.LOOKUP, ROW.upper(), (OTHER, ROW)),
    ("eq", ColumnKind.MOMENT, datetime(2026, 3, 1, 12, tzinfo=UTC), ("2026-03-01T13:00:00",)),
    ("eq", ColumnKind.MOMENT, datetime(2026, 3, 1, 12, tzinfo=UTC), ("2026-03-01T12:00:00Z",)),
    ("eq", ColumnKind.WALL_CLOCK, datetime(2026, 3, 1, 12, tzinfo=UTC), ("2026-03-01T12:00",)),
    ("gt", ColumnKind.WALL_CLOCK, datetime(2026, 3, 1, 12, tzinfo=UTC), ("2026-03-01T11:59",)),
    ("eq", ColumnKind.DAY, date(2026, 3, 1), ("2026-03-01T23:59:59Z",)),
    ("between", ColumnKind.DAY, date(2026, 3, 1), ("2026-03-01", "2026-03-01")),
    ("not-null", ColumnKind.TEXT, "", ()),
]


@pytest.mark.parametrize(("operator", "kind", "value", "texts"), HOLDS)
def test_it_holds(operator: str, kind: ColumnKind, value: Value, texts: tuple[str, ...]) -> None:
    assert holds(operator, value, *texts, kind=kind)


OPPOSITES = {
    "eq": "ne",
    "in": "not-in",
    "between": "not-between",
    "like": "not-like",
    "begins-with": "not-begin-with",
    "ends-with": "not-end-with",
    "not-null": "null",
}


@pytest.mark.parametrize(
    ("operator", "kind", "value", "texts"), [case for case in HOLDS if case[0] in OPPOSITES]
)
def test_where_an_operator_holds_its_opposite_does_not(
    operator: str, kind: ColumnKind, value: Value, texts: tuple[str, ...]
) -> None:
    assert not holds(OPPOSITES[operator], value, *texts, kind=kind)


@pytest.mark.parametrize(
    ("operator", "kind", "value", "texts"),
    [
        ("eq", ColumnKind.TEXT, "Bernau", ("Bern",)),
        ("gt", ColumnKind.TEXT, "BERN", ("bern",)),
        ("like", ColumnKind.TEXT, "trade show", ("trade",)),
        ("eq", ColumnKind.NUMBER, Decimal("10.01"), ("10",)),
        ("between", ColumnKind.NUMBER, 1, ("2", "1")),
        ("eq", ColumnKind.YES_NO, False, ("1",)),
        ("eq", ColumnKind.LOOKUP, OTHER, (ROW,)),
        ("lt", ColumnKind.DAY, date(2026, 3, 1), ("2026-03-01",)),
    ],
)
def test_it_does_not_hold(
    operator: str, kind: ColumnKind, value: Value, texts: tuple[str, ...]
) -> None:
    assert not holds(operator, value, *texts, kind=kind)


# Choices

HIKERS = {"Monte": (2,), "Hiram": (2, 3, 8, 9), "Wayne": (1, 9), "Randal": (4,), "Verna": (9, 4, 2)}


def those_for_whom(operator: str, *texts: str) -> set[str]:
    return {
        name
        for name, choices in HIKERS.items()
        if holds(operator, choices, *texts, kind=ColumnKind.CHOICES)
    }


def test_choices_contain_values_when_any_of_them_is_chosen() -> None:
    assert those_for_whom("contain-values", "2") == {"Monte", "Hiram", "Verna"}
    assert those_for_whom("contain-values", "1", "4") == {"Wayne", "Randal", "Verna"}
    assert those_for_whom("contain-values", "1,4") == {"Wayne", "Randal", "Verna"}
    assert those_for_whom("not-contain-values", "2") == {"Wayne", "Randal"}


@pytest.mark.parametrize(("operator", "texts"), [("eq", ("1,9",)), ("in", ("9", "1"))])
def test_choices_are_equal_when_the_same_are_chosen_in_any_order(
    operator: str, texts: tuple[str, ...]
) -> None:
    assert those_for_whom(operator, *texts) == {"Wayne"}
    assert those_for_whom(OPPOSITES[operator], *texts) == HIKERS.keys() - {"Wayne"}


def test_one_choice_equals_no_more_than_itself() -> None:
    assert those_for_whom("eq", "2") == {"Monte"}


# Hierarchies

ACCOUNTS = Tree({"north": "europe", "oslo": "north", "south": "europe", "asia": "world"})


def those_that_are(operator: str, row: str) -> set[str | None]:
    rows = ("world", "europe", "north", "oslo", "south", "asia", None)
    return {
        value for value in rows if holds(operator, value, row, kind=ColumnKind.TEXT, tree=ACCOUNTS)
    }


def test_rows_are_found_by_where_they_stand_in_the_hierarchy() -> None:
    assert those_that_are("under", "europe") == {"north", "oslo", "south"}
    assert those_that_are("eq-or-under", "europe") == {"europe", "north", "oslo", "south"}
    assert those_that_are("not-under", "europe") == {"world", "europe", "asia", None}
    assert those_that_are("above", "oslo") == {"north", "europe"}
    assert those_that_are("eq-or-above", "oslo") == {"oslo", "north", "europe"}


def test_a_row_outside_the_hierarchy_has_nothing_under_it_and_equals_itself() -> None:
    assert those_that_are("under", "asia") == set()
    assert those_that_are("eq-or-above", "asia") == {"asia", "world"}
    assert not holds("under", OTHER, ROW, kind=ColumnKind.LOOKUP, tree=ACCOUNTS)
    assert holds("eq-or-under", ROW.upper(), ROW, kind=ColumnKind.LOOKUP, tree=ACCOUNTS)


# Empty columns

OPERANDS = {
    ColumnKind.TEXT: "a",
    ColumnKind.NUMBER: "1",
    ColumnKind.YES_NO: "true",
    ColumnKind.CHOICE: "1",
    ColumnKind.CHOICES: "1",
    ColumnKind.LOOKUP: ROW,
    ColumnKind.MOMENT: "2026-03-01",
    ColumnKind.WALL_CLOCK: "2026-03-01",
    ColumnKind.DAY: "2026-03-01",
}
TAKES_A_COUNT = {name for name in OPERATORS if "-x-" in name}
TAKES_FISCAL_NUMBERS = {
    "in-fiscal-year": ("2026",),
    "in-fiscal-period": ("1",),
    **{
        f"{how}fiscal-period-and-year": ("1", "2026")
        for how in ("in-", "in-or-before-", "in-or-after-")
    },
}


def operands_for(name: str, kind: ColumnKind) -> tuple[str, ...]:
    if name in TAKES_A_COUNT:
        return ("2",)
    if name in TAKES_FISCAL_NUMBERS:
        return TAKES_FISCAL_NUMBERS[name]
    arity = OPERATORS[name].arity
    return (OPERANDS[kind],) * (1 if arity is None else arity)


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name, known in OPERATORS.items() for kind in sorted(known.kinds, key=str)],
)
def test_an_empty_column_satisfies_null_and_negative_operators_only(
    name: str, kind: ColumnKind
) -> None:
    is_negative = name.startswith(("ne", "not-")) and not name.startswith("next")
    expected = name == "null" or (is_negative and name != "not-null")

    answer = holds(name, None, *operands_for(name, kind), kind=kind, tree=ACCOUNTS)

    assert answer is expected


# Kinds

TIMED = {"last-x-hours", "next-x-hours", "olderthan-x-minutes", "olderthan-x-hours"}


def test_relative_operators_fit_every_date_and_need_the_moment() -> None:
    relative = {
        name
        for name in OPERATORS
        if name.startswith(("last-", "this-", "next-", "olderthan-")) or name.endswith("day")
    }
    relative |= {"tomorrow"}

    assert {name for name, known in OPERATORS.items() if known.needs is Needs.MOMENT} == relative
    for name in relative - TIMED:
        assert OPERATORS[name].kinds == DATES
    for name in TIMED:
        assert OPERATORS[name].kinds == DATES - {ColumnKind.DAY}


def test_what_has_no_order_is_not_compared_by_it() -> None:
    assert set(ColumnKind) - ORDERED == {ColumnKind.YES_NO, ColumnKind.LOOKUP, ColumnKind.CHOICES}


@pytest.mark.parametrize(
    ("operator", "kind", "texts", "said"),
    [
        ("eq", ColumnKind.NUMBER, ("ten",), "'ten' is not a number"),
        ("eq", ColumnKind.NUMBER, ("NaN",), "is not a number"),
        ("gt", ColumnKind.NUMBER, ("Infinity",), "is not a number"),
        ("eq", ColumnKind.CHOICE, ("Web",), "'Web' is not the number of a choice"),
        ("eq", ColumnKind.CHOICE, ("1.5",), "is not the number of a choice"),
        ("contain-values", ColumnKind.CHOICES, ("1", "Web"), "'Web' is not the number"),
        ("eq", ColumnKind.CHOICES, ("1,",), "'' is not the number of a choice"),
        ("eq", ColumnKind.YES_NO, ("perhaps",), "neither true nor false"),
        ("under", ColumnKind.LOOKUP, ("Contoso",), "'Contoso' is not the id of a row"),
        ("on", ColumnKind.MOMENT, ("yesterday",), "'yesterday' is not a date"),
        ("eq", ColumnKind.MOMENT, ("noon",), "'noon' is not a date and time"),
        ("eq", ColumnKind.MOMENT, ("0001-01-01T00:00:00+10:00",), "is not a date and time"),
        ("last-x-days", ColumnKind.DAY, ("0",), "'0' is not a whole number from 1 to 10000000"),
        ("last-x-days", ColumnKind.DAY, ("-3",), "is not a whole number"),
        ("next-x-weeks", ColumnKind.MOMENT, ("1.5",), "is not a whole number"),
        ("olderthan-x-minutes", ColumnKind.MOMENT, ("a few",), "'a few' is not a whole number"),
        ("last-x-years", ColumnKind.DAY, ("10000001",), "is not a whole number"),
        ("last-x-fiscal-years", ColumnKind.DAY, ("9" * 5000,), "is not a whole number"),
        ("in-fiscal-year", ColumnKind.DAY, ("26",), "'26' is not a fiscal year from 1900 to 9999"),
        ("in-fiscal-period", ColumnKind.DAY, ("14",), "'14' is not a fiscal period from 1 to 13"),
        ("in-fiscal-period-and-year", ColumnKind.DAY, ("2026", "1"), "is not a fiscal period"),
    ],
)
def test_an_operand_that_is_no_value_is_refused(
    operator: str, kind: ColumnKind, texts: tuple[str, ...], said: str
) -> None:
    with pytest.raises(OperandError) as caught:
        OPERATORS[operator].make(Operands(kind, texts, IN_BERLIN))

    assert said in str(caught.value)


# Values without column definitions


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, ColumnKind.TEXT),
        ("a", ColumnKind.TEXT),
        (True, ColumnKind.YES_NO),
        (1, ColumnKind.NUMBER),
        (Decimal(1), ColumnKind.NUMBER),
        ((1, 2), ColumnKind.CHOICES),
        (date(2026, 3, 1), ColumnKind.DAY),
        (WEDNESDAY, ColumnKind.MOMENT),
    ],
)
def test_a_value_shows_its_kind(value: Value, kind: ColumnKind) -> None:
    assert kind_of(value) is kind
    assert as_kind(value, OPERATORS["eq"], UTC) == (kind, value)


MARCH_1_IN_BERLIN = datetime(2026, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("operator", "text", "shown"),
    [
        ("today", "2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("on", "2026-03-01T08:00:00", datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ("this-week", "2026-03-01", date(2026, 3, 1)),
        ("last-x-hours", "2026-03-01", MARCH_1_IN_BERLIN),
        ("contain-values", "9, 1", (1, 9)),
        ("under", "acc-1", "acc-1"),
        ("gt", "2026-03-01", "2026-03-01"),
    ],
)
def test_text_is_read_as_what_the_operator_is_about(operator: str, text: str, shown: Value) -> None:
    assert as_kind(text, OPERATORS[operator], BERLIN) == (kind_of(shown), shown)


@pytest.mark.parametrize(
    ("operator", "value"),
    [("today", "soon"), ("today", 20260304), ("contain-values", "Web"), ("like", 7), ("gt", True)],
)
def test_a_value_that_an_operator_cannot_judge_has_no_kind(operator: str, value: Value) -> None:
    assert as_kind(value, OPERATORS[operator], BERLIN) is None


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_an_empty_value_is_of_a_kind_that_the_operator_takes(name: str) -> None:
    shown = as_kind(None, OPERATORS[name], UTC)

    assert shown is not None
    kind, value = shown
    assert kind in OPERATORS[name].kinds
    assert value is None


def test_a_case_without_definitions_may_give_dates_as_text() -> None:
    shown = as_kind("2026-03-04T08:00:00Z", OPERATORS["today"], BERLIN)

    assert shown is not None
    kind, value = shown
    assert holds("today", value, kind=kind, reckoning=Reckoning(zone=BERLIN))
