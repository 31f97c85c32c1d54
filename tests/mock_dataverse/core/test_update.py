"""PATCH, PUT and DELETE of rows and properties, over HTTP."""

from __future__ import annotations

import uuid

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique


def test_an_update_changes_what_is_sent_and_nothing_else(api: Api) -> None:
    lead = api.create("leads", subject="old", companyname="kept", description="gone")
    answer = api.patch(f"leads({lead})", {"subject": "new", "description": None}, If_Match="*")
    assert answer.status_code == 204
    assert answer.headers["OData-EntityId"] == f"{api.root}leads({lead})"
    row = api.row(f"leads({lead})")
    assert (row["subject"], row["companyname"], row["description"]) == ("new", "kept", None)


def test_the_etag_rises_with_every_write(api: Api) -> None:
    lead = api.create("leads", subject="x")
    first = api.row(f"leads({lead})")["@odata.etag"]
    api.patch(f"leads({lead})", {"subject": "x"})
    second = api.row(f"leads({lead})")["@odata.etag"]
    assert int(second[3:-1]) > int(first[3:-1])


def test_a_stale_if_match_is_412_and_changes_nothing(api: Api) -> None:
    lead = api.create("leads", subject="old")
    etag = api.row(f"leads({lead})")["@odata.etag"]
    assert api.patch(f"leads({lead})", {"subject": "mine"}, If_Match=etag).status_code == 204
    stale = api.patch(f"leads({lead})", {"subject": "late"}, If_Match=etag)
    assert_fault(stale, 412, "0x80060882", "RowVersion")
    assert_fault(api.delete(f"leads({lead})", If_Match=etag), 412, "0x80060882")
    assert api.row(f"leads({lead})")["subject"] == "mine"


def test_an_unreadable_etag_is_refused(api: Api) -> None:
    lead = api.create("leads", subject="x")
    assert_fault(api.patch(f"leads({lead})", {}, If_Match="yes"), 400, "0x80060888", "ETag")


def test_without_if_match_a_missing_row_is_created_with_the_id_of_the_url(api: Api) -> None:
    lead = str(uuid.uuid4())
    assert api.patch(f"leads({lead})", {"subject": "upserted"}).status_code == 204
    assert api.row(f"leads({lead})")["subject"] == "upserted"


def test_with_if_match_a_missing_row_is_404(api: Api) -> None:
    lead = str(uuid.uuid4())
    answer = api.patch(f"leads({lead})", {"subject": "x"}, If_Match="*")
    assert_fault(answer, 404, "0x80040217", f"lead With Id = {lead} Does Not Exist")


def test_if_none_match_star_only_creates(api: Api) -> None:
    lead = str(uuid.uuid4())
    assert api.patch(f"leads({lead})", {"subject": "a"}, If_None_Match="*").status_code == 204
    again = api.patch(f"leads({lead})", {"subject": "b"}, If_None_Match="*")
    assert_fault(again, 412, "0x80040237")
    assert api.row(f"leads({lead})")["subject"] == "a"


def test_the_representation_of_an_update_is_200_and_of_an_upsert_201(api: Api) -> None:
    address = f"leads({uuid.uuid4()})?$select=subject"
    created = api.patch(address, {"subject": "a"}, Prefer="return=representation")
    updated = api.patch(address, {"subject": "b"}, Prefer="return=representation")
    assert (created.status_code, updated.status_code) == (201, 200)
    assert updated.json()["subject"] == "b"


def test_an_alternate_key_upserts(api: Api) -> None:
    name = unique("it's 100% O/K")
    address = "wa_sellerattributes(wa_name='" + name.replace("'", "''").replace("%", "%25") + "')"
    assert api.patch(address.replace("/", "%2F"), {}).status_code == 204
    first = api.row(address)
    assert first["wa_name"] == name
    api.patch(address, {"wa_name": "ignored", "importsequencenumber": 5})
    assert api.row(address)["wa_sellerattributeid"] == first["wa_sellerattributeid"]
    assert api.row(address)["wa_name"] == name


def test_a_lookup_in_an_alternate_key_is_named_by_its_value_property(api: Api) -> None:
    user = api.create("systemusers", firstname="Keyed")
    assert api.patch(f"wa_sellers(_wa_systemuserid_value={user})", {"wa_opencount": 3}).ok
    row = api.row(f"wa_sellers(_wa_systemuserid_value={user})")
    assert (row["_wa_systemuserid_value"], row["wa_opencount"]) == (user, 3)


def test_a_key_that_points_at_nothing_creates_nothing(api: Api) -> None:
    missing = str(uuid.uuid4())
    answer = api.patch(f"wa_sellers(_wa_systemuserid_value={missing})", {})
    assert_fault(answer, 404, "0x80040217", f"systemuser With Id = {missing} Does Not Exist")


def test_a_key_that_no_row_has_is_404(api: Api) -> None:
    missing = unique("missing")
    answer = api.get(f"wa_sellerattributes(wa_name='{missing}')")
    assert_fault(answer, 404, "0x80060891", "does not exist in wa_sellerattribute entity")


