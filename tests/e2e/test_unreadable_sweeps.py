"""A sweep's row with values that are not ours stands in nobody's way."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from tests.e2e.world import World

from work_assignment.bootstrap import now
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import SWEEP
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.dataverse.watch_store import WatchStore
from work_assignment.domain.runs.sweeps import SweepStatus

ON_HOLD = 862
POWER_AUTOMATE = 7


@pytest.fixture
def store(world: World) -> SweepStore:
    """Sweeps in an organisation whose administrator added a status and a trigger of her own."""
    world.settle_in({"Ada": 5})
    place = {"EntityLogicalName": SWEEP.logical_name}
    label = {"LocalizedLabels": [{"Label": "Own", "LanguageCode": 1033}]}
    status = {"AttributeLogicalName": "statuscode", "Value": ON_HOLD, "StateCode": 0}
    world.admin.send(messages.action("InsertStatusValue", {**place, **status, "Label": label}))
    trigger = {"OptionSetName": "wa_triggertype", "Value": POWER_AUTOMATE}
    world.admin.send(messages.action("InsertOptionValue", {**trigger, "Label": label}))
    return SweepStore(world.admin, dict)


def sweep(world: World, **columns: Any) -> str:
    row_id = str(uuid4())
    row = {"wa_name": "Sweep", "wa_starttime": now(), **columns}
    world.admin.send(messages.create(SWEEP.entity_set, row, row_id=row_id))
    return row_id


def test_other_sweeps_are_cared_for_and_the_odd_ones_are_named_once(
    world: World, store: SweepStore, caplog: pytest.LogCaptureFixture
) -> None:
    held = sweep(world, statuscode=ON_HOLD)
    odd = sweep(world, wa_triggertype=POWER_AUTOMATE)
    usual = sweep(world)

    for _ in range(3):
        found = {each.id: each for each in store.going_on()}

    assert set(found) == {odd, usual}
    assert found[odd].fault == "wa_triggertype cannot be read: 7 is no trigger of a sweep"
    assert found[usual].fault == ""
    first, second = sorted(caplog.messages, key=lambda line: "statuscode" in line)
    assert odd in first
    assert held in second
    assert "862" in second


def test_the_list_shows_what_it_cannot_read_beside_the_others(
    world: World, store: SweepStore, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    held, usual = sweep(world, statuscode=ON_HOLD), sweep(world)
    monkeypatch.setenv("DATAVERSE_URL", world.mock.url)

    assert main(["sweep", "list", "--json"]) == 0

    shown = {row["id"]: row["status"] for row in json.loads(capsys.readouterr().out)}
    assert shown == {held: "unreadable", usual: "in progress"}
    assert store.read(held) is not None


def test_writing_a_sweep_whose_status_is_not_ours_leaves_the_status_alone(
    world: World, store: SweepStore
) -> None:
    held = sweep(world, statuscode=ON_HOLD)
    read = store.read(held)
    assert read is not None

    assert store.save(read) is not None

    row = world.admin.send(messages.retrieve(SWEEP.entity_set, held)).json
    assert (row["statuscode"], row["statecode"]) == (ON_HOLD, 0)


def test_a_health_answer_tells_of_it(world: World, store: SweepStore) -> None:
    held = sweep(world, statuscode=ON_HOLD)

    glance = WatchStore(world.admin, "Endpoint").glance(now())

    assert glance.sweep is not None
    assert glance.sweep.status is SweepStatus.UNREADABLE
    assert glance.troubles == (
        f"sweep {held}: statuscode cannot be read: 862 is no status of a sweep",
    )
    assert store.going_on() == []
