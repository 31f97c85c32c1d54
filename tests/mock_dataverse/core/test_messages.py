"""Functions and actions, and the list of them in COVERAGE.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment import mock_dataverse
from work_assignment.mock_dataverse.messages import registry as messages
from work_assignment.mock_dataverse.well_known import (
    ADMINISTRATOR_ID,
    BUSINESS_UNIT_ID,
    ORGANIZATION_ID,
)

LEAD = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}


@pytest.mark.parametrize("path", ["WhoAmI", "WhoAmI()"])
def test_who_am_i_names_the_caller(api: Api, path: str) -> None:
    body = api.row(path)
    assert body["@odata.context"].endswith("$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse")
    assert body["UserId"] == ADMINISTRATOR_ID
    assert (body["BusinessUnitId"], body["OrganizationId"]) == (BUSINESS_UNIT_ID, ORGANIZATION_ID)


def test_functions_take_parameters_by_value_and_by_alias(api: Api) -> None:
    value = "Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
    by_value = api.row(f"RetrieveCurrentOrganization(AccessType={value})")
    by_alias = api.row(f"RetrieveCurrentOrganization(AccessType=@p1)?@p1={value}")
    assert by_value["Detail"] == by_alias["Detail"]
    endpoints = by_value["Detail"]["Endpoints"]
    assert endpoints["Keys"][0] == "WebApplication"
    assert endpoints["Values"][0] == f"{api.server.url}/"
    assert api.row("RetrieveVersion")["Version"].startswith("9.2.")


@pytest.mark.parametrize(
    "path",
    ["WhoAmI(X=1)", "RetrieveCurrentOrganization", "RetrieveCurrentOrganization(AccessType=1)"],
)
def test_wrong_parameters_are_refused(api: Api, path: str) -> None:
    assert_fault(api.get(path), 400, "0x80060888")


def test_the_wrong_method_or_an_unknown_name_is_404(api: Api) -> None:
    words = f"No HTTP resource was found that matches the request URI '{api.root}WhoAmI'."
    assert_fault(api.post("WhoAmI", {}), 404, "0x8006088a", words)
    assert_fault(api.post("DoSomething", {}), 404, "0x8006088a", "No HTTP resource was found")
    assert_fault(api.get("SendAppNotification"), 404, "0x8006088a")
    lead = api.create("leads", subject="x")
    assert_fault(api.post(f"leads({lead})/QualifyLead", {}), 404, "0x8006088a")


def test_a_message_is_bound_to_its_own_table_and_to_one_record(api: Api) -> None:
    account = api.create("accounts", name="x")
    for path in (
        f"accounts({account})/Microsoft.Dynamics.CRM.QualifyLead",
        "leads/Microsoft.Dynamics.CRM.QualifyLead",
    ):
        assert_fault(api.post(path, {}), 404, "0x8006088a", "No HTTP resource was found")
    missing = f"leads({ORGANIZATION_ID})/Microsoft.Dynamics.CRM.QualifyLead"
    assert_fault(api.post(missing, {}), 404, "0x80040217", "Does Not Exist")


def test_an_unknown_parameter_of_an_action_is_refused_by_name(api: Api) -> None:
    team = api.create("teams", name=unique("team"))
    path = f"teams({team})/Microsoft.Dynamics.CRM.AddMembersTeam"
    words = "'Colour' in the request payload is not a valid parameter for the operation"
    assert_fault(api.post(path, {"Members": [], "Colour": 1}), 400, "0x80060888", words)
    assert_fault(api.post(path, {}), 400, "0x80048d19", "'Members'", "is missing")
    assert_fault(api.post(path, {"Members": 1}), 400, "0x80048d19", "not an array of records")


def test_real_messages_that_are_missing_say_so(api: Api) -> None:
    lead = api.create("leads", subject="x")
    bound = f"leads({lead})/Microsoft.Dynamics.CRM.CalculateRollupField"
    assert_fault(api.post(bound, {}), 501, "0x80060888", "CalculateRollupField")
    assert_fault(api.post("CloseIncident", {}), 501, "0x80060888", "CloseIncident")
    unknown = f"leads({lead})/Microsoft.Dynamics.CRM.Unknown"
    assert_fault(api.post(unknown, {}), 404, "0x8006088a", "No HTTP resource was found")
    assert_fault(api.get("activitypointers"), 501, "0x80060888", "activitypointers")
    duplicates = "RetrieveDuplicates(BusinessEntity=@a,MatchingEntityName='lead',PagingInfo=@b)"
    assert_fault(api.get(duplicates), 501, "0x80060888", "RetrieveDuplicates")


def test_a_notification_becomes_a_row_of_its_recipient(api: Api) -> None:
    seller = api.create("systemusers", firstname="Ana")
    action = {"title": "Open", "data": {"@odata.type": "#x", "type": "url", "url": "?id=1"}}
    answer = api.post(
        "SendAppNotification",
        {
            "Title": "New lead",
            "Recipient": f"/systemusers({seller})",
            "Body": "Yours",
            "Actions": {"@odata.type": "x", "actions@odata.type": "y", "actions": [action]},
        },
    )
    assert answer.status_code == 200
    row = api.row(f"appnotifications({answer.json()['NotificationId']})")
    assert (row["title"], row["body"], row["_ownerid_value"]) == ("New lead", "Yours", seller)
    assert (row["icontype"], row["toasttype"]) == (100000000, 200000000)
    assert (row["priority"], row["ttlinseconds"]) == (200000000, 1209600)
    assert (
        row["data"] == '{"actions": [{"title": "Open", "data": {"type": "url", "url": "?id=1"}}]}'
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Recipient": "/systemusers(1)"}, "'Title'"),
        ({"Title": "x"}, "'Recipient'"),
        ({"Title": "x", "Recipient": "y", "Actions": []}, "'Actions'"),
        ({"Title": "x", "Recipient": "y", "Actions": {"actions": "z"}}, "'Actions'"),
        ({"Title": "x", "Recipient": "y", "OverrideContent": "z"}, "'OverrideContent'"),
    ],
)
def test_an_incomplete_notification_is_refused(api: Api, body: dict[str, Any], words: str) -> None:
    assert_fault(api.post("SendAppNotification", body), 400, "0x80048d19", words)


def test_the_recipient_of_a_notification_may_be_written_in_three_ways(api: Api) -> None:
    seller = api.create("systemusers", firstname="Ana")
    record = {"systemuserid": seller, "@odata.type": "Microsoft.Dynamics.CRM.systemuser"}
    for recipient in (
        {"Recipient": f"systemusers({seller})"},
        {"Recipient@odata.bind": f"/systemusers({seller})"},
        {"Recipient": record},
    ):
        answer = api.post("SendAppNotification", {"Title": "x", **recipient})
        assert answer.status_code == 200, answer.text
        row = api.row(f"appnotifications({answer.json()['NotificationId']})")
        assert row["_ownerid_value"] == seller


def test_the_organization_is_asked_for_by_a_known_kind_of_access(api: Api) -> None:
    call = "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'{}')"
    for known in ("Default", "Internet", "Intranet"):
        assert api.get(call.format(known)).status_code == 200
    assert_fault(api.get(call.format("Extranet")), 400, "0x80060888", "'Extranet'")


def test_create_multiple_returns_the_ids_in_order(api: Api) -> None:
    subjects = [unique(str(number)) for number in range(3)]
    answer = api.post(
        "leads/Microsoft.Dynamics.CRM.CreateMultiple",
        {"Targets": [{**LEAD, "subject": subject} for subject in subjects]},
    )
    assert answer.status_code == 200
    ids = answer.json()["Ids"]
    assert [api.row(f"leads({row_id})")["subject"] for row_id in ids] == subjects


def test_create_multiple_is_all_or_nothing(api: Api) -> None:
    subject = unique("none")
    targets = [{**LEAD, "subject": subject}, {**LEAD, "leadsourcecode": 99}]
    answer = api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    assert_fault(answer, 400, "0x8004431a")
    assert api.row(f"leads?$filter=subject eq '{subject}'")["value"] == []


def test_update_multiple_updates_rows_that_exist_once_each(api: Api) -> None:
    first, second = api.create("leads", subject="a"), api.create("leads", subject="b")
    targets = [
        {**LEAD, "leadid": first, "subject": "c"},
        {**LEAD, "@odata.id": f"leads({second})", "subject": "d"},
    ]
    path = "leads/Microsoft.Dynamics.CRM.UpdateMultiple"
    assert api.post(path, {"Targets": targets}).status_code == 204
    assert api.row(f"leads({second})")["subject"] == "d"
    twice = [{**LEAD, "leadid": first}, {**LEAD, "leadid": first.upper()}]
    assert_fault(api.post(path, {"Targets": twice}), 400, "0x80060888", "more than once")
    missing = [{**LEAD, "leadid": ORGANIZATION_ID}]
    assert_fault(api.post(path, {"Targets": missing}), 404, "0x80040217")


@pytest.mark.parametrize("targets", [None, "x", [{"subject": "x"}], [{"@odata.type": "lead"}]])
def test_targets_must_be_typed_records(api: Api, targets: Any) -> None:
    answer = api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    assert_fault(answer, 400, "0x80048d19")


def test_bulk_messages_can_be_looked_up_as_available(api: Api) -> None:
    rows = api.row(
        "sdkmessagefilters?$select=sdkmessagefilterid&$filter="
        "sdkmessageid/name eq 'CreateMultiple' and primaryobjecttypecode eq 'lead'"
    )["value"]
    assert len(rows) == 1


def test_the_coverage_page_lists_every_message_as_it_is() -> None:
    page = (Path(mock_dataverse.__file__).parent / "COVERAGE.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| (\w+) \| (emulated|501) \|$", page, re.MULTILINE))
    on_row = {name for _, name in messages.ON_ROW}
    emulated = {*messages.UNBOUND, *messages.ON_COLLECTION, *on_row}
    assert emulated.isdisjoint(messages.NOT_EMULATED)
    assert {name for name, what in listed.items() if what == "emulated"} == emulated
    assert {name for name, what in listed.items() if what == "501"} == messages.NOT_EMULATED
