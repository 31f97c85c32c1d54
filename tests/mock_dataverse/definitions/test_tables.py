"""Tables that are made, changed and deleted while the organization runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.definitions.bodies import (
    NAMESPACE,
    column,
    fresh,
    label,
    make,
    make_table,
    of,
    one_to_many,
    primary_name,
    table,
)


def test_a_new_table_takes_rows_at_once(api: Api) -> None:
    answer = api.post("EntityDefinitions", table("new_BankAccount", column("Money", "new_Balance")))
    assert answer.status_code == 204
    assert answer.content == b""
    metadata_id = answer.headers["OData-EntityId"][-37:-1]
    assert answer.headers["OData-EntityId"] == f"{api.root}EntityDefinitions({metadata_id})"
    row_id = api.create("new_bankaccounts", new_name="Savings", new_balance=12.5)
    row = api.row(f"new_bankaccounts({row_id})")
    assert (row["new_name"], row["new_balance"], row["new_balance_base"]) == ("Savings", 12.5, 12.5)
    assert (row["statecode"], row["statuscode"]) == (0, 1)
    assert row["_ownerid_value"] == row["_createdby_value"]
    assert row["@odata.etag"].startswith('W/"')
    assert [each["new_name"] for each in api.row("new_bankaccounts")["value"]] == ["Savings"]


def test_a_definition_shows_what_it_was_given_and_what_follows(api: Api) -> None:
    name = fresh("new_Country")
    body = table(
        name,
        DisplayName=label("Country", l1031="Land", l1036="Pays"),
        Description=label("Where somebody lives"),
        HasNotes=True,
        ChangeTrackingEnabled=True,
        IsAuditEnabled={"Value": True},
        MetadataId="6F3C1F0E-2A55-4A52-9C39-6C6D1A5D0B00",
    )
    body["Attributes"] = [
        primary_name("new_Title", MaxLength=77, RequiredLevel={"Value": "ApplicationRequired"})
    ]
    make(api, "EntityDefinitions", body)
    found = api.row(f"{of(name.lower())}?$expand=Attributes($select=LogicalName,AttributeType)")
    assert found["MetadataId"] == "6f3c1f0e-2a55-4a52-9c39-6c6d1a5d0b00"
    assert (found["LogicalName"], found["SchemaName"]) == (name.lower(), name)
    assert found["EntitySetName"] == f"{name.lower()}s"
    assert found["PrimaryIdAttribute"] == f"{name.lower()}id"
    assert found["PrimaryNameAttribute"] == "new_title"
    assert found["OwnershipType"] == "UserOwned"
    assert (found["IsCustomEntity"], found["HasNotes"], found["HasActivities"]) == (
        True,
        True,
        False,
    )
    assert (found["ChangeTrackingEnabled"], found["IsAuditEnabled"]["Value"]) == (True, True)
    texts = {
        each["LanguageCode"]: each["Label"] for each in found["DisplayName"]["LocalizedLabels"]
    }
    assert texts == {1033: "Country", 1031: "Land", 1036: "Pays"}
    assert found["DisplayName"]["UserLocalizedLabel"]["Label"] == "Country"
    names = {each["LogicalName"] for each in found["Attributes"]}
    assert {
        *("createdon", "createdby", "modifiedon", "modifiedby", "ownerid", "owningbusinessunit"),
        *("statecode", "statuscode", "versionnumber", "importsequencenumber", "new_title"),
        *("overriddencreatedon", "timezoneruleversionnumber", "utcconversiontimezonecode"),
    } <= names
    title = api.row(f"{of(name.lower())}/Attributes(LogicalName='new_title')")
    assert (title["MaxLength"], title["IsPrimaryName"]) == (77, True)
    assert title["RequiredLevel"]["Value"] == "ApplicationRequired"


@pytest.mark.parametrize(
    ("schema_name", "expected"),
    [
        ("new_City", "new_cities"),
        ("new_Day", "new_days"),
        ("new_Box", "new_boxes"),
        ("new_Bus", "new_buses"),
        ("new_Branch", "new_branches"),
        ("new_Plain", "new_plains"),
    ],
)
def test_the_set_is_the_plural_of_the_name(api: Api, schema_name: str, expected: str) -> None:
    make(api, "EntityDefinitions", table(schema_name))
    found = api.row(f"{of(schema_name.lower())}?$select=EntitySetName")
    assert found["EntitySetName"] == expected
    assert api.row(expected)["value"] == []


def test_a_set_name_may_be_given_if_nothing_has_it(api: Api) -> None:
    name = fresh()
    make(api, "EntityDefinitions", table(name, EntitySetName="new_mice"))
    assert api.row("new_mice")["value"] == []
    again = api.post("EntityDefinitions", table(fresh(), EntitySetName="new_mice"))
    assert_fault(again, 400, "0x80047010", "new_mice")


def test_an_organization_owns_the_rows_of_some_tables(api: Api) -> None:
    name = make_table(api, OwnershipType="OrganizationOwned")
    row = api.row(f"{name}s({api.create(f'{name}s', new_name='x')})")
    assert "_ownerid_value" not in row
    assert row["_organizationid_value"]


def test_rows_of_a_table_with_notes_and_activities_have_them(api: Api) -> None:
    name = make_table(api, HasNotes=True, HasActivities=True)
    row_id = api.create(f"{name}s", new_name="x")
    api.create(
        "annotations", subject="note", **{f"objectid_{name}@odata.bind": f"{name}s({row_id})"}
    )
    bind = f"regardingobjectid_{name}_task@odata.bind"
    api.create("tasks", subject="call back", **{bind: f"/{name}s({row_id})"})
    expand = f"{name}_Tasks($select=subject),{name}_Annotations($select=subject)"
    row = api.row(f"{name}s({row_id})?$select=new_name&$expand={expand}")
    assert [each["subject"] for each in row[f"{name}_Tasks"]] == ["call back"]
    assert [each["subject"] for each in row[f"{name}_Annotations"]] == ["note"]
    assert api.delete(of(name)).status_code == 204
    assert api.row(f"annotations?$filter=_objectid_value eq {row_id}")["value"] == []
    assert api.row(f"tasks?$filter=_regardingobjectid_value eq {row_id}")["value"] == []


def test_a_custom_activity_is_one_like_a_task(api: Api) -> None:
    name = fresh("new_Visit")
    body = table(name, IsActivity=True)
    body["Attributes"] = [primary_name("Subject", MaxLength=150), column("Integer", "new_Miles")]
    make(api, "EntityDefinitions", body)
    logical = name.lower()
    account = api.create("accounts", name="A")
    bind = {f"regardingobjectid_account_{logical}@odata.bind": f"/accounts({account})"}
    visit = api.create(f"{logical}s", subject="First visit", new_miles=4, **bind)
    row = api.row(f"{logical}s({visit})")
    assert (row["subject"], row["new_miles"], row["activitytypecode"]) == (
        "First visit",
        4,
        logical,
    )
    assert (row["_regardingobjectid_value"], row["statecode"]) == (account, 0)
    closed = api.patch(f"{logical}s({visit})", {"statecode": 1, "statuscode": 2})
    assert closed.status_code == 204
    found = api.row(f"{of(logical)}?$select=IsActivity,PrimaryIdAttribute,PrimaryNameAttribute")
    assert (found["IsActivity"], found["PrimaryIdAttribute"]) == (True, "activityid")
    assert found["PrimaryNameAttribute"] == "subject"


def test_put_replaces_a_whole_definition(api: Api) -> None:
    name = make_table(api, DisplayName=label("Old", l1031="Alt"))
    path = of(name)
    body = api.row(path)
    body |= {"DisplayName": label("New"), "ChangeTrackingEnabled": True, "HasNotes": True}
    assert api.put(path, body).status_code == 204
    found = api.row(path)
    assert [each["Label"] for each in found["DisplayName"]["LocalizedLabels"]] == ["New"]
    assert (found["ChangeTrackingEnabled"], found["HasNotes"]) == (True, True)
    assert api.row(f"EntityDefinitions({found['MetadataId']})")["SchemaName"] == found["SchemaName"]


def test_put_keeps_other_languages_when_labels_are_merged(api: Api) -> None:
    name = make_table(api, DisplayName=label("Old", l1031="Alt"))
    body = api.row(of(name)) | {"DisplayName": label("New")}
    answer = api.send("PUT", of(name), json=body, headers={"MSCRM.MergeLabels": "true"})
    assert answer.status_code == 204
    found = api.row(of(name))["DisplayName"]["LocalizedLabels"]
    assert {each["LanguageCode"]: each["Label"] for each in found} == {1033: "New", 1031: "Alt"}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("OwnershipType", "OrganizationOwned"),
        ("SchemaName", "new_Other"),
        ("PrimaryNameAttribute", "new_other"),
        ("IsActivity", True),
    ],
)
def test_put_cannot_change_what_a_table_is(api: Api, member: str, value: object) -> None:
    name = make_table(api)
    answer = api.put(of(name), api.row(of(name)) | {member: value})
    assert_fault(answer, 400, "0x80040203", member)


def test_definitions_of_standard_tables_change_but_their_sets_do_not(api: Api) -> None:
    body = api.row(of("territory"))
    path = f"EntityDefinitions({body['MetadataId']})"
    assert api.put(path, body | {"DisplayName": label("Region")}).status_code == 204
    shown = api.row(path)["DisplayName"]["UserLocalizedLabel"]["Label"]
    assert shown == "Region"
    answer = api.put(path, body | {"EntitySetName": "regions"})
    assert_fault(answer, 400, "0x8004f663", "territory")


def test_definitions_are_never_patched(api: Api) -> None:
    assert_fault(api.patch(of("account"), {}), 405, "0x8004023b", "PATCH")
    path = f"{of('account')}/Attributes(LogicalName='name')"
    assert_fault(api.patch(path, {}), 405, "0x8004023b", "PATCH")


def test_a_deleted_table_is_gone_with_its_rows(api: Api) -> None:
    name = make_table(api)
    api.create(f"{name}s", new_name="x")
    metadata_id = api.row(of(name))["MetadataId"]
    assert api.delete(f"EntityDefinitions({metadata_id})", If_Match="*").status_code == 204
    assert_fault(api.get(f"{name}s"), 404, "0x8006088a", f"{name}s")
    assert_fault(api.get(of(name)), 404, "0x80060888", name)
    assert_fault(api.delete(of(name)), 404, "0x80060888", name)
    filters = f"sdkmessagefilters?$filter=primaryobjecttypecode eq '{name}'"
    assert api.row(filters)["value"] == []
    assert api.row(f"privileges?$filter=contains(name,'{name}')")["value"] == []


def test_a_table_made_again_is_another_one_without_rows(api: Api) -> None:
    name = fresh()
    first = make(api, "EntityDefinitions", table(name))
    api.create(f"{name.lower()}s", new_name="x")
    api.delete(of(name.lower()))
    assert make(api, "EntityDefinitions", table(name, column("Integer", "new_More"))) != first
    assert api.row(f"{name.lower()}s?$select=new_more")["value"] == []


def test_a_table_is_kept_while_lookups_point_at_it(api: Api) -> None:
    parent, child = make_table(api), make_table(api)
    relation = fresh("new_rel")
    make(api, "RelationshipDefinitions", one_to_many(relation, parent, child, "new_ParentId"))
    assert_fault(api.delete(of(parent)), 400, "0x8004f01f", "new_parentid", child)
    api.create(f"{parent}s", new_name="still there")
    assert api.delete(of(child)).status_code == 204
    assert api.delete(of(parent)).status_code == 204


def test_a_table_is_kept_while_a_webhook_waits_for_it(api: Api) -> None:
    name = make_table(api)
    endpoint = api.create(
        "serviceendpoints",
        name="hook",
        contract=8,
        authtype=4,
        authvalue="key",
        url="http://127.0.0.1:9/hook",
    )
    found = api.row(
        f"sdkmessagefilters?$filter=primaryobjecttypecode eq '{name}'"
        " and sdkmessageid/name eq 'Create'&$select=sdkmessagefilterid,_sdkmessageid_value"
    )["value"]
    assert len(found) == 1
    step = api.create(
        "sdkmessageprocessingsteps",
        name="on create",
        mode=1,
        stage=40,
        rank=1,
        supporteddeployment=0,
        **{
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
            "sdkmessageid@odata.bind": f"/sdkmessages({found[0]['_sdkmessageid_value']})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({found[0]['sdkmessagefilterid']})",
        },
    )
    assert_fault(api.delete(of(name)), 400, "0x8004f01f", "the step on create")
    api.delete(f"sdkmessageprocessingsteps({step})")
    assert api.delete(of(name)).status_code == 204


@pytest.mark.parametrize("name", ["account", "systemuser", "teammembership"])
def test_standard_tables_cannot_be_deleted(api: Api, name: str) -> None:
    assert_fault(api.delete(of(name)), 400, "0x80047008", name)


def test_privileges_of_a_new_table_are_there_and_held(api: Api) -> None:
    name = make_table(api)
    schema_name = api.row(of(name))["SchemaName"]
    found = api.row(f"privileges?$filter=name eq 'prvRead{schema_name}'")["value"]
    assert len(found) == 1
    me = api.row("WhoAmI")["UserId"]
    held = api.row(f"systemusers({me})/{NAMESPACE}RetrieveUserPrivileges()")["RolePrivileges"]
    assert found[0]["privilegeid"] in {each["PrivilegeId"] for each in held}


def test_several_tables_are_created_at_once_or_not_at_all(api: Api) -> None:
    first, second = fresh(), fresh()

    def complex_table(name: str, **members: Any) -> dict[str, Any]:
        body = table(name, **members) | {"@odata.type": f"{NAMESPACE}ComplexEntityMetadata"}
        for each in body["Attributes"]:
            each["@odata.type"] = each["@odata.type"].replace("CRM.", "CRM.Complex")
        return body

    path = "CreateEntities?SolutionUniqueName=mine"
    wrong = {"Entities": [complex_table(first), complex_table(second, OwnershipType="Nobody")]}
    assert_fault(api.post(path, wrong), 400, "0x8004700d", "Nobody")
    assert api.get(of(first.lower())).status_code == 404
    answer = api.post(path, {"Entities": [complex_table(first), complex_table(second)]})
    assert answer.status_code == 200
    assert len(answer.json()["EntityIds"]) == 2
    api.create(f"{second.lower()}s", new_name="x")


def _without(name: str) -> dict[str, Any]:
    body = table("new_Incomplete")
    del body[name]
    return body


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (_without("SchemaName"), "0x80040203", "SchemaName"),
        (_without("DisplayName"), "0x80040203", "DisplayName"),
        (_without("DisplayCollectionName"), "0x80040203", "DisplayCollectionName"),
        (_without("OwnershipType"), "0x80040203", "OwnershipType"),
        (_without("Attributes"), "0x80040203", "Attributes"),
        (table("BankAccount"), "0x80040203", "BankAccount"),
        (table("new_bank account"), "0x80040203", "new_bank account"),
        (table("new_" + "x" * 47), "0x80040203", "51 characters"),
        (table("mscrm_Bank"), "0x80040203", "mscrm_Bank"),
        (table("new_Bänk"), "0x80040203", "new_Bänk"),
        (table('new_x"; DROP TABLE account; --'), "0x80040203", "DROP"),
        (table("new_Bad", OwnershipType="BusinessOwned"), "0x8004700d", "BusinessOwned"),
        (table("new_Bad", primary_name("new_Other")), "0x8004701e", "new_other"),
        (table("new_Bad", Attributes=[column("String", "new_A")]), "0x80047014", "IsPrimaryName"),
        (
            table("new_Bad", Attributes=[column("Memo", "new_A", IsPrimaryName=True)]),
            "0x8004700e",
            "new_A",
        ),
        (table("new_Bad", column("Integer", "new_NAME")), "0x80047013", "new_name"),
        (table("new_Bad", EntitySetName="a b"), "0x80040203", "a b"),
        (table("new_Bad", HasNotes="yes"), "0x80048d19", "HasNotes"),
        (table("new_Bad", DisplayName="Bank"), "0x80048d19", "DisplayName"),
        (table("new_Bad", DisplayName={"LocalizedLabels": [1]}), "0x80048d19", "DisplayName"),
        (table("new_Bad", Attributes=[7]), "0x80048d19", "Attributes[0]"),
        (table("new_Bad", MetadataId="seven"), "0x80048d19", "MetadataId"),
        (table("new_Bad", IsActivity=True), "0x80040203", "Subject"),
    ],
)
def test_a_wrong_definition_is_refused_by_name_and_nothing_is_made(
    api: Api, body: dict[str, Any], code: str, words: str
) -> None:
    before = {
        each["LogicalName"] for each in api.row("EntityDefinitions?$select=LogicalName")["value"]
    }
    assert_fault(api.post("EntityDefinitions", body), 400, code, words)
    after = {
        each["LogicalName"] for each in api.row("EntityDefinitions?$select=LogicalName")["value"]
    }
    assert before == after


def test_a_primary_name_that_is_listed_twice_as_text_is_one_column(api: Api) -> None:
    name = make_table(api, column("String", "new_Name", MaxLength=20))
    path = (
        f"{of(name)}/Attributes?$select=LogicalName,IsPrimaryName&$filter=LogicalName eq 'new_name'"
    )
    (found,) = api.row(path)["value"]
    assert found["IsPrimaryName"] is True


def test_a_table_that_is_there_is_not_made_again(api: Api) -> None:
    make(api, "EntityDefinitions", table("new_Twice"))
    for name in ("new_Twice", "new_TWICE"):
        answer = api.post("EntityDefinitions", table(name))
        assert_fault(answer, 400, "0x8004700b", "new_twice", "not unique")


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({"TableType": "Elastic"}, "Elastic"),
        ({"IsValidForQueue": {"Value": True}}, "IsValidForQueue"),
        ({"ManyToManyRelationships": [{}]}, "ManyToManyRelationships"),
    ],
)
def test_what_is_not_emulated_says_so(api: Api, members: dict[str, Any], what: str) -> None:
    answer = api.post("EntityDefinitions", table(fresh(), **members))
    assert_fault(answer, 501, "0x80060888", what)


def test_a_change_set_holds_no_definitions(api: Api) -> None:
    body = (
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n"
        f"DELETE {api.root}{of('account')} HTTP/1.1\r\n\r\n\r\n--c--\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.send("POST", "$batch", data=body.encode(), headers=headers)
    assert "HTTP/1.1 400" in answer.text
    assert "change set cannot hold changes of definitions" in answer.text


def test_a_batch_uses_what_it_has_just_made(api: Api) -> None:
    name = fresh()

    def part(method: str, path: str, content: dict[str, Any]) -> str:
        return (
            "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            f"{method} {api.root}{path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
            f"{json.dumps(content)}\r\n"
        )

    body = (
        part("POST", "EntityDefinitions", table(name))
        + part("POST", f"{of(name.lower())}/Attributes", column("Integer", "new_Added"))
        + part("POST", f"{name.lower()}s", {"new_name": "x", "new_added": 3})
        + "--b--\r\n"
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.send("POST", "$batch", data=body.encode(), headers=headers)
    assert answer.text.count("HTTP/1.1 204 No Content") == 3, answer.text
    assert api.row(f"{name.lower()}s")["value"][0]["new_added"] == 3
