"""EntityDefinitions: what the definition of a table says, and how it is addressed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault


def test_a_definition_is_found_by_each_of_its_names_and_its_id(api: Api) -> None:
    table = api.row("EntityDefinitions(LogicalName='lead')?$select=LogicalName,SchemaName")
    for key in (
        "SchemaName='Lead'",
        "LogicalName='LEAD'",
        table["MetadataId"],
        f"MetadataId={table['MetadataId']}",
    ):
        assert api.row(f"EntityDefinitions({key})?$select=LogicalName")["LogicalName"] == "lead"


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("EntityDefinitions(LogicalName='nothing')", 404, "nothing"),
        (
            "EntityDefinitions(11111111-1111-1111-1111-111111111111)",
            404,
            "11111111-1111-1111-1111-111111111111",
        ),
        ("EntityDefinitions(EntitySetName='leads')", 400, "EntitySetName"),
        ("EntityDefinitions()", 400, "key"),
        ("EntityDefinitions('lead')", 400, "lead"),
        ("EntityDefinitions(LogicalName='lead')/Nothing", 404, "Nothing"),
        ("EntityDefinitions(LogicalName='lead')/Attributes(LogicalName='no')", 404, "no"),
        ("EntityDefinitions/Attributes", 404, "Attributes"),
        ("EntityDefinitions(LogicalName='lead')/LogicalName/x", 404, "x"),
        ("EntityDefinitions(LogicalName='lead')/LogicalName(1)", 404, "LogicalName"),
        ("EntityDefinitions(LogicalName='lead')/$value", 400, "$value"),
        ("EntityDefinitions(LogicalName='lead')/$count", 400, "$count"),
        ("GlobalOptionSetDefinitions(Name='nothing')", 404, "optionset"),
        ("RelationshipDefinitions(SchemaName='nothing')", 404, "relationship"),
        ("RelationshipDefinitions(Name='nothing')", 400, "Name"),
    ],
)
def test_what_is_not_there_is_named(api: Api, path: str, status: int, word: str) -> None:
    answer = api.get(path)
    assert answer.status_code == status, answer.text
    assert word in answer.json()["error"]["message"]


def test_labels_name_their_language_and_what_the_user_sees(api: Api) -> None:
    label = api.row("EntityDefinitions(LogicalName='lead')?$select=DisplayCollectionName")[
        "DisplayCollectionName"
    ]
    english = label["UserLocalizedLabel"]
    assert label["LocalizedLabels"] == [english]
    assert (english["Label"], english["LanguageCode"], english["IsManaged"]) == (
        "Leads",
        1033,
        True,
    )


def test_label_languages_limit_the_texts(api: Api) -> None:
    path = "EntityDefinitions(LogicalName='lead')?$select=DisplayName&LabelLanguages="
    assert len(api.row(f"{path}1033,1031")["DisplayName"]["LocalizedLabels"]) == 1
    german = api.row(f"{path}1031")["DisplayName"]
    assert german["LocalizedLabels"] == []
    assert german["UserLocalizedLabel"]["Label"] == "Lead"
    assert_fault(api.get(f"{path}de"), 400, "0x80060888", "LabelLanguages")


def test_a_definition_tells_what_its_table_can_do(api: Api) -> None:
    lead = api.row("EntityDefinitions(LogicalName='lead')")
    assert lead["CollectionSchemaName"] == "Leads"
    assert (lead["HasActivities"], lead["HasNotes"]) == (True, True)
    assert (lead["ObjectTypeCode"], lead["TableType"]) == (4, "Standard")
    assert lead["IsValidForQueue"] == {
        "Value": True,
        "CanBeChanged": True,
        "ManagedPropertyLogicalName": "canmodifyqueuesettings",
    }
    intersect = api.row("EntityDefinitions(LogicalName='teammembership')")
    assert (intersect["IsIntersect"], intersect["PrimaryNameAttribute"]) == (True, None)
    assert intersect["Privileges"] == []
    assert intersect["CanCreateAttributes"]["Value"] is False
    assert api.row("EntityDefinitions(LogicalName='wa_segment')")["CollectionSchemaName"] == (
        "wa_Segments"
    )


def test_the_privileges_of_a_table_have_the_ids_of_their_rows(api: Api) -> None:
    listed = {
        each["Name"]: each["PrivilegeId"]
        for each in api.row("EntityDefinitions(LogicalName='lead')?$select=Privileges")[
            "Privileges"
        ]
    }
    assert {"prvCreateLead", "prvReadLead", "prvShareLead", "prvAppendToLead"} <= set(listed)
    row = api.row("privileges?$filter=name eq 'prvReadLead'&$select=privilegeid")["value"][0]
    assert row["privilegeid"] == listed["prvReadLead"]
    currency = api.row("EntityDefinitions(LogicalName='transactioncurrency')?$select=Privileges")
    rights = {each["PrivilegeType"] for each in currency["Privileges"]}
    assert "Read" in rights
    assert not {"Assign", "Share"} & rights


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("EntityDefinitions(LogicalName='lead')/EntitySetName", "leads"),
        ("EntityDefinitions(LogicalName='lead')/IsActivity", False),
        ("EntityDefinitions(LogicalName='lead')/DisplayName/UserLocalizedLabel/Label", "Lead"),
        ("EntityDefinitions(LogicalName='wa_segment')/Keys(LogicalName='wa_key')", None),
    ],
)
def test_a_single_member_is_read_by_its_path(api: Api, path: str, value: Any) -> None:
    answer = api.get(path)
    if value is None:
        assert answer.status_code == 404
        return
    body = answer.json()
    assert body["value"] == value
    assert body["@odata.context"].endswith(path.replace("LogicalName=", ""))


def test_a_member_that_is_an_object_is_shown_as_one(api: Api) -> None:
    label = api.row("EntityDefinitions(LogicalName='lead')/DisplayName")
    assert label["UserLocalizedLabel"]["Label"] == "Lead"


def test_a_member_that_is_null_has_no_content(api: Api) -> None:
    assert api.get("EntityDefinitions(LogicalName='lead')/ExternalName").status_code == 204


def test_values_and_counts_are_plain_text(api: Api) -> None:
    answer = api.get("EntityDefinitions(LogicalName='lead')/EntitySetName/$value")
    assert (answer.text, answer.headers["Content-Type"]) == ("leads", "text/plain; charset=utf-8")
    assert api.get("EntityDefinitions(LogicalName='lead')/IsActivity/$value").text == "false"
    count = int(api.get("EntityDefinitions/$count").text)
    assert count == len(api.server.store.catalog.tables)
    assert api.get("EntityDefinitions/$count?$filter=LogicalName eq 'lead'").text == "1"


def test_what_is_below_a_table_comes_along_when_expanded(api: Api) -> None:
    table = api.row(
        "EntityDefinitions(LogicalName='wa_segment')?$select=LogicalName&$expand="
        "Attributes($select=LogicalName;$filter=AttributeType eq"
        " Microsoft.Dynamics.CRM.AttributeTypeCode'Integer'),"
        "Keys,OneToManyRelationships($select=SchemaName),"
        "ManyToOneRelationships($filter=ReferencingAttribute eq 'createdby'),"
        "ManyToManyRelationships"
    )
    assert {each["@odata.type"] for each in table["Attributes"]} == {
        "#Microsoft.Dynamics.CRM.IntegerAttributeMetadata"
    }
    assert table["Keys"][0]["KeyAttributes"] == ["wa_recordtype", "wa_name"]
    assert set(table["OneToManyRelationships"][0]) == {"MetadataId", "SchemaName"}
    assert [each["ReferencedEntity"] for each in table["ManyToOneRelationships"]] == ["systemuser"]
    assert table["ManyToManyRelationships"] == []
    assert table["@odata.context"].endswith(
        "#EntityDefinitions(LogicalName,Attributes(LogicalName),Keys(),"
        "OneToManyRelationships(SchemaName),ManyToOneRelationships(),ManyToManyRelationships())"
        "/$entity"
    )


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("$top=1", "$top"),
        ("$orderby=LogicalName", "$orderby"),
        ("$count=true", "$count"),
        ("$skip=1", "$skip"),
        ("$select=Nothing", "'Nothing'"),
        ("$select=DisplayName/UserLocalizedLabel", "'DisplayName/UserLocalizedLabel'"),
        ("$select=Attributes", "'Attributes'"),
        ("$expand=Nothing", "'Nothing'"),
        ("$expand=Attributes($top=1)", "$top"),
        ("$expand=Attributes($select=Nothing)", "'Nothing'"),
        ("$expand=Attributes($select=MaxLength)", "'MaxLength'"),
        ("$expand=Attributes,Attributes", "'Attributes'"),
        ("$expand=Attributes(", "Attributes("),
        ("$filter=Nothing eq 1", "'Nothing'"),
        ("$filter=OwnershipType eq 'Nobody'", "'Nobody'"),
        ("$filter=OwnershipType eq Microsoft.Dynamics.CRM.Wrong'UserOwned'", "Wrong"),
        ("$filter=OwnershipType gt 'None'", "OwnershipTypes"),
        ("$filter=IsPrivate eq 'x'", "Edm.Boolean"),
        ("$filter=LogicalName eq 5", "Edm.String"),
        ("$filter=LogicalName eq 5", "Compared are 'LogicalName' and 5."),
        ("$filter=IsPrivate gt true", "Compared are 'IsPrivate' and true."),
        ("$filter=contains(ObjectTypeCode,'x')", "'ObjectTypeCode' is 'Edm.Int32'"),
        ("$filter=contains(LogicalName,5)", "5 is 'Edm.Int32'"),
        ("$filter=OwnershipType eq 'Nobody'", "to which 'OwnershipType' is compared"),
        ("$filter=ObjectTypeCode eq '4'", "Edm.Int32"),
        ("$filter=MetadataId eq 'x'", "Edm.Guid"),
        ("$filter=DisplayName/UserLocalizedLabel/Label eq 'Lead'", "Label"),
        ("$filter=DisplayName eq null", "DisplayName"),
        ("$filter=Privileges eq null", "Privileges"),
        ("$filter=CanCreateAttributes eq true", "CanCreateAttributes"),
        ("$filter=CanCreateAttributes/Nothing eq true", "'Nothing'"),
        ("$filter=contains(IsPrivate,'x')", "contains"),
        ("$filter=LogicalName eq", "LogicalName eq"),
    ],
)
def test_what_a_query_gets_wrong_is_named(api: Api, query: str, word: str) -> None:
    assert_fault(api.get(f"EntityDefinitions?{query}"), 400, "0x80060888", word)


@pytest.mark.parametrize(
    ("condition", "inside", "outside"),
    [
        ("ObjectTypeCode eq 4", {"lead"}, {"account"}),
        ("ObjectTypeCode ge 2 and ObjectTypeCode lt 4", {"contact", "opportunity"}, {"lead"}),
        ("CanCreateAttributes/Value eq true", {"lead"}, {"teammembership"}),
        ("IsValidForQueue/Value eq true and not (IsActivity eq true)", {"lead"}, {"task"}),
        ("PrimaryNameAttribute eq null", {"teammembership"}, {"lead"}),
        ("contains(SchemaName,'ACCOUNT')", {"account"}, {"lead"}),
        ("endswith(LogicalName,'role') or LogicalName eq 'lead'", {"role", "lead"}, {"task"}),
        ("CreatedOn lt 2000-01-01T00:00:00Z", {"lead"}, set()),
        ("CreatedOn gt 2000-01-01T00:00:00Z", set(), {"lead"}),
        ("'lead' eq LogicalName", {"lead"}, {"account"}),
        ("'UserOwned' eq OwnershipType", {"lead"}, {"transactioncurrency"}),
        ("EntitySetName eq LogicalName", set(), {"lead"}),
        ("LogicalName eq @name&@name='lead'", {"lead"}, {"account"}),
    ],
)
def test_tables_are_filtered(api: Api, condition: str, inside: set[str], outside: set[str]) -> None:
    rows = api.row(f"EntityDefinitions?$select=LogicalName&$filter={condition}")["value"]
    names = {row["LogicalName"] for row in rows}
    assert inside <= names
    assert not outside & names


def test_a_table_is_filtered_by_its_bare_id(api: Api) -> None:
    table_id = api.row("EntityDefinitions(LogicalName='lead')?$select=MetadataId")["MetadataId"]
    rows = api.row(f"EntityDefinitions?$filter=MetadataId eq {table_id}")["value"]
    assert [row["LogicalName"] for row in rows] == ["lead"]
