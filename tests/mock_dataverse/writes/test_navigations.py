"""What lies behind a navigation property of a row: read, created, changed, counted."""

from __future__ import annotations

import uuid

from tests.mock_dataverse.core.client import Api, assert_fault, unique


def test_a_row_is_created_in_a_collection_and_points_back(api: Api) -> None:
    account = api.create("accounts", name="x")
    answer = api.post(f"accounts({account})/Account_Tasks", {"subject": "Visit"})
    assert answer.status_code == 204
    address = answer.headers["OData-EntityId"]
    assert address.startswith(f"{api.root}tasks(")
    assert api.row(address)["_regardingobjectid_value"] == account


def test_a_row_created_in_a_many_to_many_collection_is_associated(api: Api) -> None:
    team = api.create("teams", name=unique("team"))
    path = f"teams({team})/teammembership_association?$select=firstname"
    answer = api.post(path, {"firstname": "Ana"}, Prefer="return=representation")
    assert (answer.status_code, answer.json()["firstname"]) == (201, "Ana")
    (member,) = api.row(f"teams({team})/teammembership_association")["value"]
    assert member["systemuserid"] == answer.json()["systemuserid"]


def test_nothing_is_created_in_a_collection_of_nobody(api: Api) -> None:
    missing = uuid.uuid4()
    answer = api.post(f"accounts({missing})/Account_Tasks", {"subject": "x"})
    assert_fault(answer, 404, "0x80040217", str(missing))
    account = api.create("accounts", name="x")
    answer = api.post(f"accounts({account})/Account_Tasks", {"colour": 1})
    assert_fault(answer, 400, "0x80048d19", "'colour'")
    assert_fault(api.post(f"accounts({account})/primarycontactid", {}), 405, "0x8004023b")
    assert_fault(api.put(f"accounts({account})/Account_Tasks", {}), 405, "0x8004023b")


def test_the_row_that_is_pointed_at_is_read_and_changed_through_the_property(api: Api) -> None:
    account = api.create("accounts", name="x", primarycontactid={"lastname": "Byron"})
    path = f"accounts({account})/primarycontactid"
    assert api.patch(path, {"firstname": "Ada"}).status_code == 204
    assert api.row(path)["fullname"] == "Ada Byron"
    assert api.row(f"{path}/fullname")["value"] == "Ada Byron"
    assert api.get(f"{path}/lastname/$value").text == "Byron"
    assert_fault(api.delete(path), 400, "0x80060888", "primarycontactid/$ref")


def test_a_property_that_points_at_nothing_is_204_and_cannot_be_changed(api: Api) -> None:
    account = api.create("accounts", name="x")
    path = f"accounts({account})/primarycontactid"
    assert api.get(path).status_code == 204
    assert_fault(api.patch(path, {"firstname": "Ada"}), 404, "0x80040217", "primarycontactid")


def test_one_row_of_a_collection_is_addressed_by_its_key(api: Api) -> None:
    lead, other = api.create("leads", Lead_Tasks=[{"subject": "mine"}]), api.create("leads")
    (task,) = api.row(f"leads({lead})/Lead_Tasks")["value"]
    path = f"leads({lead})/Lead_Tasks({task['activityid']})"
    assert api.row(f"{path}?$select=subject")["subject"] == "mine"
    assert api.patch(path, {"subject": "ours"}).status_code == 204
    assert api.row(f"{path}/subject")["value"] == "ours"
    stranger = f"leads({other})/Lead_Tasks({task['activityid']})"
    assert_fault(api.get(stranger), 404, "0x80040217", "not associated")
    assert_fault(api.get(f"leads({lead})/Lead_Tasks({uuid.uuid4()})"), 404, "0x80040217")
    assert api.delete(path).status_code == 204
    assert api.row(f"leads({lead})/Lead_Tasks")["value"] == []


def test_the_rows_of_a_collection_are_counted(api: Api) -> None:
    lead = api.create("leads", Lead_Tasks=[{"subject": name} for name in "aab"])
    count = api.get(f"leads({lead})/Lead_Tasks/$count")
    assert (count.text, count.headers["Content-Type"]) == ("3", "text/plain; charset=utf-8")
    assert api.get(f"leads({lead})/Lead_Tasks/$count?$filter=subject eq 'a'").text == "2"
    assert_fault(api.get(f"leads({lead})/parentaccountid/$count"), 404, "0x8006088a")


def test_a_reference_to_remove_is_named_in_every_form(api: Api) -> None:
    account, lead = api.create("accounts", name="x"), api.create("leads")
    collection = f"accounts({account})/lead_parent_account"
    reference = {"@odata.id": f"leads({lead})"}
    for form in (
        f"{collection}({lead})/$ref",
        f"{collection}/$ref?$id=leads({lead})",
        f"{collection}/$ref?$id={api.root}leads({lead})",
        f"leads({lead})/parentaccountid/$ref",
        f"leads({lead})/parentaccountid/$ref?$id=accounts({account})",
    ):
        assert api.post(f"{collection}/$ref", reference).status_code == 204
        assert api.row(f"leads({lead})")["_parentaccountid_value"] == account
        assert api.delete(form).status_code == 204, form
        assert api.row(f"leads({lead})")["_parentaccountid_value"] is None
    assert_fault(api.delete(f"{collection}({lead})/$ref"), 404, "0x80040217", "not associated")
    assert api.post(f"{collection}/$ref", reference).status_code == 204
    other = api.create("accounts", name="y")
    wrong = f"leads({lead})/parentaccountid/$ref?$id=accounts({other})"
    assert_fault(api.delete(wrong), 404, "0x80040217", "not associated")


def test_a_reference_may_name_an_alternate_key(api: Api) -> None:
    name = unique("attribute")
    attribute = api.create("wa_sellerattributes", wa_name=name)
    value = api.create(
        "wa_sellerattributevalues", wa_name="v", wa_SellerAttributeId={"wa_name": unique("a")}
    )
    path = f"wa_sellerattributevalues({value})/wa_SellerAttributeId/$ref"
    assert api.put(path, {"@odata.id": f"wa_sellerattributes(wa_name='{name}')"}).ok
    row = api.row(f"wa_sellerattributevalues({value})")
    assert row["_wa_sellerattributeid_value"] == attribute
