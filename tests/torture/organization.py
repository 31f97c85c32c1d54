"""The organisation under torture: four pools of sellers, of which nobody touches one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request

QUIET = ("quinn", "quentin", "quincy", "qadira")
"""Nobody touches what is theirs, so round robin must be even among them."""
TIGHT = ("tara", "tim", "tess")
"""Their capacity is small, and people make room by closing."""
BUSY = ("bea", "bob", "bill", "bianca", "boris")
"""People assign, close, change and delete what is theirs; one of them is disabled now and then."""
EAST, WEST = ("edda", "emil"), ("wanda", "walt")
MOVING = (*EAST, *WEST)
"""What is theirs moves with the country of its account, and with its own size."""
COMPANIES = {"quiet": "Quiet Ltd", "tight": "Tight Ltd", "busy": "Busy Ltd", "moving": "Moving Ltd"}
ROOMY, NARROW = 100_000, 12
LARGE = 1000
"""Leads of this size are of the segment where no rule runs for what moves in."""
COUNTRIES = ("East", "West")
DUE_EVERY: Mapping[str, int] = {"tight": 2, "busy": 3}
"""Minutes between the times of a segment's schedule, all day long."""
FLAP_MOVES, FLAP_HOURS = 4, 1
WINDOW_HOURS = 1
"""So old a lead of the tight pool may become before it is overdue."""
BOSS = "boss@torture.example"
"""A person who assigns by hand."""
MANAGER, FOLLOWER = "maria", "fiona"
MUTED = ("boris", "walt")
"""Those who opt out of being told now and then."""


def user_name(name: str) -> str:
    return f"{name}@torture.example"


def user_id(name: str) -> str:
    return sample_data.row_id("systemuser", user_name(name))


APP_ID = sample_data.row_id("systemuser", sample_data.APP_USER)
BOSS_ID = sample_data.row_id("systemuser", BOSS)
ACCOUNTS: Sequence[str] = [sample_data.row_id("account", f"Account {n}") for n in range(4)]
SELLERS = (*QUIET, *TIGHT, *BUSY, *MOVING)
NAMES: Mapping[str, str] = {user_id(name): name for name in (*SELLERS, MANAGER, FOLLOWER)}
"""The names of sellers, of the manager and of who follows records, by their ids."""


def create(client: DataverseClient, folder: Path) -> None:
    """Create users, accounts and definitions."""
    sample_data.create_application_users(client)
    boss = [{"domainname": BOSS, "firstname": "The", "lastname": "Boss"}]
    sample_data.create_users(client, boss, role=sample_data.ADMINISTRATOR)
    sellers = [
        {"domainname": user_name(name), "firstname": name, "lastname": "Seller"}
        for name in (*SELLERS, MANAGER, FOLLOWER)
    ]
    sample_data.create_users(client, sellers, role=sample_data.SALESPERSON)
    sample_data.write(client, map(_account, range(len(ACCOUNTS))))
    define(client, folder, narrow=NARROW, is_load_balanced=False)


def _account(number: int) -> Request:
    row = {"name": f"Account {number}", "address1_country": COUNTRIES[number % 2]}
    return messages.upsert("accounts", ACCOUNTS[number], row)


def define(client: DataverseClient, folder: Path, *, narrow: int, is_load_balanced: bool) -> None:
    """Apply the definitions with this capacity for the tight pool, and this way for the busy one."""
    folder.mkdir(exist_ok=True)
    document = definitions(narrow, is_load_balanced=is_load_balanced)
    (folder / "all.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    apply_folder(client, folder)


def definitions(narrow: int, *, is_load_balanced: bool) -> dict[str, Any]:
    """The folder's one document."""
    busy = "load balancing" if is_load_balanced else "round robin"
    return {
        "segments": [
            _segment("quiet", 1),
            {
                **_segment("tight", 2),
                "schedule": _schedule("tight"),
                "manager": user_name(MANAGER),
            },
            {**_segment("busy", 3), "schedule": _schedule("busy")},
            _open_segment("still", 4, ["numberofemployees", "ge", LARGE], reassigns=False),
            _open_segment("east", 5, _in_country("East")),
            _open_segment("west", 6, _in_country("West")),
            {"name": "deals", "record_type": "opportunity", "priority": 1},
        ],
        "rules": [
            _rule("quiet", QUIET, "round robin"),
            {**_rule("tight", TIGHT, "round robin"), "created_within_hours": WINDOW_HOURS},
            _rule("busy", BUSY, busy),
            _rule("deals", BUSY, busy),
            _rule("still", MOVING, "round robin"),
            _rule("east", EAST, "round robin"),
            _rule("west", WEST, "round robin"),
        ],
        "sellers": [
            *(_seller(name, ROOMY) for name in (*QUIET, *BUSY, *MOVING)),
            *(_seller(name, narrow) for name in TIGHT),
        ],
        "settings": {"flap_limit": {"moves": FLAP_MOVES, "hours": FLAP_HOURS}},
    }


def _segment(pool: str, priority: int) -> dict[str, Any]:
    where = {"all": [["companyname", "eq", COMPANIES[pool]]]}
    return {"name": pool, "record_type": "lead", "priority": priority, "filter": where}


def _open_segment(
    name: str, priority: int, where: object, *, reassigns: bool = True
) -> dict[str, Any]:
    """A segment of the moving pool, into which leads move."""
    return {
        "name": name,
        "record_type": "lead",
        "priority": priority,
        "filter": {"all": [["companyname", "eq", COMPANIES["moving"]], where]},
        "allow_move_in": True,
        "reassign_on_move": reassigns,
    }


def _in_country(country: str) -> dict[str, Any]:
    where = {"all": [["address1_country", "eq", country]]}
    return {"related": {"lookup": "parentaccountid", "filter": where}}


def segment_by_columns(size: int | None, country: str | None) -> str | None:
    """The segment that a lead of the moving pool is to be in."""
    if size is not None and size >= LARGE:
        return "still"
    return {"East": "east", "West": "west"}.get(country or "")


def _schedule(segment: str) -> dict[str, Any]:
    minutes = range(0, 24 * 60, DUE_EVERY[segment])
    return {"times": [f"{at // 60:02}:{at % 60:02}" for at in minutes], "time_zone": "UTC"}


def _rule(segment: str, names: Sequence[str], distribution: str) -> dict[str, Any]:
    return {
        "name": f"{segment} sellers",
        "segment": segment,
        "match": "list",
        "list": [user_name(name) for name in names],
        "distribution": distribution,
        "capacity": True,
    }


def _seller(name: str, capacity: int) -> dict[str, Any]:
    return {"user": user_name(name), "max_capacity": capacity}
