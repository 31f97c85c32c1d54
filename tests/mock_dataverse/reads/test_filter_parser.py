"""$filter text becomes a syntax tree."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from work_assignment.mock_dataverse.conditions.filter_tree import (
    And,
    Boolean,
    Comparison,
    Day,
    Guid,
    Lambda,
    Literal,
    Member,
    Moment,
    Node,
    Not,
    Null,
    Number,
    Operator,
    Or,
    Property,
    Quantifier,
    QueryFunction,
    Text,
    TextList,
    TextMatch,
)
from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.reading.filter_parser import parse_filter


def _is(name: str, number: int = 1) -> Comparison:
    return Comparison(Property((name,)), Operator.EQ, Number(number))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a eq 1 or b eq 1 and c eq 1", Or((_is("a"), And((_is("b"), _is("c")))))),
        ("(a eq 1 or b eq 1) and c eq 1", And((Or((_is("a"), _is("b"))), _is("c")))),
        ("not (a eq 1) and b eq 1", And((Not(_is("a")), _is("b")))),
        ("a eq 1 and (b eq 1 and c eq 1)", And((_is("a"), _is("b"), _is("c")))),
        ("((a eq 1))", _is("a")),
        (
            "contains(a, 'x')and not startswith(b,'y')",
            And(
                (
                    TextMatch("contains", Property(("a",)), Text("x")),
                    Not(TextMatch("startswith", Property(("b",)), Text("y"))),
                )
            ),
        ),
        ("x/any()", Lambda(("x",), Quantifier.ANY)),
        (
            "x/all(t:t/b eq 1)",
            Lambda(
                ("x",),
                Quantifier.ALL,
                "t",
                Comparison(Property(("t", "b")), Operator.EQ, Number(1)),
            ),
        ),
        (
            'Microsoft.Dynamics.CRM.In(PropertyName=\'a\',PropertyValues=["1","a\\"b"])',
            QueryFunction(
                "In",
                (("PropertyName", Text("a")), ("PropertyValues", TextList(("1", 'a"b')))),
            ),
        ),
        (
            "Kind eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'",
            Comparison(
                Property(("Kind",)),
                Operator.EQ,
                Member("Microsoft.Dynamics.CRM.OwnershipTypes", "UserOwned"),
            ),
        ),
        ("'x' eq a", Comparison(Text("x"), Operator.EQ, Property(("a",)))),
        ("a/b/c ne d", Comparison(Property(("a", "b", "c")), Operator.NE, Property(("d",)))),
    ],
)
def test_a_filter_is_read_by_precedence(text: str, tree: Node) -> None:
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("'O''Hara'", Text("O'Hara")),
        ("''", Text("")),
        ("12", Number(12)),
        ("-3.5", Number(-3.5)),
        ("1e3", Number(1000.0)),
        ("99999999999999999999", Number(1e20)),
        ("true", Boolean(True)),
        ("false", Boolean(False)),
        ("null", Null()),
        ("6F6F6F6F-0000-0000-0000-00000000000A", Guid("6f6f6f6f-0000-0000-0000-00000000000a")),
        ("12345678-0000-0000-0000-000000000001", Guid("12345678-0000-0000-0000-000000000001")),
        ("2026-03-01", Day(date(2026, 3, 1))),
        ("2026-03-01T08:00:00Z", Moment(datetime(2026, 3, 1, 8, tzinfo=UTC))),
        ("2026-03-01T08:00Z", Moment(datetime(2026, 3, 1, 8, tzinfo=UTC))),
        ("2026-03-01T08:00:00+02:00", Moment(datetime(2026, 3, 1, 6, tzinfo=UTC))),
        ("2026-03-01T08:00:00.1234567Z", Moment(datetime(2026, 3, 1, 8, 0, 0, 123456, UTC))),
    ],
)
def test_literals(text: str, literal: Literal) -> None:
    assert parse_filter(f"a eq {text}") == Comparison(Property(("a",)), Operator.EQ, literal)


def test_an_alias_stands_for_its_literal_and_an_unset_one_for_null() -> None:
    assert parse_filter("a eq @p", {"@p": "'x'"}) == parse_filter("a eq 'x'")
    assert parse_filter("a eq @p", {}) == parse_filter("a eq null")
    given = parse_filter(
        "Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=@v)", {"@v": '["1","2"]'}
    )
    assert given == parse_filter(
        "Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=['1','2'])"
    )


def test_an_alias_is_refused_where_none_are_allowed() -> None:
    with pytest.raises(Fault, match="alias"):
        parse_filter("a eq @p")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject eq 'open", "There is an unterminated literal at position 16 in"),
        ("subject eq", "Syntax error at position 10"),
        ("subject eq 'a' and", "Syntax error at position 18"),
        ("(subject eq 'a'", "Syntax error at position 15"),
        ("subject eq 'a')", "Syntax error at position 14"),
        ("", "Syntax error at position 0"),
        ("subject = 'a'", "Syntax error at position 8"),
        ("subject eq 'a' 'b'", "Syntax error at position 15"),
        ("tolower(subject) eq 'x'", "unknown function with name 'tolower'"),
        ("'x' eq tolower(subject)", "unknown function with name 'tolower'"),
        ("employees add 1 eq 2", "Syntax error at position 10"),
        ("createdon gt 2026-13-45", "Unrecognized literal '2026-13-45'"),
        ("not subject eq 'a'", "parentheses"),
        ("a eq {b}", "Syntax error at position 5"),
        ("contains('x',subject)", "must be a column"),
    ],
)
def test_what_cannot_be_read_is_a_400_that_says_where(text: str, message: str) -> None:
    with pytest.raises(Fault) as refused:
        parse_filter(text, {})
    assert (refused.value.status, refused.value.code) == (400, "0x80060888")
    assert message in refused.value.message


@pytest.mark.parametrize(
    "text",
    ["contains(a,'x') eq true", "(" * 99 + "a eq 1" + ")" * 99],
)
def test_what_dataverse_reads_and_the_mock_does_not_is_a_501(text: str) -> None:
    with pytest.raises(Fault) as refused:
        parse_filter(text)
    assert refused.value.status == 501


def test_a_thousand_terms_are_no_problem() -> None:
    tree = parse_filter(" or ".join(f"a eq {n}" for n in range(1000)))
    assert isinstance(tree, Or)
    assert len(tree.terms) == 1000
