"""DELETE with its cascades, and references between rows."""

from __future__ import annotations

import uuid

from tests.mock_dataverse.core.client import Api, assert_fault, unique


def _attribute(api: Api) -> str:
    return api.create("wa_sellerattributes", wa_name=unique("Language"))


def _value(api: Api, attribute: str) -> str:
    bind = {"wa_SellerAttributeId@odata.bind": f"/wa_sellerattributes({attribute})"}
    return api.create("wa_sellerattributevalues", wa_name=unique("English"), **bind)


def test_a_deleted_row_is_gone(api: Api) -> None:
    lead = api.create("leads", subject="x")
    assert api.delete(f"leads({lead})").status_code == 204
    missing = f"lead With Id = {lead} Does Not Exist"
    assert_fault(api.get(f"leads({lead})"), 404, "0x80040217", missing)
    assert_fault(api.delete(f"leads({lead})"), 404, "0x80040217", missing)


def test_a_write_that_must_not_find_the_row_leaves_it_alone(api: Api) -> None:
    lead = api.create("leads", subject="x")
    for answer in (
        api.delete(f"leads({lead})", If_None_Match="*"),
        api.put(f"leads({lead})/subject", {"value": "y"}, If_None_Match="*"),
        api.delete(f"leads({lead})/subject", If_None_Match="*"),
    ):
        assert_fault(answer, 412, "0x80040237")
    assert api.row(f"leads({lead})")["subject"] == "x"


def test_remove_link_clears_the_lookup_and_moves_the_version(api: Api) -> None:
    account = api.create("accounts", name="x")
    lead = api.create("leads", **{"parentaccountid@odata.bind": f"/accounts({account})"})
    api.patch(f"leads({lead})", {"customerid_account@odata.bind": None})
    before = api.row(f"leads({lead})")
    assert api.delete(f"accounts({account})").status_code == 204
    after = api.row(f"leads({lead})")
    assert after["_parentaccountid_value"] is None
    assert after["@odata.etag"] != before["@odata.etag"]


def test_cascade_deletes_the_rows_that_point_at_it_and_their_links(api: Api) -> None:
    user = api.create("systemusers", firstname="Ana")
    attribute = _attribute(api)
    value = _value(api, attribute)
    body = {"@odata.id": f"{api.root}systemusers({user})"}
    api.post(f"wa_sellerattributevalues({value})/wa_sellerattributevalue_systemuser/$ref", body)
    assert api.delete(f"wa_sellerattributes({attribute})").status_code == 204
    assert api.get(f"wa_sellerattributevalues({value})").status_code == 404
    links = api.row(f"systemusers({user})/wa_sellerattributevalue_systemuser")
    assert links["value"] == []


def test_cascade_reaches_activities_and_their_notes(api: Api) -> None:
    lead = api.create("leads", subject="x")
    task = api.create("tasks", **{"regardingobjectid_lead_task@odata.bind": f"/leads({lead})"})
    note = api.create("annotations", **{"objectid_task@odata.bind": f"/tasks({task})"})
    assert api.row(f"annotations({note})")["objecttypecode"] == "task"
    assert api.delete(f"leads({lead})").status_code == 204
    assert api.get(f"tasks({task})").status_code == 404
    assert api.get(f"annotations({note})").status_code == 404


def test_restrict_keeps_the_row(api: Api) -> None:
    currency = api.create(
        "transactioncurrencies", currencyname="Yen", isocurrencycode="JPY", currencysymbol="¥"
    )
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})"}
    account = api.create("accounts", name="x", **bind)
    answer = api.delete(f"transactioncurrencies({currency})")
    assert_fault(answer, 405, "0x80040227", "associated with another object")
    api.delete(f"accounts({account})")
    assert api.delete(f"transactioncurrencies({currency})").status_code == 204


