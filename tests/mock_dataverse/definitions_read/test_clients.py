"""The requests that Microsoft's Python client and DynamicsWebApi send, and what they read."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api

_PYTHON = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
}


def _python(api: Api, path: str, **params: str) -> dict[str, Any]:
    answer = api.get(path, params=params, headers=_PYTHON)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_python_client_resolves_an_entity_set(api: Api) -> None:
    found = _python(
        api,
        "EntityDefinitions",
        **{
            "$select": "LogicalName,EntitySetName,PrimaryIdAttribute",
            "$filter": "LogicalName eq 'opportunity'",
        },
    )
    assert found["value"] == [
        {
            "MetadataId": found["value"][0]["MetadataId"],
            "LogicalName": "opportunity",
            "EntitySetName": "opportunities",
            "PrimaryIdAttribute": "opportunityid",
        }
    ]


def test_the_python_client_reads_what_a_table_is(api: Api) -> None:
    select = (
        "MetadataId,LogicalName,SchemaName,EntitySetName,PrimaryNameAttribute,PrimaryIdAttribute"
    )
    answer = api.get(
        "EntityDefinitions",
        params={"$select": select, "$filter": "LogicalName eq 'wa_segment'"},
        headers={**_PYTHON, "Consistency": "Strong"},
    )
    row = answer.json()["value"][0]
    assert (row["SchemaName"], row["PrimaryNameAttribute"]) == ("wa_Segment", "wa_name")


@pytest.mark.parametrize(
    ("condition", "inside", "outside"),
    [
        ("IsPrivate eq false", {"lead", "role"}, set()),
        (
            "IsPrivate eq false and"
            " (OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned')",
            {"lead", "opportunity"},
            {"transactioncurrency", "teammembership"},
        ),
        ("IsPrivate eq false and (SchemaName ne null)", {"lead"}, set()),
        ("IsPrivate eq false and (startswith(LogicalName,'wa_'))", {"wa_segment"}, {"lead"}),
    ],
)
def test_the_python_client_lists_tables(
    api: Api, condition: str, inside: set[str], outside: set[str]
) -> None:
    rows = _python(api, "EntityDefinitions", **{"$filter": condition})["value"]
    names = {row["LogicalName"] for row in rows}
    assert inside <= names
    assert not outside & names


def test_the_python_client_lists_columns_without_virtual_ones(api: Api) -> None:
    table_id = api.row("EntityDefinitions(LogicalName='lead')?$select=MetadataId")["MetadataId"]
    rows = _python(
        api,
        f"EntityDefinitions({table_id})/Attributes",
        **{
            "$select": "LogicalName,SchemaName,AttributeType,IsPrimaryId,IsPrimaryName,"
            "DisplayName,AttributeOf",
            "$filter": "AttributeType ne 'Virtual'",
        },
    )["value"]
    kinds = {row["LogicalName"]: (row["AttributeType"], row["AttributeOf"]) for row in rows}
    assert kinds["leadid"] == ("Uniqueidentifier", None)
    assert kinds["owneridname"] == ("String", "ownerid")
    assert kinds["owneridtype"] == ("EntityName", "ownerid")
    assert "statuscodename" not in kinds
    same = api.row(
        f"EntityDefinitions({table_id})/Attributes?$select=LogicalName"
        "&$filter=AttributeType ne Microsoft.Dynamics.CRM.AttributeTypeCode'Virtual'"
    )["value"]
    assert [row["LogicalName"] for row in same] == list(kinds)


def test_the_python_client_finds_one_column(api: Api) -> None:
    table_id = api.row("EntityDefinitions(LogicalName='lead')?$select=MetadataId")["MetadataId"]
    rows = _python(
        api,
        f"EntityDefinitions({table_id})/Attributes",
        **{
            "$select": "MetadataId,LogicalName,SchemaName,AttributeType",
            "$filter": "LogicalName eq 'companyname'",
        },
    )["value"]
    assert rows[0]["SchemaName"] == "CompanyName"
    by_id = api.row(f"EntityDefinitions({table_id})/Attributes({rows[0]['MetadataId']})")
    assert (by_id["LogicalName"], by_id["MaxLength"]) == ("companyname", 100)


def test_the_python_client_reads_labels_of_choices(api: Api) -> None:
    rows = _python(
        api,
        "EntityDefinitions(LogicalName='lead')/Attributes"
        "/Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
        **{"$select": "LogicalName", "$expand": "OptionSet($select=Options)"},
    )["value"]
    sources = next(row for row in rows if row["LogicalName"] == "leadsourcecode")
    labels = {
        option["Label"]["LocalizedLabels"][0]["Label"]: option["Value"]
        for option in sources["OptionSet"]["Options"]
    }
    assert labels["Trade Show"] == 7
    assert set(sources) == {"MetadataId", "LogicalName", "OptionSet"}
    assert set(sources["OptionSet"]) == {"MetadataId", "Options"}


def test_the_python_client_looks_for_a_relationship(api: Api) -> None:
    found = _python(api, "RelationshipDefinitions", **{"$filter": "SchemaName eq 'Lead_Tasks'"})
    row = found["value"][0]
    assert row["@odata.type"] == "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata"
    assert (row["ReferencedEntity"], row["ReferencingEntity"]) == ("lead", "task")
    assert row["ReferencingEntityNavigationPropertyName"] == "regardingobjectid_lead_task"
    assert row["ReferencedEntityNavigationPropertyName"] == "Lead_Tasks"
    nothing = _python(api, "RelationshipDefinitions", **{"$filter": "SchemaName eq 'nothing'"})
    assert nothing["value"] == []


def test_dynamics_web_api_reads_the_names_of_all_sets_once(api: Api) -> None:
    answer = api.get(
        "EntityDefinitions?$select=EntitySetName,LogicalName", headers={"Cache-Control": "no-cache"}
    )
    rows = answer.json()["value"]
    assert {"EntitySetName", "LogicalName", "MetadataId"} == set(rows[0])
    assert len(rows) == len(api.server.store.catalog.tables)
    assert "@odata.nextLink" not in answer.json()


def test_dynamics_web_api_reads_the_metadata_document(api: Api) -> None:
    answer = api.get("$metadata", headers={"Accept": "application/xml"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/xml"
    assert api.get("$metadata", headers={"Accept": "application/json"}).text == answer.text
