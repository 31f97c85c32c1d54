"""Which endpoints, steps and images can be registered."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.webhooks.organization import SELLER_ID, Organization

from work_assignment.mock_dataverse import well_known
from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.webhooks.operations import (
    ASSIGN,
    ASSOCIATE,
    CREATE,
    CREATE_MULTIPLE,
    DELETE,
    SET_STATE,
    UPDATE,
)
from work_assignment.mock_dataverse.webhooks.registrations import check_registration

ENDPOINT = {
    "url": "http://localhost:7071/api/hook",
    "contract": 8,
    "authtype": 4,
    "authvalue": "key",
}
SETTINGS = '<settings><setting name="x-functions-key" value="a&amp;b"/></settings>'


def fault_of(organization: Organization, table: str, row: dict[str, Any]) -> Fault | None:
    try:
        with organization.store.writing() as db:
            check_registration(db, table, row)
    except Fault as fault:
        return fault
    return None


def refusal(organization: Organization, table: str, row: dict[str, Any]) -> Fault:
    fault = fault_of(organization, table, row)
    assert fault is not None
    return fault


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
    assert fault_of(organization, "lead", {"subject": "x"}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "https://func.example.net/api/events?x=1"},
        {"authtype": 5, "authvalue": SETTINGS},
        {"authtype": 5, "authvalue": "<settings/>"},
        {"authtype": 6, "authvalue": SETTINGS},
    ],
)
def test_a_webhook_of_each_of_the_three_authentication_types_is_accepted(
    organization: Organization, changes: dict[str, Any]
) -> None:
    assert fault_of(organization, "serviceendpoint", ENDPOINT | changes) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contract": 7}, "contract 7"),
        ({"contract": None}, "contract None"),
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
    assert (
        fault_of(organization, "sdkmessageprocessingstep", step_row(organization, message)) is None
    )


def test_a_step_of_the_outlook_client_is_answered_501(organization: Organization) -> None:
    row = step_row(organization, supporteddeployment=1)
    fault = refusal(organization, "sdkmessageprocessingstep", row)
    assert fault.status == 501
    assert "Outlook" in fault.message


def test_a_step_on_a_message_that_never_fires_is_answered_501(organization: Organization) -> None:
    unknown = organization.insert("sdkmessage", name="Route")
    row = step_row(organization, sdkmessageid=unknown, sdkmessagefilterid=None)
    fault = refusal(organization, "sdkmessageprocessingstep", row)
    assert fault.status == 501
    assert "Route" in fault.message


@pytest.mark.parametrize("stage", [10, 20, 40])
def test_a_synchronous_step_is_accepted_in_every_stage(
    organization: Organization, stage: int
) -> None:
    assert (
        fault_of(
            organization, "sdkmessageprocessingstep", step_row(organization, mode=0, stage=stage)
        )
        is None
    )


def test_a_step_may_run_as_a_user_who_exists(organization: Organization) -> None:
    row = step_row(organization, impersonatinguserid=SELLER_ID)
    assert fault_of(organization, "sdkmessageprocessingstep", row) is None
    row["impersonatinguserid"] = "no-such-user"
    fault = refusal(organization, "sdkmessageprocessingstep", row)
    assert "impersonatinguserid" in fault.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": 20}, "stage 40"),
        ({"stage": 30, "mode": 0}, "stage is 10"),
        ({"mode": 2}, "mode is 0"),
        ({"mode": None}, "mode is 0"),
        ({"eventhandler": None}, "eventhandler"),
        ({"sdkmessageid": "no-such-id"}, "sdkmessageid"),
        ({"sdkmessagefilterid": "no-such-id"}, "sdkmessagefilterid"),
        ({"sdkmessagefilterid": well_known.filter_id(CREATE, "lead")}, "another message"),
        ({"sdkmessageid": well_known.message_id(ASSOCIATE)}, "for all tables"),
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
    assert fault_of(organization, "sdkmessageprocessingstepimage", row) is None


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


@pytest.mark.parametrize(
    ("message", "changes", "words"),
    [
        (CREATE, {"messagepropertyname": "Id", "imagetype": 0}, "before a Create"),
        (CREATE, {"messagepropertyname": "Id", "imagetype": 2}, "before a Create"),
        (CREATE, {"messagepropertyname": "Target", "imagetype": 1}, "it is 'Id'"),
        (DELETE, {"imagetype": 1}, "after a Delete"),
        (DELETE, {"imagetype": 2}, "after a Delete"),
        (SET_STATE, {"messagepropertyname": "Target"}, "it is 'EntityMoniker'"),
        ("GrantAccess", {}, "does not support images"),
    ],
)
def test_an_image_that_a_message_cannot_have_is_refused(
    organization: Organization, message: str, changes: dict[str, Any], words: str
) -> None:
    row = image_row(organization, message, **changes)
    fault = refusal(organization, "sdkmessageprocessingstepimage", row)
    assert (fault.status, fault.code) == (400, "0x80040203")
    assert words in fault.message


@pytest.mark.parametrize(
    ("message", "property_name"), [(ASSIGN, "Target"), (SET_STATE, "EntityMoniker")]
)
def test_an_image_of_a_specialized_update_is_accepted(
    organization: Organization, message: str, property_name: str
) -> None:
    row = image_row(organization, message, messagepropertyname=property_name, imagetype=2)
    assert fault_of(organization, "sdkmessageprocessingstepimage", row) is None


def test_an_image_of_many_rows_is_answered_501(organization: Organization) -> None:
    row = image_row(organization, CREATE_MULTIPLE, messagepropertyname="Ids", imagetype=1)
    fault = refusal(organization, "sdkmessageprocessingstepimage", row)
    assert fault.status == 501
    assert CREATE_MULTIPLE in fault.message


@pytest.mark.parametrize("stage", [10, 20])
def test_before_the_row_is_written_there_is_no_post_image(
    organization: Organization, stage: int
) -> None:
    step = organization.step(organization.endpoint(), UPDATE, mode=0, stage=stage)
    row = image_row(organization, UPDATE, sdkmessageprocessingstepid=step, imagetype=1)
    fault = refusal(organization, "sdkmessageprocessingstepimage", row)
    assert str(stage) in fault.message
    assert fault_of(organization, "sdkmessageprocessingstepimage", row | {"imagetype": 0}) is None


def test_a_step_cannot_change_so_that_an_image_of_its_own_becomes_impossible(
    organization: Organization,
) -> None:
    row = step_row(organization, mode=0)
    row["sdkmessageprocessingstepid"] = organization.step(organization.endpoint(), UPDATE)
    organization.image(row["sdkmessageprocessingstepid"], "after", 1)
    assert fault_of(organization, "sdkmessageprocessingstep", row) is None
    fault = refusal(organization, "sdkmessageprocessingstep", row | {"stage": 20})
    assert "'after'" in fault.message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("plain", "well-formed"),
        ("<settings><setting value='b'/></settings>", "no name"),
        ("<settings><setting name='a'/></settings>", "'a' has no value"),
    ],
)
def test_settings_that_cannot_become_a_query_are_refused_naming_what_is_wrong(
    organization: Organization, settings: str, words: str
) -> None:
    row = ENDPOINT | {"authtype": 6, "authvalue": settings}
    fault = refusal(organization, "serviceendpoint", row)
    assert (fault.status, fault.code) == (400, "0x80050204")
    assert words in fault.message
