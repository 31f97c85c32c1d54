"""RetrieveMetadataChanges: queries of definitions, and what changed since an earlier answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.server import MockServer

from .bodies import column, fresh, label, make, make_table, of, one_to_many, options

FILTERS = "Microsoft.Dynamics.CRM.DeletedMetadataFilters"


def condition(name: str, operator: str, value: Any, kind: str = "System.String") -> dict[str, Any]:
    return {
        "PropertyName": name,
        "ConditionOperator": operator,
        "Value": {"Type": kind, "Value": value},
    }


def only(*conditions: dict[str, Any], operator: str = "And") -> dict[str, Any]:
    return {"FilterOperator": operator, "Conditions": list(conditions)}


def query(table: str, *names: str, **parts: Any) -> dict[str, Any]:
    return {
        "Properties": {"AllProperties": False, "PropertyNames": list(names)},
        "Criteria": only(condition("LogicalName", "Equals", table)),
        **parts,
    }


def columns_of(table: str, *names: str, **criteria: Any) -> dict[str, Any]:
    part = {"Properties": {"PropertyNames": list(names)}, **criteria}
    return query(table, "Attributes", AttributeQuery=part)


def ask(api: Api, asked: Any, stamp: str | None = None, deleted: str | None = None) -> Any:
    """Send a call as Microsoft's samples do, with an alias for each parameter."""
    values = {"@p1": json.dumps(asked)}
    parameters = ["Query=@p1"]
    if deleted is not None:
        parameters.append("DeletedMetadataFilters=@p2")
        values["@p2"] = f"{FILTERS}'{deleted}'"
    if stamp is not None:
        parameters.append("ClientVersionStamp=@p3")
        values["@p3"] = f"'{stamp}'"
    path = f"RetrieveMetadataChanges({','.join(parameters)})"
    return api.get(path, params=values, headers={"Consistency": "Strong"})


def changes(api: Api, *arguments: Any) -> dict[str, Any]:
    answer = ask(api, *arguments)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any], way: str = "Attributes") -> set[str]:
    return {each["LogicalName"] for table in found["EntityMetadata"] for each in table[way]}


def test_all_properties_are_there_and_those_not_asked_for_are_empty(api: Api) -> None:
    found = changes(api, query("account", "SchemaName"))
    assert found["@odata.context"].endswith(
        "$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse"
    )
    assert found["DeletedMetadata"] == {"Count": 0, "IsReadOnly": False, "Keys": [], "Values": []}
    (account,) = found["EntityMetadata"]
    asked = {"SchemaName", "LogicalName", "MetadataId"}
    assert (account["SchemaName"], account["LogicalName"]) == ("Account", "account")
    assert account["HasChanged"] is None
    assert all(value in (None, []) for name, value in account.items() if name not in asked)
    assert account["EntitySetName"] is None
    assert account["Attributes"] == []


def test_without_a_query_everything_comes(api: Api) -> None:
    tables = api.row("RetrieveMetadataChanges")["EntityMetadata"]
    lead = next(table for table in tables if table["LogicalName"] == "lead")
    assert lead["EntitySetName"] == "leads"
    assert "Lead_Tasks" in {each["SchemaName"] for each in lead["OneToManyRelationships"]}
    subject = next(each for each in lead["Attributes"] if each["LogicalName"] == "subject")
    assert subject["MaxLength"] == 300


def test_columns_come_with_the_type_that_each_of_them_has(api: Api) -> None:
    found = changes(api, columns_of("contact", "MaxLength", "OptionSet"))
    columns = {each["LogicalName"]: each for each in found["EntityMetadata"][0]["Attributes"]}
    text, choice = columns["lastname"], columns["gendercode"]
    assert text["@odata.type"] == "#Microsoft.Dynamics.CRM.ComplexStringAttributeMetadata"
    assert text["MaxLength"] > 0
    assert text["SchemaName"] is None
    assert [each["Value"] for each in choice["OptionSet"]["Options"]] == [1, 2]
    assert columns["donotemail"]["OptionSet"]["TrueOption"]["Value"] == 1


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (
            condition("LogicalName", "In", ["lead", "Contact"], "System.String[]"),
            {"lead", "contact"},
        ),
        (condition("ObjectTypeCode", "Equals", "4", "System.Int32"), {"lead"}),
        (condition("OwnershipType", "Equals", "BusinessOwned", "X.OwnershipTypes"), {"team"}),
    ],
)
def test_conditions_compare_by_type(api: Api, test: dict[str, Any], expected: set[str]) -> None:
    found = changes(api, {"Criteria": only(test)})
    assert expected <= {table["LogicalName"] for table in found["EntityMetadata"]}


