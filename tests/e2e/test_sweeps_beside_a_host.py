"""A sweep and its undoing while the app runs: what they write comes back as events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.demo_world import World
from work_assignment.cli.main import main
from work_assignment.cli.webhooks import sync_with
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import LEAD, ROUTING_RUN, SWEEP
from work_assignment.dataverse.queries import Query
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.samples import DEFINITIONS
from work_assignment.services.intake import QUEUE
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A mock whose leads are older than the definitions, and a host beside it."""
    with World(tmp_path_factory.mktemp("beside"), ROOT) as world:
        dataverse = world.start_mock()
        sample_data.fill(dataverse)
        with connect(dataverse, Credentials()) as admin:
            lead = {"lastname": "Curtis", "address1_country": "France", "leadsourcecode": 8}
            sample_data.write(admin, [messages.create(LEAD.entity_set, lead) for _ in range(4)])
            started = time.time()
            while int(time.time()) <= int(started):
                next(iter(admin.rows(Query(LEAD.entity_set, top=1))), None)
            apply_folder(admin, DEFINITIONS)
            sync_with(admin, world.start_host(dataverse), world.function_key)
        yield world, dataverse


def settled(storage: Path, seconds: float = 10) -> bool:
    """Whether every event is dealt with, and stays so for a moment."""
    deadline, quiet = time.monotonic() + seconds, 0
    with closing(SqliteQueues(storage)) as queues:
        while time.monotonic() < deadline and quiet < 10:
            length = queues.length(QUEUE)
            quiet = 0 if length.visible + length.hidden else quiet + 1
            time.sleep(0.1)
    return quiet == 10


@pytest.mark.parametrize("token", [f"user:{sample_data.APP_USER}", None], ids=["app", "admin"])
def test_what_a_sweep_and_its_undo_write_is_nobodys_choice_and_no_reason_to_route_again(
    world: tuple[World, str], token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, url = world
    storage = place.folder / "queues.sqlite"
    monkeypatch.delenv("DATAVERSE_TOKEN", raising=False)
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{storage}")
    if token:
        monkeypatch.setenv("DATAVERSE_TOKEN", token)

    with connect(url, Credentials()) as admin:
        seen = {row[SWEEP.primary_id] for row in admin.rows(Query(SWEEP.entity_set))}
        assert main(["sweep", "--since", "2020-01-01", "--url", url]) == 0
        assert settled(storage)
        (sweep_id,) = {r[SWEEP.primary_id] for r in admin.rows(Query(SWEEP.entity_set))} - seen
        assert main(["sweep", "undo", sweep_id, "--url", url]) == 0
        assert settled(storage)
        leads = list(admin.rows(Query(LEAD.entity_set)))
        runs = list(admin.rows(Query(ROUTING_RUN.entity_set)))

    assert {lead["wa_assignmentresult"] for lead in leads} == {1}
    statuses = [run["wa_routingstatus"] for run in runs if run["_wa_sweepid_value"] == sweep_id]
    assert sorted(statuses) == [RoutingStatus.ASSIGNED] * 4 + [RoutingStatus.UNDONE] * 4
    assert all(run["_wa_sweepid_value"] for run in runs)
