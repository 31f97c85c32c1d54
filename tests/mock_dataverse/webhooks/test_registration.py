"""Which endpoints, steps and images can be registered."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.webhooks.organization import Organization

from work_assignment.mock_dataverse import well_known
from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.webhooks.operations import CREATE, DELETE, UPDATE
from work_assignment.mock_dataverse.webhooks.registrations import check_registration

ENDPOINT = {
    "url": "http://localhost:7071/api/hook",
    "contract": 8,
    "authtype": 4,
    "authvalue": "key",
}
SETTINGS = '<settings><setting name="x-functions-key" value="a&amp;b"/></settings>'


def refusal(organization: Organization, table: str, row: dict[str, Any]) -> Fault:
    with pytest.raises(Fault) as caught, organization.store.writing() as db:
        check_registration(db, table, row)
    return caught.value


def accept(organization: Organization, table: str, row: dict[str, Any]) -> None:
    with organization.store.writing() as db:
        check_registration(db, table, row)


def step_row(organization: Organization, message: str = UPDATE, **changes: Any) -> dict[str, Any]:
    return {
        "stage": 40,
        "mode": 1,
        "supporteddeployment": 0,
        "sdkmessageid": well_known.message_id(message),
        "sdkmessagefilterid": well_known.filter_id(message, "lead"),
        "eventhandler": organization.endpoint(),
        **changes,
    }


def image_row(organization: Organization, message: str, **changes: Any) -> dict[str, Any]:
    return {
        "entityalias": "before",
        "imagetype": 0,
        "messagepropertyname": "Target",
        "attributes": "ownerid,statuscode",
        "sdkmessageprocessingstepid": organization.step(organization.endpoint(), message),
        **changes,
    }


def test_rows_of_other_tables_are_let_pass(organization: Organization) -> None:
    accept(organization, "lead", {"subject": "x"})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "https://func.example.net/api/events?x=1"},
        {"authtype": 5, "authvalue": SETTINGS},
        {"authtype": 5, "authvalue": "<settings/>"},
    ],
)
def test_a_webhook_with_a_key_or_headers_is_accepted(
    organization: Organization, changes: dict[str, Any]
) -> None:
    accept(organization, "serviceendpoint", ENDPOINT | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contract": 7}, "contract 7"),
        ({"contract": None}, "contract None"),
        ({"authtype": 6, "authvalue": SETTINGS}, "authtype 6"),
    ],
)
def test_what_real_dataverse_has_and_the_mock_has_not_is_answered_501(
    organization: Organization, changes: dict[str, Any], words: str
) -> None:
    fault = refusal(organization, "serviceendpoint", ENDPOINT | changes)
    assert fault.status == 501
    assert words in fault.message


@pytest.mark.parametrize(
    "url", [None, "", "ftp://x/y", "localhost:80", "http://", "http://h:99999/", "http://a/\nb"]
)
def test_an_address_that_is_not_http_is_refused(
    organization: Organization, url: str | None
) -> None:
    fault = refusal(organization, "serviceendpoint", ENDPOINT | {"url": url})
    assert (fault.status, fault.code) == (400, "0x80040203")
    assert "http" in fault.message


def test_an_authentication_type_that_is_not_for_webhooks_is_refused(
    organization: Organization,
) -> None:
    fault = refusal(organization, "serviceendpoint", ENDPOINT | {"authtype": 1})
    assert (fault.status, fault.code) == (400, "0x80040203")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (None, "well-formed"),
        ("<settings>", "well-formed"),
        ("plain", "well-formed"),
        ("<headers/>", "<headers>"),
        ("<settings><set name='a' value='b'/></settings>", "<set>"),
        ("<settings><setting value='b'/></settings>", "name of a header"),
        ("<settings><setting name='a b' value='b'/></settings>", "'a b'"),
        ("<settings><setting name='Content-Length' value='1'/></settings>", "Content-Length"),
        ("<settings><setting name='a'/></settings>", "value of 'a'"),
        ("<settings><setting name='a' value='x&#10;y'/></settings>", "value of 'a'"),
        ("<!DOCTYPE s [<!ENTITY e 'x'>]><settings/>", "DOCTYPE"),
    ],
)
def test_settings_that_cannot_become_headers_are_refused_naming_what_is_wrong(
    organization: Organization, settings: str | None, words: str
) -> None:
    row = ENDPOINT | {"authtype": 5, "authvalue": settings}
    fault = refusal(organization, "serviceendpoint", row)
    assert (fault.status, fault.code) == (400, "0x80050203")
    assert words in fault.message


@pytest.mark.parametrize("message", [CREATE, UPDATE, DELETE])
def test_an_asynchronous_step_is_accepted(organization: Organization, message: str) -> None:
    accept(organization, "sdkmessageprocessingstep", step_row(organization, message))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": 0}, "synchronous"),
        ({"supporteddeployment": 1}, "Outlook"),
        ({"impersonatinguserid": well_known.ADMINISTRATOR_ID}, "impersonat"),
    ],
)
def test_steps_that_the_mock_cannot_run_are_answered_501(
    organization: Organization, changes: dict[str, Any], words: str
) -> None:
    fault = refusal(organization, "sdkmessageprocessingstep", step_row(organization, **changes))
    assert fault.status == 501
    assert words in fault.message


def test_a_step_on_a_message_that_never_fires_is_answered_501(organization: Organization) -> None:
    row = step_row(
        organization,
        sdkmessageid=well_known.message_id("CreateMultiple"),
        sdkmessagefilterid=None,
    )
    fault = refusal(organization, "sdkmessageprocessingstep", row)
    assert fault.status == 501
    assert "CreateMultiple" in fault.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": 20}, "stage 40"),
        ({"eventhandler": None}, "eventhandler"),
        ({"sdkmessageid": "no-such-id"}, "sdkmessageid"),
        ({"sdkmessagefilterid": "no-such-id"}, "sdkmessagefilterid"),
        ({"sdkmessagefilterid": well_known.filter_id(CREATE, "lead")}, "another message"),
        ({"filteringattributes": "ownerid,colour"}, "colour"),
        ({"filteringattributes": "ownerid__type"}, "ownerid__type"),
    ],
)
def test_a_step_that_contradicts_itself_is_refused(
    organization: Organization, changes: dict[str, Any], words: str
) -> None:
    fault = refusal(organization, "sdkmessageprocessingstep", step_row(organization, **changes))
    assert (fault.status, fault.code) == (400, "0x80040203")
    assert words in fault.message


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (CREATE, {"messagepropertyname": "Id", "imagetype": 1}),
        (UPDATE, {}),
        (UPDATE, {"attributes": None, "imagetype": 2}),
        (DELETE, {}),
    ],
)
def test_an_image_of_a_message_that_has_one_is_accepted(
    organization: Organization, message: str, changes: dict[str, Any]
) -> None:
    row = image_row(organization, message, **changes)
    accept(organization, "sdkmessageprocessingstepimage", row)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"entityalias": None}, "entityalias"),
        ({"imagetype": None}, "imagetype"),
        ({"messagepropertyname": "Id"}, "'Id' is not valid on message Update"),
        ({"attributes": "ownerid,colour"}, "colour"),
        ({"sdkmessageprocessingstepid": None}, "sdkmessageprocessingstepid"),
    ],
)
def test_an_image_that_would_show_nothing_is_refused(
    organization: Organization, changes: dict[str, Any], words: str
) -> None:
    row = image_row(organization, UPDATE, **changes)
    fault = refusal(organization, "sdkmessageprocessingstepimage", row)
    assert (fault.status, fault.code) == (400, "0x80040203")
    assert words in fault.message
