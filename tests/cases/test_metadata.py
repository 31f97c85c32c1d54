"""With metadata the columns, choices and tables of a case are checked, and labels may be written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cases.support import a_case, outputs, problems, rule, segment, seller

from work_assignment.dataverse.table_definitions import FileTables
from work_assignment.domain.errors import DefinitionError

Json = dict[str, Any]


def column(name: str, kind: str, **more: Any) -> Json:
    return {"LogicalName": name, "AttributeType": kind, **more}


def choices(name: str, **labels: int) -> Json:
    options = [
        {"Value": number, "Label": {"UserLocalizedLabel": {"Label": label.replace("_", " ")}}}
        for label, number in labels.items()
    ]
    return column(name, "Picklist", OptionSet={"Options": options})


LEAD: Json = {
    "LogicalName": "lead",
    "EntitySetName": "leads",
    "PrimaryIdAttribute": "leadid",
    "PrimaryNameAttribute": "fullname",
    "Attributes": [
        column("leadid", "Uniqueidentifier"),
        column("subject", "String"),
        column("revenue", "Money"),
        column("donotemail", "Boolean"),
        choices("leadsourcecode", Advertisement=1, Trade_Show=7),
        column("industrycode", "Picklist"),
        column("parentaccountid", "Lookup", Targets=["account"]),
        column("createdon", "DateTime", DateTimeBehavior={"Value": "UserLocal"}),
        column("estimatedclosedate", "DateTime", DateTimeBehavior={"Value": "DateOnly"}),
        column("ownerid", "Owner", Targets=["systemuser", "team"]),
        choices("wa_topics", Books=1, Maps=2)
        | {"AttributeType": "Virtual", "AttributeTypeName": {"Value": "MultiSelectPicklistType"}},
        column("entityimage", "Virtual", AttributeTypeName={"Value": "ImageType"}),
    ],
}
ACCOUNT: Json = {
    "LogicalName": "account",
    "Attributes": [
        column("accountid", "Uniqueidentifier"),
        column("revenue", "Money"),
        column("parentaccountid", "Lookup", Targets=["account"]),
    ],
}
USER: Json = {
    "LogicalName": "systemuser",
    "Attributes": [column("systemuserid", "Uniqueidentifier"), column("address1_city", "String")],
}


def tables(*definitions: Json) -> FileTables:
    return FileTables(json.dumps({"value": list(definitions)}), "tables.json")


KNOWN = tables(LEAD, ACCOUNT, USER)


def new(**columns: Any) -> list[Json]:
    return [{"new": {"id": "L1", "columns": columns}}]


def matches(condition: object, related: object = None, /, **columns: Any) -> bool:
    """Whether a record with these columns falls into a segment of this condition."""
    case = a_case(segments=segment(filter={"all": [condition]}), related=related)
    (decided,) = outputs(case | {"events": new(**columns)}, KNOWN)
    return bool(decided["segment"] == "Fairs")


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        (["leadsourcecode", "eq", "trade show"], {"leadsourcecode": 7}),
        (["leadsourcecode", "eq", 7], {"leadsourcecode": "Trade Show"}),
        (["wa_topics", "contain-values", ["Maps"]], {"wa_topics": [1, "maps"]}),
        (["industrycode", "eq", 12], {"industrycode": 12}),
        (["donotemail", "eq", "yes"], {"donotemail": True}),
        (["revenue", "between", [1, 2]], {"revenue": 1.5}),
        (["estimatedclosedate", "today"], {"estimatedclosedate": "2026-03-04"}),
        (["createdon", "today"], {}),
        (["parentaccountid", "eq", "North-1"], {"parentaccountid": "north-1"}),
        (["leadid", "eq", "l1"], {}),
        (["ownerid", "null"], {}),
    ],
)
def test_columns_compare_by_their_kind(condition: object, columns: Json) -> None:
    assert matches(condition, **columns)
    assert not matches({"all": [["leadid", "eq", "another"], condition]}, **columns)


def test_a_lookup_that_points_at_one_table_needs_not_say_which() -> None:
    condition = {
        "related": {"lookup": "parentaccountid", "filter": {"all": [["revenue", "gt", 5]]}}
    }
    related = {"account": [{"id": "A1", "revenue": 6}, {"id": "A2", "revenue": 5}]}
    assert matches(condition, related, parentaccountid="A1")
    assert not matches(condition, related, parentaccountid="A2")


def test_operators_of_hierarchies_take_ids_of_dataverse() -> None:
    top, below = (f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2))
    condition = ["parentaccountid", "under", top]
    related = {"account": [{"id": top}, {"id": below, "parentaccountid": top}]}
    assert matches(condition, related, parentaccountid=below)
    assert not matches(condition, related, parentaccountid=top)


def test_a_seller_attribute_may_equal_the_label_of_a_records_choice() -> None:
    case = a_case(
        sellers=[*seller(attributes={"Source": "Advertisement"}), {"id": "ben"}],
        rules=rule(match="attributes", attributes={"all": [["Source", "eq", "$(leadsourcecode)"]]}),
        events=new(leadsourcecode=1),
    )
    assert [one["owner"] for one in outputs(case, KNOWN)] == ["ana"]


def test_an_id_in_a_lookup_may_be_a_number() -> None:
    filter_ = {"all": [["parentaccountid", "eq", "5"]]}
    case = a_case(segments=segment(filter=filter_), events=new(parentaccountid=5))
    assert [one["segment"] for one in outputs(case, KNOWN)] == ["Fairs"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"revenu": 1}, "revenu: there is no column 'revenu' of lead; did you mean 'revenue'?"),
        ({"revenue": "1"}, "revenue: column 'revenue': '1' is no value of a number column"),
        ({"revenue": True}, "revenue: column 'revenue': true is no value of a number column"),
        (
            {"donotemail": 1},
            "donotemail: column 'donotemail': 1 is no value of a yes or no column",
        ),
        ({"subject": 5}, "subject: column 'subject': 5 is no value of a text column"),
        (
            {"parentaccountid": True},
            "parentaccountid: column 'parentaccountid': true is no value of a lookup column",
        ),
        (
            {"leadsourcecode": 9},
            "leadsourcecode: column 'leadsourcecode': there is no choice 9",
        ),
        (
            {"leadsourcecode": "Trade Shw"},
            "leadsourcecode: column 'leadsourcecode': there is no choice 'Trade Shw'; "
            "did you mean 'Trade Show'?",
        ),
        (
            {"wa_topics": 1},
            "wa_topics: column 'wa_topics': choices are a list of numbers, not 1",
        ),
        (
            {"estimatedclosedate": 5},
            "estimatedclosedate: column 'estimatedclosedate': '5' is not a date, "
            "such as 2026-03-01",
        ),
    ],
)
def test_values_of_another_kind(columns: Json, problem: str) -> None:
    assert problems(a_case(events=new(**columns)), KNOWN) == [f"events[0].new.columns.{problem}"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"segments": segment(filter={"all": [["revenu", "gt", 1]]})},
            "segments[0].filter.all[0]: segment 'Fairs': there is no column 'revenu'; "
            "did you mean 'revenue'?",
        ),
        (
            {"segments": segment(filter={"all": [["revenue", "gt", "much"]]})},
            "segments[0].filter.all[0]: segment 'Fairs': column 'revenue': 'much' is not a number",
        ),
        (
            {"segments": segment(filter={"all": [["leadsourcecode", "eq", "Trade Shw"]]})},
            "segments[0].filter.all[0]: segment 'Fairs', column 'leadsourcecode': "
            "there is no choice 'Trade Shw'; did you mean 'Trade Show'?",
        ),
        (
            {"segments": segment(filter={"all": [{"related": {"lookup": "parentaccountd"}}]})},
            "segments[0].filter.all[0].related.lookup: segment 'Fairs': "
            "there is no column 'parentaccountd' of lead; did you mean 'parentaccountid'?",
        ),
        (
            {
                "rules": rule(
                    match="attributes",
                    seller_filter={"all": [["address1_city", "eq", "$(subjct)"]]},
                )
            },
            "rules[0].seller_filter.all[0]: rule 'Anyone', seller_filter: "
            "there is no column 'subjct' of lead for '$(subjct)'; did you mean 'subject'?",
        ),
        (
            {"rules": rule(match="attributes", attributes={"all": [["A", "eq", "$(subjct)"]]})},
            "rules[0].attributes.all[0]: rule 'Anyone', attributes: "
            "there is no column 'subjct' of lead for '$(subjct)'; did you mean 'subject'?",
        ),
        (
            {"segments": segment(record_type="leed"), "events": []},
            "segments[0].record_type: segment 'Fairs': there is no table 'leed'; "
            "did you mean 'lead'?",
        ),
        (
            {"related": {"acount": []}},
            "related.acount: there is no table 'acount'; did you mean 'account'?",
        ),
        (
            {"sellers": seller(columns={"address_city": "London"})},
            "sellers[0].columns.address_city: there is no column 'address_city' of systemuser; "
            "did you mean 'address1_city'?",
        ),
        (
            {"settings": {"score_column": "subject"}},
            "settings.score_column: settings: 'score_column': "
            "column 'subject' of lead is a text column, not a number column",
        ),
    ],
)
def test_names_that_the_tables_do_not_have(changes: Json, problem: str) -> None:
    assert problems(a_case(**changes), KNOWN) == [problem]


def test_a_file_may_hold_one_definition_or_a_list() -> None:
    assert list(FileTables(json.dumps(LEAD), "f").table_names()) == ["lead"]
    assert set(FileTables(json.dumps([LEAD, USER]), "f").table_names()) == {"lead", "systemuser"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "f: this is no JSON: "),
        ("[" * 100_000, "f: lists and mappings are nested too deeply"),
        ("7", "f: table definition 1: it has no LogicalName"),
        ('{"value": [{"LogicalName": "lead"}]}', "f: table definition 1: lead has no Attributes"),
        (
            '[{"LogicalName": "lead", "Attributes": [{"LogicalName": "x"}]}]',
            "f: table definition 1: attribute 1 of lead has no name or no type",
        ),
    ],
)
def test_a_file_that_defines_no_tables(text: str, problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        FileTables(text, "f")
    assert str(caught.value).startswith(problem)