@pytest.mark.parametrize(
    ("key", "culprit"),
    [
        ("subject='x'", "'subject'"),
        ("wa_name='x',other=1", "'other'"),
        ("wa_name=x", "'x'"),
        ("wa_name='x", "''x'"),
        ("", "''"),
        ("5", "'5'"),
    ],
)
def test_what_is_no_key_is_refused(api: Api, key: str, culprit: str) -> None:
    words = "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM."
    answer = api.get(f"wa_sellerattributes({key})")
    assert_fault(answer, 400, "0x80060890", words, culprit)


def test_an_update_that_breaks_a_key_is_refused(api: Api) -> None:
    taken = unique("taken")
    api.create("wa_sellerattributes", wa_name=taken)
    other = api.create("wa_sellerattributes", wa_name=unique("free"))
    assert_fault(api.patch(f"wa_sellerattributes({other})", {"wa_name": taken}), 412, "0x80060892")


def test_the_primary_key_cannot_change(api: Api) -> None:
    lead = api.create("leads", subject="x")
    answer = api.patch(f"leads({lead})", {"leadid": str(uuid.uuid4())})
    assert_fault(answer, 400, "0x80060888", "primary key")


def test_one_property_is_set_read_and_cleared(api: Api) -> None:
    lead = api.create("leads", subject="old")
    assert api.put(f"leads({lead})/subject", {"value": "new"}).status_code == 204
    assert api.row(f"leads({lead})/subject")["value"] == "new"
    assert api.get(f"leads({lead})/subject/$value").text == "new"
    assert api.delete(f"leads({lead})/subject").status_code == 204
    assert api.get(f"leads({lead})/subject").status_code == 204
    assert_fault(api.put(f"leads({lead})/fullname", {"value": "x"}), 400, "0x80060888", "fullname")


def test_a_property_can_be_sent_back_as_it_was_read(api: Api) -> None:
    lead = api.create("leads", subject="x")
    read = api.row(f"leads({lead})/subject")
    answer = api.put(f"leads({lead})/subject", {**read, "value": "y"})
    assert answer.status_code == 204, answer.text
    assert api.row(f"leads({lead})")["subject"] == "y"
    wrong = api.put(f"leads({lead})/subject", {"@odata.context": "x"})
    assert_fault(wrong, 400, "0x80048d19")


def test_a_conditional_get_is_304_until_the_row_changes(api: Api) -> None:
    lead = api.create("leads", subject="x")
    first = api.get(f"leads({lead})")
    known = {"If-None-Match": first.headers["ETag"]}
    unchanged = api.get(f"leads({lead})", headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    expanded = api.get(f"leads({lead})?$expand=parentaccountid", headers=known)
    assert expanded.status_code == 200
    api.patch(f"leads({lead})", {"subject": "y"})
    assert api.get(f"leads({lead})", headers=known).status_code == 200


def test_the_full_name_follows_its_parts(api: Api) -> None:
    lead = api.create("leads", firstname="Ada", lastname="Byron")
    api.patch(f"leads({lead})", {"lastname": "Lovelace"})
    assert api.row(f"leads({lead})")["fullname"] == "Ada Lovelace"


def test_base_amounts_follow_their_amount(api: Api) -> None:
    lead = api.create("leads", estimatedamount=100)
    api.patch(f"leads({lead})", {"estimatedamount": None, "revenue": 7})
    row = api.row(f"leads({lead})")
    assert (row["estimatedamount_base"], row["revenue_base"]) == (None, 7.0)


def test_unknown_query_options_on_writes_are_refused(api: Api) -> None:
    lead = api.create("leads", subject="x")
    answer = api.patch(f"leads({lead})?$filter=subject eq 'x'", {"subject": "y"})
    assert_fault(answer, 400, "0x80060888", "$filter")


@pytest.mark.parametrize("prefer", ["return=representation", "return=minimal"])
def test_a_wrong_select_refuses_the_write_whether_the_row_is_wanted_or_not(
    api: Api, prefer: str
) -> None:
    name = unique("Never written")
    created = api.post("leads?$select=nothing", {"subject": name}, Prefer=prefer)
    assert_fault(created, 400, "0x80060888", "Could not find a property named 'nothing'")
    expanded = api.post("leads?$expand=nothing", {"subject": name}, Prefer=prefer)
    assert_fault(expanded, 400, "0x80060888", "Could not find a property named 'nothing'")
    lead = api.create("leads", subject="kept")
    changed = api.patch(f"leads({lead})?$select=nothing", {"subject": name}, Prefer=prefer)
    assert_fault(changed, 400, "0x80060888", "Could not find a property named 'nothing'")
    assert api.row(f"leads?$filter=subject eq '{name}'")["value"] == []
    assert api.row(f"leads({lead})")["subject"] == "kept"


@pytest.mark.parametrize(
    ("below", "option", "status"),
    [
        ("subject", "$top=1", 400),
        ("subject", "$select=subject", 400),
        ("subject/$value", "$skip=1", 400),
        ("ownerid/$ref", "$select=fullname", 400),
        ("Lead_Tasks/$ref", "$skip=1", 400),
        ("Lead_Tasks/$ref", "$top=1", 501),
    ],
)
def test_options_that_a_property_or_link_does_not_have_are_refused_by_name(
    api: Api, below: str, option: str, status: int
) -> None:
    lead = api.create("leads", subject="x")
    assert api.get(f"leads({lead})/{below}?tag=x").status_code == 200
    refused = api.get(f"leads({lead})/{below}?{option}")
    assert_fault(refused, status, "0x80060888", option.partition("=")[0])