def test_a_new_column_is_told_alone_and_then_that_it_is_gone(api: Api) -> None:
    table, other = make_table(api), make_table(api)
    asked = columns_of(
        table,
        "OptionSet",
        "AttributeTypeName",
        Criteria=only(condition("AttributeTypeName", "Equals", "PicklistType", "X")),
    )
    stamp = changes(api, asked)["ServerVersionStamp"]
    assert changes(api, asked, stamp)["EntityMetadata"] == []
    make(api, f"{of(other)}/Attributes", column("String", fresh("new_Else"), MaxLength=9))
    body = column("Picklist", fresh("new_Pick"), OptionSet=options((1, "One"), (2, "Two")))
    column_id = make(api, f"{of(table)}/Attributes", body)
    found = changes(api, asked, stamp, "Attribute")
    (shown,) = found["EntityMetadata"]
    (new,) = shown["Attributes"]
    assert (shown["LogicalName"], shown["HasChanged"]) == (table, False)
    assert (new["MetadataId"], new["HasChanged"]) == (column_id, True)
    assert [each["HasChanged"] for each in new["OptionSet"]["Options"]] == [None, None]
    assert found["DeletedMetadata"]["Keys"] == []

    stamp = found["ServerVersionStamp"]
    assert api.delete(f"{of(table)}/Attributes({column_id})").status_code == 204
    found = changes(api, asked, stamp, "Attribute")
    assert found["EntityMetadata"] == []
    assert found["DeletedMetadata"]["Keys"] == ["Attribute"]
    assert column_id in found["DeletedMetadata"]["Values"][0]["Items"]
    assert changes(api, asked, stamp)["DeletedMetadata"]["Keys"] == []
    everything = changes(api, asked, stamp, "Attribute,OptionSet")["DeletedMetadata"]
    assert everything["Keys"] == ["Attribute", "OptionSet"]
    assert changes(api, asked, found["ServerVersionStamp"], "All")["DeletedMetadata"]["Count"] == 0


def test_of_a_choice_with_a_new_option_all_options_come_but_only_the_new_one_is_labelled(
    api: Api,
) -> None:
    body = column("Picklist", "new_Pick", OptionSet=options((1, "One"), (2, "Two")))
    table = make_table(api, body)
    asked = columns_of(table, "OptionSet", "DisplayName")
    stamp = changes(api, asked)["ServerVersionStamp"]
    place = {"EntityLogicalName": table, "AttributeLogicalName": "new_pick"}
    option = {"Value": 3, "Label": label("Three")}
    assert api.post("InsertOptionValue", place | option).status_code == 200
    found = changes(api, asked, stamp)
    (shown,) = found["EntityMetadata"]
    (pick,) = shown["Attributes"]
    assert (shown["HasChanged"], pick["HasChanged"]) == (False, False)
    choice = pick["OptionSet"]
    assert choice["HasChanged"] is True
    assert [each["Value"] for each in choice["Options"]] == [1, 2, 3]
    assert [each["Label"] is None for each in choice["Options"]] == [True, True, False]
    assert [each["HasChanged"] for each in choice["Options"]] == [None, None, None]

    changed = {"Value": 1, "Label": label("Uno"), "MergeLabels": False}
    assert api.post("UpdateOptionValue", place | changed).status_code == 204
    (shown,) = changes(api, asked, found["ServerVersionStamp"])["EntityMetadata"]
    choice = shown["Attributes"][0]["OptionSet"]
    assert choice["HasChanged"] is False
    assert [each["HasChanged"] for each in choice["Options"]] == [True, None, None]


