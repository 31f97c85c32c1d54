"""The naive way: a loop through Microsoft's client for Python, with four requests a lead.

For each lead the sellers' rows are read anew, as somebody else may have changed them; who may have
the lead is looked up in memory; then the owner is written, a row of the run log and a notification. It holds no reservation, so two of these loops would overfill sellers.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.models.record import Record

from benchmarks.routing.organization import LANGUAGES, LARGE
from work_assignment.domain.statuses import RoutingStatus

SELLER = ("wa_sellerid", "wa_maxcapacity", "wa_orderstamp", "_wa_systemuserid_value")
LEAD = ("leadid", "subject", "address1_country", "revenue", "versionnumber")
ADDRESS = "DATAVERSE_URL"


class Somebody:
    """A token for a user of the mock."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


class Desk:
    """What the loop remembers: who speaks what, how many each got, whose turn it is."""

    def __init__(self, sellers: Sequence[Mapping[str, Any]]) -> None:
        self._sellers: dict[str, Mapping[str, Any]] = {
            form["id"]: form["attributes"] for form in sellers
        }
        self._given: Counter[str] = Counter()
        self._turns: dict[str, int] = {}

    def choose(self, lead: Record, rows: Sequence[Record]) -> str | None:
        """Find the seller for a lead among the rows just read; None for nobody."""
        language = LANGUAGES.get(lead["address1_country"])
        room = {row["_wa_systemuserid_value"]: self._room(row) for row in rows}
        able = [
            seller
            for seller, attributes in self._sellers.items()
            if language in attributes["Language"] and room.get(seller, 0) > 0
        ]
        skilled = [one for one in able if "Large accounts" in self._sellers[one]["Skill"]]
        if lead["revenue"] >= LARGE and skilled:
            return max(skilled, key=lambda one: (room[one], -self._turns.get(one, 0)))
        return min(able, key=lambda one: (self._turns.get(one, 0), one), default=None)

    def note(self, seller: str) -> None:
        self._given[seller] += 1
        self._turns[seller] = self._given.total()

    def _room(self, row: Record) -> int:
        return int(row["wa_maxcapacity"]) - self._given[row["_wa_systemuserid_value"]]


def enter(token: str, rows: Sequence[dict[str, Any]]) -> None:
    """Create leads, all at once."""
    with DataverseClient(os.environ[ADDRESS], Somebody(token)) as client:
        client.records.create("lead", list(rows))


def assign(token: str, sellers: Sequence[Mapping[str, Any]]) -> int:
    """Give each lead to a seller, oldest first; returns for how many there was one."""
    with DataverseClient(os.environ[ADDRESS], Somebody(token)) as client:
        desk, found = Desk(sellers), 0
        for lead in client.records.list("lead", select=list(LEAD), orderby=["createdon", "leadid"]):
            rows = list(client.records.list("wa_seller", select=list(SELLER)))
            seller = desk.choose(lead, rows)
            if seller is not None:
                desk.note(seller)
                found += 1
                _give(client, lead, seller)
            _log(client, lead, seller)
            if seller is not None:
                _tell(client, lead, seller)
        return found


def _give(client: DataverseClient, lead: Record, seller: str) -> None:
    changes = {"ownerid@odata.bind": f"/systemusers({seller})", "wa_assignmentresult": 0}
    client.records.update("lead", lead["leadid"], changes)


def _log(client: DataverseClient, lead: Record, seller: str | None) -> None:
    status = RoutingStatus.ASSIGNED if seller else RoutingStatus.NO_CAPACITY
    row = {
        "wa_name": lead["subject"],
        "wa_recordtype": "lead",
        "wa_recordid": lead["leadid"],
        "wa_recordversion": str(lead["versionnumber"]),
        "wa_routingstatus": status.value,
        "wa_reason": status.reason,
    }
    if seller is not None:
        row["wa_AssignedSellerId@odata.bind"] = f"/systemusers({seller})"
    client.records.create("wa_routingrun", row)


def _tell(client: DataverseClient, lead: Record, seller: str) -> None:
    row = {
        "title": "A lead was assigned to you",
        "body": lead["subject"],
        "ownerid@odata.bind": f"/systemusers({seller})",
    }
    client.records.create("appnotification", row)
