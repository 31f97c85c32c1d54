"""SendEmail, and templates that are filled in: what is sent, and what nobody could send."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

SEND = "Microsoft.Dynamics.CRM.SendEmail"
SHEET = (
    '<?xml version="1.0" ?><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
    'version="1.0"><xsl:output method="text" indent="no"/>'
    '<xsl:template match="/data">{}</xsl:template></xsl:stylesheet>'
)
SUBJECT = SHEET.format(
    '<![CDATA[About ]]><xsl:choose><xsl:when test="lead/subject">'
    '<xsl:value-of select="lead/subject" /></xsl:when>'
    "<xsl:otherwise>something</xsl:otherwise></xsl:choose>"
)
BODY = SHEET.format(
    '<![CDATA[<p>Yours, ]]><xsl:value-of select="lead/ownerid/@name" /><![CDATA[ ('
    ']]><xsl:value-of select="lead/leadsourcecode/@name" /><![CDATA[)</p>]]>'
)


def party(role: int, navigation: str, address: str) -> dict[str, Any]:
    return {"participationtypemask": role, f"partyid_{navigation}@odata.bind": address}


def from_queue(api: Api, address: str | None = "sales@contoso.example") -> dict[str, Any]:
    queue = api.create("queues", name=unique("Sales"), emailaddress=address)
    return party(1, "queue", f"/queues({queue})")


def to_administrator() -> dict[str, Any]:
    return party(2, "systemuser", f"/systemusers({ADMINISTRATOR_ID})")


def draft(api: Api, *parties: dict[str, Any], **values: Any) -> str:
    return api.create("emails", subject="Hello", email_activity_parties=list(parties), **values)


def template(api: Api, subject: str = SUBJECT, body: str = BODY, kind: str = "lead") -> str:
    return api.create(
        "templates", title=unique("New"), templatetypecode=kind, subject=subject, body=body
    )


def test_a_draft_that_is_sent_waits_for_its_mailbox(api: Api) -> None:
    email = draft(api, from_queue(api), to_administrator())
    answer = api.post(f"emails({email})/{SEND}", {"IssueSend": True})
    assert answer.json()["Subject"] == "Hello"
    assert answer.json()["@odata.context"].endswith("SendEmailResponse")
    row = api.row(f"emails({email})?$select=statecode,statuscode,senton")
    assert (row["statecode"], row["statuscode"], row["senton"]) == (1, 6, None)


def test_an_email_can_be_marked_as_sent(api: Api) -> None:
    email = draft(api, from_queue(api), to_administrator())
    answer = api.post(f"emails({email})/{SEND}", {"IssueSend": False, "TrackingToken": "CRM:1"})
    assert answer.json()["Subject"] == "Hello CRM:1"
    row = api.row(f"emails({email})?$select=subject,statuscode,senton")
    assert (row["subject"], row["statuscode"]) == ("Hello CRM:1", 3)
    assert row["senton"] is not None


def test_an_email_is_sent_once(api: Api) -> None:
    email = draft(api, from_queue(api), to_administrator())
    assert api.post(f"emails({email})/{SEND}", {"IssueSend": True}).status_code == 200
    again = api.post(f"emails({email})/{SEND}", {"IssueSend": True})
    assert_fault(again, 400, "0x80040203", "draft")


def test_an_email_needs_somebody_who_sends_and_somebody_who_receives(api: Api) -> None:
    without_sender = draft(api, to_administrator())
    assert_fault(
        api.post(f"emails({without_sender})/{SEND}", {"IssueSend": True}),
        *(400, "0x80040203", "sender"),
    )
    without_recipient = draft(api, from_queue(api))
    assert_fault(
        api.post(f"emails({without_recipient})/{SEND}", {"IssueSend": True}),
        *(400, "0x80040203", "recipient"),
    )


@pytest.mark.parametrize("contact", [{}, {"emailaddress1": "a@b.example", "donotemail": True}])
def test_nothing_is_sent_to_who_cannot_or_may_not_receive(
    api: Api, contact: dict[str, Any]
) -> None:
    row = api.create("contacts", lastname=unique("Nobody"), **contact)
    email = draft(api, from_queue(api), party(2, "contact", f"/contacts({row})"))
    refused = api.post(f"emails({email})/{SEND}", {"IssueSend": True})
    assert_fault(refused, 400, "0x80040203", "Do Not Allow")
    assert api.row(f"emails({email})?$select=statecode")["statecode"] == 0


def test_who_sends_needs_an_address(api: Api) -> None:
    email = draft(api, from_queue(api, None), to_administrator())
    refused = api.post(f"emails({email})/{SEND}", {"IssueSend": True})
    assert_fault(refused, 400, "0x80040203", "The sender")


def test_an_incoming_email_is_not_sent(api: Api) -> None:
    email = draft(api, from_queue(api), to_administrator(), directioncode=False)
    refused = api.post(f"emails({email})/{SEND}", {"IssueSend": True})
    assert_fault(refused, 400, "0x80040203", "outgoing")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"IssueSend": "yes"},
        {"IssueSend": True, "To": "x"},
        {"IssueSend": True, "TrackingToken": 7},
        {"IssueSend": True, "TrackingToken": "x" * 51},
    ],
)
def test_wrong_parameters_send_nothing(api: Api, body: dict[str, Any]) -> None:
    email = draft(api, from_queue(api), to_administrator())
    assert api.post(f"emails({email})/{SEND}", body).status_code == 400
    assert api.row(f"emails({email})?$select=statecode")["statecode"] == 0


def test_a_template_is_filled_in_and_nothing_is_saved(api: Api) -> None:
    lead = api.create("leads", subject="Tents & <boots>", leadsourcecode=7)
    owner = api.row(f"systemusers({ADMINISTRATOR_ID})?$select=fullname")["fullname"]
    asked = {"TemplateId": template(api), "ObjectType": "lead", "ObjectId": lead}
    before = len(api.row("emails?$select=activityid")["value"])
    (made,) = api.post("InstantiateTemplate", asked).json()["value"]
    assert made["@odata.type"] == "#Microsoft.Dynamics.CRM.email"
    assert made["subject"] == "About Tents & <boots>"
    assert made["description"] == f"<p>Yours, {owner} (Trade Show)</p>"
    assert len(api.row("emails?$select=activityid")["value"]) == before


def test_what_a_record_lacks_is_said_otherwise(api: Api) -> None:
    lead = api.create("leads", lastname="Nobody")
    asked = {"TemplateId": template(api, body="As it is"), "ObjectType": "lead", "ObjectId": lead}
    (made,) = api.post("InstantiateTemplate", asked).json()["value"]
    assert (made["subject"], made["description"]) == ("About something", "As it is")


def test_a_template_is_for_records_of_its_own_table(api: Api) -> None:
    account = api.create("accounts", name="Contoso")
    asked = {"TemplateId": template(api), "ObjectType": "account", "ObjectId": account}
    assert_fault(api.post("InstantiateTemplate", asked), 400, "0x80040203", "lead")


def test_a_template_and_a_record_have_to_be_there(api: Api) -> None:
    gone = "00000000-0000-4000-8000-00000000dead"
    lead = api.create("leads", subject="x")
    for asked in (
        {"TemplateId": gone, "ObjectType": "lead", "ObjectId": lead},
        {"TemplateId": template(api), "ObjectType": "lead", "ObjectId": gone},
    ):
        assert_fault(api.post("InstantiateTemplate", asked), 404, "0x80040217", gone)


@pytest.mark.parametrize(
    "body",
    [
        "Hello {!lead:subject;}",
        SHEET.format("<xsl:for-each select='lead'/>"),
        SHEET.format('<xsl:value-of select="lead/estimatedamount" />'),
        SHEET.format('<xsl:value-of select="account/name" />'),
        "<xsl:stylesheet",
    ],
)
def test_templates_that_cannot_be_filled_in_here_say_so(api: Api, body: str) -> None:
    lead = api.create("leads", subject="x", estimatedamount=5)
    asked = {"TemplateId": template(api, body=body), "ObjectType": "lead", "ObjectId": lead}
    answer = api.post("InstantiateTemplate", asked)
    assert (answer.status_code, "does not emulate" in answer.text) == (501, True)


def test_an_email_from_a_template_that_cannot_be_sent_is_not_kept(api: Api) -> None:
    lead = api.create("leads", subject=unique("x"))
    asked = {
        "TemplateId": template(api),
        "Regarding": {"leadid": lead, "@odata.type": "Microsoft.Dynamics.CRM.lead"},
        "Target": {"subject": "x", "email_activity_parties": [to_administrator()]},
    }
    assert_fault(api.post("SendEmailFromTemplate", asked), 400, "0x80040203", "sender")
    kept = api.row(f"emails?$filter=_regardingobjectid_value eq {lead}&$select=activityid")
    assert kept["value"] == []
