"""The main flows through the whole mock: written over HTTP, read back, told to a webhook."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.webhooks.receiver import Receiver

from work_assignment.mock_dataverse.well_known import CREATE_MESSAGE_ID, UPDATE_MESSAGE_ID


def register(api: Api, url: str, message_id: str, table: str, **step: Any) -> str:
    """Register a webhook as an installer does, and return the id of its step."""
    endpoint = api.create(
        "serviceendpoints",
        name="hook",
        url=url,
        contract=8,
        authtype=5,
        authvalue='<settings><setting name="x-functions-key" value="secret" /></settings>',
    )
    condition = f"primaryobjecttypecode eq '{table}' and _sdkmessageid_value eq {message_id}"
    filters = api.row(f"sdkmessagefilters?$select=sdkmessagefilterid&$filter={condition}")["value"]
    values = {
        "name": f"{table} {message_id}",
        "stage": 40,
        "mode": 1,
        "rank": 1,
        "asyncautodelete": True,
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filters[0]['sdkmessagefilterid']})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        **step,
    }
    return api.create("sdkmessageprocessingsteps", **values)


@pytest.fixture
def receiver() -> Any:
    with Receiver() as running:
        yield running


def test_a_created_lead_reaches_the_webhook_with_its_image_and_tag(
    own_api: Api, receiver: Receiver
) -> None:
    step = register(own_api, receiver.url, CREATE_MESSAGE_ID, "lead")
    own_api.create(
        "sdkmessageprocessingstepimages",
        **{
            "name": "post",
            "entityalias": "post",
            "imagetype": 1,
            "messagepropertyname": "Id",
            "attributes": "subject,ownerid",
            "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step})",
        },
    )
    lead = own_api.post("leads?tag=web-form", {"subject": "Hello", "leadsourcecode": 8})
    assert own_api.server.dispatcher.wait_until_idle(10)
    call = receiver.requests[0]
    assert len(receiver.requests) == 1
    assert call.headers["x-functions-key"] == "secret"
    context = call.context
    assert (context["MessageName"], context["PrimaryEntityName"]) == ("Create", "lead")
    assert context["PrimaryEntityId"] in lead.headers["OData-EntityId"]
    assert {"key": "tag", "value": "web-form"} in context["SharedVariables"]
    image = context["PostEntityImages"][0]
    assert image["key"] == "post"
    assert {"key": "subject", "value": "Hello"} in image["value"]["Attributes"]


def test_an_update_fires_only_for_the_columns_of_the_step(own_api: Api, receiver: Receiver) -> None:
    register(
        own_api, receiver.url, UPDATE_MESSAGE_ID, "lead", filteringattributes="ownerid,subject"
    )
    lead = own_api.create("leads", subject="a")
    own_api.patch(f"leads({lead})", {"companyname": "not heeded"})
    own_api.patch(f"leads({lead})", {"subject": "heeded"})
    own_api.patch(f"leads({lead})", {"ownerid@odata.bind": "/systemusers(" + _me(own_api) + ")"})
    assert own_api.server.dispatcher.wait_until_idle(10)
    assert len(receiver.requests) == 2


def test_a_rolled_back_change_set_fires_nothing(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, CREATE_MESSAGE_ID, "lead")
    http = "Content-Type: application/http\r\nContent-ID: {}\r\n\r\nPOST leads HTTP/1.1\r\n"
    head = http + "Content-Type: application/json\r\n\r\n"
    good, bad = head.format(1) + '{"subject":"x"}', head.format(2) + '{"statuscode":99}'
    inner = f"--c\r\n{good}\r\n--c\r\n{bad}\r\n--c--\r\n"
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{inner}--b--"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    assert own_api.send("POST", "$batch", data=body, headers=headers).status_code == 400
    assert own_api.server.dispatcher.wait_until_idle(10)
    assert receiver.requests == []


def test_bypassing_asynchronous_logic_fires_nothing(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, CREATE_MESSAGE_ID, "lead")
    headers = {"MSCRM_BypassBusinessLogicExecution": "CustomAsync"}
    own_api.send(
        "POST",
        "leads",
        json={},
        headers={name.replace("_", "."): value for name, value in headers.items()},
    )
    assert own_api.server.dispatcher.wait_until_idle(10)
    assert receiver.requests == []


def test_bulk_creates_fire_once_for_each_row(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, CREATE_MESSAGE_ID, "lead")
    target = {"@odata.type": "Microsoft.Dynamics.CRM.lead", "subject": "x"}
    own_api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [target] * 3})
    assert own_api.server.dispatcher.wait_until_idle(10)
    assert len(receiver.requests) == 3


def test_the_key_of_an_endpoint_is_never_shown(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, CREATE_MESSAGE_ID, "lead")
    row = own_api.row("serviceendpoints")["value"][0]
    assert row["isauthvalueset"] is True
    assert "authvalue" not in row
    assert own_api.get("serviceendpoints?$select=authvalue").status_code == 400


def test_the_key_of_an_endpoint_is_not_repeated_when_it_is_refused(api: Api) -> None:
    endpoint = {"name": "hook", "url": "http://127.0.0.1/", "contract": 8, "authtype": 4}
    answer = api.post("serviceendpoints", {**endpoint, "authvalue": ["S3cret"]})
    assert_fault(answer, 400, "0x80048d19", "'authvalue'", "Edm.String")
    assert "S3cret" not in answer.text


def test_steps_that_the_mock_would_not_run_are_refused(own_api: Api, receiver: Receiver) -> None:
    step = register(own_api, receiver.url, CREATE_MESSAGE_ID, "lead")
    answer = own_api.patch(f"sdkmessageprocessingsteps({step})", {"supporteddeployment": 1})
    assert_fault(answer, 501, "0x80060888", "Outlook")


def test_rows_are_queried_paged_expanded_and_aggregated(own_api: Api) -> None:
    seller = own_api.create("systemusers", firstname="Ana", lastname="Lima")
    account = own_api.create("accounts", name="Rossi")
    for number in range(7):
        own_api.create(
            "leads",
            **{
                "subject": f"lead {number}",
                "ownerid@odata.bind": f"/systemusers({seller})",
                "parentaccountid@odata.bind": f"/accounts({account})",
            },
        )
    query = "leads?$select=subject&$orderby=subject desc&$expand=parentaccountid($select=name)"
    seen: list[str] = []
    link: str | None = query
    while link:
        page = own_api.get(link, headers={"Prefer": "odata.maxpagesize=3"}).json()
        seen += [row["subject"] for row in page["value"]]
        assert {row["parentaccountid"]["name"] for row in page["value"]} == {"Rossi"}
        link = page.get("@odata.nextLink")
    assert seen == [f"lead {number}" for number in reversed(range(7))]
    children = own_api.row(f"accounts({account})/lead_parent_account?$select=subject&$top=2")
    assert len(children["value"]) == 2
    fetch = (
        "<fetch aggregate='true'><entity name='lead'><attribute name='leadid' alias='n'"
        " aggregate='count'/><attribute name='ownerid' alias='owner' groupby='true'/>"
        "</entity></fetch>"
    )
    counted = own_api.get("leads", params={"fetchXml": fetch}).json()["value"]
    assert [(row["owner"], row["n"]) for row in counted] == [(seller, 7)]


def test_fetch_follows_links_to_users_and_their_teams(own_api: Api) -> None:
    seller = own_api.create("systemusers", firstname="Ana", lastname="Lima")
    team = own_api.create("teams", name="North")
    own_api.post(
        f"teams({team})/teammembership_association/$ref", {"@odata.id": f"systemusers({seller})"}
    )
    fetch = (
        "<fetch><entity name='systemuser'><attribute name='fullname'/>"
        "<link-entity name='teammembership' from='systemuserid' to='systemuserid' intersect='true'>"
        "<link-entity name='team' from='teamid' to='teamid' alias='t'><attribute name='name'/>"
        "</link-entity></link-entity></entity></fetch>"
    )
    rows = own_api.get("systemusers", params={"fetchXml": fetch}).json()["value"]
    assert [(row["fullname"], row["t.name"]) for row in rows] == [("Ana Lima", "North")]


def _me(api: Api) -> str:
    user: str = api.row("WhoAmI")["UserId"]
    return user
