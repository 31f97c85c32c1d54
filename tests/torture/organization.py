"""The organisation under torture: three pools of sellers, of which nobody touches one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.dataverse.client import DataverseClient

QUIET = ("quinn", "quentin", "quincy", "qadira")
"""Nobody touches what is theirs, so round robin must be even among them."""
TIGHT = ("tara", "tim", "tess")
"""Their capacity is small, and people make room by closing."""
BUSY = ("bea", "bob", "bill", "bianca", "boris")
"""People assign, close, change and delete what is theirs; one of them is disabled now and then."""
COMPANIES = {"quiet": "Quiet Ltd", "tight": "Tight Ltd", "busy": "Busy Ltd"}
ROOMY, NARROW = 100_000, 12
BOSS = "boss@torture.example"
"""A person who assigns by hand."""


def user_name(name: str) -> str:
    return f"{name}@torture.example"


def user_id(name: str) -> str:
    return sample_data.row_id("systemuser", user_name(name))


APP_ID = sample_data.row_id("systemuser", sample_data.APP_USER)
BOSS_ID = sample_data.row_id("systemuser", BOSS)
NAMES: Mapping[str, str] = {user_id(name): name for name in (*QUIET, *TIGHT, *BUSY)}
"""The sellers' names by their ids."""


def create(client: DataverseClient, folder: Path) -> None:
    """Create users and definitions."""
    sample_data.create_application_users(client)
    boss = [{"domainname": BOSS, "firstname": "The", "lastname": "Boss"}]
    sample_data.create_users(client, boss, role=sample_data.ADMINISTRATOR)
    sellers = [
        {"domainname": user_name(name), "firstname": name, "lastname": "Seller"}
        for name in (*QUIET, *TIGHT, *BUSY)
    ]
    sample_data.create_users(client, sellers, role=sample_data.SALESPERSON)
    define(client, folder, narrow=NARROW, is_load_balanced=False)


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
            *(_segment(pool, number) for number, pool in enumerate(COMPANIES, 1)),
            {"name": "deals", "record_type": "opportunity", "priority": 1},
        ],
        "rules": [
            _rule("quiet", QUIET, "round robin"),
            _rule("tight", TIGHT, "round robin"),
            _rule("busy", BUSY, busy),
            _rule("deals", BUSY, busy),
        ],
        "sellers": [
            *(_seller(name, ROOMY) for name in (*QUIET, *BUSY)),
            *(_seller(name, narrow) for name in TIGHT),
        ],
    }


def _segment(pool: str, priority: int) -> dict[str, Any]:
    where = {"all": [["companyname", "eq", COMPANIES[pool]]]}
    return {"name": pool, "record_type": "lead", "priority": priority, "filter": where}


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
