"""A copied lead is like one that was created, so the million of the benchmark is a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.web_api.clients import InsideClient, rows_of
from benchmarks.web_api.copies import copy_leads
from benchmarks.web_api.leads import create_many, created_at, owned_lead

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

FIRST, UPTO = 20, 50
# Copied from the lead it is a copy of: their periods are no divisors of how many are created.
_OF_THE_ORIGINAL = {
    *("firstname", "lastname", "fullname", "yomifullname", "companyname", "leadsourcecode"),
    *("address1_city", "address1_country", "address1_composite"),
}
_OF_EACH = {"@odata.etag", "leadid", "address1_addressid", "address2_addressid", "versionnumber"}
_OF_THE_MOMENT = {"modifiedon", "overriddencreatedon"}


def _lead(number: int, account: str) -> dict[str, Any]:
    return owned_lead(number, [ADMINISTRATOR_ID], [account])


def test_copies_are_numbered_on_and_else_like_created_leads(tmp_path: Path) -> None:
    path, counted = tmp_path / "leads.db", list[int]()
    server = MockServer(path)
    client = InsideClient(server)
    client.send(create_many("account", "accounts", [{"name": "Contoso"}]))
    (account,) = (row["accountid"] for row in rows_of(client, "accounts?$select=accountid"))
    client.send(create_many("lead", "leads", [_lead(n, account) for n in range(FIRST)]))
    before = rows_of(client, "leads?$orderby=versionnumber desc&$top=1")[0]["versionnumber"]
    server.stop()

    copy_leads(path, FIRST, UPTO, counted.append)

    server = MockServer(path)
    try:
        client = InsideClient(server)
        copies = rows_of(client, f"leads?$orderby=createdon&$filter=versionnumber gt {before}")
        assert [row["subject"] for row in copies] == [f"Lead {n:07}" for n in range(FIRST, UPTO)]
        assert [row["createdon"] for row in copies] == [created_at(n) for n in range(FIRST, UPTO)]
        assert len({row["leadid"] for row in rows_of(client, "leads")}) == UPTO
        assert counted == [40, UPTO]

        client.send(create_many("lead", "leads", [_lead(UPTO - 1, account)]))
        created = rows_of(client, "leads?$orderby=versionnumber desc&$top=1")[0]
        assert created["versionnumber"] > max(row["versionnumber"] for row in copies)
        skipped = _OF_THE_ORIGINAL | _OF_EACH | _OF_THE_MOMENT
        assert _without(copies[-1], skipped) == _without(created, skipped)
    finally:
        server.stop()


def _without(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
