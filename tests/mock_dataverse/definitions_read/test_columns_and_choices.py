"""Attributes and choices: what each type of column adds, casts, options, global choices."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

_NAMESPACE = "Microsoft.Dynamics.CRM."


def _column(api: Api, table: str, name: str, query: str = "") -> dict[str, Any]:
    path = f"EntityDefinitions(LogicalName='{table}')/Attributes(LogicalName='{name}')"
    return api.row(f"{path}{query}")


@pytest.mark.parametrize(
    ("name", "kind", "type_code", "type_name", "members"),
    [
        (
            "subject",
            "String",
            "String",
            "StringType",
            {"MaxLength": 300, "Format": "Text", "FormatName": {"Value": "Text"}},
        ),
        (
            "emailaddress1",
            "String",
            "String",
            "StringType",
            {"Format": "Email", "FormatName": {"Value": "Email"}},
        ),
        ("description", "Memo", "Memo", "MemoType", {"MaxLength": 2000, "Format": "TextArea"}),
        (
            "numberofemployees",
            "Integer",
            "Integer",
            "IntegerType",
            {"MinValue": 0, "MaxValue": 1_000_000, "Format": "None"},
        ),
        (
            "estimatedamount",
            "Money",
            "Money",
            "MoneyType",
            {"Precision": 2, "PrecisionSource": 2, "IsBaseCurrency": False, "CalculationOf": None},
        ),
        (
            "estimatedamount_base",
            "Money",
            "Money",
            "MoneyType",
            {"IsBaseCurrency": True, "CalculationOf": "estimatedamount"},
        ),
        ("exchangerate", "Decimal", "Decimal", "DecimalType", {"Precision": 12}),
        ("versionnumber", "BigInt", "BigInt", "BigIntType", {}),
        (
            "estimatedclosedate",
            "DateTime",
            "DateTime",
            "DateTimeType",
            {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}},
        ),
        (
            "createdon",
            "DateTime",
            "DateTime",
            "DateTimeType",
            {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}},
        ),
        ("donotemail", "Boolean", "Boolean", "BooleanType", {"DefaultValue": False}),
        ("leadqualitycode", "Picklist", "Picklist", "PicklistType", {"DefaultFormValue": 2}),
        ("leadsourcecode", "Picklist", "Picklist", "PicklistType", {"DefaultFormValue": -1}),
        ("statecode", "State", "State", "StateType", {}),
        ("statuscode", "Status", "Status", "StatusType", {}),
        ("parentaccountid", "Lookup", "Lookup", "LookupType", {"Targets": ["account"]}),
        (
            "customerid",
            "Lookup",
            "Customer",
            "CustomerType",
            {"Targets": ["account", "contact"]},
        ),
        ("ownerid", "Lookup", "Owner", "OwnerType", {}),
        ("leadid", "UniqueIdentifier", "Uniqueidentifier", "UniqueidentifierType", {}),
        ("customeridtype", "EntityName", "EntityName", "EntityNameType", {}),
    ],
)
def test_each_type_of_column_has_its_class_and_members(
    api: Api, name: str, kind: str, type_code: str, type_name: str, members: dict[str, Any]
) -> None:
    column = _column(api, "lead", name)
    assert column["@odata.type"] == f"#{_NAMESPACE}{kind}AttributeMetadata"
    assert (column["AttributeType"], column["AttributeTypeName"]) == (
        type_code,
        {"Value": type_name},
    )
    assert members.items() <= column.items()
    cast = _column(api, "lead", name, f"/{_NAMESPACE}{kind}AttributeMetadata")
    assert "@odata.type" not in cast
    assert cast["MetadataId"] == column["MetadataId"]


@pytest.mark.parametrize(
    "kind",
    [
        "BigInt",
        "Boolean",
        "DateTime",
        "Decimal",
        "Double",
        "EntityName",
        "File",
        "Image",
        "Integer",
        "Lookup",
        "ManagedProperty",
        "Memo",
        "Money",
        "MultiSelectPicklist",
        "Picklist",
        "State",
        "Status",
        "String",
        "UniqueIdentifier",
    ],
)
def test_a_cast_keeps_the_columns_of_its_class_alone(api: Api, kind: str) -> None:
    name = f"{_NAMESPACE}{kind}AttributeMetadata"
    table = "EntityDefinitions(LogicalName='lead')"
    cast = api.row(f"{table}/Attributes/{name}?$select=LogicalName")["value"]
    mixed = api.row(f"{table}/Attributes?$select=LogicalName")["value"]
    assert [row["LogicalName"] for row in cast] == [
        row["LogicalName"] for row in mixed if row.get("@odata.type") == f"#{name}"
    ]


def test_casts_that_lead_nowhere_are_refused(api: Api) -> None:
    path = "EntityDefinitions(LogicalName='lead')/Attributes"
    for wrong in ("XAttributeMetadata", "EntityMetadata", "OneToManyRelationshipMetadata"):
        assert_fault(api.get(f"{path}/{_NAMESPACE}{wrong}"), 404, "0x8006088a", wrong)
    enum = f"{_NAMESPACE}EnumAttributeMetadata"
    assert_fault(api.get(f"{path}/{enum}"), 400, "0x80060888", enum)
    single = f"{path}(LogicalName='subject')/{_NAMESPACE}PicklistAttributeMetadata"
    assert_fault(api.get(single), 404, "0x8006088a", "PicklistAttributeMetadata")


def test_only_a_cast_tells_what_its_type_adds(api: Api) -> None:
    path = "EntityDefinitions(LogicalName='lead')/Attributes"
    query = "?$select=LogicalName,Precision&$filter=Precision eq 4"
    assert_fault(api.get(f"{path}{query}"), 400, "0x80060888", "'Precision'", "AttributeMetadata")
    rows = api.row(f"{path}/{_NAMESPACE}MoneyAttributeMetadata{query}")["value"]
    assert {row["LogicalName"] for row in rows} >= {"estimatedamount_base"}
    assert_fault(api.get(f"{path}?$expand=OptionSet"), 400, "0x80060888", "'OptionSet'")


def test_what_is_required_is_filtered_by_its_value(api: Api) -> None:
    rows = api.row(
        "EntityDefinitions(LogicalName='lead')/Attributes?$select=SchemaName&$filter="
        "RequiredLevel/Value eq Microsoft.Dynamics.CRM.AttributeRequiredLevel'SystemRequired'"
    )["value"]
    assert "LeadId" in {row["SchemaName"] for row in rows}


def test_columns_that_show_others_say_which(api: Api) -> None:
    rows = api.row(
        "EntityDefinitions(LogicalName='lead')/Attributes"
        "?$select=LogicalName,AttributeOf,AttributeType,IsValidODataAttribute"
        "&$filter=AttributeOf eq 'customerid' or AttributeOf eq 'statuscode'"
    )["value"]
    assert {row["LogicalName"]: row["AttributeType"] for row in rows} == {
        "customeridname": "String",
        "customeridyominame": "String",
        "customeridtype": "EntityName",
        "statuscodename": "Virtual",
    }
    assert not any(row["IsValidODataAttribute"] for row in rows)


def test_states_and_status_reasons_know_of_each_other(api: Api) -> None:
    path = f"/{_NAMESPACE}{{0}}AttributeMetadata?$select=LogicalName&$expand=OptionSet"
    state = _column(api, "lead", "statecode", path.format("State"))["OptionSet"]
    status = _column(api, "lead", "statuscode", path.format("Status"))["OptionSet"]
    assert (state["OptionSetType"], status["OptionSetType"]) == ("State", "Status")
    qualified = next(option for option in state["Options"] if option["Value"] == 1)
    assert qualified["@odata.type"] == f"#{_NAMESPACE}StateOptionMetadata"
    assert (qualified["InvariantName"], qualified["DefaultStatus"]) == ("Qualified", 3)
    lost = next(option for option in status["Options"] if option["Value"] == 4)
    assert lost["@odata.type"] == f"#{_NAMESPACE}StatusOptionMetadata"
    assert (lost["State"], lost["TransitionData"]) == (2, None)


def test_the_choice_of_a_column_is_read_by_itself(api: Api) -> None:
    path = (
        "EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='leadsourcecode')"
        f"/{_NAMESPACE}PicklistAttributeMetadata"
    )
    options = api.row(f"{path}/OptionSet?$select=Options")["Options"]
    assert options[0]["Color"] is None
    assert options[0]["Description"] == {"LocalizedLabels": [], "UserLocalizedLabel": None}
    assert api.row(f"{path}/OptionSet")["Name"] == "lead_leadsourcecode"
    assert api.row(f"{path}/OptionSet/Options")["value"] == options
    assert api.get(f"{path}/GlobalOptionSet").status_code == 204


def test_a_global_choice_is_the_same_everywhere(api: Api) -> None:
    column = api.row(
        "EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='wa_assignmentresult')"
        f"/{_NAMESPACE}PicklistAttributeMetadata"
        "?$select=LogicalName&$expand=OptionSet,GlobalOptionSet($select=Options)"
    )
    assert column["OptionSet"]["IsGlobal"] is True
    assert column["OptionSet"]["MetadataId"] == column["GlobalOptionSet"]["MetadataId"]
    by_name = api.row("GlobalOptionSetDefinitions(Name='wa_assignmentresult')")
    assert by_name["@odata.type"] == f"#{_NAMESPACE}OptionSetMetadata"
    assert by_name["Options"] == column["OptionSet"]["Options"]
    by_id = api.row(f"GlobalOptionSetDefinitions({by_name['MetadataId']})?$select=Name")
    assert by_id["Name"] == "wa_assignmentresult"


def test_global_choices_are_listed_and_not_filtered(api: Api) -> None:
    rows = api.row("GlobalOptionSetDefinitions?$select=Name")["value"]
    assert "wa_matchtype" in {row["Name"] for row in rows}
    assert_fault(
        api.get("GlobalOptionSetDefinitions?$filter=Name eq 'wa_matchtype'"),
        400,
        "0x80060888",
        "$filter",
    )
    assert_fault(
        api.get("GlobalOptionSetDefinitions(Name='wa_matchtype')?$select=Options"),
        400,
        "0x80060888",
        "'Options'",
    )
    cast = f"GlobalOptionSetDefinitions(Name='wa_matchtype')/{_NAMESPACE}OptionSetMetadata"
    assert len(api.row(f"{cast}?$select=Options")["Options"]) == 3