def test_a_changed_global_choice_is_told_below_each_column_that_has_it(api: Api) -> None:
    name = fresh("new_shared").lower()
    choice = options((1, "One")) | {"Name": name, "IsGlobal": True, "DisplayName": label(name)}
    choice_id = make(api, "GlobalOptionSetDefinitions", choice)
    bound = {"GlobalOptionSet@odata.bind": f"/GlobalOptionSetDefinitions({choice_id})"}
    table = make_table(api, column("Picklist", "new_Pick", **bound))
    asked = columns_of(table, "OptionSet")
    stamp = changes(api, asked)["ServerVersionStamp"]
    body = {"OptionSetName": name, "Value": 2, "Label": label("Two")}
    assert api.post("InsertOptionValue", body).status_code == 200
    (shown,) = changes(api, asked, stamp)["EntityMetadata"]
    assert [each["Value"] for each in shown["Attributes"][0]["OptionSet"]["Options"]] == [1, 2]


def test_changed_tables_keys_and_relationships_are_told(api: Api) -> None:
    table = make_table(api, column("String", "new_Code", MaxLength=20))
    ways = ("Keys", "OneToManyRelationships", "ManyToOneRelationships")
    every = {"Properties": {"AllProperties": True}}
    asked = query(table, "DisplayName", *ways, KeyQuery=every, RelationshipQuery=every)
    first = changes(api, asked)
    assert first["EntityMetadata"][0]["Keys"] == []
    key = {"SchemaName": "new_ByCode", "KeyAttributes": ["new_code"], "DisplayName": label("Code")}
    key_id = make(api, f"{of(table)}/Keys", key)
    child, relation = make_table(api), fresh("new_rel")
    lookup = one_to_many(relation, table, child, fresh("new_Parent"))
    relation_id = make(api, "RelationshipDefinitions", lookup)
    (shown,) = changes(api, asked, first["ServerVersionStamp"])["EntityMetadata"]
    assert shown["HasChanged"] is False
    assert [each["MetadataId"] for each in shown["Keys"]] == [key_id]
    assert shown["Keys"][0]["KeyAttributes"] == ["new_code"]
    assert [each["SchemaName"] for each in shown["OneToManyRelationships"]] == [relation]
    assert shown["ManyToOneRelationships"] == []

    stamp = changes(api, asked)["ServerVersionStamp"]
    whole = api.row(of(table))
    whole["DisplayName"] = label("Renamed")
    assert api.put(of(table), whole).status_code == 204
    assert api.delete(f"RelationshipDefinitions({relation_id})").status_code == 204
    found = changes(api, asked, stamp, "All")
    (shown,) = found["EntityMetadata"]
    assert (shown["HasChanged"], shown["Keys"]) == (True, [])
    assert shown["DisplayName"]["UserLocalizedLabel"]["Label"] == "Renamed"
    gone = dict(
        zip(found["DeletedMetadata"]["Keys"], found["DeletedMetadata"]["Values"], strict=True)
    )
    assert relation_id in gone["Relationship"]["Items"]
    assert {"Attribute", "Label"} <= set(gone)


def test_a_new_and_a_deleted_table_are_told(api: Api) -> None:
    every = {"Properties": {"PropertyNames": ["Attributes"]}}
    stamp = changes(api, every)["ServerVersionStamp"]
    table = make_table(api)
    found = changes(api, every, stamp)
    shown = {each["LogicalName"]: each for each in found["EntityMetadata"]}[table]
    assert shown["HasChanged"] is True
    assert {"new_name", f"{table}id", "ownerid"} <= names({"EntityMetadata": [shown]})
    assert api.delete(of(table)).status_code == 204
    deleted = changes(api, every, found["ServerVersionStamp"], "Default")["DeletedMetadata"]
    assert shown["MetadataId"] in deleted["Values"][deleted["Keys"].index("Default")]["Items"]


