"""$expand over HTTP: the links that it prints lead on, page by page, as documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.server import MockServer

TASKS, CONTACTS = "Account_Tasks", "contact_customer_accounts"


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with MockServer() as server:
        client = Api(server)
        account = client.create("accounts", name="Litware")
        for number in range(5):
            client.create(
                "tasks",
                subject=f"Task {number}",
                **{"regardingobjectid_account_task@odata.bind": f"accounts({account})"},
            )
        client.create(
            "contacts",
            lastname="Stubberod",
            **{"parentcustomerid_account@odata.bind": f"accounts({account})"},
        )
        yield client
        client.close()


def _account(api: Api, expand: str, page_size: int) -> dict[str, Any]:
    body = api.get(
        f"accounts?$select=name&$expand={expand}",
        headers={"Prefer": f"odata.maxpagesize={page_size}"},
    ).json()
    (account,) = body["value"]
    found: dict[str, Any] = account
    return found


def test_a_single_expand_is_complete_and_its_link_gives_the_same_rows(api: Api) -> None:
    account = _account(api, f"{TASKS}($select=subject;$orderby=subject desc)", 1)
    assert [task["subject"] for task in account[TASKS]] == [f"Task {n}" for n in (4, 3, 2, 1, 0)]
    link = account[f"{TASKS}@odata.nextLink"]
    assert "$skiptoken" not in link
    assert api.get(link).json()["value"] == [
        {name: value for name, value in task.items() if name != "_regardingobjectid_value"}
        for task in account[TASKS]
    ]


def test_beside_a_nested_expand_the_links_lead_through_all_pages(api: Api) -> None:
    nested = f"{CONTACTS}($select=lastname;$expand=owninguser($select=fullname))"
    account = _account(api, f"{TASKS}($select=subject),{nested}", 2)
    subjects = [task["subject"] for task in account[TASKS]]
    assert "@odata.etag" not in account[TASKS][0]
    link = account[f"{TASKS}@odata.nextLink"]
    pages = 1
    while link is not None:
        body = api.get(link, headers={"Prefer": "odata.maxpagesize=2"}).json()
        subjects += [task["subject"] for task in body["value"]]
        link = body.get("@odata.nextLink")
        pages += 1
    assert pages == 3
    assert sorted(subjects) == [f"Task {number}" for number in range(5)]
    (contact,) = account[CONTACTS]
    assert set(contact["owninguser"]) == {"fullname", "systemuserid", "ownerid"}
    assert contact["owninguser"]["ownerid"] == contact["owninguser"]["systemuserid"]


def test_annotations_are_given_inside_an_expand_too(api: Api) -> None:
    body = api.get(
        f"accounts?$select=name&$expand={TASKS}($select=statecode),primarycontactid",
        headers={"Prefer": 'odata.include-annotations="*"'},
    ).json()
    (account,) = body["value"]
    task = account[TASKS][0]
    assert task["statecode@OData.Community.Display.V1.FormattedValue"] == "Open"
    lookup = "Microsoft.Dynamics.CRM.lookuplogicalname"
    assert task[f"_regardingobjectid_value@{lookup}"] == "account"
    assert account["primarycontactid"] is None


def test_a_condition_on_the_page_does_not_narrow_what_is_embedded(api: Api) -> None:
    any_of_them = f"{TASKS}/any(t:t/subject eq 'Task 3')"
    body = api.row(f"accounts?$filter={any_of_them}&$expand={TASKS}($select=subject)")
    assert len(body["value"][0][TASKS]) == 5


def test_a_link_can_be_selected_beside_columns(api: Api) -> None:
    me = api.row("WhoAmI")["UserId"]
    path = "contacts?$select=lastname,parentcustomerid_account/$ref,ownerid/$ref,lastname"
    body = api.row(path)
    links = "parentcustomerid_account/$ref(),ownerid/$ref()"
    assert body["@odata.context"].endswith(f"$metadata#contacts(lastname,{links})")
    (contact,) = body["value"]
    account = contact["_parentcustomerid_value"]
    assert contact["parentcustomerid_account"] == {"@odata.id": f"{api.root}accounts({account})"}
    assert contact["ownerid"] == {"@odata.id": f"{api.root}systemusers({me})"}
    (only,) = api.row("accounts?$select=parentaccountid/$ref")["value"]
    assert only["parentaccountid"] is None
    assert "name" not in only


@pytest.mark.parametrize("option", ["$select", "$expand"])
def test_only_lookups_have_a_link(api: Api, option: str) -> None:
    for name, words in (
        (TASKS, "Expand with $ref is only supported on lookup type navigation property."),
        ("nothing", "Could not find a property named 'nothing'"),
        ("name", "Could not find a property named 'name'"),
    ):
        assert_fault(api.get(f"accounts?{option}={name}/$ref"), 400, "0x80060888", words)


def test_what_stands_behind_a_lookup_is_sent_with_its_version(api: Api) -> None:
    (contact,) = api.row("contacts?$select=contactid")["value"]
    path = f"contacts({contact['contactid']})/parentcustomerid_account"
    answer = api.get(f"{path}?$select=name")
    assert answer.headers["ETag"] == answer.json()["@odata.etag"]


@pytest.mark.parametrize(
    ("table", "condition", "status", "words"),
    [
        ("accounts", "name", 400, "must evaluate to a single boolean value, which 'name' is not"),
        ("accounts", "not name", 400, "'name'"),
        ("accounts", "nothing", 400, "Could not find a property named 'nothing'"),
        ("accounts", "primarycontactid/lastname or name eq 'x'", 400, "primarycontactid/lastname"),
        ("accounts", "Account_Tasks/any(t:t/subject)", 400, "'t/subject' is not"),
        ("accounts", "donotemail", 501, "add 'eq true'"),
        ("EntityDefinitions", "LogicalName", 400, "'LogicalName' is not"),
        ("EntityDefinitions", "IsPrivate", 501, "add 'eq true'"),
    ],
)
def test_a_property_alone_is_no_condition(
    api: Api, table: str, condition: str, status: int, words: str
) -> None:
    assert_fault(api.get(f"{table}?$filter={condition}"), status, "0x80060888", words)
