"""Every operator against every kind of column, empty ones too; and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from tests.domain.cases import COLUMNS, NOW, condition, holds, vocabulary

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import (
    columns_read,
    compile_filter,
    first_failure,
    is_timed,
)
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.reckoning import Reckoning
from work_assignment.domain.filtering.rows import Scope
from work_assignment.domain.filtering.schemas import Vocabulary
from work_assignment.domain.records import Value

MARCH_1 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAMPAIGN = "0a1b2c3d-0000-4000-8000-00000000000a"

HOLDS: list[tuple[list[object], Value]] = [
    (["subject", "eq", "Zurich"], "zürich  "),
    (["subject", "ne", "Bern"], "Basel"),
    (["subject", "neq", "Bern"], "Basel"),
    (["subject", "gt", "bern"], "Chur"),
    (["subject", "le", "bern"], "BERN"),
    (["subject", "in", ["Bern", "Basel"]], "BASEL "),
    (["subject", "not-in", ["Bern", "Basel"]], "Chur"),
    (["subject", "between", ["b", "d"]], "Chur"),
    (["subject", "not-between", ["b", "c"]], "Chur"),
    (["subject", "not-null"], ""),
    (["subject", "null"], None),
    (["subject", "like", "%trade [a-t]how%"], "The Trade Show 2026"),
    (["subject", "not-like", "%trade%"], "Show"),
    (["subject", "begins-with", "tra"], "Trade"),
    (["subject", "not-begin-with", "tra"], "A trade"),
    (["subject", "ends-with", "ADE"], "trade "),
    (["subject", "not-end-with", "tra"], "trade"),
    (["revenue", "eq", 10], Decimal("10.00")),
    (["revenue", "eq", "1e1"], 10),
    (["revenue", "ne", 10], 11),
    (["revenue", "gt", 9.99], Decimal(10)),
    (["revenue", "ge", 10], 10),
    (["revenue", "lt", 10], Decimal("9.99")),
    (["revenue", "le", 10], 10),
    (["revenue", "in", [1, 2]], Decimal("2.0")),
    (["revenue", "between", [1, 2]], 1),
    (["revenue", "between", [1, 2]], 2),
    (["revenue", "not-between", [1, 2]], 3),
    (["donotemail", "eq", True], True),
    (["donotemail", "eq", "0"], False),
    (["donotemail", "ne", 1], False),
    (["donotemail", "in", [True, False]], False),
    (["leadsourcecode", "eq", 7], 7),
    (["leadsourcecode", "in", [7, 8]], 8),
    (["leadsourcecode", "gt", 7], 8),
    (["campaignid", "eq", CAMPAIGN], CAMPAIGN.upper()),
    (["campaignid", "eq", "{" + CAMPAIGN.upper() + "}"], CAMPAIGN),
    (["campaignid", "in", ["{" + CAMPAIGN + "}"]], CAMPAIGN),
    (["campaignid", "ne", CAMPAIGN], CAMPAIGN.replace("0a", "0b")),
    (["lastusedon", "eq", "2026-03-01T12:00:00Z"], MARCH_1),
    (["lastusedon", "eq", "2026-03-01T13:00:00+01:00"], MARCH_1),
    (["lastusedon", "gt", "2026-03-01"], MARCH_1),
    (["lastusedon", "between", ["2026-03-01T12:00:00Z", "2026-03-02"]], MARCH_1),
    (["lastusedon", "on", "2026-03-01"], MARCH_1),
    (["lastusedon", "on-or-after", "2026-03-01"], MARCH_1),
    (["lastusedon", "on-or-before", "2026-03-01"], MARCH_1),
    (["estimatedclosedate", "eq", "2026-03-01"], date(2026, 3, 1)),
    (["estimatedclosedate", "ge", "2026-03-01T23:00:00"], date(2026, 3, 1)),
    (["estimatedclosedate", "on", "2026-03-01"], date(2026, 3, 1)),
    (["estimatedclosedate", "on-or-after", "2026-02-28"], date(2026, 3, 1)),
    (["estimatedclosedate", "on-or-before", "2026-03-02"], date(2026, 3, 1)),
]


@pytest.mark.parametrize(("term", "value"), HOLDS)
def test_it_holds(term: list[object], value: Value) -> None:
    assert holds(condition(term), {str(term[0]): value})


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (["subject", "eq", "Bern"], "Bernau"),
        (["subject", "gt", "bern"], "BERN"),
        (["subject", "not-in", ["Bern"]], "bern"),
        (["subject", "null"], ""),
        (["subject", "like", "trade"], "trade show"),
        (["subject", "not-like", "tra%"], "Trade"),
        (["revenue", "lt", 10], 10),
        (["revenue", "between", [2, 1]], 1),
        (["donotemail", "eq", True], False),
        (["leadsourcecode", "ne", 7], 7),
        (["campaignid", "not-in", [CAMPAIGN]], CAMPAIGN),
        (["lastusedon", "on", "2026-03-02"], MARCH_1),
        (["lastusedon", "eq", "2026-03-01"], MARCH_1),
        (["estimatedclosedate", "on-or-after", "2026-03-02"], date(2026, 3, 1)),
    ],
)
def test_it_does_not_hold(term: list[object], value: Value) -> None:
    assert not holds(condition(term), {str(term[0]): value})


OPERANDS: dict[str, object] = {
    "in": ["2026-03-01"],
    "not-in": ["2026-03-01"],
    "between": ["2026-03-01", "2026-03-02"],
    "not-between": ["2026-03-01", "2026-03-02"],
}
DATE_OPERATORS = (
    "eq",
    "gt",
    "ge",
    "lt",
    "le",
    "in",
    "between",
    "on",
    "on-or-after",
    "on-or-before",
)
TEXT_OPERATORS = ("eq", "in", "between", "like", "begins-with", "ends-with", "gt", "le")
NEGATIVE_OPERATORS = ("ne", "neq", "not-in", "not-between")
NEGATIVE_TEXT_OPERATORS = (*NEGATIVE_OPERATORS, "not-like", "not-begin-with", "not-end-with")


@pytest.mark.parametrize(
    ("column", "operator", "expected"),
    [
        *(("estimatedclosedate", operator, False) for operator in DATE_OPERATORS),
        *(("lastusedon", operator, False) for operator in DATE_OPERATORS),
        *(("subject", operator, False) for operator in TEXT_OPERATORS),
        *(("lastusedon", operator, True) for operator in NEGATIVE_OPERATORS),
        *(("subject", operator, True) for operator in NEGATIVE_TEXT_OPERATORS),
    ],
)
@pytest.mark.parametrize("columns", [COLUMNS, None], ids=["checked", "by value"])
def test_an_empty_column_satisfies_negative_operators_only(
    column: str, operator: str, expected: bool, columns: dict[str, object] | None
) -> None:
    form = [column, operator, OPERANDS.get(operator, "2026-03-01")]
    known = vocabulary() if columns is not None else None

    assert holds(compile_filter(read_nested(form, "here"), "here", known), {}) is expected


def test_without_columns_a_value_says_by_itself_how_it_is_compared() -> None:
    form = {
        "all": [
            ["n", "gt", 9],
            ["t", "eq", "ANA"],
            ["b", "eq", True],
            ["d", "on", "2026-03-01"],
            ["m", "on-or-after", "2026-03-01"],
        ]
    }
    values: dict[str, object] = {
        "n": 10,
        "t": "ana",
        "b": True,
        "d": date(2026, 3, 1),
        "m": MARCH_1,
    }

    assert holds(compile_filter(read_nested(form, "here"), "here"), values)


@pytest.mark.parametrize(
    ("term", "value", "expected"),
    [
        (["when", "on", "2026-03-01"], "2026-03-01T12:00:00Z", True),
        (["when", "on", "2026-03-01"], "2026-03-01", True),
        (["when", "last-x-days", 3], "2026-03-02T12:00:00Z", True),
        (["when", "last-x-days", 3], "2026-02-02T12:00:00Z", False),
        (["when", "olderthan-x-hours", 3], "2026-03-04", True),
        (["when", "today"], "soon", False),
        (["when", "today"], None, False),
        (["topics", "contain-values", ["1", "2"]], "2,3", True),
        (["topics", "contain-values", ["1", "2"]], "none", False),
        (["topics", "not-contain-values", ["1", "2"]], "none", True),
        (["topics", "not-contain-values", ["1", "2"]], (3,), True),
    ],
)
def test_without_columns_text_is_read_as_what_the_operator_is_about(
    term: list[object], value: Value, expected: bool
) -> None:
    tested = compile_filter(read_nested(term, "here"), "here")

    assert holds(tested, {str(term[0]): value}) is expected


def test_without_columns_another_type_is_the_definitions_fault() -> None:
    tested = compile_filter(read_nested(["revenue", "like", "1%"], "rule 'R'"), "rule 'R'")

    with pytest.raises(DefinitionError, match="rule 'R': operator 'like' does not fit 15"):
        holds(tested, {"revenue": 15})


def test_what_the_moment_alone_can_change_is_known() -> None:
    assert is_timed(condition({"any": [["subject", "null"], ["lastusedon", "today"]]}))
    assert not is_timed(condition(["lastusedon", "on", "2026-03-01"]))


def test_a_relative_date_follows_the_moment_it_is_asked_at() -> None:
    tested = condition(["lastusedon", "today"])

    assert holds(tested, {"lastusedon": NOW})
    assert not holds(tested, {"lastusedon": NOW}, at=NOW.replace(day=5))
    assert holds(tested, {"lastusedon": NOW})


def test_days_and_bare_times_are_meant_in_the_evaluation_time_zone() -> None:
    in_tokyo = vocabulary(reckoning=Reckoning(ZoneInfo("Asia/Tokyo")))
    late_in_london = datetime(2026, 3, 1, 20, tzinfo=UTC)  # the 2nd, 05:00, in Tokyo

    def is_so(operator: str, operand: str) -> bool:
        tree = read_nested(["lastusedon", operator, operand], "here")
        return holds(compile_filter(tree, "here", in_tokyo), {"lastusedon": late_in_london})

    assert is_so("on", "2026-03-02")
    assert is_so("eq", "2026-03-02T05:00:00")
    assert is_so("eq", "2026-03-01T20:00:00Z")
    assert is_so("ge", "2026-03-02")
    assert not is_so("on-or-before", "2026-03-01")


def test_a_date_only_column_knows_no_time_zone() -> None:
    tree = read_nested(["estimatedclosedate", "on", "2026-03-01"], "here")

    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        tested = compile_filter(tree, "here", vocabulary(reckoning=Reckoning(ZoneInfo(zone))))
        assert holds(tested, {"estimatedclosedate": date(2026, 3, 1)})


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (["adress1_country", "eq", "x"], "did you mean 'address1_country'?"),
        (["subject", "equals", "x"], "no operator 'equals' (column 'subject')"),
        (["subject", "begin-with", "x"], "did you mean 'begins-with'?"),
        (["subject", "eq"], "'eq' on column 'subject' takes one value, not 0"),
        (["subject", "null", "x"], "takes no value, not 1"),
        (["subject", "in", []], "takes one or more values, not 0"),
        (["subject", "between", ["a"]], "takes 2 values, not 1"),
        (["subject", "eq", ["a", "b"]], "takes one value, not 2"),
        (["subject", "on", "2026-03-01"], "'on' does not fit column 'subject', a text column"),
        (["revenue", "like", "1%"], "'like' does not fit column 'revenue', a number column"),
        (["donotemail", "gt", True], "does not fit column 'donotemail'"),
        (["campaignid", "begins-with", "0"], "does not fit column 'campaignid'"),
        (["revenue", "eq", "ten"], "column 'revenue': 'ten' is not a number"),
        (["revenue", "eq", "NaN"], "is not a number"),
        (["leadsourcecode", "eq", "Web"], "'Web' is not the number of a choice"),
        (["donotemail", "eq", "perhaps"], "neither true nor false"),
        (["campaignid", "eq", "Spring"], "'Spring' is not the id of a row"),
        (["lastusedon", "on", "yesterday"], "'yesterday' is not a date"),
        (["lastusedon", "eq", "noon"], "'noon' is not a date and time"),
        (["campaignid", "eq-userid"], "asks who is calling"),
        (["subject", "eq", "$(adress1_country)"], "no column 'adress1_country' of lead"),
        (["subject", "eq", "$(adress1_country)"], "did you mean 'address1_country'?"),
        (["lastusedon", "last-x-dayz", 3], "no operator 'last-x-dayz' (column 'lastusedon'); did"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(term: list[object], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_filter(read_nested({"all": [term]}, "segment 'UK'"), "segment 'UK'", vocabulary())

    assert str(caught.value).startswith("segment 'UK': ")
    assert said in str(caught.value)


def test_the_first_failing_part_is_named_with_what_the_columns_hold() -> None:
    tested = condition(
        {
            "all": [
                ["donotemail", "eq", False],
                {"any": [["subject", "eq", "a"], ["revenue", "gt", 5]]},
                ["leadsourcecode", "eq", 1],
            ]
        }
    )

    failure = first_failure(tested, {"donotemail": False, "revenue": 3}, Scope(NOW))

    assert failure is not None
    assert failure.condition == "(subject eq a or revenue gt 5)"
    assert failure.values == (("subject", None), ("revenue", 3))


def test_a_condition_that_holds_has_no_failure() -> None:
    assert first_failure(condition(["revenue", "gt", 5]), {"revenue": 6}, Scope(NOW)) is None


@pytest.mark.parametrize("join", ["all", "any"])
def test_an_empty_group_holds(join: str) -> None:
    assert holds(condition({join: []}), {})


def test_the_columns_read_are_all_those_named() -> None:
    tested = condition({"any": [["subject", "null"], {"all": [["revenue", "gt", 1]]}]})

    assert columns_read(tested) == {"subject", "revenue"}


@pytest.mark.parametrize(
    ("operator", "operand", "value", "expected"),
    [
        ("eq", "2026-03-01T08:00:00Z", "2026-03-01T09:00:00+01:00", True),
        ("ne", "2026-03-01T08:00:00Z", "2026-03-01T09:00:00+01:00", False),
        ("eq", "2026-03-01", "2026-03-01T00:00:00+01:00", True),
        ("eq", "2026-03-01", "2026-03-01", True),
        ("in", ["2026-03-01", "2026-03-02"], "2026-03-01T23:00:00Z", True),
        ("not-in", ["2026-03-01", "2026-03-02"], "2026-03-01T23:00:00Z", False),
        ("gt", "2026-03-01T08:00:00Z", "2026-03-01T08:30:00+01:00", False),
        ("ge", "2026-03-01T08:00:00Z", "2026-03-01 09:00", True),
        ("lt", "2026-03-02", "2026-03-01T22:59:00Z", True),
        ("lt", "2026-03-02", "2026-03-01T23:00:00Z", False),
        ("between", ["2026-03-01", "2026-03-31"], "2026-02-28T23:30:00Z", True),
        ("gt", "2026-03-01", None, False),
        ("ne", "2026-03-01", None, True),
        ("gt", "2026-03-01", "2026-03-01 or later", True),
        ("eq", "20260301", "2026-03-01", False),
        ("eq", "2026-13-01", "2026-13-01 ", True),
        ("like", "2026-03-01%", "2026-03-01T09:00:00Z", True),
        ("gt", "0001-01-01", "0001-01-02", True),
    ],
)
def test_texts_that_are_moments_compare_as_moments_where_columns_are_not_known(
    operator: str, operand: object, value: str | None, expected: bool
) -> None:
    known = Vocabulary(reckoning=Reckoning(ZoneInfo("Europe/Berlin")))
    tested = compile_filter(read_nested(["due", operator, operand], "here"), "here", known)

    assert holds(tested, {"due": value}) is expected
