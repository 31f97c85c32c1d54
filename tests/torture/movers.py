"""People who make records move: accounts and sizes change, and moves are asked for; and who listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from tests.torture.organization import (
    ACCOUNTS,
    BUSY,
    COUNTRIES,
    FOLLOWER,
    LARGE,
    MANAGER,
    MOVING,
    MUTED,
    TIGHT,
    user_id,
)

from work_assignment.cli import sample_data

_QUEUED, _FORCE, _RESEGMENTATION = 727000000, 1, 727000000
_MOST_BY_NAME = 12
_LANGUAGES = (1033, 1036, 1031, 1026)
_MUTED_KINDS = ("moved", "assigned, moved", None)


class Sends(Protocol):
    """Sends a request as somebody who may."""

    def __call__(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Movers:
    """What they do; `leads` and `moving` are the ids of what they may touch."""

    send: Sends
    leads: Sequence[str]
    moving: Sequence[str]

    def work(self) -> Mapping[str, Callable[[Random], object]]:
        """Their deeds."""
        return {
            "change a country": self._change_country,
            "change a size": self._change_size,
            "have leads re-segmented": self._resegment,
            "have leads routed by force": self._force,
            "follow a lead": self._follow,
            "speak another language": self._speak,
            "mute a kind": self._mute,
        }

    def _change_country(self, dice: Random) -> None:
        country = {"address1_country": dice.choice(COUNTRIES)}
        self._change(f"accounts({dice.choice(ACCOUNTS)})", country)

    def _change_size(self, dice: Random) -> None:
        if self.moving:
            self._change(f"leads({dice.choice(self.moving)})", {"numberofemployees": size(dice)})

    def _resegment(self, dice: Random) -> None:
        row = {"wa_recordtype": "lead", "wa_instancetype": _RESEGMENTATION}
        if dice.random() < 0.7:
            row |= self._named(dice, _MOST_BY_NAME)
        self._ask(row)

    def _force(self, dice: Random) -> None:
        row = {"wa_recordtype": "lead", "wa_instancetype": _FORCE}
        self._ask(row | self._named(dice, _MOST_BY_NAME // 2))

    def _named(self, dice: Random, most: int) -> dict[str, str]:
        there = [*self.leads, *self.moving]
        ids = dice.sample(there, min(len(there), dice.randint(1, most)))
        return {"wa_recordids": json.dumps(ids)}

    def _ask(self, row: Mapping[str, Any]) -> None:
        if self.leads and self.moving:
            self.send("POST", "wa_sweeps", {"wa_name": "By hand", "statuscode": _QUEUED, **row})

    def _follow(self, dice: Random) -> None:
        if not self.moving:
            return
        record = dice.choice(self.moving)
        follower = user_id(FOLLOWER)
        row = {
            "wa_name": f"{follower} {record}",
            "wa_recordtype": "lead",
            "wa_recordid": record,
            "wa_followed": True,
            "ownerid@odata.bind": f"/systemusers({follower})",
        }
        self.send("POST", "wa_workitemstates", row)

    def _speak(self, dice: Random) -> None:
        who = user_id(dice.choice((*BUSY, *TIGHT, *MOVING, MANAGER, FOLLOWER)))
        spoken = {"uilanguageid": dice.choice(_LANGUAGES)}
        self._change(f"usersettingscollection({who})", spoken)

    def _mute(self, dice: Random) -> None:
        who = dice.choice(MUTED)
        row = {
            "wa_name": user_id(who),
            "wa_mutednotifications": dice.choice(_MUTED_KINDS),
            "ownerid@odata.bind": f"/systemusers({user_id(who)})",
        }
        setting = sample_data.row_id("wa_worklistsetting", who)
        self.send("PATCH", f"wa_worklistsettings({setting})", row)

    def _change(self, path: str, changes: Mapping[str, Any]) -> None:
        self.send("PATCH", path, changes, headers={"If-Match": "*"})


def size(dice: Random) -> int:
    """How large a lead is: large ones are of a segment of their own."""
    return LARGE if dice.random() < 0.2 else 10
