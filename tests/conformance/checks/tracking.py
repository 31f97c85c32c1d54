"""Checks of change tracking: delta links, deletions, tables without it."""

from __future__ import annotations

from ..world import World
from .asking import ask
from .definitions import table_definition

_TRACK = {"Prefer": "odata.track-changes"}


def delta_changes(world: World) -> None:
    """Only what was written since the link comes, then nothing."""
    ask(world, "POST leads", body={"subject": "before «u»"}, answers=204)
    link = _delta_link(world, "leads?$select=subject")
    ask(world, "POST leads", body={"subject": "after «u»"}, answers=204, keep={"lead": "id"})
    world.known["link"] = link
    answer = ask(
        world, "GET «link»", answers=200, has={"@odata.context": "~#leads\\(subject\\)/\\$delta$"}
    ).json()
    mine = [row["subject"] for row in answer["value"] if world.known["u"] in row.get("subject", "")]
    assert mine == [f"after {world.known['u']}"], mine
    world.known["link"] = answer["@odata.deltaLink"]
    again = ask(world, "GET «link»", answers=200).json()["value"]
    assert world.known["lead"] not in [row.get("leadid") for row in again]


def delta_deletions(world: World) -> None:
    """A row deleted since the link comes as deleted."""
    ask(world, "POST leads", body={"subject": "«u»"}, answers=204, keep={"lead": "id"})
    world.known["link"] = _delta_link(world, "leads?$select=subject")
    ask(world, "DELETE leads(«lead»)", answers=204)
    rows = ask(world, "GET «link»", answers=200).json()["value"]
    deleted = [row for row in rows if row.get("id") == world.known["lead"]]
    assert len(deleted) == 1, rows
    assert deleted[0]["reason"] == "deleted"
    assert deleted[0]["@odata.context"].endswith("#leads/$deletedEntity")


def tracking_not_enabled(world: World) -> None:
    """A table made without change tracking refuses it."""
    body = {**table_definition("Plain", "Plains"), "ChangeTrackingEnabled": False}
    ask(world, "POST EntityDefinitions", body=body, answers=204)
    ask(world, "GET new_plains", headers=_TRACK, answers=["4xx"], message="new_plain")


def _delta_link(world: World, path: str) -> str:
    """Read all pages and return the link at the end of the last."""
    answer = ask(world, f"GET {path}", headers=_TRACK, answers=200).json()
    while "@odata.nextLink" in answer:
        world.known["page"] = answer["@odata.nextLink"]
        answer = ask(world, "GET «page»", headers=_TRACK, answers=200).json()
    link: str = answer["@odata.deltaLink"]
    return link
