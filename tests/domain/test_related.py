"""Conditions on related rows: there is one for which a filter holds, or there is none."""

from __future__ import annotations

from typing import Any

import pytest
from tests.domain.cases import (
    NOW,
    decided,
    decided_all,
    lead,
    owner_of,
    rule,
    segment,
    seller,
    sellers,
)
from tests.domain.tables import compiled, known, row, scope, uid

from work_assignment.domain.defining.rules import SellerMatch
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import (
    Relation,
    columns_read,
    compile_filter,
    first_failure,
    is_timed,
    record_columns,
)
from work_assignment.domain.filtering.filters import read_nested
from work_assignment.domain.filtering.rows import NO_ROWS, Rows
from work_assignment.domain.records import Value

ROWS = Rows(
    {
        "account": [
            row("account", "big", name="Big", revenue=9, ownerid=uid("ana")),
            row("account", "small", name="Small", revenue=1, parentaccountid=uid("big")),
        ],
        "contact": [row("contact", "joe", fullname="Joe", address1_city="Bern")],
        "task": [
            row("task", "t1", regardingobjectid=uid("busy"), statecode=0, subject="Call"),
            row("task", "t2", regardingobjectid=uid("busy"), statecode=1, subject="Write"),
            row("task", "t3", regardingobjectid=uid("done"), statecode=1, subject="Call"),
            row("task", "t4", regardingobjectid=None, statecode=0),
        ],
        "leadcompetitors": [
            row("leadcompetitors", "1", leadid=uid("busy"), competitorid=uid("acme")),
            row("leadcompetitors", "2", leadid=uid("done"), competitorid=uid("gone")),
        ],
        "competitor": [row("competitor", "acme", name="Acme")],
    }
)

RICH_ACCOUNT = {"lookup": "parentaccountid", "filter": {"all": [["revenue", "gt", 5]]}}
ANY_ACCOUNT = {"lookup": "parentaccountid"}
OPEN_TASK = {
    "table": "task",
    "lookup": "regardingobjectid",
    "filter": {"all": [["statecode", "eq", 0]]},
}
OPEN_CALL = {
    "table": "task",
    "lookup": "regardingobjectid",
    "filter": {"all": [["statecode", "eq", 0], ["subject", "eq", "Call"]]},
}
CLOSED_CALL = {
    "table": "task",
    "lookup": "regardingobjectid",
    "filter": {"all": [["statecode", "eq", 1], ["subject", "eq", "call"]]},
}
ACME = {
    "table": "leadcompetitors",
    "lookup": "leadid",
    "filter": {"related": {"lookup": "competitorid", "filter": {"all": [["name", "eq", "ACME"]]}}},
}


def is_so(form: object, **columns: Value) -> bool:
    return compiled(form).holds(columns, scope(ROWS))


@pytest.mark.parametrize(
    ("related", "columns", "expected"),
    [
        (RICH_ACCOUNT, {"parentaccountid": uid("big")}, True),
        (RICH_ACCOUNT, {"parentaccountid": uid("big").upper()}, True),
        (RICH_ACCOUNT, {"parentaccountid": uid("small")}, False),
        (RICH_ACCOUNT, {"parentaccountid": uid("nobody")}, False),
        (RICH_ACCOUNT, {"parentaccountid": None}, False),
        (RICH_ACCOUNT, {}, False),
        (ANY_ACCOUNT, {"parentaccountid": uid("small")}, True),
        (ANY_ACCOUNT, {"parentaccountid": uid("nobody")}, False),
        (OPEN_TASK, {"leadid": uid("busy")}, True),
        (OPEN_TASK, {"leadid": uid("done")}, False),
        (OPEN_TASK, {"leadid": uid("new")}, False),
        (OPEN_CALL, {"leadid": uid("busy")}, True),
        (CLOSED_CALL, {"leadid": uid("busy")}, False),
        (ACME, {"leadid": uid("busy")}, True),
        (ACME, {"leadid": uid("done")}, False),
    ],
)
def test_a_related_row_is_there_or_it_is_not(
    related: dict[str, object], columns: dict[str, Value], expected: bool
) -> None:
    assert is_so({"related": related}, **columns) is expected
    assert is_so({"not_related": related}, **columns) is not expected


