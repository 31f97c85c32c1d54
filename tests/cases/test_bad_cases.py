"""What is wrong in a case is told with its path and the nearest right word, before anything is decided."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cases.support import (
    AT,
    a_case,
    problems,
    problems_of_text,
    rule,
    segment,
    seller,
)

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.services.cases.reading import read_case

NEW = {"new": {"id": "L1"}}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"at": "yesterday"},
            "at: 'yesterday' is not a date and time, such as 2026-03-01T08:00:00Z",
        ),
        ({"at": 7}, "at: it is a date and time such as 2026-03-02T08:00:00Z, not 7"),
        (
            {"at": "9999-12-31T00:00:00Z"},
            "at: it lies in the years 1900 to 9900, not '9999-12-31T00:00:00Z'",
        ),
        ({"sellers": {}}, "sellers: it is a list, not a mapping"),
        ({"teams": ["North"]}, "teams[0]: it is a mapping with an id, not 'North'"),
        ({"sellerz": []}, "sellerz: there is no key 'sellerz'; did you mean 'sellers'?"),
        ({"settings": []}, "settings: settings is a mapping"),
        ({"related": 7}, "related: it is a mapping, not 7"),
    ],
)
def test_keys_of_the_case(changes: dict[str, Any], problem: str) -> None:
    assert problems(a_case(**changes)) == [problem]


@pytest.mark.parametrize("key", ["at", "sellers", "segments", "events"])
def test_what_every_case_needs(key: str) -> None:
    assert f"'{key}' is missing" in problems(a_case(**{key: None}))


def test_a_case_without_rules_says_so_with_an_empty_list() -> None:
    assert problems(a_case(rules=None)) == ["'rules' is missing"]


@pytest.mark.parametrize(
    ("sellers", "problem"),
    [
        ([{}], "sellers[0]: 'id' is missing"),
        ([{"id": ["x"]}], "sellers[0].id: 'id' is a text, not a list"),
        (
            [{"id": "ana"}, {"id": "ana"}],
            "sellers[1]: the id 'ana' is that of sellers[0]",
        ),
        (
            seller(takes_asignments=True),
            "sellers[0].takes_asignments: there is no key 'takes_asignments'; "
            "did you mean 'takes_assignments'?",
        ),
        (
            seller(max_capacity="many"),
            "sellers[0].max_capacity: seller 'ana': 'max_capacity' is a whole number, not 'many'",
        ),
        (
            seller(active_records={"lead": -1}),
            "sellers[0].active_records.lead: it is a whole number, not -1",
        ),
        (seller(roles=[7]), "sellers[0].roles[0]: a role is a text, not 7"),
        (seller(name=True), "sellers[0].name: 'name' is a text, not true"),
        (
            seller(columns={"city": {}}),
            "sellers[0].columns.city: column 'city': a value is a text, a number, true, false, "
            "null or a list of choices' numbers, not a mapping",
        ),
        (
            seller(attributes={"Speaks well": [["English"]]}),
            "sellers[0].attributes[\"Speaks well\"][0]: seller 'ana': "
            "a value of attribute 'Speaks well' is a text, not a list",
        ),
        (
            seller(last_assigned_at="never"),
            "sellers[0].last_assigned_at: 'never' is not a date and time, "
            "such as 2026-03-01T08:00:00Z",
        ),
    ],
)
def test_sellers(sellers: list[Any], problem: str) -> None:
    assert problems(a_case(sellers=sellers)) == [problem]


HOURS = {"days": ["mon"], "from": "08:00", "to": "12:00"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"working_hours": [HOURS, {**HOURS, "from": "11:00"}]},
            "sellers[0].working_hours[1]: seller 'ana': working_hours: "
            "they overlap with others on mon",
        ),
        (
            {"working_hours": [{**HOURS, "time_zone": "Europe/Berln"}]},
            "sellers[0].working_hours[0]: seller 'ana': working_hours: "
            "there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        (
            {"time_off": [{"from": "2026-03-05T00:00:00Z", "to": "2026-03-04T00:00:00Z"}]},
            "sellers[0].time_off[0]: seller 'ana': time_off: it ends before it starts",
        ),
    ],
)
def test_hours(changes: dict[str, Any], problem: str) -> None:
    assert problems(a_case(sellers=seller(**changes))) == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"settings": {"evaluation_time_zone": "Europe/Berln"}},
            "settings.evaluation_time_zone: settings: 'evaluation_time_zone': "
            "there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        (
            {"settings": {"record_types": ["leads", "contact"]}, "events": []},
            "segments[0]: segment 'Fairs': settings have no lead in their record_types; "
            "did you mean 'leads'?",
        ),
        (
            {"segments": segment(priorty=1)},
            "segments[0].priorty: segment 'Fairs': there is no key 'priorty'; "
            "did you mean 'priority'?",
        ),
        (
            {"segments": segment(sequence=["x"])},
            "segments[0].sequence: segment: 'sequence' is a text, not a list",
        ),
        (
            {"segments": segment(manager=["ines"])},
            "segments[0].manager: segment 'Fairs': 'manager' is a text, not a list",
        ),
        (
            {"segments": segment(schedule="daily")},
            "segments[0].schedule: segment 'Fairs': 'schedule' is a mapping",
        ),
        (
            {"rules": rule() + rule()},
            "rules[1]: rule 'Anyone': there is another one for lead at case.json: rules[0]",
        ),
        (
            {"rules": rule(segment="Fair")},
            "rules[0].segment: rule 'Anyone': there is no segment 'Fair'; did you mean 'Fairs'?",
        ),
        (
            {"rules": rule(record_type="opportunity")},
            "rules[0].record_type: rule 'Anyone': it is for opportunity, "
            "but segment 'Fairs' is for lead",
        ),
        (
            {"rules": rule(segment="default"), "segments": [*segment(), *segment(record_type="x")]},
            "rules[0]: rule 'Anyone': segment: default needs a record_type",
        ),
        (
            {"rules": rule(match="list", list=["anna"])},
            "rules[0].list[0]: rule 'Anyone': there is no seller 'anna'; did you mean 'Ana'?",
        ),
        (
            {
                "rules": rule(match="list", list=["Ana"]),
                "sellers": [{"id": "u1", "name": "Ana"}, {"id": "u2", "name": "ANA"}],
            },
            "rules[0].list[0]: rule 'Anyone': 2 sellers are named 'Ana': say the id; "
            "did you mean 'u1'?",
        ),
        (
            {
                "rules": rule(assign_to="team", match="list", list=["North"]),
                "teams": [{"id": "t1", "name": "Nord"}],
            },
            "rules[0].list[0]: rule 'Anyone': there is no team 'North'; did you mean 'Nord'?",
        ),
    ],
)
def test_definitions(changes: dict[str, Any], problem: str) -> None:
    assert problems(a_case(**changes)) == [problem]


@pytest.mark.parametrize(
    ("filter_", "problem"),
    [
        (
            {"all": [["a", "eqq", 1]]},
            "segments[0].filter.all[0]: segment 'Fairs': there is no operator 'eqq' (column 'a'); "
            "did you mean 'eq'?",
        ),
        (
            {"all": [["a", "eq", 1], {"any": [["b", "between", 1]]}]},
            "segments[0].filter.all[1].any[0]: segment 'Fairs': operator 'between' on column 'b' "
            "takes 2 values, not 1",
        ),
        (
            {"all": [{"related": {"lookup": "x", "filter": {"all": [["b", "gtt", 1]]}}}]},
            "segments[0].filter.all[0].related.filter.all[0]: segment 'Fairs': "
            "there is no operator 'gtt' (column 'b'); did you mean 'gt'?",
        ),
        (
            {"all": [{"related": {"lookup": "x", "lokup": "y"}}]},
            "segments[0].filter.all[0].related.lokup: segment 'Fairs', related: "
            "there is no key 'lokup'; did you mean 'lookup'?",
        ),
        (
            {"all": [["a", "eq-userid"]]},
            "segments[0].filter.all[0]: segment 'Fairs': operator 'eq-userid' asks who is calling, "
            "which would be our application user; name the user instead",
        ),
    ],
)
def test_filters_of_records(filter_: object, problem: str) -> None:
    assert problems(a_case(segments=segment(filter=filter_))) == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"seller_filter": {"all": [["city", "beginswith", "L"]]}},
            "rules[0].seller_filter.all[0]: rule 'Anyone', seller_filter: "
            "there is no operator 'beginswith' (column 'city'); did you mean 'begins-with'?",
        ),
        (
            {"attributes": {"all": [["Language", "under", "G%"]]}},
            "rules[0].attributes.all[0]: rule 'Anyone', attributes: "
            "there is no operator 'under' for seller attributes (attribute 'Language')",
        ),
    ],
)
def test_filters_of_sellers(changes: dict[str, Any], problem: str) -> None:
    assert problems(a_case(rules=rule(match="attributes", **changes))) == [problem]


@pytest.mark.parametrize(
    ("related", "problem"),
    [
        ({"account": [{"columns": {}}]}, "related.account[0]: 'id' is missing"),
        ([7], "related[0]: it is a mapping, not 7"),
        ([{"id": "A"}], "related[0]: 'table' is missing"),
        ({"account": 7}, "related.account: it is a list, not 7"),
        ({"account": {"A1": 7}}, "related.account.A1: it is a mapping, not 7"),
        (
            {"account": [{"id": "A"}, {"id": "A"}]},
            "related.account[1]: there is another account with the id 'A'",
        ),
        (
            {"systemuser": [{"id": "ana"}]},
            "related.systemuser[0]: there is another systemuser with the id 'ana'",
        ),
        (
            {"account": [{"id": "A", "columns": {}, "name": "x"}]},
            "related.account[0].name: there is no key 'name'",
        ),
    ],
)
def test_related_rows(related: object, problem: str) -> None:
    assert problems(a_case(related=related)) == [problem]


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({"neww": {}}, "events[1]: there is no event 'neww'; did you mean 'new'?"),
        (
            {"new": {"id": "x"}, "at": AT},
            "events[1]: an event has one key of new, changed, assigned_by_hand, closed, sweep, resegment, force, at",
        ),
        (
            "new",
            "events[1]: an event has one key of new, changed, assigned_by_hand, closed, sweep, resegment, force, at",
        ),
        ({"new": 5}, "events[1].new: it is a mapping, not 5"),
        ({"new": {"id": "L1"}}, "events[1].new.id: 'L1' is there already"),
        ({"new": {"id": "ana"}}, "events[1].new.id: 'ana' is there already"),
        (
            {"new": {"id": "x", "colums": {}}},
            "events[1].new.colums: there is no key 'colums'; did you mean 'columns'?",
        ),
        ({"new": {"id": "x", "owner": 1.5}}, "events[1].new.owner: 'owner' is a text, not 1.5"),
        ({"new": {"id": "x", "type": 5}}, "events[1].new.type: 'type' is a text, not 5"),
        (
            {"new": {"id": "x", "score": "high"}},
            "events[1].new.score: a score is a number, not 'high'",
        ),
        (
            {"new": {"id": "x", "columns": {"ownerid": "ana"}}},
            "events[1].new.columns.ownerid: 'ownerid' is said by 'owner', and otherwise",
        ),
        (
            {
                "new": {
                    "id": "x",
                    "created_at": "2026-03-01T00:00:00Z",
                    "columns": {"createdon": "2026-03-02T00:00:00Z"},
                }
            },
            "events[1].new.columns.createdon: 'createdon' is said by 'created_at', and otherwise",
        ),
        (
            {"new": {"id": "x", "type": "leads"}},
            "events[1].new.type: there is no record type 'leads'; did you mean 'lead'?",
        ),
        (
            {"assigned_by_hand": {"id": "x", "type": "Opportunities", "owner": "ana"}},
            "events[1].assigned_by_hand.type: there is no record type 'Opportunities'; "
            "did you mean 'opportunity'?",
        ),
        (
            {"closed": {"id": "L1", "type": "contact"}},
            "events[1].closed.type: 'L1' is of type lead, not contact; did you mean 'lead'?",
        ),
        (
            {"changed": {"id": "L1", "type": "leads", "columns": {}}},
            "events[1].changed.type: 'L1' is of type lead, not leads; did you mean 'lead'?",
        ),
        (
            {"sweep": {"record_type": "leads"}},
            "events[1].sweep.record_type: there is no record type 'leads'; did you mean 'lead'?",
        ),
        (
            {"sweep": {"record_type": "lead", "type": "opportunity"}},
            "events[1].sweep.type: 'type' is said by 'record_type', and otherwise",
        ),
        (
            {"changed": {"id": "L3", "columns": {}}},
            "events[1].changed.id: there is no record or related row 'L3' yet",
        ),
        ({"changed": {"id": "L1"}}, "events[1].changed: 'columns' is missing"),
        (
            {"changed": {"id": "L1", "columns": {"ownerid": "ana"}}},
            "events[1].changed.columns.ownerid: 'ownerid' is not changed so; say assigned_by_hand",
        ),
        (
            {"changed": {"id": "L1", "columns": {"leadid": "L2"}}},
            "events[1].changed.columns.leadid: 'leadid' is not changed so",
        ),
        (
            {"changed": {"id": "ana", "columns": {}}},
            "events[1].changed.id: there is no record or related row 'ana' yet",
        ),
        ({"assigned_by_hand": {"id": "x"}}, "events[1].assigned_by_hand: 'owner' is missing"),
        (
            {"assigned_by_hand": {"id": "L1", "type": "contact", "owner": "ana"}},
            "events[1].assigned_by_hand.type: 'L1' is of type lead, not contact; "
            "did you mean 'lead'?",
        ),
        ({"closed": {"id": "L7"}}, "events[1].closed.id: 'L7' is no record yet"),
        (
            {"at": "2026-03-04T08:59:59Z"},
            "events[1].at: it is 2026-03-04T09:00:00Z already; time does not go back",
        ),
        (
            {"sweep": {"segment": "Fare"}},
            "events[1].sweep.segment: there is no segment 'Fare'; did you mean 'Fairs'?",
        ),
    ],
)
def test_events(event: object, problem: str) -> None:
    assert problems(a_case(events=[NEW, event])) == [problem]


def test_an_owner_named_as_two_are_is_told_by_id() -> None:
    twins = [{"id": "u1", "name": "Ana"}, {"id": "u2", "name": "ana"}]
    events = [{"new": {"id": "L1", "owner": "Ana"}}]
    assert problems(a_case(sellers=twins, events=events)) == [
        "events[0].new.owner: 2 are named 'Ana': say the id; did you mean 'u1'?"
    ]


def test_a_record_is_closed_once() -> None:
    closed = {"closed": {"id": "L1"}}
    assert problems(a_case(events=[NEW, closed, closed])) == [
        "events[2].closed.id: 'L1' is closed already"
    ]


def test_a_row_of_two_tables_cannot_be_meant() -> None:
    related = {"account": [{"id": "X1"}], "contact": [{"id": "X1"}]}
    event = {"changed": {"id": "X1", "columns": {"name": "x"}}}
    assert problems(a_case(related=related, events=[event])) == [
        "events[0].changed.id: 'X1' is the id of rows of account and contact"
    ]


def test_new_records_are_of_the_types_that_settings_name() -> None:
    events = [{"new": {"id": "C1", "type": "contact"}}]
    assert problems(a_case(settings={"record_types": ["lead"]}, events=events)) == [
        "events[0].new.type: settings have no contact in their record_types"
    ]


def test_a_type_written_as_its_plural_makes_no_type_of_its_own() -> None:
    events = [{"new": {"id": "L1", "type": "leads"}}]
    assert problems(a_case(segments=[], rules=rule(segment="default"), events=events)) == [
        "events[0].new.type: there is no record type 'leads'; did you mean 'lead'?"
    ]


def test_everything_wrong_is_told_at_once_in_order() -> None:
    found = problems(
        a_case(
            segments=segment(state="actve"),
            rules=rule(segment="Fair"),
            events=[{"closed": {"id": "x"}}, {"new": {}}],
        )
    )
    assert [line.partition(": ")[0] for line in found] == [
        "segments[0].state",
        "rules[0].segment",
        "events[0].closed.id",
        "events[1].new",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"at": 1,}', ":1: this is no JSON: "),
        ("", ":1: this is no JSON: "),
        ('{"at":\n[1', ":2: this is no JSON: "),
        ('{"at": NaN}', "this is no JSON: NaN is no number"),
        ('{"a":' + "9" * 101 + "}", "this is no JSON: the number 99999999999999999999... has"),
        ('{"a": {"b": 1, "b": 2}}', "a: the key 'b' stands here twice"),
        ('{"a": "\\ud83d"}', "\\ud83d is half a character"),
        ("[]", "it is a mapping, not a list"),
        ("[" * 100_000, "lists and mappings are nested too deeply"),
    ],
)
def test_what_is_no_json(text: str, problem: str) -> None:
    (found,) = problems_of_text(text)
    assert found.startswith(problem)


def test_a_key_with_a_line_end_in_it_stays_on_its_line() -> None:
    assert problems(a_case(sellers=[{"id": "ana", "\x85": 0}])) == [
        "sellers[0][\"\\u0085\"]: there is no key ' '"
    ]


def test_a_case_that_is_nested_too_deeply() -> None:
    text = json.dumps(a_case(segments=segment(filter="DEEP")))
    deep = text.replace('"DEEP"', '{"all":[' * 900 + "]}" * 900)
    with pytest.raises(WorkAssignmentError, match=r"^case\.json"):
        read_case(deep, "case.json")


def test_a_golden_file_is_checked_around_its_case_too() -> None:
    file = {"case": a_case(events=[{"nw": {}}]), "expect": [{"ownr": 1}, 7], "say": "x"}
    assert problems(file) == [
        "say: there is no key 'say'; did you mean 'says'?",
        "expect[0].ownr: there is no key 'ownr'; did you mean 'owner'?",
        "expect[1]: it is a mapping, not 7",
        "case.events[0]: there is no event 'nw'; did you mean 'new'?",
    ]
