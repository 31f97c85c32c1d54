"""E-mail on the mock: one row a notice, sent once, from whom the settings say, by their templates."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.e2e.world import PLAIN, World, user_id

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.email_names import EMAIL, EMAIL_TEMPLATE
from work_assignment.dataverse.email_sender import EmailSender
from work_assignment.dataverse.email_templates import EmailTemplates
from work_assignment.dataverse.errors import ConnectionFailed
from work_assignment.dataverse.messages import Request, Response
from work_assignment.dataverse.names import QUEUE, SETTING, SYSTEM_USER
from work_assignment.dataverse.notification_settings import NotificationSettings
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.retry import ONCE
from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.domain.errors import Refused, Unavailable
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.deliveries import Delivery, delivery_id
from work_assignment.domain.runs.recipients import Recipient

SENDER = "5a1e5000-0000-4000-8000-000000000001"
SHEET = (
    '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">'
    '<xsl:template match="/data">{}</xsl:template></xsl:stylesheet>'
)
TITLE = "New lead for you"
NOTHING = "00000000-0000-4000-8000-00000000dead"


class Overtaken(DataverseClient):
    """Somebody else has every e-mail sent just before."""

    def send(self, request: Request) -> Response:
        if request.path.endswith("SendEmail"):
            super().send(request)
        return super().send(request)


class Deaf(DataverseClient):
    """The connection is lost before an e-mail is sent."""

    def send(self, request: Request) -> Response:
        if request.path.endswith("SendEmail"):
            raise ConnectionFailed(None, "", "lost", "", request.what)
        return super().send(request)


def from_sales() -> Notifications:
    return Notifications(email_from=(SENDER, "queue"))


@pytest.fixture
def office(world: World) -> World:
    """Ada has an address, and a queue sends."""
    world.settle_in({"Ada": 10})
    write(world, SYSTEM_USER.entity_set, user_id("Ada"), internalemailaddress="ada@team.example")
    write(world, QUEUE.entity_set, SENDER, name="Sales", emailaddress="sales@contoso.example")
    return world


def write(world: World, entity_set: str, row_id: str, **columns: Any) -> None:
    world.admin.send(messages.upsert(entity_set, row_id, columns))


def template(world: World, title: str, kind: str, subject: str) -> None:
    row = {"title": title, "templatetypecode": kind, "subject": subject, "body": "<p>Go!</p>"}
    world.admin.send(messages.create(EMAIL_TEMPLATE.entity_set, row))


def notice(world: World, *leads: str, **changes: Any) -> Delivery:
    made = Delivery(
        delivery_id("notice", Channel.EMAIL),
        Channel.EMAIL,
        Kind.ASSIGNED,
        SellerId(user_id("Ada")),
        "New lead: <Tents> & more",
        'It is "yours".\n<script>alert(1)</script>',
        records=tuple(RecordKey("lead", lead) for lead in leads),
        count=len(leads),
        opens="Open the record",
    )
    return replace(made, **changes)


def sender(world: World, **changes: Any) -> EmailSender:
    settings = replace(from_sales(), **changes)
    return EmailSender(world.admin, lambda: settings, EmailTemplates(world.admin), world.mock.url)


def ada(email: str = "ada@team.example") -> Recipient:
    return Recipient(SellerId(user_id("Ada")), name="Ada", email=email)


def emails(world: World) -> list[dict[str, Any]]:
    return list(world.admin.rows(Query(EMAIL.entity_set)))


def parties(world: World, email_id: str) -> dict[int, str]:
    rows = world.admin.rows(Query("activityparties"))
    return {
        row["participationtypemask"]: row["addressused"]
        for row in rows
        if row["_activityid_value"] == email_id and row["addressused"]
    }


def test_a_notice_is_sent_as_an_email_about_its_record(office: World) -> None:
    (lead,) = office.create_leads(1)
    before = office.admin.requests_sent
    sender(office).send(notice(office, lead), ada())
    assert office.admin.requests_sent - before == 2

    (email,) = emails(office)
    assert email["activityid"] == delivery_id("notice", Channel.EMAIL)
    assert (email["statecode"], email["statuscode"]) == (1, 6)
    assert email["subject"] == "New lead: <Tents> & more"
    assert email["_regardingobjectid_value"] == lead
    assert email["directioncode"] is True
    assert email["description"] == (
        "<p>It is &quot;yours&quot;.<br />&lt;script&gt;alert(1)&lt;/script&gt;</p>"
        f'<p><a href="{office.mock.url}/main.aspx?pagetype=entityrecord&amp;etn=lead&amp;id={lead}">'
        "Open the record</a></p>"
    )
    found = parties(office, email["activityid"])
    assert (found[1], found[2]) == ("sales@contoso.example", "ada@team.example")


def test_an_email_about_many_records_leads_to_their_list(office: World) -> None:
    leads = office.create_leads(3)
    sender(office).send(notice(office, *leads, opens="Отваряне на списъка"), ada())
    (email,) = emails(office)
    assert email["_regardingobjectid_value"] is None
    assert "pagetype=entitylist&amp;etn=lead" in email["description"]
    assert "Отваряне на списъка" in email["description"]


def test_a_message_that_comes_again_sends_nothing_again(office: World) -> None:
    (lead,) = office.create_leads(1)
    sender(office).send(notice(office, lead), ada())
    (before,) = emails(office)
    sender(office).send(notice(office, lead), ada())
    assert emails(office) == [before]


def test_a_draft_of_a_worker_that_died_is_sent(office: World) -> None:
    with Deaf(office.mock.url, StaticToken(None), retry=ONCE) as client, pytest.raises(Unavailable):
        EmailSender(client, from_sales, EmailTemplates(client), office.mock.url).send(
            notice(office), ada()
        )
    assert [email["statecode"] for email in emails(office)] == [0]
    sender(office).send(notice(office), ada())
    assert [email["statecode"] for email in emails(office)] == [1]


def test_who_is_overtaken_by_the_same_message_elsewhere_is_content(office: World) -> None:
    with Overtaken(office.mock.url, StaticToken(None)) as client:
        EmailSender(client, from_sales, EmailTemplates(client), office.mock.url).send(
            notice(office), ada()
        )
    assert [email["statuscode"] for email in emails(office)] == [6]


def test_a_record_that_is_gone_keeps_nobody_from_being_told(office: World) -> None:
    sender(office).send(notice(office, NOTHING), ada())
    (email,) = emails(office)
    assert (email["statecode"], email["_regardingobjectid_value"]) == (1, None)


def test_a_table_that_takes_no_activities_keeps_nobody_from_being_told(office: World) -> None:
    odd = notice(office, records=(RecordKey("wa_segment", NOTHING),), count=1)
    other = notice(office, id=NOTHING, records=(RecordKey("no_such", NOTHING),), count=1)
    for made in (odd, other):
        sender(office).send(made, ada())
    assert [email["statecode"] for email in emails(office)] == [1, 1]


def test_a_user_may_send(office: World) -> None:
    sender(office, email_from=(user_id("Ada"), "systemuser")).send(notice(office), ada())
    (email,) = emails(office)
    assert parties(office, email["activityid"])[1] == "ada@team.example"


def test_a_template_about_leads_tells_of_one_lead_and_of_many_our_words_do(office: World) -> None:
    template(office, TITLE, "lead", SHEET.format('<xsl:value-of select="lead/subject" />'))
    one, two, three = office.create_leads(3)
    by_template = sender(office, email_templates={Kind.ASSIGNED: TITLE})
    by_template.send(notice(office, one), ada())
    (first,) = emails(office)
    assert first["subject"] in {"Lead 0", "Lead 1", "Lead 2"}
    assert first["description"] == "<p>Go!</p>"
    by_template.send(notice(office, two, three, id=NOTHING), ada())
    (second,) = [email for email in emails(office) if email["activityid"] == NOTHING]
    assert second["subject"] == "New lead: <Tents> & more"


def test_a_template_about_users_tells_of_anything(office: World) -> None:
    template(
        *(office, TITLE, "systemuser"),
        SHEET.format('For <xsl:value-of select="systemuser/firstname" />'),
    )
    by_template = sender(office, email_templates={Kind.ASSIGNED: TITLE})
    by_template.send(notice(office, *office.create_leads(2)), ada())
    assert [email["subject"] for email in emails(office)] == ["For Ada"]


def test_a_template_for_a_record_that_is_gone_gives_way_to_our_words(office: World) -> None:
    template(office, TITLE, "lead", "x")
    by_template = sender(office, email_templates={Kind.ASSIGNED: TITLE})
    by_template.send(notice(office, NOTHING), ada())
    assert [email["subject"] for email in emails(office)] == ["New lead: <Tents> & more"]


@pytest.mark.parametrize(
    ("changes", "address", "words"),
    [
        ({"email_from": None}, "ada@team.example", "email_from"),
        ({}, "", "has no e-mail address"),
        ({"email_templates": {Kind.ASSIGNED: "Nowhere"}}, "a@b.example", "no e-mail template"),
        ({"email_from": (NOTHING, "queue")}, "a@b.example", "no e-mail can be sent"),
    ],
)
def test_what_cannot_be_sent_says_why(
    office: World, changes: dict[str, Any], address: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        sender(office, **changes).send(notice(office), ada(address))
    assert emails(office) == []


def test_two_templates_of_one_title_are_none(office: World) -> None:
    for _ in range(2):
        template(office, TITLE, "lead", "x")
    with pytest.raises(Refused, match="more than one e-mail template"):
        sender(office, email_templates={Kind.ASSIGNED: TITLE}).send(notice(office), ada())
    assert emails(office) == []


def test_who_sends_without_an_address_is_refused_and_sends_once_she_has_one(office: World) -> None:
    write(office, QUEUE.entity_set, SENDER, emailaddress=None)
    with pytest.raises(Refused, match="sender does not have an email address"):
        sender(office).send(notice(office), ada())
    assert [email["statecode"] for email in emails(office)] == [0]


def test_dataverse_being_away_is_no_refusal(office: World) -> None:
    with DataverseClient("http://127.0.0.1:9", StaticToken(None), retry=ONCE) as nobody:
        away = EmailSender(nobody, from_sales, EmailTemplates(nobody), office.mock.url)
        with pytest.raises(Unavailable):
            away.send(notice(office), ada())
    assert emails(office) == []


def setting_row(world: World) -> str:
    (row,) = world.admin.rows(Query(SETTING.entity_set))
    return str(row["wa_settingid"])


def test_settings_are_read_once_a_minute(office: World) -> None:
    passed = [0.0]
    settings = NotificationSettings(office.admin, monotonic=lambda: passed[0])
    assert settings() == Notifications()
    write(office, SETTING.entity_set, setting_row(office), wa_notifications='{"quiet_hours":true}')
    before = office.admin.requests_sent
    assert settings() == Notifications()
    assert office.admin.requests_sent == before
    passed[0] += 61
    assert settings().quiet_hours


def test_a_broken_row_is_a_fault_and_leaves_the_app_alone(office: World) -> None:
    write(office, SETTING.entity_set, setting_row(office), wa_notifications='{"channels":7}')
    rulebook = DefinitionStore(office.admin).rulebook()
    assert [str(fault) for fault in rulebook.faults] == [
        "settings, notifications, channels: it is no mapping"
    ]
    assert rulebook.notifications == Notifications()
    assert NotificationSettings(office.admin)() == Notifications()


def test_what_a_folder_says_is_what_the_app_goes_by(office: World) -> None:
    template(office, TITLE, "lead", "x")
    told = {
        "assigned": ["app", "email"],
        "email_from": "Sales",
        "email_templates": {"moved": TITLE},
    }
    office.define({"Ada": 10}, _definitions(told))
    rulebook = DefinitionStore(office.admin).rulebook()
    assert rulebook.notifications == Notifications(
        {Kind.ASSIGNED: frozenset({Channel.APP, Channel.EMAIL})},
        email_from=(SENDER, "queue"),
        email_templates={Kind.MOVED: TITLE},
    )


def _definitions(told: dict[str, Any]) -> str:
    return f"{PLAIN}\nsettings: {json.dumps({'notifications': told})}\n"