def test_all_conditions_must_hold_for_one_and_the_same_row() -> None:
    form = {
        "all": [
            {"related": {**OPEN_TASK, "filter": {"all": [["subject", "eq", "Write"]]}}},
            {"related": OPEN_TASK},
        ]
    }
    together = {
        **OPEN_TASK,
        "filter": {"all": [["subject", "eq", "Write"], ["statecode", "eq", 0]]},
    }

    assert is_so(form, leadid=uid("busy"))
    assert not is_so({"related": together}, leadid=uid("busy"))


def test_related_conditions_stand_anywhere_in_groups() -> None:
    form = {"any": [["revenue", "gt", 100], {"all": [{"related": RICH_ACCOUNT}]}]}

    assert is_so(form, parentaccountid=uid("big"))
    assert is_so(form, revenue=101)
    assert not is_so(form, revenue=1, parentaccountid=uid("small"))


def test_a_related_row_has_related_rows_of_its_own() -> None:
    above = {"lookup": "parentaccountid", "filter": {"related": RICH_ACCOUNT}}

    assert is_so({"related": above}, parentaccountid=uid("small"))
    assert not is_so({"related": above}, parentaccountid=uid("big"))
    assert is_so(
        {"related": {**ANY_ACCOUNT, "filter": {"not_related": RICH_ACCOUNT}}},
        parentaccountid=uid("big"),
    )


def test_a_lookup_with_several_targets_finds_rows_of_the_table_said() -> None:
    in_bern = {
        "lookup": "customerid",
        "to": "contact",
        "filter": {"all": [["address1_city", "eq", "Bern"]]},
    }

    assert is_so({"related": in_bern}, customerid=uid("joe"))
    assert not is_so({"related": {"lookup": "customerid", "to": "account"}}, customerid=uid("joe"))


def test_empty_columns_of_a_related_row_are_told_from_a_missing_row() -> None:
    not_named = {"lookup": "parentaccountid", "filter": {"all": [["ownerid", "null"]]}}

    assert is_so({"related": not_named}, parentaccountid=uid("small"))
    assert not is_so({"related": not_named}, parentaccountid=uid("nobody"))
    other = {"lookup": "parentaccountid", "filter": {"all": [["ownerid", "ne", uid("ben")]]}}
    assert is_so({"related": other}, parentaccountid=uid("small"))


def test_where_no_rows_are_known_there_are_none() -> None:
    tested = compiled({"not_related": OPEN_TASK})

    assert tested.holds({"leadid": uid("busy")}, scope(NO_ROWS))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"related": ANY_ACCOUNT}, "parentaccountid"),
        ({"related": RICH_ACCOUNT}, "parentaccountid with revenue gt 5"),
        ({"not_related": RICH_ACCOUNT}, "no parentaccountid with revenue gt 5"),
        ({"related": OPEN_TASK}, "task by regardingobjectid with statecode eq 0"),
        (
            {"not_related": OPEN_CALL},
            "no task by regardingobjectid with (statecode eq 0 and subject eq Call)",
        ),
        (
            {"related": ACME},
            "leadcompetitors by leadid with competitorid with name eq ACME",
        ),
    ],
)
def test_a_related_condition_reads_like_a_sentence(form: object, text: str) -> None:
    assert str(compiled(form)) == text


