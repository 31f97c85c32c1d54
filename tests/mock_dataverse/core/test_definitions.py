"""EntityDefinitions: what clients look up before they write."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault


def test_a_table_is_found_by_its_logical_name(api: Api) -> None:
    rows = api.row(
        "EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute"
        "&$filter=LogicalName eq 'lead'"
    )["value"]
    assert len(rows) == 1
    assert set(rows[0]) == {"MetadataId", "LogicalName", "EntitySetName", "PrimaryIdAttribute"}
    assert rows[0]["EntitySetName"] == "leads"


def test_an_unknown_table_is_an_empty_list_by_filter_and_404_by_key(api: Api) -> None:
    assert api.row("EntityDefinitions?$filter=LogicalName eq 'nothing'")["value"] == []
    assert_fault(api.get("EntityDefinitions(LogicalName='nothing')"), 404, "0x80060888", "nothing")


def test_all_tables_come_at_once(api: Api) -> None:
    rows = api.row("EntityDefinitions?$select=EntitySetName,LogicalName")["value"]
    assert {"leads", "systemusers", "wa_segments"} <= {row["EntitySetName"] for row in rows}
    assert len(rows) == len(api.server.store.catalog.tables)


def test_one_table_is_read_by_name_or_id(api: Api) -> None:
    table = api.row("EntityDefinitions(LogicalName='wa_segment')?$expand=Keys")
    assert table["@odata.context"].endswith("/$entity")
    assert table["IsCustomEntity"] is True
    assert table["Keys"][0]["KeyAttributes"] == ["wa_recordtype", "wa_name"]
    assert table["DisplayName"]["UserLocalizedLabel"]["Label"] == "Segment"
    again = api.row(f"EntityDefinitions({table['MetadataId']})?$select=LogicalName")
    assert again["LogicalName"] == "wa_segment"
    keys = api.row("EntityDefinitions(LogicalName='wa_segment')/Keys")["value"]
    assert keys[0]["EntityKeyIndexStatus"] == "Active"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("LogicalName eq 'estimatedamount'", {"estimatedamount"}),
        ("AttributeType eq 'State' or AttributeType eq 'Owner'", {"statecode", "ownerid"}),
        ("AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Status'", {"statuscode"}),
        ("IsPrimaryId eq true", {"leadid"}),
        (
            "RequiredLevel/Value eq Microsoft.Dynamics.CRM.AttributeRequiredLevel'SystemRequired'",
            {"leadid"},
        ),
        (
            "startswith(LogicalName,'wa_') and AttributeOf eq null"
            " and not (AttributeType eq 'Lookup')",
            {"wa_assignmentresult"},
        ),
        (
            "IsCustomAttribute eq true and IsValidODataAttribute eq true",
            {"wa_assignmentresult", "wa_segmentid"},
        ),
        ("MaxLength gt 1500 and AttributeType ne 'Memo'", set()),
    ],
)
def test_columns_are_filtered(api: Api, condition: str, expected: set[str]) -> None:
    path = (
        f"EntityDefinitions(LogicalName='lead')/Attributes?$select=LogicalName&$filter={condition}"
    )
    if "MaxLength" in condition:
        assert_fault(api.get(path), 400, "0x80060888", "MaxLength")
    else:
        assert {row["LogicalName"] for row in api.row(path)["value"]} == expected


@pytest.mark.parametrize("kind", ["Picklist", "State", "Status"])
def test_choices_are_read_with_values_and_labels(api: Api, kind: str) -> None:
    rows = api.row(
        f"EntityDefinitions(LogicalName='lead')/Attributes/Microsoft.Dynamics.CRM.{kind}"
        "AttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)"
    )["value"]
    labels = {
        row["LogicalName"]: {
            option["Value"]: option["Label"]["LocalizedLabels"][0]["Label"]
            for option in row["OptionSet"]["Options"]
        }
        for row in rows
    }
    expected = {
        "Picklist": ("leadsourcecode", 7, "Trade Show"),
        "State": ("statecode", 1, "Qualified"),
        "Status": ("statuscode", 5, "Cannot Contact"),
    }[kind]
    assert labels[expected[0]][expected[1]] == expected[2]


def test_yes_no_columns_show_both_labels(api: Api) -> None:
    column = api.row(
        "EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='donotemail')"
        "/Microsoft.Dynamics.CRM.BooleanAttributeMetadata?$expand=OptionSet"
    )
    assert (
        column["OptionSet"]["TrueOption"]["Label"]["UserLocalizedLabel"]["Label"] == "Do Not Allow"
    )


def test_a_table_without_choices_is_an_empty_list_not_404(api: Api) -> None:
    path = "EntityDefinitions(LogicalName='teammembership')/Attributes/Microsoft.Dynamics.CRM."
    assert api.row(f"{path}PicklistAttributeMetadata?$expand=OptionSet")["value"] == []


@pytest.mark.parametrize(
    "path",
    [
        "ManagedPropertyDefinitions",
        "EntityKeyDefinitions",
        "principals",
        "RetrieveMetadataChanges(RetrieveAllSettings=true)",
        "EntityDefinitions?$expand=Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "EntityDefinitions?$filter=Keys/any()",
    ],
)
def test_what_is_not_there_yet_says_so(api: Api, path: str) -> None:
    assert_fault(api.get(path), 501, "0x80060888", "The mock does not emulate")


def test_an_unknown_property_is_refused(api: Api) -> None:
    assert_fault(api.get("EntityDefinitions?$select=Nothing"), 400, "0x80060888", "'Nothing'")
    assert_fault(api.get("EntityDefinitions?$filter=X eq 1"), 400, "0x80060888", "'X'")
    assert_fault(api.get("EntityDefinitions?$top=1"), 400, "0x80060888", "$top")
