"""The columns that have a customer of one table only, which Dataverse fills in, and addresses."""

from __future__ import annotations

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

TABLES = [
    ("contacts", "parentcustomerid", "parentcontactid", {"lastname": "x"}),
    ("leads", "customerid", "contactid", {"subject": "x"}),
    ("opportunities", "customerid", "contactid", {"name": "x"}),
]


def halves(api: Api, path: str, contact: str) -> tuple[str | None, str | None]:
    row = api.row(f"{path}?$select=_accountid_value,_{contact}_value")
    return row["_accountid_value"], row[f"_{contact}_value"]


@pytest.mark.parametrize(("entity_set", "customer", "half", "values"), TABLES)
def test_a_customer_shows_in_the_column_of_its_table(
    api: Api, entity_set: str, customer: str, half: str, values: dict[str, str]
) -> None:
    account, contact = api.create("accounts", name="One"), api.create("contacts", lastname="Two")
    bind = f"{customer}_account@odata.bind"
    path = f"{entity_set}({api.create(entity_set, **values, **{bind: f'/accounts({account})'})})"
    assert halves(api, path, half) == (account, None)
    assert api.patch(path, {f"{customer}_contact@odata.bind": f"/contacts({contact})"}).ok
    assert halves(api, path, half) == (None, contact)
    assert api.delete(f"{path}/{customer}_contact/$ref").status_code == 204
    assert halves(api, path, half) == (None, None)


@pytest.mark.parametrize("entity_set", ["leads", "opportunities"])
def test_the_parent_account_is_a_customer_too(api: Api, entity_set: str) -> None:
    account = api.create("accounts", name="Parent")
    bind = {"parentaccountid@odata.bind": f"/accounts({account})"}
    path = f"{entity_set}({api.create(entity_set, **bind)})"
    assert halves(api, path, "contactid") == (account, None)


def test_rows_are_found_by_the_account_of_the_contact_they_belong_to(api: Api) -> None:
    account = api.create("accounts", name="Asked for")
    owner = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    contact = api.create("contacts", lastname="Between", **owner)
    regarding = {"regardingobjectid_contact_task@odata.bind": f"/contacts({contact})"}
    task = api.create("tasks", subject="Of it", **regarding)
    filter_text = f"regardingobjectid_contact_task/_accountid_value eq {account}"
    rows = api.row(f"tasks?$select=subject&$filter={filter_text}")["value"]
    assert [row["activityid"] for row in rows] == [task]


def test_nobody_binds_those_columns(api: Api) -> None:
    account = api.create("accounts", name="Bound")
    body = {"lastname": "x", "accountid@odata.bind": f"/accounts({account})"}
    assert_fault(api.post("contacts", body), 400, "0x80048d19", "accountid")
    assert_fault(api.get("contacts?$expand=accountid"), 400, "0x80060888", "accountid")


@pytest.mark.parametrize("entity_set", ["accounts", "contacts"])
def test_the_first_address_is_of_one_of_four_types(api: Api, entity_set: str) -> None:
    row = api.create(entity_set, address1_addresstypecode=3)
    path = f"{entity_set}({row})?$select=address1_addresstypecode"
    answer = api.get(path, headers={"Prefer": 'odata.include-annotations="*"'}).json()
    name = "address1_addresstypecode@OData.Community.Display.V1.FormattedValue"
    assert answer[name] == "Primary"
    refused = api.patch(f"{entity_set}({row})", {"address2_addresstypecode": 3})
    assert_fault(refused, 400, "0x8004431a", "address2_addresstypecode")
