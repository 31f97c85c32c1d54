"""Old runs and sweeps leave the mock's tables by a bulk-delete job, the others stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.e2e.world import World, decider

from work_assignment.bootstrap import now, sweeping
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ROUTING_RUN, SETTING, SWEEP, SYSTEM_JOB
from work_assignment.dataverse.queries import Query, eq
from work_assignment.dataverse.retention_store import JOB, RetentionStore
from work_assignment.services.retention import Clearing, Retention
from work_assignment.services.sweep_orders import Order
from work_assignment.settings import read_settings


def retention(world: World) -> Retention:
    return Retention(RetentionStore(world.admin), now, mode="on")


def keep_for(world: World, days: int) -> None:
    (setting,) = world.admin.rows(Query(SETTING.entity_set))
    changes = {"wa_keeprunsdays": days}
    request = messages.update(SETTING.entity_set, setting[SETTING.primary_id], changes, version="*")
    world.admin.send(request)


def run(world: World, age: timedelta, **columns: Any) -> str:
    """A run row whose last attempt is that long ago."""
    row_id, at = str(uuid4()), now() - age
    row = {
        "wa_name": "Lead",
        "wa_recordtype": "lead",
        "wa_recordid": str(uuid4()),
        "wa_recordversion": "1",
        "wa_decidedon": at,
        "wa_lastattempton": at,
        **columns,
    }
    world.admin.send(messages.create(ROUTING_RUN.entity_set, row, row_id=row_id))
    return row_id


def run_ids(world: World) -> set[str]:
    return {row[ROUTING_RUN.primary_id] for row in world.runs()}


def jobs(world: World) -> int:
    return len(list(world.admin.rows(Query(SYSTEM_JOB.entity_set, filter=eq("name", JOB)))))


def test_runs_that_were_last_tried_before_the_days_kept_go(world: World) -> None:
    world.settle_in({"Ada": 5})
    keep_for(world, 7)
    old, young = run(world, timedelta(days=8)), run(world, timedelta(days=6))
    retried = run(world, timedelta(days=1), wa_decidedon=now() - timedelta(days=40))

    assert retention(world).clear() is Clearing.STARTED
    assert old not in run_ids(world)
    assert {young, retried} <= run_ids(world)


def test_without_a_setting_ninety_days_are_kept(world: World) -> None:
    world.settle_in({"Ada": 5})
    old, young = run(world, timedelta(days=91)), run(world, timedelta(days=89))

    retention(world).clear()

    assert run_ids(world) & {old, young} == {young}


def test_called_again_and_again_there_is_one_job_a_day(world: World) -> None:
    world.settle_in({"Ada": 5})

    said = [retention(world).clear() for _ in range(3)]

    assert said == [Clearing.STARTED, Clearing.DONE_TODAY, Clearing.DONE_TODAY]
    assert jobs(world) == 1


def test_a_worker_that_read_before_another_claimed_the_day_starts_nothing(world: World) -> None:
    world.settle_in({"Ada": 5})
    store = RetentionStore(world.admin)
    read = store.keeping()
    assert read is not None
    retention(world).clear()

    assert not store.claim(read, now())
    assert jobs(world) == 1


def test_the_newest_job_that_is_not_done_is_found_whatever_became_of_others(world: World) -> None:
    world.settle_in({"Ada": 5})
    store = RetentionStore(world.admin)
    assert retention(world).clear() is Clearing.STARTED
    assert store.unfinished_since() is None

    before = now().replace(microsecond=0)
    suspended = {"name": JOB, "operationtype": 13, "statecode": 1, "statuscode": 10}
    another = {**suspended, "name": "Another job"}
    for row in (suspended, another):
        world.admin.send(messages.create(SYSTEM_JOB.entity_set, row))

    since = store.unfinished_since()
    assert since is not None
    assert before <= since <= now()


def test_sweeps_that_have_ended_go_and_those_that_have_not_stay(world: World) -> None:
    world.settle_in({"Ada": 5})
    ended, going_on = str(uuid4()), str(uuid4())
    for sweep_id, state in ((ended, 1), (going_on, 0)):
        row = {"wa_name": "Sweep", "statecode": state}
        world.admin.send(messages.upsert(SWEEP.entity_set, sweep_id, row))
    later = datetime.now(UTC) + timedelta(days=91)

    Retention(RetentionStore(world.admin), lambda: later, mode="on").clear()

    left = {row[SWEEP.primary_id] for row in world.admin.rows(Query(SWEEP.entity_set))}
    assert left == {going_on}


def test_a_record_whose_last_run_was_deleted_gets_a_new_one(world: World, tmp_path: Path) -> None:
    world.settle_in({"Ada": 1})
    first, second = world.create_leads(2)
    decider(world.mock.url, tmp_path / "queues").answer()
    for each in run_ids(world):
        world.admin.send(messages.delete(ROUTING_RUN.entity_set, each))

    sweep(world, tmp_path)

    assert [row["wa_recordid"] for row in world.runs()] == [waiting(world)]
    assert waiting(world) in (first, second)


def test_sweep_after_sweep_an_unchanged_outcome_keeps_its_one_row(
    world: World, tmp_path: Path
) -> None:
    world.settle_in({"Ada": 1})
    world.create_leads(2)
    decider(world.mock.url, tmp_path / "queues").answer()
    before = len(world.runs())

    for _ in range(3):
        sweep(world, tmp_path)

    (row,) = [row for row in world.runs() if row["wa_recordid"] == waiting(world)]
    assert (len(world.runs()), row["wa_attempts"]) == (before, 4)


def waiting(world: World) -> str:
    """The one lead that nobody had room for."""
    (lead,) = [lead for lead in world.leads() if lead["wa_assignmentresult"] == 1]
    return str(lead["leadid"])


def sweep(world: World, tmp_path: Path) -> None:
    """A person asks for everything that waits."""
    settings = read_settings(
        {
            "DATAVERSE_URL": world.mock.url,
            "DATAVERSE_TOKEN": f"user:{sample_data.APP_USER}",
            "AzureWebJobsStorage": f"sqlite:{tmp_path / 'queues'}",
        }
    )
    with sweeping(settings) as tools:
        tools.sweeper.sweep(Order())
