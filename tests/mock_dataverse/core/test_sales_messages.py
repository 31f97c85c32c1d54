"""What sellers do with their records: win, lose, qualify."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.messages import leads as lead_messages
from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID, CURRENCY_ID

CRM = "Microsoft.Dynamics.CRM."


def closing(opportunity: str, status: int, **columns: Any) -> dict[str, Any]:
    bind = {"opportunityid@odata.bind": f"/opportunities({opportunity})"}
    return {"Status": status, "OpportunityClose": {"subject": "Done", **bind, **columns}}


@pytest.mark.parametrize(
    ("message", "status", "expected"),
    [
        ("WinOpportunity", 3, (1, 3)),
        ("WinOpportunity", -1, (1, 3)),
        ("LoseOpportunity", 5, (2, 5)),
        ("LoseOpportunity", -1, (2, 4)),
    ],
)
def test_closing_an_opportunity_leaves_an_activity_behind(
    api: Api, message: str, status: int, expected: tuple[int, int]
) -> None:
    opportunity = api.create("opportunities", name="Chairs", estimatedvalue=80)
    answer = api.post(message, closing(opportunity, status, actualrevenue=100))
    assert answer.status_code == 204
    row = api.row(f"opportunities({opportunity})")
    assert (row["statecode"], row["statuscode"]) == expected
    assert row["actualvalue"] == 100
    assert date.fromisoformat(row["actualclosedate"]).year >= 2020
    query = f"opportunitycloses?$filter=_opportunityid_value eq {opportunity}"
    (activity,) = api.row(query)["value"]
    assert (activity["subject"], activity["actualrevenue"]) == ("Done", 100)
    assert (activity["statecode"], activity["statuscode"]) == (1, 2)
    assert activity["actualend"] is not None


def test_the_day_of_closing_is_the_activitys(api: Api) -> None:
    opportunity = api.create("opportunities", name="Chairs")
    body = closing(opportunity, 3, actualend="2026-02-03T10:00:00Z")
    del body["OpportunityClose"]["subject"]
    assert api.post("WinOpportunity", body).status_code == 204
    row = api.row(f"opportunities({opportunity})")
    assert (row["actualclosedate"], row["actualvalue"]) == ("2026-02-03", None)
    query = f"opportunitycloses?$filter=_opportunityid_value eq {opportunity}"
    (activity,) = api.row(query)["value"]
    assert activity["subject"] == "Closed: Chairs"


def test_an_opportunity_is_closed_once(api: Api) -> None:
    opportunity = api.create("opportunities", name="Chairs")
    assert api.post("WinOpportunity", closing(opportunity, 3)).status_code == 204
    again = api.post("LoseOpportunity", closing(opportunity, 4))
    assert_fault(again, 400, "0x80040515", "already closed")
    reopened = api.patch(f"opportunities({opportunity})", {"statecode": 0, "statuscode": 1})
    assert reopened.status_code == 204
    assert api.post("LoseOpportunity", closing(opportunity, 4)).status_code == 204


def test_a_wrong_closing_leaves_the_opportunity_open(api: Api) -> None:
    opportunity = api.create("opportunities", name="Chairs")
    wrong = api.post("WinOpportunity", closing(opportunity, 4))
    assert_fault(wrong, 400, "0x80048408", "OpportunityState.Won")
    unbound = api.post("WinOpportunity", {"Status": 3, "OpportunityClose": {"subject": "x"}})
    assert_fault(unbound, 400, "0x80048d19", "opportunityid@odata.bind")
    missing = api.post("WinOpportunity", {"OpportunityClose": {}})
    assert_fault(missing, 400, "0x80048d19", "'Status'", "is missing")
    assert api.row(f"opportunities({opportunity})")["statecode"] == 0
    query = f"opportunitycloses?$filter=_opportunityid_value eq {opportunity}"
    assert api.row(query)["value"] == []


LEAD = {
    "subject": "Forty chairs",
    "companyname": "Contoso",
    "firstname": "Ana",
    "lastname": "Lopez",
    "emailaddress1": "ana@contoso.example",
    "address1_city": "London",
    "estimatedamount": 1200,
    "donotphone": True,
}


def qualify(api: Api, lead: str, **parameters: Any) -> Any:
    wanted = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": True}
    body = {**wanted, "Status": 3, **parameters}
    return api.post(f"leads({lead})/{CRM}QualifyLead", body)


def test_a_qualified_lead_becomes_account_contact_and_opportunity(api: Api) -> None:
    lead = api.create("leads", **LEAD)
    answer = qualify(api, lead)
    assert answer.status_code == 200
    body = answer.json()
    assert body["@odata.context"].endswith("$metadata#crmbaseentities")
    kinds = [item["@odata.type"] for item in body["value"]]
    assert kinds == [f"#{CRM}{table}" for table in ("account", "contact", "opportunity")]
    account, contact, opportunity = (
        api.row(f"{entity_set}({item[key]})")
        for entity_set, key, item in zip(
            ("accounts", "contacts", "opportunities"),
            ("accountid", "contactid", "opportunityid"),
            body["value"],
            strict=True,
        )
    )
    assert (account["name"], account["address1_city"]) == ("Contoso", "London")
    assert (contact["fullname"], contact["donotphone"]) == ("Ana Lopez", True)
    assert contact["_parentcustomerid_value"] == account["accountid"]
    assert (opportunity["name"], opportunity["estimatedvalue"]) == ("Forty chairs", 1200)
    assert opportunity["_customerid_value"] == account["accountid"]
    assert opportunity["_parentcontactid_value"] == contact["contactid"]
    for row in (account, contact, opportunity):
        assert row["_originatingleadid_value"] == lead
        assert row["_ownerid_value"] == ADMINISTRATOR_ID
    after = api.row(f"leads({lead})")
    assert (after["statecode"], after["statuscode"]) == (1, 3)
    assert after["_parentaccountid_value"] == account["accountid"]


def test_only_what_is_wanted_is_created(api: Api) -> None:
    existing = api.create("accounts", name="Known")
    lead = api.create("leads", **LEAD, **{"parentaccountid@odata.bind": f"/accounts({existing})"})
    campaign = api.create("campaigns", name="Fair")
    answer = qualify(
        api,
        lead,
        CreateAccount=False,
        CreateContact=False,
        Status=-1,
        OpportunityCurrencyId={
            "transactioncurrencyid": CURRENCY_ID,
            "@odata.type": f"{CRM}transactioncurrency",
        },
        SourceCampaignId={"campaignid": campaign, "@odata.type": f"{CRM}campaign"},
    )
    (made,) = answer.json()["value"]
    opportunity = api.row(f"opportunities({made['opportunityid']})")
    assert opportunity["_customerid_value"] == existing
    assert opportunity["_campaignid_value"] == campaign
    nothing = api.create("leads", **LEAD)
    none = {"CreateAccount": False, "CreateContact": False, "CreateOpportunity": False}
    assert qualify(api, nothing, **none).json()["value"] == []
    assert api.row(f"leads({nothing})")["statecode"] == 1


def test_the_customer_of_the_opportunity_can_be_chosen(api: Api) -> None:
    customer = api.create("contacts", lastname="Chosen")
    lead = api.create("leads", **LEAD)
    chosen = {"contactid": customer, "@odata.type": f"{CRM}contact"}
    answer = qualify(api, lead, CreateAccount=False, OpportunityCustomerId=chosen)
    made = answer.json()["value"][-1]
    opportunity = api.row(f"opportunities({made['opportunityid']})")
    assert opportunity["_customerid_value"] == customer


def test_a_lead_is_qualified_once_and_completely_or_not_at_all(api: Api) -> None:
    lead = api.create("leads", **LEAD)
    wrong = qualify(api, lead, Status=4)
    assert_fault(wrong, 400, "0x80048408", "LeadState.Qualified")
    query = f"opportunities?$filter=_originatingleadid_value eq {lead}"
    assert api.row(query)["value"] == []
    assert api.row(f"leads({lead})")["statecode"] == 0
    assert qualify(api, lead).status_code == 200
    assert_fault(qualify(api, lead), 400, "0x80040519", "The lead is already closed.")
    missing = api.post(f"leads({lead})/{CRM}QualifyLead", {"Status": 3})
    assert missing.status_code == 400


def test_a_running_process_is_not_carried_over(api: Api) -> None:
    lead = api.create("leads", **LEAD)
    process = {"businessprocessflowinstanceid": lead, "@odata.type": f"{CRM}leadtoopportunity"}
    answer = qualify(api, lead, ProcessInstanceId=process)
    assert_fault(answer, 501, "0x80060888", "ProcessInstanceId")


def test_the_columns_that_a_lead_hands_over_exist_on_both_sides() -> None:
    tables = build_catalog([]).tables
    for target, columns in (
        ("account", lead_messages.TO_ACCOUNT),
        ("contact", lead_messages.TO_CONTACT),
        ("opportunity", lead_messages.TO_OPPORTUNITY),
    ):
        assert set(columns) <= set(tables["lead"].columns)
        assert set(columns.values()) <= set(tables[target].columns)