def test_many_to_many_links_are_added_and_removed_from_either_side(api: Api) -> None:
    user, team = api.create("systemusers", firstname="A"), api.create("teams", name=unique("t"))
    from_team = f"teams({team})/teammembership_association"
    from_user = f"systemusers({user})/teammembership_association"
    reference = {"@odata.id": f"systemusers({user})"}
    assert api.post(f"{from_team}/$ref", reference).status_code == 204
    assert [row["teamid"] for row in api.row(from_user)["value"]] == [team]
    assert_fault(api.post(f"{from_team}/$ref", reference), 412, "0x80040237")
    assert api.delete(f"systemusers({user})/teammembership_association({team})/$ref").ok
    assert api.row(from_team)["value"] == []
    assert_fault(api.delete(f"{from_team}({user})/$ref"), 404, "0x80040217", "not associated")
    assert api.post(f"{from_team}/$ref", {"@odata.id": f"{api.root}systemusers({user})"}).ok
    address = f"{api.root}systemusers({user})"
    assert api.delete(f"{from_team}/$ref?$id={address}").status_code == 204
    assert api.row(f"{from_team}/$ref")["value"] == []


def test_a_collection_of_children_is_linked_by_their_lookup(api: Api) -> None:
    account = api.create("accounts", name="x")
    lead = api.create("leads", subject="x")
    collection = f"accounts({account})/lead_parent_account"
    assert api.post(f"{collection}/$ref", {"@odata.id": f"/leads({lead})"}).status_code == 204
    assert api.row(f"leads({lead})")["_parentaccountid_value"] == account
    assert api.delete(f"{collection}({lead})/$ref").status_code == 204
    assert api.row(f"leads({lead})")["_parentaccountid_value"] is None


def test_a_single_valued_reference_is_put_read_and_deleted(api: Api) -> None:
    account = api.create("accounts", name="x")
    opportunity = api.create("opportunities", name="x")
    reference = f"opportunities({opportunity})/customerid_account/$ref"
    assert api.put(reference, {"@odata.id": f"accounts({account})"}).status_code == 204
    assert api.row(reference)["@odata.id"] == f"{api.root}accounts({account})"
    assert api.delete(reference).status_code == 204
    assert api.get(reference).status_code == 204
    assert_fault(api.post(reference, {"@odata.id": f"accounts({account})"}), 400, "0x80060888")


def test_references_that_make_no_sense_are_refused(api: Api) -> None:
    team = api.create("teams", name=unique("t"))
    lead = api.create("leads", subject="x")
    collection = f"teams({team})/teammembership_association/$ref"
    assert_fault(api.post(collection, {"@odata.id": f"leads({lead})"}), 400, "0x80060888", "lead")
    assert_fault(api.post(collection, {}), 400, "0x80048d19", "@odata.id")
    missing = f"systemusers({uuid.uuid4()})"
    assert_fault(api.post(collection, {"@odata.id": missing}), 404, "0x80040217")
    assert_fault(api.delete(collection), 400, "0x80060888", "$id")
    assert_fault(api.get(f"teams({team})/nothing"), 404, "0x8006088a", "nothing")


def test_versions_are_not_overlooked_on_references(api: Api) -> None:
    lead, account = api.create("leads"), api.create("accounts", name="x")
    path, target = f"leads({lead})/parentaccountid/$ref", {"@odata.id": f"accounts({account})"}
    for headers, code in (
        ({"If_Match": 'W/"1"'}, "0x80060882"),
        ({"If_None_Match": "*"}, "0x80040237"),
    ):
        assert_fault(api.put(path, target, **headers), 412, code)
        assert_fault(api.delete(path, **headers), 412, code)
    assert api.put(path, target, If_Match="*").status_code == 204
    etag = api.row(f"leads({lead})")["@odata.etag"]
    assert api.delete(path, If_Match=etag).status_code == 204
    assert_fault(api.put(path, target, If_Match=etag), 412, "0x80060882")


def test_users_are_disabled_not_deleted(api: Api) -> None:
    user = api.create("systemusers", firstname="x")
    assert_fault(api.delete(f"systemusers({user})"), 405, "0x8004023b", "'Delete' method")
