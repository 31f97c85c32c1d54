"""Alternate keys that are made and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.definitions.bodies import (
    column,
    fresh,
    label,
    make,
    make_table,
    of,
    one_to_many,
    options,
)


def _key(name: str, *columns: str, **members: Any) -> dict[str, Any]:
    return {
        "SchemaName": name,
        "KeyAttributes": list(columns),
        "DisplayName": label(name),
        **members,
    }


def _keys(api: Api, name: str) -> dict[str, str]:
    rows = api.row(f"{of(name)}/Keys")["value"]
    return {each["SchemaName"]: each["EntityKeyIndexStatus"] for each in rows}


@pytest.fixture
def name(api: Api) -> str:
    return make_table(
        api,
        column("String", "new_Code", MaxLength=50),
        column("Integer", "new_Number"),
        column("Memo", "new_Text"),
        column("Money", "new_Price"),
        column("MultiSelectPicklist", "new_Many", OptionSet=options((1, "a"))),
    )


def test_rows_are_found_and_upserted_by_a_new_key(api: Api, name: str) -> None:
    key_id = make(api, f"{of(name)}/Keys", _key("new_ByCode", "new_code", "new_number"))
    found = api.row(f"{of(name)}/Keys")["value"]
    assert [each["MetadataId"] for each in found] == [key_id]
    assert found[0]["KeyAttributes"] == ["new_code", "new_number"]
    assert (found[0]["EntityKeyIndexStatus"], found[0]["LogicalName"]) == ("Active", "new_bycode")
    path = f"{name}s(new_code='a',new_number=1)"
    assert api.patch(path, {"new_name": "first"}).status_code == 204
    assert api.patch(path, {"new_name": "second"}).status_code == 204
    assert [each["new_name"] for each in api.row(f"{name}s")["value"]] == ["second"]
    again = api.post(f"{name}s", {"new_code": "A", "new_number": 1})
    assert_fault(again, 412, "0x80060892", "new_ByCode")


def test_a_deleted_key_no_longer_holds(api: Api, name: str) -> None:
    key_id = make(api, f"{of(name)}/Keys", _key("new_ByCode", "new_code"))
    api.create(f"{name}s", new_code="a")
    assert api.delete(f"{of(name)}/Keys({key_id})").status_code == 204
    assert api.row(f"{of(name)}/Keys")["value"] == []
    api.create(f"{name}s", new_code="a")
    assert_fault(api.get(f"{name}s(new_code='a')"), 400, "0x80060890", name)
    assert_fault(api.delete(f"{of(name)}/Keys({key_id})"), 404, "0x80060888", key_id)


def test_a_key_of_a_lookup_and_a_day(api: Api, name: str) -> None:
    relation = fresh("new_rel")
    make(api, "RelationshipDefinitions", one_to_many(relation, "account", name, "new_AccountId"))
    day = {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}
    make(api, f"{of(name)}/Attributes", column("DateTime", "new_Day", **day))
    make(api, f"{of(name)}/Keys", _key("new_ByDay", "new_accountid", "new_day"))
    account = api.create("accounts", name="A")
    path = f"{name}s(_new_accountid_value={account},new_day=2026-03-01)"
    assert api.patch(path, {"new_name": "x"}).status_code == 204
    assert api.row(path)["_new_accountid_value"] == account


def test_a_key_that_rows_break_has_failed_and_can_be_tried_again(api: Api, name: str) -> None:
    api.create(f"{name}s", new_code="a")
    second = api.create(f"{name}s", new_code="A")
    api.create(f"{name}s")
    api.create(f"{name}s")
    make(api, f"{of(name)}/Keys", _key("new_ByCode", "new_code"))
    assert _keys(api, name) == {"new_ByCode": "Failed"}
    assert_fault(api.get(f"{name}s(new_code='a')"), 400, "0x80060890", name)
    retry = {"EntityLogicalName": name, "EntityKeyLogicalName": "new_bycode"}
    assert api.post("ReactivateEntityKey", retry).status_code == 204
    assert _keys(api, name) == {"new_ByCode": "Failed"}
    api.patch(f"{name}s({second})", {"new_code": "b"})
    assert api.post("ReactivateEntityKey", retry).status_code == 204
    assert _keys(api, name) == {"new_ByCode": "Active"}
    assert api.row(f"{name}s(new_code='b')")[f"{name}id"] == second


def test_a_column_stays_while_a_key_has_it(api: Api, name: str) -> None:
    make(api, f"{of(name)}/Keys", _key("new_ByCode", "new_code"))
    path = f"{of(name)}/Attributes(LogicalName='new_code')"
    assert_fault(api.delete(path), 400, "0x8004f01f", "new_ByCode")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (_key("ByCode", "new_code"), "0x80040203", "ByCode"),
        (_key("new_K"), "0x80040203", "KeyAttributes"),
        (_key("new_K", "nothing"), "0x80040203", "nothing"),
        (_key("new_K", "new_text"), "0x80040203", "Memo"),
        (_key("new_K", "new_price"), "0x80040203", "Money"),
        (_key("new_K", "new_many"), "0x80040203", "MultiSelectPicklist"),
        (_key("new_K", "ownerid"), "0x80040203", "ownerid"),
        (_key("new_K", "createdon"), "0x80090112", "createdon"),
        (_key("new_K", "new_code", "new_code"), "0x80040203", "new_K"),
        (_key("new_K", *(f"new_c{n}" for n in range(17))), "0x80040203", "16"),
        ({"SchemaName": "new_K", "KeyAttributes": "new_code"}, "0x80048d19", "KeyAttributes"),
        (_key("new_First", "new_number"), "0x80060893", "new_First"),
        (_key("new_K", "new_name"), "0x80060894", "new_name"),
    ],
)
def test_a_wrong_key_is_refused_by_name(
    api: Api, name: str, body: dict[str, Any], code: str, words: str
) -> None:
    make(api, f"{of(name)}/Keys", _key("new_First", "new_name"))
    assert_fault(api.post(f"{of(name)}/Keys", body), 400, code, words)
    assert _keys(api, name) == {"new_First": "Active"}


def test_keys_are_at_most_900_bytes_long_and_ten(api: Api) -> None:
    columns = [column("Integer", f"new_N{number}") for number in range(11)]
    name = make_table(api, column("String", "new_Long", MaxLength=451), *columns)
    answer = api.post(f"{of(name)}/Keys", _key("new_K", "new_long"))
    assert_fault(answer, 400, "0x80040203", "902 bytes")
    for number in range(10):
        make(api, f"{of(name)}/Keys", _key(f"new_K{number}", f"new_n{number}"))
    answer = api.post(f"{of(name)}/Keys", _key("new_K10", "new_n10"))
    assert_fault(answer, 400, "0x80040203", "10 entity keys")
