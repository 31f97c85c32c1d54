"""Sweeps that the running app carries out, because somebody wrote a row, or watches one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.demo_world import World
from work_assignment.cli.main import main
from work_assignment.cli.webhooks import sync_with
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import LEAD, ROUTING_RUN, SWEEP
from work_assignment.dataverse.queries import Query
from work_assignment.samples import DEFINITIONS
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
LEADS = 4
WITHIN = 30.0


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataverseClient]:
    """A mock whose leads are older than the definitions, and the app beside it, with webhooks."""
    with World(tmp_path_factory.mktemp("app"), ROOT) as world:
        url = world.start_mock()
        sample_data.fill(url)
        with connect(url, Credentials()) as admin:
            lead = {"lastname": "Curtis", "address1_country": "France", "leadsourcecode": 8}
            sample_data.write(admin, [messages.create(LEAD.entity_set, lead)] * LEADS)
            wait_for_the_next_second(admin)
            apply_folder(admin, DEFINITIONS)
            sync_with(admin, world.start_host(url), world.function_key)
            yield admin


def wait_for_the_next_second(admin: DataverseClient) -> None:
    """Dataverse's times have whole seconds."""
    started = time.time()
    while int(time.time()) <= int(started):
        next(iter(admin.rows(Query(LEAD.entity_set, top=1))), None)


def sweep_row(admin: DataverseClient, sweep_id: str) -> dict[str, Any]:
    return admin.send(messages.retrieve(SWEEP.entity_set, sweep_id)).json


def ended(admin: DataverseClient, sweep_id: str) -> dict[str, Any]:
    """The sweep's row once it is not active any more."""
    deadline, pause = time.monotonic() + WITHIN, threading.Event()
    while (row := sweep_row(admin, sweep_id))["statecode"] == 0:
        assert time.monotonic() < deadline, row
        pause.wait(0.2)
    return row


def test_a_row_that_somebody_writes_is_swept_and_says_what_became_of_it(
    app: DataverseClient,
) -> None:
    since = {"wa_name": "Old ones", "wa_recordtype": "lead", "wa_since": "2020-01-01"}
    made = app.send(messages.create(SWEEP.entity_set, since)).entity_id

    row = ended(app, str(made))

    assert (row["wa_name"], row["statuscode"]) == ("Old ones", 2)
    assert (row["wa_totalrecords"], row["wa_recordssucceededcount"]) == (LEADS, LEADS)
    assert row["wa_starttime"]
    assert row["wa_endtime"]
    assert {lead["wa_assignmentresult"] for lead in app.rows(Query(LEAD.entity_set))} == {0}
    runs = list(app.rows(Query(ROUTING_RUN.entity_set)))
    assert [run["_wa_sweepid_value"] for run in runs] == [made] * LEADS


def test_a_row_that_asks_for_nonsense_says_so(app: DataverseClient) -> None:
    wrong = {"wa_name": "Wrong", "wa_recordtype": "leed", "statuscode": 727000000}

    row = ended(app, str(app.send(messages.create(SWEEP.entity_set, wrong)).entity_id))

    assert row["statuscode"] == 727000001
    assert row["wa_message"].startswith("Refused: records of type 'leed' are not routed")


def test_a_sweep_is_handed_to_the_app_and_watched(
    app: DataverseClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)  # which is the app's matter
    url = app.root.partition("/api/")[0]
    capsys.readouterr()

    assert main(["sweep", "--record-type", "lead", "--watch", "--json", "--url", url]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["sweep"]["status"] == "succeeded"
    assert said["sweep"]["record_type"] == "lead"
    assert sweep_row(app, said["sweep"]["id"])["statuscode"] == 2
    assert main(["sweep", "--record-type", "leed", "--watch", "--url", url]) == 1
    assert "did you mean 'lead'?" in capsys.readouterr().err


def test_a_sweep_that_has_ended_cannot_be_stopped(
    app: DataverseClient, capsys: pytest.CaptureFixture[str]
) -> None:
    done = app.send(
        messages.create(SWEEP.entity_set, {"wa_name": "Done", "statecode": 1, "statuscode": 2})
    ).entity_id
    url = app.root.partition("/api/")[0]

    assert main(["sweep", "stop", str(done), "--url", url]) == 1

    assert f"no sweep {done} is going on" in capsys.readouterr().err
