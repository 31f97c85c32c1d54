"""Dynamic matching: `$(column)` stands for what the routed record has in a column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.domain.cases import NOW, attributes, decided, lead, owner_of, rule, seller
from tests.domain.tables import TABLES, compiled, known, uid

from work_assignment.domain.defining.rules import SellerMatch
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.filtering.conditions import (
    columns_read,
    compile_filter,
    first_failure,
    record_columns,
)
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.rows import NO_ROWS, Scope
from work_assignment.domain.records import Value

Row = dict[str, Value]


def fits(term: Sequence[object], user: Row, record: Row, **labels: str) -> bool:
    """Whether a seller's columns fit a record."""
    tested = compiled({"all": [list(term)]}, "systemuser", "lead")
    return tested.holds(user, Scope(NOW, NO_ROWS, record, labels))


@pytest.mark.parametrize(
    ("term", "user", "record"),
    [
        (["address1_city", "eq", "$(subject)"], "Bern", "BERN "),
        (["address1_city", "like", "%$(subject)%"], "Old Bern Town", "bern"),
        (["address1_city", "like", "$(subject)"], "Bern", "B_r%"),
        (["wa_level", "ge", "$(revenue)"], 3, Decimal("2.5")),
        (["wa_level", "between", ["$(revenue)", "9"]], 3, 2),
        (["wa_level", "eq", "1$(revenue)"], 12, 2),
        (["wa_since", "on-or-before", "$(estimatedclosedate)"], date(2026, 3, 1), date(2026, 3, 2)),
        (["territoryid", "eq", "$(parentaccountid)"], uid("north").upper(), uid("north")),
        (["systemuserid", "eq", "$(ownerid)"], uid("ana"), uid("ana")),
        (["wa_language", "eq", "$(wa_language)"], 7, 7),
        (["wa_languages", "contain-values", "$(wa_topics)"], (1, 2), (2, 3)),
        (["address1_city", "ne", "$(subject)"], "Bern", "Basel"),
        (["address1_city", "eq", "$(donotemail)"], "true", True),
        (
            ["address1_city", "begins-with", "$(lastusedon)"],
            "2026-03-01T08:00:00+00:00 or so",
            datetime(2026, 3, 1, 8, tzinfo=UTC),
        ),
    ],
)
def test_a_seller_fits_the_record_that_has_the_value(
    term: list[object], user: Value, record: Value
) -> None:
    tested = compiled({"all": [list(term)]}, "systemuser", "lead")
    (asked,) = record_columns(tested)

    assert fits(term, {str(term[0]): user}, {asked: record})


POSITIVE = ("eq", "like", "begins-with", "ends-with", "gt", "le", "in")
NEGATIVE = ("ne", "neq", "not-like", "not-begin-with", "not-end-with", "not-in")


@pytest.mark.parametrize("operand", ["$(subject)", "in $(subject)"])
@pytest.mark.parametrize(
    ("operator", "expected"),
    [*((name, False) for name in POSITIVE), *((name, True) for name in NEGATIVE)],
)
@pytest.mark.parametrize("user", ["Bern", "", None])
def test_what_the_record_leaves_empty_equals_nothing(
    operator: str, expected: bool, operand: str, user: str | None
) -> None:
    assert fits(["address1_city", operator, operand], {"address1_city": user}, {}) is expected


@pytest.mark.parametrize(("operator", "expected"), [("between", False), ("not-between", True)])
def test_a_range_with_an_empty_end_has_nothing_in_it(operator: str, expected: bool) -> None:
    term = ["wa_level", operator, ["1", "$(revenue)"]]

    assert fits(term, {"wa_level": 1}, {}) is expected


@pytest.mark.parametrize(
    ("operator", "city", "expected"),
    [
        ("in", "Basel", True),
        ("in", "Bern", False),
        ("not-in", "Basel", False),
        ("not-in", "Bern", True),
    ],
)
def test_of_a_list_what_is_empty_is_left_out(operator: str, city: str, expected: bool) -> None:
    term = ["address1_city", operator, ["$(subject)", "Basel", "near $(address1_country)"]]

    assert fits(term, {"address1_city": city}, {}) is expected


