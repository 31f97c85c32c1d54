"""Columns that are added to tables, changed and dropped."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.definitions.bodies import (
    NAMESPACE,
    column,
    label,
    make,
    make_table,
    of,
    one_to_many,
    options,
)

_YES_NO = {
    "TrueOption": {"Value": 1, "Label": label("Ja")},
    "FalseOption": {"Value": 0, "Label": label("Nein")},
}


@pytest.fixture(scope="module")
def shared(server: Any) -> str:
    api = Api(server)
    name = make_table(api)
    api.close()
    return name


@pytest.mark.parametrize(
    ("kind", "members", "value"),
    [
        ("String", {"MaxLength": 20, "FormatName": {"Value": "Email"}}, "a@b.example"),
        ("Memo", {"MaxLength": 5000}, "x" * 4500),
        ("Integer", {"MinValue": 1, "MaxValue": 5, "Format": "None"}, 5),
        ("BigInt", {}, 9_007_199_254_740_993),
        ("Decimal", {"Precision": 4, "MinValue": -1, "MaxValue": 1}, -0.1234),
        ("Double", {"Precision": 5}, 2.5),
        ("Money", {"Precision": 2, "MinValue": 0, "MaxValue": 1000}, 999.99),
        ("Boolean", {"OptionSet": _YES_NO, "DefaultValue": True}, False),
        ("Picklist", {"OptionSet": options((1, "one"), (2, "two"))}, 2),
        ("MultiSelectPicklist", {"OptionSet": options((1, "one"), (2, "two"))}, "1,2"),
        ("DateTime", {"Format": "DateAndTime"}, "2026-03-01T10:30:00Z"),
        (
            "DateTime",
            {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}},
            "2026-03-01",
        ),
    ],
)
def test_a_new_column_holds_its_values(
    api: Api, kind: str, members: dict[str, Any], value: object
) -> None:
    name = make_table(api)
    old = api.create(f"{name}s", new_name="before")
    column_id = make(api, f"{of(name)}/Attributes", column(kind, "new_Added", **members))
    row_id = api.create(f"{name}s", new_name="after", new_added=value)
    assert api.row(f"{name}s({row_id})?$select=new_added")["new_added"] == value
    assert api.row(f"{name}s({old})?$select=new_added")["new_added"] is None
    found = api.row(f"{of(name)}/Attributes({column_id})")
    assert found["@odata.type"] == f"#{NAMESPACE}{kind}AttributeMetadata"
    assert (found["LogicalName"], found["SchemaName"]) == ("new_added", "new_Added")
    assert found["IsCustomAttribute"] is True
    for member, given in members.items():
        if member not in ("OptionSet", "Format", "FormatName"):
            assert found[member] == given


def test_the_address_of_a_new_column_names_its_table(api: Api, shared: str) -> None:
    table_id = api.row(of(shared))["MetadataId"]
    for number, path in enumerate((of(shared), f"EntityDefinitions({table_id})")):
        body = column("Integer", f"new_Address{number}")
        answer = api.post(f"{path}/Attributes", body)
        assert answer.headers["OData-EntityId"].startswith(f"{api.root}{path}/Attributes(")


def test_amounts_bring_base_amounts_and_a_currency(api: Api) -> None:
    name = make_table(api)
    make(api, f"{of(name)}/Attributes", column("Money", "new_Price"))
    make(api, f"{of(name)}/Attributes", column("Money", "new_Cost"))
    row_id = api.create(f"{name}s", new_name="x", new_price=2.5)
    row = api.row(f"{name}s({row_id})?$expand=transactioncurrencyid($select=isocurrencycode)")
    assert (row["new_price_base"], row["new_cost_base"], row["exchangerate"]) == (2.5, None, 1.0)
    assert row["transactioncurrencyid"]["isocurrencycode"] == "USD"
    child = api.delete(f"{of(name)}/Attributes(LogicalName='new_price_base')")
    assert_fault(child, 400, "0x80047016", "new_price_base")
    assert api.delete(f"{of(name)}/Attributes(LogicalName='new_price')").status_code == 204
    row = api.row(f"{name}s({row_id})")
    assert "new_price" not in row
    assert "new_price_base" not in row
    assert "new_cost_base" in row


def test_a_standard_table_gets_columns_too(api: Api) -> None:
    before = api.create("leads", lastname="Old")
    make(api, f"{of('lead')}/Attributes", column("Integer", "new_Score"))
    lead = api.create("leads", lastname="Who", new_score=7)
    found = api.row("leads?$select=lastname,new_score&$filter=new_score ge 7")["value"]
    assert [each["leadid"] for each in found] == [lead]
    assert api.row(f"leads({before})?$select=new_score")["new_score"] is None
    assert api.delete(f"{of('lead')}/Attributes(LogicalName='new_score')").status_code == 204
    assert_fault(api.get("leads?$select=new_score"), 400, "0x80060888", "new_score")


def test_options_without_values_are_numbered(api: Api, shared: str) -> None:
    named = {"Options": [{"Label": label("a")}, {"Label": label("b")}]}
    make(api, f"{of(shared)}/Attributes", column("Picklist", "new_Counted", OptionSet=named))
    path = (
        f"{of(shared)}/Attributes(LogicalName='new_counted')/{NAMESPACE}PicklistAttributeMetadata"
    )
    found = api.row(f"{path}?$expand=OptionSet")["OptionSet"]["Options"]
    assert [each["Value"] for each in found] == [100_000_000, 100_000_001]


def test_labels_of_options_show_at_once(api: Api, shared: str) -> None:
    chosen = options((1, "Blau"), (2, "Rot"))
    make(api, f"{of(shared)}/Attributes", column("Picklist", "new_Color", OptionSet=chosen))
    row_id = api.create(f"{shared}s", new_name="x", new_color=2)
    prefer = {"Prefer": 'odata.include-annotations="*"'}
    row = api.get(f"{shared}s({row_id})?$select=new_color", headers=prefer).json()
    assert row["new_color@OData.Community.Display.V1.FormattedValue"] == "Rot"
    wrong = api.post(f"{shared}s", {"new_color": 3})
    assert_fault(wrong, 400, "0x8004431a", "new_color")


def test_put_replaces_a_column_as_clients_send_it_back(api: Api) -> None:
    name = make_table(api, column("String", "new_Code", MaxLength=5))
    path = f"{of(name)}/Attributes(LogicalName='new_code')"
    whole = api.row(f"{path}/{NAMESPACE}StringAttributeMetadata")
    body = {member: value for member, value in whole.items() if "@odata." not in member}
    body |= {
        "@odata.type": f"{NAMESPACE}StringAttributeMetadata",
        "MaxLength": 8,
        "DisplayName": label("Code"),
        "RequiredLevel": {"Value": "Recommended"},
        "IsAuditEnabled": {"Value": False},
    }
    answer = api.send(
        "PUT",
        f"{of(name)}/Attributes({whole['MetadataId']})",
        json=body,
        headers={"MSCRM.MergeLabels": "true"},
    )
    assert answer.status_code == 204
    found = api.row(path)
    assert (found["MaxLength"], found["MetadataId"]) == (8, whole["MetadataId"])
    assert found["RequiredLevel"]["Value"] == "Recommended"
    assert found["IsAuditEnabled"]["Value"] is False
    assert found["DisplayName"]["UserLocalizedLabel"]["Label"] == "Code"
    api.create(f"{name}s", new_code="x" * 8)
    assert_fault(api.post(f"{name}s", {"new_code": "x" * 9}), 400, "0x80044331", "new_code")


def test_put_keeps_the_options_of_a_choice(api: Api) -> None:
    name = make_table(api, column("Picklist", "new_Kind", OptionSet=options((1, "a"), (2, "b"))))
    path = f"{of(name)}/Attributes(LogicalName='new_kind')"
    body = api.row(path) | {"DefaultFormValue": 2, "OptionSet": options((9, "no"))}
    body["@odata.type"] = body["@odata.type"].removeprefix("#")
    assert api.put(path, body).status_code == 204
    cast = api.row(f"{path}/{NAMESPACE}PicklistAttributeMetadata?$expand=OptionSet")
    assert [each["Value"] for each in cast["OptionSet"]["Options"]] == [1, 2]
    assert api.row(f"{name}s({api.create(f'{name}s', new_name='x')})")["new_kind"] == 2


def test_dates_may_lose_their_time_of_day(api: Api) -> None:
    name = make_table(api, column("DateTime", "new_Due"))
    row_id = api.create(f"{name}s", new_due="2026-03-01T10:30:00Z")
    path = f"{of(name)}/Attributes(LogicalName='new_due')"
    body = column("DateTime", "new_Due", Format="DateOnly", DateTimeBehavior={"Value": "DateOnly"})
    assert api.put(path, body).status_code == 204
    assert api.row(f"{name}s({row_id})")["new_due"] == "2026-03-01"
    body |= {"DateTimeBehavior": {"Value": "UserLocal"}}
    assert_fault(api.put(path, body), 400, "0x80040203", "new_due", "UserLocal")


def test_a_cast_in_the_address_is_the_type_of_what_is_put(api: Api) -> None:
    name = make_table(api, column("String", "new_Code", MaxLength=5))
    path = f"{of(name)}/Attributes(LogicalName='new_code')/{NAMESPACE}StringAttributeMetadata"
    body = api.row(path)
    assert "@odata.type" not in body
    assert api.put(path, body | {"MaxLength": 8}).status_code == 204
    assert api.row(path)["MaxLength"] == 8


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (column("Integer", "new_Code"), "Integer"),
        (column("String", "new_Other"), "new_Other"),
        (column("String", "new_Code", MaxLength=0), "MaxLength"),
        (column("String", "new_Code", RequiredLevel={"Value": "Always"}), "Always"),
    ],
)
def test_put_cannot_make_another_column_of_it(api: Api, change: dict[str, Any], words: str) -> None:
    name = make_table(api, column("String", "new_Code", MaxLength=5))
    path = f"{of(name)}/Attributes(LogicalName='new_code')"
    assert_fault(api.put(path, change), 400, "0x80040203", words)
    assert api.row(path)["MaxLength"] == 5


def test_a_dropped_column_is_gone_with_its_values(api: Api) -> None:
    name = make_table(api, column("String", "new_Code", MaxLength=5))
    row_id = api.create(f"{name}s", new_name="x", new_code="abc")
    column_id = api.row(f"{of(name)}/Attributes(LogicalName='new_code')")["MetadataId"]
    answer = api.delete(f"{of(name)}/Attributes({column_id})", If_Match="*")
    assert answer.status_code == 204
    assert "new_code" not in api.row(f"{name}s({row_id})")
    assert_fault(api.post(f"{name}s", {"new_code": "x"}), 400, "0x80048d19", "new_code")
    assert_fault(api.get(f"{of(name)}/Attributes({column_id})"), 404, "0x80060888", column_id)
    make(api, f"{of(name)}/Attributes", column("String", "new_Code", MaxLength=5))
    assert api.row(f"{name}s({row_id})")["new_code"] is None


def test_a_dropped_lookup_takes_its_relationship_along(api: Api) -> None:
    name = make_table(api)
    relation = f"new_account_{name}"
    make(api, "RelationshipDefinitions", one_to_many(relation, "account", name, "new_AccountId"))
    path = f"{of(name)}/Attributes(LogicalName='new_accountid')"
    assert api.delete(path).status_code == 204
    found = api.row(f"RelationshipDefinitions?$filter=SchemaName eq '{relation}'")["value"]
    assert found == []
    assert_fault(api.get(f"accounts?$expand={relation}"), 400, "0x80060888", relation)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("createdon", "0x80047009"),
        ("ownerid", "0x80047009"),
        ("statuscode", "0x80047009"),
        ("{table}id", "0x80047002"),
        ("new_name", "0x80047002"),
    ],
)
def test_columns_that_a_table_needs_stay(api: Api, shared: str, name: str, code: str) -> None:
    name = name.format(table=shared)
    path = f"{of(shared)}/Attributes(LogicalName='{name}')"
    assert_fault(api.delete(path), 400, code, name)


def test_standard_columns_stay(api: Api) -> None:
    path = f"{of('lead')}/Attributes(LogicalName='subject')"
    answer = api.delete(path)
    assert answer.status_code == 400
    assert "subject" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        (column("String", "Code"), 400, "0x80040203", "Code"),
        (column("String", "new_" + "x" * 47), 400, "0x80040203", "51 characters"),
        (column("String", "new_A", MaxLength=0), 400, "0x80040203", "MaxLength"),
        (column("String", "new_A", MaxLength=4001), 400, "0x80040203", "4001"),
        (column("String", "new_A", MaxLength="long"), 400, "0x80048d19", "MaxLength"),
        (column("String", "new_A", FormatName={"Value": "Poem"}), 400, "0x80040203", "Poem"),
        (column("Memo", "new_A", MaxLength=1_048_577), 400, "0x80040203", "1048577"),
        (column("Integer", "new_A", MinValue=5, MaxValue=1), 400, "0x80040203", "MinValue"),
        (column("Integer", "new_A", MaxValue=2**31), 400, "0x80040203", "MaxValue"),
        (column("Decimal", "new_A", Precision=11), 400, "0x80040203", "Precision"),
        (column("Double", "new_A", Precision=6), 400, "0x80040203", "Precision"),
        (column("Money", "new_A", Precision=5), 400, "0x80040203", "Precision"),
        (column("Decimal", "new_A", MinValue=-1e12), 400, "0x80040203", "MinValue"),
        (column("Picklist", "new_A"), 400, "0x80040203", "OptionSet"),
        (
            column("Picklist", "new_A", OptionSet=options((1, "a"), (1, "b"))),
            400,
            "0x80040203",
            "value 1",
        ),
        (
            column("Picklist", "new_A", OptionSet={"Options": [{"Value": 1}]}),
            400,
            "0x80040203",
            "Label",
        ),
        (
            column("Picklist", "new_A", OptionSet=options((1, "a")), DefaultFormValue=2),
            400,
            "0x80040203",
            "DefaultFormValue",
        ),
        (
            column("Picklist", "new_A", OptionSet={"IsGlobal": True, "Name": "new_none"}),
            404,
            "0x80060888",
            "new_none",
        ),
        (
            column("Boolean", "new_A", OptionSet={"TrueOption": {"Value": 3, "Label": label("x")}}),
            400,
            "0x80040203",
            "TrueOption",
        ),
        (column("DateTime", "new_A", Format="Week"), 400, "0x80040203", "Week"),
        (
            column(
                "DateTime",
                "new_A",
                Format="DateAndTime",
                DateTimeBehavior={"Value": "DateOnly"},
            ),
            400,
            "0x80040203",
            "DateOnly",
        ),
        (column("Lookup", "new_A"), 400, "0x80040203", "RelationshipDefinitions"),
        (column("UniqueIdentifier", "new_A"), 400, "0x80040203", "Uniqueidentifier"),
        (column("State", "new_A"), 400, "0x80040203", "State"),
        (column("Poem", "new_A"), 400, "0x80040203", "Poem"),
        ({"SchemaName": "new_A"}, 400, "0x80040203", "@odata.type"),
        (column("String", "new_Name"), 400, "0x80047013", "new_name"),
        (column("String", "new_A", IsPrimaryName=True), 400, "0x8004701e", "new_a"),
        (column("String", "new_A", LogicalName="new_b"), 400, "0x80040203", "new_b"),
        (column("File", "new_A"), 501, "0x80060888", "file columns"),
        (column("Image", "new_A"), 501, "0x80060888", "image columns"),
        (column("String", "new_A", AutoNumberFormat="{SEQNUM:4}"), 501, "0x80060888", "AutoNumber"),
        (column("Decimal", "new_A", SourceType=1), 501, "0x80060888", "calculated"),
    ],
)
def test_a_wrong_column_is_refused_by_name_and_nothing_is_made(
    api: Api, shared: str, body: dict[str, Any], status: int, code: str, words: str
) -> None:
    assert_fault(api.post(f"{of(shared)}/Attributes", body), status, code, words)
    path = f"{of(shared)}/Attributes?$select=LogicalName&$filter=LogicalName eq 'new_a'"
    assert api.row(path)["value"] == []


def test_columns_belong_to_tables_that_exist(api: Api) -> None:
    body = column("String", "new_A")
    assert_fault(api.post(f"{of('nothing')}/Attributes", body), 404, "0x80060888", "nothing")
    assert_fault(api.post(f"{of('teammembership')}/Attributes", body), 400, "0x80040203", "team")
    path = f"{of('account')}/Attributes(LogicalName='nothing')"
    assert_fault(api.delete(path), 404, "0x80060888", "nothing")
    body = column("String", "new_A")
    assert_fault(api.post(f"{of('account')}/Nothing", body), 404, "0x8006088a", "Nothing")


def test_a_broken_body_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    for text in (b"", b"{", b"[]", b'{"SchemaName":"a","SchemaName":"b"}'):
        answer = api.send("POST", f"{of('account')}/Attributes", data=text, headers=headers)
        assert_fault(answer, 400, "0x80048d19")