def test_labels_are_limited_to_languages(api: Api) -> None:
    body = column("String", "new_Two", MaxLength=5, DisplayName=label("Two", l1031="Zwei"))
    table = make_table(api, body)
    asked = columns_of(table, "DisplayName")
    asked["LabelQuery"] = {"FilterLanguages": [1031], "MissingLabelBehavior": 0}
    (shown,) = changes(api, asked)["EntityMetadata"]
    two = next(each for each in shown["Attributes"] if each["LogicalName"] == "new_two")
    assert [each["Label"] for each in two["DisplayName"]["LocalizedLabels"]] == ["Zwei"]


def test_a_stamp_expires_by_the_organizations_setting_and_with_a_reset() -> None:
    with MockServer() as server:
        api = Api(server)
        stamp = changes(api, query("lead"))["ServerVersionStamp"]
        old = stamp.split("!")[0] + "!01/31/2020 10:00:00"
        assert_fault(ask(api, query("lead"), old), 400, "0x80044352", "Please perform a full sync.")
        later = f"{int(stamp.split('!')[0]) + 99}!{stamp.split('!')[1]}"
        assert_fault(ask(api, query("lead"), later), 400, "0x80044352")
        assert api.post(f"{server.url}/__mock/reset", {}).ok
        assert_fault(ask(api, query("lead"), stamp), 400, "0x80044352")
        api.close()


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        ([], "Query"),
        ({"Nothing": 1}, "Nothing"),
        ({"AttributeQuery": {"Criteria": {"Conditions": 5}}}, "Conditions"),
        ({"LabelQuery": {"FilterLanguages": 1033}}, "FilterLanguages"),
        ({"LabelQuery": {"FilterLanguages": [[1]]}}, "FilterLanguages"),
        ({"Properties": {"PropertyNames": ["Nothing"]}}, "Nothing"),
        ({"Criteria": only(condition("Nothing", "Equals", "x"))}, "Nothing"),
        ({"Criteria": only(condition("LogicalName", "Like", "x"))}, "Like"),
        ({"Criteria": only(condition("DisplayName", "Equals", "x"))}, "DisplayName"),
        ({"Criteria": only(condition("LogicalName", "In", "x"))}, "LogicalName"),
        ({"Criteria": only(operator="Xor")}, "Xor"),
    ],
)
def test_what_a_query_has_wrong_is_named(api: Api, asked: Any, culprit: str) -> None:
    if isinstance(asked, dict) and "AttributeQuery" in asked:
        asked = {"Properties": {"PropertyNames": ["Attributes"]}, **asked}
    answer = ask(api, asked)
    assert answer.status_code == 400, answer.text
    assert culprit in answer.json()["error"]["message"]


def test_odd_values_of_conditions_are_compared_without_an_error(api: Api) -> None:
    for value in (None, 5, 1.5, True, "x", "9" * 30):
        for operator in ("Equals", "NotEquals", "GreaterThan", "LessThan"):
            for name in ("LogicalName", "ObjectTypeCode", "IsActivity", "PrimaryNameAttribute"):
                asked = {"Criteria": only(condition(name, operator, value))}
                assert ask(api, asked).status_code == 200


def test_filters_nested_too_deeply_are_refused(api: Api) -> None:
    inner: dict[str, Any] = only()
    for _ in range(100):
        inner = {"Filters": [inner]}
    assert_fault(ask(api, {"Criteria": inner}), 400, "0x80048d19", "nested")


@pytest.mark.parametrize("stamp", ["1!x", "", "x", "1!13/45/2020 00:00:00"])
def test_a_malformed_stamp_is_refused(api: Api, stamp: str) -> None:
    assert_fault(ask(api, query("lead"), stamp), 400, "0x80044183", "ClientVersionStamp")


def test_an_unknown_kind_of_deleted_definitions_is_refused(api: Api) -> None:
    assert_fault(ask(api, query("lead"), None, "Entity"), 400, "0x80060888", "'Entity'")


def test_metadata_describes_the_call(api: Api) -> None:
    text = api.get("$metadata").text
    assert '<EnumType Name="DeletedMetadataFilters" IsFlags="true">' in text
    base = 'BaseType="mscrm.ComplexAttributeMetadata"'
    assert f'<ComplexType Name="ComplexStringAttributeMetadata" {base}>' in text