def test_a_text_may_be_made_of_several_columns() -> None:
    term = ["address1_city", "eq", "$(subject), $(address1_country)"]
    user: Row = {"address1_city": "Bern, Switzerland"}

    assert fits(term, user, {"subject": "Bern", "address1_country": "Switzerland"})
    assert not fits(term, user, {"subject": "Bern"})


def test_a_value_that_looks_like_a_reference_is_text() -> None:
    record: Row = {"subject": "$(address1_country)", "address1_country": "Bern"}

    assert fits(["address1_city", "eq", "$(subject)"], {"address1_city": record["subject"]}, record)
    assert not fits(["address1_city", "eq", "$(subject)"], {"address1_city": "Bern"}, record)


@pytest.mark.parametrize(
    ("user", "operand", "record", "expected"),
    [
        ("German", "$(wa_language)", {"wa_language": 7}, True),
        ("7", "$(wa_language)", {"wa_language": 7}, False),
        ("Speaks German", "Speaks $(wa_language)", {"wa_language": 7}, True),
        ("Spring", "$(campaignid)", {"campaignid": uid("spring")}, True),
        ("9", "$(revenue)", {"revenue": 9}, True),
    ],
)
def test_in_text_columns_choices_and_lookups_go_by_what_people_read(
    user: str, operand: str, record: Row, expected: bool
) -> None:
    term = ["wa_languagename", "eq", operand]
    labels = {"wa_language": "German", "campaignid": "Spring"}

    assert fits(term, {"wa_languagename": user}, record, **labels) is expected


