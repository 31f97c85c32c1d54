"""The people of a run: they create, assign, close, change and delete, while everything else goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import requests
from tests.torture import organization
from tests.torture.movers import Movers, size
from tests.torture.organization import (
    ACCOUNTS,
    BOSS,
    BUSY,
    COMPANIES,
    MOVING,
    NARROW,
    TIGHT,
    user_id,
)
from tests.torture.plan import Deed

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.common import Refused
from work_assignment.dataverse.errors import DataverseError
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.settings import Credentials

_TIMEOUT = 20.0
_MOST_AT_ONCE = 40
_DISQUALIFIED, _OPEN = 2, 0
_EXISTING = {"If-Match": "*"}


@dataclass
class People:
    """Those who work in Dataverse. What is quiet they create and never touch again.

    `moving` are the leads of accounts, which move; `leads` are all others.
    """

    url: str
    folder: Path
    quiet: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    moving: list[str] = field(default_factory=list)
    opportunities: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def do(self, deed: Deed) -> bool:
        """Do it if it is theirs to do; False if it is not. A refusal is only counted."""
        work = self._work().get(deed.kind)
        if work is None:
            return False
        try:
            work(deed.dice)
            self.done[deed.kind] += 1
        except (requests.RequestException, DataverseError, WorkAssignmentError, Refused):
            self.failed[deed.kind] += 1
        return True

    def _work(self) -> Mapping[str, Callable[[Random], object]]:
        return {
            "create a lead": self._create_lead,
            "create many leads": self._create_many,
            "create and close at once": self._create_closed,
            "create an opportunity": self._create_opportunity,
            "assign by hand": self._assign,
            "close": lambda dice: self._change_lead(dice, {"statecode": _DISQUALIFIED}),
            "reopen": lambda dice: self._change_lead(dice, {"statecode": _OPEN}),
            "delete": self._delete,
            "change the company": self._move,
            "change the subject": lambda dice: self._change_lead(dice, {"subject": "Changed"}),
            "disable a seller": lambda dice: self._disable(dice.choice(BUSY)),
            "enable the sellers": lambda dice: self.enable_all(),
            "change a capacity": self._change_capacity,
            "change the definitions": self._define,
            **Movers(self._send, self.leads, self.moving).work(),
        }

    def _create_lead(self, dice: Random) -> None:
        row = self._new_lead(dice)
        self._send("POST", "leads", row, as_user=sample_data.WEB_FORM_USER)

    def _create_closed(self, dice: Random) -> None:
        """A lead that is closed before anybody can be chosen."""
        row = self._new_lead(dice)
        if row["leadid"] in self.quiet:
            self.quiet.remove(row["leadid"])
            row["companyname"] = COMPANIES["busy"]
        self._send("POST", "leads", row, as_user=sample_data.WEB_FORM_USER)
        closed = {"statecode": _DISQUALIFIED}
        self._send("PATCH", f"leads({row['leadid']})", closed, headers=_EXISTING)

    def _create_many(self, dice: Random) -> None:
        kind = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}
        rows = [{**kind, **self._new_lead(dice)} for _ in range(dice.randint(5, _MOST_AT_ONCE))]
        action = "leads/Microsoft.Dynamics.CRM.CreateMultiple"
        self._send("POST", action, {"Targets": rows}, as_user=sample_data.IMPORT_USER)

    def _new_lead(self, dice: Random) -> dict[str, Any]:
        """A lead under an id of the dice's choosing; it is known before it is written."""
        lead_id = _new_id(dice)
        pool = dice.choice(list(COMPANIES))
        self._of_pool(pool).append(lead_id)
        row: dict[str, Any] = {
            "leadid": lead_id,
            "subject": f"Lead {lead_id[:8]}",
            "lastname": "Person",
            "companyname": COMPANIES[pool],
        }
        if pool == "moving":
            row |= {
                "parentaccountid@odata.bind": f"/accounts({dice.choice(ACCOUNTS)})",
                "numberofemployees": size(dice),
            }
        return row

    def _of_pool(self, pool: str) -> list[str]:
        return {"quiet": self.quiet, "moving": self.moving}.get(pool, self.leads)

    def _create_opportunity(self, dice: Random) -> None:
        row_id = _new_id(dice)
        self.opportunities.append(row_id)
        row = {"opportunityid": row_id, "name": f"Deal {row_id[:8]}"}
        self._send("POST", "opportunities", row, as_user=sample_data.WEB_FORM_USER)

    def _assign(self, dice: Random) -> None:
        who = user_id(dice.choice((*BUSY, *TIGHT, *MOVING)))
        owner = {"ownerid@odata.bind": f"/systemusers({who})"}
        if self.opportunities and dice.random() < 0.2:
            path = f"opportunities({_one_of(self.opportunities, dice)})"
            self._send("PATCH", path, owner, headers=_EXISTING)
        else:
            self._change_lead(dice, owner)

    def _change_lead(self, dice: Random, changes: Mapping[str, Any]) -> None:
        ids = self._touchable(dice)
        if ids:
            self._send("PATCH", f"leads({_one_of(ids, dice)})", changes, headers=_EXISTING)

    def _touchable(self, dice: Random) -> list[str]:
        """Leads that people deal with: mostly those that do not move."""
        return self.moving if self.moving and dice.random() < 0.25 else self.leads

    def _move(self, dice: Random) -> None:
        company = {"companyname": COMPANIES[dice.choice(("tight", "busy"))]}
        if self.leads:
            self._send("PATCH", f"leads({_one_of(self.leads, dice)})", company, headers=_EXISTING)

    def _delete(self, dice: Random) -> None:
        ids = self._touchable(dice)
        if ids:
            self._send("DELETE", f"leads({_one_of(ids, dice)})")

    def _disable(self, name: str) -> None:
        self._change_user(name, is_disabled=True)

    def enable_all(self) -> None:
        """Let every seller work again."""
        for name in BUSY:
            self._change_user(name, is_disabled=False)

    def _change_user(self, name: str, *, is_disabled: bool) -> None:
        path = f"systemusers({user_id(name)})"
        self._send("PATCH", path, {"isdisabled": is_disabled}, headers=_EXISTING)

    def _change_capacity(self, dice: Random) -> None:
        seller = user_id(dice.choice(TIGHT))
        found = self._send("GET", f"wa_sellers?$filter=_wa_systemuserid_value eq {seller}")
        capacity = {"wa_maxcapacity": NARROW + dice.randint(-4, 8)}
        for row in found.json()["value"]:
            self._send("PATCH", f"wa_sellers({row['wa_sellerid']})", capacity, headers=_EXISTING)

    def _define(self, dice: Random) -> None:
        with connect(self.url, Credentials(token=f"user:{BOSS}")) as client:
            organization.define(
                client,
                self.folder,
                narrow=NARROW + dice.randint(-4, 8),
                is_load_balanced=dice.random() < 0.5,
            )

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        as_user: str = BOSS,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        answer = requests.request(
            method,
            f"{self.url}/api/data/v9.2/{path}",
            json=body,
            headers={"Authorization": f"Bearer user:{as_user}", **(headers or {})},
            timeout=_TIMEOUT,
        )
        answer.raise_for_status()
        return answer


def _new_id(dice: Random) -> str:
    return str(UUID(int=dice.getrandbits(128), version=4))


def _one_of(ids: list[str], dice: Random) -> str:
    """Mostly one of the newest, about which something may be going on."""
    newest = ids[-30:] if dice.random() < 0.7 else ids
    return dice.choice(newest)
