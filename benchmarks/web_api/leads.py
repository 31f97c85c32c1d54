"""Leads as they are sent: with a company, an address, a value, and perhaps an owner and account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.web_api.clients import Call, Client, posted, rows_of, send_json

SHOWN = "$select=fullname,subject,revenue,_ownerid_value,createdon"
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=30)
AT_ONCE = 1000
OWNERS = 50
ACCOUNTS = 2_000
_TYPE = "Microsoft.Dynamics.CRM"


def lead(number: int) -> dict[str, Any]:
    return {
        "subject": f"Lead {number:07}",
        "firstname": f"First {number % 97}",
        "lastname": f"Last {number % 1009}",
        "companyname": f"Company {number % 5003}",
        "emailaddress1": f"lead{number}@example.com",
        "address1_city": f"City {number % 211}",
        "address1_country": f"Country {number % 20:02}",
        "revenue": float(number % 100_000),
        "leadsourcecode": 1 + number % 9,
    }


def create_many(table: str, entity_set: str, rows: Sequence[dict[str, Any]]) -> Call:
    """Write a CreateMultiple."""
    typed = [{"@odata.type": f"{_TYPE}.{table}", **row} for row in rows]
    return posted(f"{entity_set}/{_TYPE}.CreateMultiple", {"Targets": typed})


def plain_leads(start: int, count: int) -> Call:
    return create_many("lead", "leads", [lead(n) for n in range(start, start + count)])


def add_owners(client: Client) -> list[str]:
    """Create sellers and return their ids."""
    (unit,) = rows_of(client, "businessunits?$select=businessunitid")
    bind = {"businessunitid@odata.bind": f"businessunits({unit['businessunitid']})"}
    for number in range(OWNERS):
        name = f"seller{number}"
        send_json(
            client,
            "systemusers",
            {"firstname": name, "lastname": "B", "domainname": f"{name}@example.com", **bind},
        )
    found = rows_of(
        client, "systemusers?$select=systemuserid&$filter=startswith(firstname,'seller')"
    )
    return [row["systemuserid"] for row in found]


def add_accounts(client: Client) -> list[str]:
    """Create accounts and return their ids."""
    for start in range(0, ACCOUNTS, AT_ONCE):
        names = [{"name": f"Account {n}"} for n in range(start, start + AT_ONCE)]
        client.send(create_many("account", "accounts", names))
    return [row["accountid"] for row in rows_of(client, "accounts?$select=accountid")]


def owned_lead(number: int, owners: Sequence[str], accounts: Sequence[str]) -> dict[str, Any]:
    """A lead of some owner, created long ago; every second one has an account."""
    row = lead(number) | {
        "ownerid@odata.bind": f"systemusers({owners[number * 7 % len(owners)]})",
        "overriddencreatedon": created_at(number),
    }
    if number % 2:
        row["parentaccountid@odata.bind"] = f"accounts({accounts[number * 13 % len(accounts)]})"
    return row


def created_at(number: int) -> str:
    return (BEGUN + APART * number).strftime("%Y-%m-%dT%H:%M:%SZ")
