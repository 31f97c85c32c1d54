"""A seller's row that is locked, or cannot be written, keeps nobody's leads waiting."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.e2e.features import shop
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import now
from work_assignment.services.deciding import Decider

DEAD = "0d0d0d0d-0000-4000-8000-000000000001"


def refuse(world: World, match: dict[str, Any], status: int, code: str, message: str) -> None:
    """Refuse the first write of a seller's row that matches."""
    rule = {
        "match": {"inner": True, "method": "PATCH", "table": "wa_seller", **match},
        "do": {"status": status, "code": code, "message": message},
    }
    requests.post(f"{world.mock.url}/__mock/faults", json=rule, timeout=10).raise_for_status()


def leave_a_dead_block(world: World) -> None:
    """What a worker leaves that died after reserving, an hour ago."""
    expired = (now() - timedelta(hours=1)).isoformat()
    share = {"block": DEAD, "shares": 0, "expires": expired, "records": {}, "before": {}}
    for row in world.seller_rows():
        world.change_seller(row["wa_sellerid"], {"wa_reservations": json.dumps([share])})


def blocks_on(world: World, name: str) -> list[str]:
    (row,) = (r for r in world.seller_rows() if r["_wa_systemuserid_value"] == user_id(name))
    return [entry["block"] for entry in json.loads(row["wa_reservations"] or "[]")]


def test_leads_go_out_though_a_dead_block_cannot_be_taken_off_one_row(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    leave_a_dead_block(world)
    world.create_leads(4)
    (ada,) = (r for r in world.seller_rows() if r["_wa_systemuserid_value"] == user_id("Ada"))
    refuse(world, {"path": ada["wa_sellerid"]}, 400, "0x80040265", "A plug-in says no.")
    with caplog.at_level(logging.ERROR):
        report = Decider(shop(world)).answer()
    assert (report.assigned, report.away) == (4, "")
    assert world.owned(["Ada", "Bea"]) == {"Ada": 2, "Bea": 2}
    assert (blocks_on(world, "Ada"), blocks_on(world, "Bea")) == ([DEAD], [])
    (said,) = [line.getMessage() for line in caplog.records]
    assert user_id("Ada") in said
    assert "A plug-in says no." in said


def test_rows_that_another_transaction_locks_are_no_outage(world: World) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    world.create_leads(4)
    refuse(world, {}, 400, "0x80044151", "SQL timeout expired.")
    report = Decider(shop(world)).answer()
    assert (report.assigned, report.away, report.conflicts) == (4, "", 1)
    assert world.owned(["Ada", "Bea"]) == {"Ada": 2, "Bea": 2}