def test_in_choice_columns_they_go_by_number() -> None:
    term = ["wa_language", "eq", "$(wa_language)"]

    assert fits(term, {"wa_language": 7}, {"wa_language": 7}, wa_language="German")


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (["address1_city", "eq", "$(subjet)"], "no column 'subjet' of lead for '$(subjet)'; did"),
        (["address1_city", "eq", "a $(subjet)"], "for 'a $(subjet)'; did you mean 'subject'?"),
        (["address1_city", "eq", "$()"], "no column '' of lead"),
        (
            ["wa_level", "eq", "$(subject)"],
            "column 'wa_level' (number) cannot be compared with '$(subject)', a text column",
        ),
        (["territoryid", "eq", "$(wa_language)"], "(lookup) cannot be compared"),
        (["wa_since", "on", "$(lastusedon)"], "'$(lastusedon)', a date and time column"),
        (["wa_language", "in", ["1", "$(revenue)"]], "cannot be compared with '$(revenue)'"),
        (["address1_city", "like", ["$(subject)", "b"]], "takes one value, not 2"),
    ],
)
def test_what_cannot_be_compared_is_refused(term: list[object], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_filter(read_nested(term, "rule 'R'"), "rule 'R'", known("systemuser", "lead"))

    assert str(caught.value).startswith("rule 'R': ")
    assert said in str(caught.value)


@pytest.mark.parametrize(("operator", "expected"), [("eq", False), ("ne", True)])
def test_a_text_made_up_that_is_no_value_of_the_column_equals_nothing(
    operator: str, expected: bool
) -> None:
    term = ["wa_level", operator, "level $(revenue)"]

    assert fits(term, {"wa_level": 5}, {"revenue": 5}) is expected


@pytest.mark.parametrize(("operator", "expected"), [("eq", False), ("ne", True)])
def test_so_it_is_where_columns_are_not_known(operator: str, expected: bool) -> None:
    tested = compiled(["level", operator, "$(zip)"], "systemuser", checked=False)

    assert tested.holds({"level": 5}, Scope(NOW, record={"zip": "none"})) is expected
    assert tested.holds({"level": 5}, Scope(NOW, record={"zip": "5"})) is not expected
    assert tested.holds({"level": 5}, Scope(NOW)) is expected


def test_a_records_own_filter_compares_two_of_its_columns() -> None:
    tested = compiled(["subject", "eq", "$(address1_country)"])
    same: Row = {"subject": "Chad", "address1_country": "CHAD"}

    assert tested.holds(same, Scope(NOW, record=same))
    assert columns_read(tested) | record_columns(tested) == {"subject", "address1_country"}


def test_many_values_are_told_apart() -> None:
    tested = compiled(["wa_level", "eq", "$(revenue)"], "systemuser", "lead")

    found = [
        number
        for number in range(5_000)
        if tested.holds({"wa_level": 7}, Scope(NOW, record={"revenue": number}))
    ]

    assert found == [7]


def test_a_failure_tells_what_the_record_has() -> None:
    tested = compiled(["address1_city", "eq", "$(subject)"], "systemuser", "lead")

    failure = first_failure(
        tested, {"address1_city": "Bern"}, Scope(NOW, record={"subject": "Basel"})
    )

    assert failure is not None
    assert failure.condition == "address1_city eq $(subject)"
    assert failure.values == (("address1_city", "Bern"), ("$(subject)", "Basel"))


POLYGLOT = {"Language": ("English", "Français", "7")}


@pytest.mark.parametrize(
    ("term", "record", "expected"),
    [
        (["Language", "eq", "$(subject)"], {"subject": "francais"}, True),
        (["Language", "eq", "$(subject)"], {"subject": "German"}, False),
        (["Language", "ne", "$(subject)"], {"subject": "German"}, True),
        (["Language", "ne", "$(subject)"], {"subject": "English"}, False),
        (["Language", "eq", "$(subject)"], {}, False),
        (["Language", "ne", "$(subject)"], {}, True),
        (["Language", "in", ["$(subject)", "English"]], {}, True),
        (["Language", "not-in", ["$(subject)", "English"]], {}, False),
        (["Language", "not-in", ["$(subject)"]], {}, True),
        (["Language", "eq", "$(subject)lish"], {"subject": "Eng"}, True),
        (["Language", "eq", "$(wa_language)"], {"wa_language": 3}, True),
        (["Language", "eq", "$(leadsourcecode)"], {"leadsourcecode": 7}, True),
        (["Language", "ne", "$(wa_language)"], {"wa_language": 3}, False),
        (["Language", "like", "%$(subject)%"], {"subject": "LIS"}, True),
        (["Language", "like", "%$(subject)%"], {}, False),
        (["Language", "not-like", "%$(subject)%"], {}, True),
        (["Language", "between", ["$(subject)", "F"]], {"subject": "A"}, True),
        (["Language", "between", ["$(subject)", "Z"]], {}, False),
        (["Language", "ends-with", "$(wa_language)"], {"wa_language": 3}, True),
    ],
)
def test_an_attributes_value_may_be_the_records(
    term: list[object], record: Row, expected: bool
) -> None:
    scope = Scope(NOW, NO_ROWS, record, {"wa_language": "English"})

    assert attributes(term).holds(POLYGLOT, scope) is expected


@pytest.mark.parametrize(
    ("operand", "said"),
    [
        ("$(wa_langage)", "no column 'wa_langage' of lead for '$(wa_langage)'; did you mean"),
        ("Very $(wa_langage)", "no column 'wa_langage' of lead"),
    ],
)
def test_an_attribute_is_not_compared_with_a_column_that_is_not_there(
    operand: str, said: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_attributes(
            read_nested(["Language", "eq", operand], "rule 'R'"),
            "rule 'R'",
            POLYGLOT,
            TABLES["lead"],
        )

    assert said in str(caught.value)


def test_a_reference_is_no_value_that_some_seller_must_have() -> None:
    tree = read_nested(["Language", "eq", "$(wa_language)"], "r")

    assert record_columns(compile_attributes(tree, "r", POLYGLOT, TABLES["lead"])) == {
        "wa_language"
    }


def test_one_rule_routes_every_language() -> None:
    match = SellerMatch(attributes=attributes(["Language", "eq", "$(wa_language)"]))
    everyone = [
        seller("ana", attributes={"Language": ("German", "English")}),
        seller("ben", attributes={"Language": ("French",)}),
    ]

    def owner(number: int, language: str) -> str:
        record = lead(columns={"wa_language": number}, labels={"wa_language": language})
        return owner_of(decided(record, [rule(match=match)], everyone))

    assert owner(1, "German") == "ana"
    assert owner(2, "French") == "ben"
    decision = decided(lead(), [rule(match=match)], everyone)
    assert [dropped.why for dropped in decision.trace.rules[0].dropped] == [
        "not Language eq $(wa_language) (Language is German, English, $(wa_language) is empty)",
        "not Language eq $(wa_language) (Language is French, $(wa_language) is empty)",
    ]
