"""RetrieveMetadataChanges: tables, columns and relationships by a query of definitions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from requests import Response
from tests.mock_dataverse.core.client import Api, assert_fault


def ask(api: Api, query: Any) -> Response:
    text = query if isinstance(query, str) else json.dumps(query)
    return api.get("RetrieveMetadataChanges(Query=@q)", params={"@q": text})


def found(api: Api, query: dict[str, Any]) -> list[dict[str, Any]]:
    answer = ask(api, query)
    assert answer.status_code == 200, answer.text
    tables: list[dict[str, Any]] = answer.json()["EntityMetadata"]
    return tables


def condition(name: str, value: Any, comparison: str = "Equals") -> dict[str, Any]:
    return {
        "PropertyName": name,
        "ConditionOperator": comparison,
        "Value": {"Type": "System.String", "Value": value},
    }


def criteria(*conditions: dict[str, Any], by: str = "And") -> dict[str, Any]:
    return {"FilterOperator": by, "Conditions": list(conditions)}


def names(*listed: str) -> dict[str, Any]:
    return {"AllProperties": False, "PropertyNames": list(listed)}


LEAD = criteria(condition("LogicalName", "lead"))


def test_only_what_is_asked_for_is_answered(api: Api) -> None:
    answer = ask(api, {"Criteria": LEAD, "Properties": names("SchemaName")})
    body = answer.json()
    assert body["@odata.context"].endswith(
        "#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse"
    )
    assert "!" in body["ServerVersionStamp"]
    (lead,) = body["EntityMetadata"]
    told = {name: value for name, value in lead.items() if value not in (None, [])}
    assert told == {
        "MetadataId": lead["MetadataId"],
        "LogicalName": "lead",
        "SchemaName": "Lead",
    }


def test_columns_have_their_own_query(api: Api) -> None:
    (lead,) = found(
        api,
        {
            "Criteria": LEAD,
            "Properties": names("Attributes"),
            "AttributeQuery": {
                "Properties": names("MaxLength", "OptionSet", "AttributeType"),
                "Criteria": criteria(
                    condition("LogicalName", '["subject","leadqualitycode"]', "In"),
                    condition("LogicalName", "leadid"),
                    by="Or",
                ),
            },
        },
    )
    columns = {column["LogicalName"]: column for column in lead["Attributes"]}
    assert set(columns) == {"subject", "leadqualitycode", "leadid"}
    assert columns["subject"]["MaxLength"] == 300
    assert "MaxLength" not in columns["leadqualitycode"]
    assert columns["leadqualitycode"]["OptionSet"]["Options"]
    assert columns["leadqualitycode"]["@odata.type"] == (
        "#Microsoft.Dynamics.CRM.ComplexPicklistAttributeMetadata"
    )


@pytest.mark.parametrize(
    ("test", "holds", "fails"),
    [
        (condition("OwnershipType", "UserOwned"), "lead", "systemuser"),
        (condition("IsActivity", "true"), "task", "lead"),
        (condition("ObjectTypeCode", "5", "LessThan"), "lead", "task"),
        (condition("LogicalName", ["lead", "task"], "NotIn"), "account", "lead"),
        (condition("PrimaryNameAttribute", None, "NotEquals"), "lead", "teammembership"),
        (condition("IsCustomizable", "true"), "lead", "nothing"),
    ],
)
def test_conditions_compare_values_of_all_kinds(
    api: Api, test: dict[str, Any], holds: str, fails: str
) -> None:
    tables = {table["LogicalName"] for table in found(api, {"Criteria": criteria(test)})}
    assert holds in tables
    assert fails not in tables


def test_relationships_keys_and_all_properties(api: Api) -> None:
    (segment,) = found(
        api,
        {
            "Criteria": criteria(condition("LogicalName", "wa_segment")),
            "Properties": {"AllProperties": True},
            "RelationshipQuery": {"Properties": names("SchemaName")},
            "KeyQuery": {"Properties": names("KeyAttributes")},
        },
    )
    assert segment["EntitySetName"] == "wa_segments"
    assert [key["KeyAttributes"] for key in segment["Keys"]] == [["wa_recordtype", "wa_name"]]
    ways = {relation["SchemaName"] for relation in segment["ManyToOneRelationships"]}
    assert "owner_wa_segment" in ways


def test_labels_are_limited_to_languages(api: Api) -> None:
    query = {"Criteria": LEAD, "Properties": names("DisplayName")}
    (lead,) = found(api, {**query, "LabelQuery": {"FilterLanguages": [1031]}})
    assert lead["DisplayName"]["LocalizedLabels"] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{", "Query"),
        ("[]", "Query"),
        ({"Filter": {}}, "Filter"),
        ({"Criteria": []}, "Criteria"),
        ({"Criteria": criteria(condition("Nope", 1))}, "Nope"),
        ({"Criteria": criteria(condition("LogicalName", 1, "Like"))}, "Like"),
        ({"Criteria": criteria(condition("LogicalName", 1, "In"))}, "LogicalName"),
        ({"Criteria": criteria(by="Xor")}, "Xor"),
        ({"Properties": names("Nope")}, "Nope"),
        ({"Properties": {"PropertyNames": "x"}}, "PropertyNames"),
    ],
)
def test_a_wrong_query_is_refused(api: Api, query: Any, words: str) -> None:
    answer = ask(api, query)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_other_parameters_are_refused(api: Api) -> None:
    path = "RetrieveMetadataChanges(Query=@q,AppModuleId=@s)?@q={}&@s=" + "1" * 8
    assert_fault(api.get(path), 501, "0x80060888", "AppModuleId")
    assert_fault(api.get("RetrieveMetadataChanges(Nope=1)"), 400, "0x80060888", "Nope")