@pytest.mark.parametrize(
    ("form", "columns", "values"),
    [
        ({"related": RICH_ACCOUNT}, {}, (("parentaccountid", None),)),
        (
            {"related": RICH_ACCOUNT},
            {"parentaccountid": uid("nobody")},
            (("parentaccountid", uid("nobody")),),
        ),
        (
            {"related": RICH_ACCOUNT},
            {"parentaccountid": uid("small")},
            (("parentaccountid.revenue", 1),),
        ),
        (
            {"not_related": RICH_ACCOUNT},
            {"parentaccountid": uid("big")},
            (("parentaccountid.revenue", 9),),
        ),
        ({"related": OPEN_TASK}, {"leadid": uid("new")}, (("rows of task", 0),)),
        ({"related": OPEN_TASK}, {"leadid": uid("done")}, (("rows of task", 1),)),
        ({"not_related": OPEN_TASK}, {"leadid": uid("busy")}, (("rows of task", 2),)),
        (
            {"related": {**ANY_ACCOUNT, "filter": {"related": RICH_ACCOUNT}}},
            {"parentaccountid": uid("small")},
            None,
        ),
        (
            {"related": {**ANY_ACCOUNT, "filter": {"related": RICH_ACCOUNT}}},
            {"parentaccountid": uid("big")},
            (("parentaccountid.parentaccountid", None),),
        ),
    ],
)
def test_a_failure_tells_what_was_found(
    form: object, columns: dict[str, Value], values: tuple[tuple[str, object], ...] | None
) -> None:
    failure = first_failure(compiled(form), columns, scope(ROWS))

    assert (None if failure is None else failure.values) == values


def test_the_columns_read_are_the_records_own() -> None:
    tested = compiled({"all": [["subject", "null"], {"related": RICH_ACCOUNT}, {"related": ACME}]})

    assert columns_read(tested) == {"subject", "parentaccountid", "leadid"}


def test_names_that_can_be_known_are_filled_in() -> None:
    def names(form: object) -> tuple[str | None, ...]:
        tested = compiled(form)
        assert isinstance(tested, Relation)
        return tested.related.table, tested.related.column, tested.related.own_column

    assert names({"related": RICH_ACCOUNT}) == ("account", "accountid", "parentaccountid")
    assert names({"not_related": OPEN_TASK}) == ("task", "regardingobjectid", "leadid")


def test_a_moment_deep_inside_makes_a_condition_depend_on_time() -> None:
    due = {**OPEN_TASK, "filter": {"all": [["scheduledend", "last-x-days", 3]]}}

    assert is_timed(compiled({"related": due}))
    assert not is_timed(compiled({"related": OPEN_TASK}))


def test_the_records_own_columns_are_meant_at_any_depth() -> None:
    same_city = {
        "lookup": "parentaccountid",
        "filter": {
            "related": {
                "lookup": "primarycontactid",
                "filter": {"all": [["address1_city", "eq", "$(address1_country)"]]},
            }
        },
    }
    tested = compiled({"related": same_city})
    rows = Rows(
        {
            "account": [row("account", "big", primarycontactid=uid("joe"))],
            "contact": [row("contact", "joe", address1_city="Bern")],
        }
    )
    columns: dict[str, Value] = {"parentaccountid": uid("big"), "address1_country": "BERN"}

    assert record_columns(tested) == {"address1_country"}
    assert tested.holds(columns, scope(rows, columns))
    assert not tested.holds(columns, scope(rows, {"address1_country": "Basel"}))


