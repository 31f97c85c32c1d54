"""POST to an entity set, over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import (
    ADMINISTRATOR_ID,
    BUSINESS_UNIT_ID,
    CURRENCY_ID,
)


def test_a_create_answers_204_with_the_address_of_the_row(api: Api) -> None:
    answer = api.post("leads", {"subject": "Need 40 seats"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.row(answer.headers["OData-EntityId"])["subject"] == "Need 40 seats"


def test_the_server_fills_who_when_owner_state_and_defaults(api: Api) -> None:
    row = api.row(f"leads({api.create('leads', subject='s')})")
    assert row["_createdby_value"] == row["_modifiedby_value"] == ADMINISTRATOR_ID
    assert row["_ownerid_value"] == row["_owninguser_value"] == ADMINISTRATOR_ID
    assert row["_owningbusinessunit_value"] == BUSINESS_UNIT_ID
    assert (row["statecode"], row["statuscode"], row["leadqualitycode"]) == (0, 1, 2)
    assert (row["donotemail"], row["_owningteam_value"]) == (False, None)
    assert row["timezoneruleversionnumber"] == 0
    assert row["createdon"] == row["modifiedon"]
    assert len(row["createdon"]) == len("2026-03-01T08:00:00Z")


def test_the_representation_is_returned_on_request_and_then_without_the_address(api: Api) -> None:
    answer = api.post("leads?$select=subject", {"subject": "x"}, Prefer="return=representation")
    assert answer.status_code == 201
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert "OData-EntityId" not in answer.headers
    assert {name for name in answer.json() if "@" not in name} == {"subject", "leadid"}


def test_a_given_id_is_kept_and_a_second_row_with_it_refused(api: Api) -> None:
    lead_id = str(uuid.uuid4())
    assert api.create("leads", leadid=lead_id.upper(), subject="x") == lead_id
    assert_fault(
        api.post("leads", {"leadid": lead_id}),
        412,
        "0x80040237",
        "A record with matching key values already exists.",
    )


def test_lookups_are_bound_in_every_form(api: Api) -> None:
    account = api.create("accounts", name="Bound")
    name = unique("segment")
    segment = api.create("wa_segments", wa_name=name, wa_recordtype="lead")
    for reference in (
        f"/accounts({account})",
        f"accounts({account})",
        f"{api.root}accounts({account})",
        f"/api/data/v9.2/accounts({account})",
        f"/accounts(accountid={account})",
    ):
        lead = api.create("leads", **{"parentaccountid@odata.bind": reference})
        assert api.row(f"leads({lead})")["_parentaccountid_value"] == account
    by_key = f"/wa_segments(wa_recordtype='lead',wa_name='{name}')"
    lead = api.create("leads", **{"wa_SegmentId@odata.bind": by_key})
    assert api.row(f"leads({lead})")["_wa_segmentid_value"] == segment


def test_a_lookup_of_several_tables_is_bound_by_the_property_of_each(api: Api) -> None:
    contact = api.create("contacts", firstname="Ada", lastname="Byron")
    opportunity = api.create(
        "opportunities", **{"customerid_contact@odata.bind": f"contacts({contact})"}
    )
    row = api.get(
        f"opportunities({opportunity})?$select=_customerid_value,_parentcontactid_value",
        headers={"Prefer": 'odata.include-annotations="*"'},
    ).json()
    assert row["_customerid_value"] == row["_parentcontactid_value"] == contact
    assert row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "contact"
    assert row["_customerid_value@OData.Community.Display.V1.FormattedValue"] == "Ada Byron"


def test_the_parent_account_becomes_the_customer(api: Api) -> None:
    account = api.create("accounts", name="Parent")
    lead = api.create("leads", **{"parentaccountid@odata.bind": f"/accounts({account})"})
    assert api.row(f"leads({lead})")["_customerid_value"] == account
    api.patch(f"leads({lead})", {"parentaccountid@odata.bind": None})
    assert api.row(f"leads({lead})")["_customerid_value"] is None


def test_a_collection_bind_links_all_that_it_names(api: Api) -> None:
    users = [api.create("systemusers", firstname=name) for name in ("Ana", "Ben")]
    binds = [f"/systemusers({user})" for user in users]
    attribute = api.create("wa_sellerattributes", wa_name=unique("Language"))
    value = api.create(
        "wa_sellerattributevalues",
        **{
            "wa_name": "English",
            "wa_SellerAttributeId@odata.bind": f"/wa_sellerattributes({attribute})",
            "wa_sellerattributevalue_systemuser@odata.bind": binds,
        },
    )
    linked = api.row(f"wa_sellerattributevalues({value})/wa_sellerattributevalue_systemuser")
    assert {row["systemuserid"] for row in linked["value"]} == set(users)


def test_names_and_amounts_in_base_currency_are_computed(api: Api) -> None:
    lead = api.create("leads", firstname="Ada", lastname="Byron", estimatedamount=1250.555)
    row = api.row(f"leads({lead})")
    assert row["fullname"] == "Ada Byron"
    assert row["estimatedamount"] == row["estimatedamount_base"] == 1250.56
    assert (row["_transactioncurrencyid_value"], row["exchangerate"]) == (CURRENCY_ID, 1.0)


def test_amounts_in_another_currency_are_divided_by_its_rate(api: Api) -> None:
    pound = api.create(
        "transactioncurrencies",
        currencyname="Pound",
        isocurrencycode="GBP",
        currencysymbol="£",
        exchangerate=0.8,
    )
    account = api.create(
        "accounts",
        **{
            "name": "UK",
            "revenue": 800,
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({pound})",
        },
    )
    row = api.row(f"accounts({account})?$select=revenue,revenue_base,exchangerate")
    assert (row["revenue"], row["revenue_base"], row["exchangerate"]) == (800.0, 1000.0, 0.8)


def test_a_migrated_row_keeps_the_time_of_its_creation(api: Api) -> None:
    lead = api.create("leads", overriddencreatedon="2024-02-29T10:00:00+02:00")
    row = api.row(f"leads({lead})")
    assert row["createdon"] == "2024-02-29T08:00:00Z"
    assert row["overriddencreatedon"] == row["modifiedon"]


def test_columns_that_only_the_server_writes_are_left_alone(api: Api) -> None:
    lead = api.create("leads", createdon="2001-01-01T00:00:00Z", fullname="X", versionnumber=1)
    row = api.row(f"leads({lead})")
    assert row["createdon"] > "2020"
    assert row["fullname"] is None


def test_a_new_user_has_settings_and_a_business_unit(api: Api) -> None:
    user = api.create("systemusers", firstname="New", domainname=unique("new"))
    assert api.row(f"systemusers({user})")["_businessunitid_value"] == BUSINESS_UNIT_ID
    assert api.row(f"usersettingscollection({user})")["timezonecode"] == 85


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"subject": "x" * 301}, "0x80044331", "length of the 'subject' attribute of the 'lead'"),
        ({"subject": 5}, "0x80048d19", "Edm.String"),
        ({"subject": {"a": [True, None]}}, "0x80048d19", 'the value {"a": [true, null]} of'),
        ({"leadsourcecode": 99}, "0x8004431a", "The picklist value is out of the range."),
        ({"leadsourcecode": "Web"}, "0x80048d19", "Edm.Int32"),
        ({"numberofemployees": -1}, "0x80044330", "outside the valid range"),
        ({"numberofemployees": 1.5}, "0x80048d19", "Edm.Int32"),
        ({"estimatedamount": -5}, "0x80044330", "outside the valid range"),
        ({"estimatedamount": "5"}, "0x80048d19", "Edm.Decimal"),
        ({"estimatedamount": 10**400}, "0x80044330", "outside the valid range"),
        ({"subject": "\ud800"}, "0x80048d19", "half of a character"),
        ({"ownerid@odata.bind": "\ud800"}, "0x80048d19", "half of a character"),
        ({"\ud800": 1}, "0x80048d19", "half of a character"),
        ({"@odata.type": "Microsoft.Dynamics.CRM.account"}, "0x80048d19", "'@odata.type'"),
        ({"@odata.type": 5}, "0x80048d19", "'@odata.type'"),
        ({"ownerid": ADMINISTRATOR_ID}, "0x80048d19", "'ownerid@odata.bind'"),
        ({"donotemail": "true"}, "0x80048d19", "Edm.Boolean"),
        ({"estimatedclosedate": "2026-02-30"}, "0x80040239", "date-time format is invalid"),
        ({"estimatedclosedate": "2026-02-03T00:00:00Z"}, "0x80048d19", "Edm.Date"),
        ({"lastusedincampaign": "yesterday"}, "0x80048d19", "Edm.DateTimeOffset"),
        ({"lastusedincampaign": "1752-12-31T00:00:00Z"}, "0x80040239", "supported range"),
        ({"leadid": "1234"}, "0x80048d19", "Edm.Guid"),
        ({"Subject": "x"}, "0x80048d19", "Invalid property 'Subject' was found in entity"),
        ({"_ownerid_value": ADMINISTRATOR_ID}, "0x80060888", "Entity Reference properties"),
        ({"wa_segmentid@odata.bind": "/x(1)"}, "0x80048d19", "An undeclared property"),
        ({"parentaccountid@odata.bind": "accounts"}, "0x80060888", "no reference to a record"),
        ({"parentaccountid@odata.bind": "/nothing(1)"}, "0x80060888", "entity set 'nothing'"),
        ({"parentaccountid@odata.bind": 5}, "0x80060888", "is a text"),
        ({"ownerid@odata.bind": None}, "0x80040229", "owner"),
    ],
)
def test_bad_values_are_refused_by_name(
    api: Api, body: dict[str, Any], code: str, words: str
) -> None:
    assert_fault(api.post("leads", body), 400, code, words)


def test_a_bind_to_the_wrong_table_is_refused(api: Api) -> None:
    contact = api.create("contacts", lastname="x")
    answer = api.post("leads", {"parentaccountid@odata.bind": f"/contacts({contact})"})
    assert_fault(answer, 400, "0x80060888", "takes account, not contact")


def test_a_bind_to_a_missing_row_is_a_404_naming_it(api: Api) -> None:
    missing = str(uuid.uuid4())
    answer = api.post("leads", {"parentaccountid@odata.bind": f"/accounts({missing})"})
    assert_fault(answer, 404, "0x80040217", f"account With Id = {missing} Does Not Exist")


def test_a_required_column_without_a_value_is_refused(api: Api) -> None:
    assert_fault(api.post("queues", {"description": "x"}), 400, "0x80040200", "'name'")


def test_a_second_row_with_the_values_of_a_key_is_refused_whatever_its_case(api: Api) -> None:
    name = unique("Éclair")
    api.create("wa_sellerattributes", wa_name=name)
    answer = api.post("wa_sellerattributes", {"wa_name": name.replace("É", "e").upper()})
    assert_fault(answer, 412, "0x80060892", "wa_NameKey", "already exists")


def test_a_refused_create_leaves_nothing_behind(api: Api) -> None:
    subject = unique("nothing")
    body = {"subject": subject, "leadsourcecode": 99}
    assert api.post("leads", body).status_code == 400
    assert api.row(f"leads?$filter=subject eq '{subject}'")["value"] == []


@pytest.mark.parametrize("entity_set", ["teammemberships", "sdkmessages", "calendarrules"])
def test_tables_that_dataverse_writes_itself_take_no_create(api: Api, entity_set: str) -> None:
    assert_fault(api.post(entity_set, {}), 405, "0x8004023b", "'Create' method")


def test_a_property_given_twice_is_refused_at_any_depth(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    twice = '{"subject":"a","subject":"b"}'
    answer = api.send("POST", "leads", data=twice, headers=headers)
    assert_fault(answer, 400, "0x80048d19", "'subject'", "more than once")
    many = f'{{"Targets":[{twice}]}}'
    path = "leads/Microsoft.Dynamics.CRM.CreateMultiple"
    answer = api.send("POST", path, data=many, headers=headers)
    assert_fault(answer, 400, "0x80048d19", "'subject'", "more than once")


def test_a_body_may_name_the_type_of_its_record(api: Api) -> None:
    for name in ("Microsoft.Dynamics.CRM.lead", "#Microsoft.Dynamics.CRM.lead"):
        assert api.post("leads", {"@odata.type": name}).status_code == 204
