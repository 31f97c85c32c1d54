"""$expand over HTTP: the links that it prints lead on, page by page, as documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api

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