@pytest.mark.parametrize(
    ("related", "said"),
    [
        ({"lookup": "parentacountid"}, "did you mean 'parentaccountid'?"),
        ({"lookup": "subject"}, "column 'subject' is no lookup; say the table with 'to'"),
        ({"lookup": "customerid"}, "points at account or contact: say which with 'to'"),
        ({"lookup": "regardingobjectid", "table": "tsk"}, "there is no table 'tsk'"),
        ({"lookup": "regarding", "table": "task"}, "table task has no column 'regarding'; did"),
        ({"lookup": "parentaccountid", "filter": {"all": [["revenu", "gt", 1]]}}, "'revenue'?"),
        (
            {"lookup": "parentaccountid", "filter": {"all": [["revenue", "gt", "much"]]}},
            "'much' is not a number",
        ),
        (
            {"lookup": "parentaccountid", "filter": {"all": [["name", "eq", "$(nam)"]]}},
            "there is no column 'nam' of lead",
        ),
    ],
)
def test_what_cannot_be_found_is_refused_by_name(related: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_filter(read_nested({"related": related}, "segment 'UK'"), "segment 'UK'", known())

    assert str(caught.value).startswith("segment 'UK'")
    assert said in str(caught.value)


def test_without_columns_a_lookup_finds_rows_of_any_table_by_their_ids() -> None:
    rows = Rows({"account": [{"accountid": "a-1", "revenue": 9}], "contact": [{"contactid": "c"}]})
    tested = compiled({"related": RICH_ACCOUNT}, checked=False)

    assert tested.holds({"parentaccountid": "A-1"}, scope(rows))
    assert not tested.holds({"parentaccountid": "c"}, scope(rows))
    assert not tested.holds({}, scope(rows))


def test_without_columns_rows_point_at_the_records_own_id() -> None:
    rows = Rows({"task": [{"activityid": "t", "regardingobjectid": "lead-1", "statecode": 0}]})
    tested = compiled({"related": OPEN_TASK}, checked=False)

    assert tested.holds({"leadid": "lead-1"}, scope(rows))
    assert not tested.holds({"leadid": "lead-2"}, scope(rows))


def test_a_segment_looks_at_related_rows_and_the_story_tells_them() -> None:
    rich = segment("Rich", filter=compiled({"related": RICH_ACCOUNT}))
    rest = segment("Rest", priority=2)
    rules = [rule("R", segment_id=rich.id), rule("S", segment_id=rest.id)]

    def tried(name: str) -> Any:
        record = lead(columns={"parentaccountid": uid(name)})
        return decided(record, rules, sellers("ana"), [rich, rest], rows=ROWS)

    assert tried("big").segment is rich
    decision = tried("small")
    assert decision.segment is rest
    assert decision.trace.segments[0].failure.values == (("parentaccountid.revenue", 1),)


def test_records_with_the_same_lookup_do_not_share_a_story_of_another_account() -> None:
    rich = segment("Rich", filter=compiled({"all": [{"related": RICH_ACCOUNT}]}))
    rest = segment("Rest", priority=2)

    told = [
        decided(lead(columns=columns), [], (), [rich, rest], rows=ROWS).trace.segments[0].failure
        for columns in ({"parentaccountid": uid("small")}, {"parentaccountid": None})
    ]

    assert [failure.values if failure else None for failure in told] == [
        (("parentaccountid.revenue", 1),),
        (("parentaccountid", None),),
    ]


def test_a_lead_goes_to_the_owner_of_its_account() -> None:
    owns = {
        "related": {
            "table": "account",
            "lookup": "ownerid",
            "filter": {"all": [["accountid", "eq", "$(parentaccountid)"]]},
        }
    }
    match = SellerMatch(columns=compiled(owns, "systemuser", "lead"))
    everyone = [seller(uid("ana")), seller(uid("ben"))]
    rules = [rule("Its owner", match=match), rule("Else", order=2)]

    def owner(account: str | None) -> str:
        record = lead(columns={"parentaccountid": account and uid(account)})
        ben_waits = {uid("ana"): {"turn": 2}, uid("ben"): {"turn": 1}}
        (decision,) = decided_all([record], rules, everyone, rows=ROWS, standing=ben_waits)
        return owner_of(decision)

    assert owner("big") == uid("ana")
    assert owner("small") == uid("ben")
    assert owner(None) == uid("ben")


def test_a_relation_tells_the_rows_it_joins() -> None:
    tested = compiled({"not_related": OPEN_TASK})

    assert isinstance(tested, Relation)
    assert len(tested.found({"leadid": uid("busy")}, scope(ROWS))) == 2
    assert tested.found({}, scope(ROWS)) == ()
    assert scope(ROWS).at == NOW
