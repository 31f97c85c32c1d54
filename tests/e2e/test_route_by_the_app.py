"""Rows that somebody writes to have records looked at again, and runs of one segment that queue up."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
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
from work_assignment.dataverse.names import LEAD, ROUTING_RUN, SEGMENT, SWEEP
from work_assignment.dataverse.queries import Query
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
WITHIN = 60.0
SCHEDULED, QUEUED = 1, 727000000
RESEGMENTATION, FORCE = 727000000, 1
DEFINITIONS = """
segments:
  - name: Big
    record_type: lead
    filter: {all: [[numberofemployees, ge, 500]]}
    allow_move_in: true
  - {name: Others, record_type: lead}
rules:
  - {name: Big ones, segment: Big, match: any}
  - {name: Other ones, segment: Others, match: any}
sellers:
  - {user: ana@larkfell.example, max_capacity: 1000}
  - {user: oliver@larkfell.example, max_capacity: 1000}
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataverseClient]:
    """A mock with sellers, and the app beside it that hears of sweeps and not of leads."""
    folder = tmp_path_factory.mktemp("definitions")
    (folder / "all.yaml").write_text(DEFINITIONS)
    with World(tmp_path_factory.mktemp("app"), ROOT) as world:
        url = world.start_mock()
        sample_data.fill(url)
        with connect(url, Credentials()) as admin:
            apply_folder(admin, folder)
            sync_with(admin, world.start_host(url), world.function_key)
            yield admin


def create(admin: DataverseClient, table: str, row: dict[str, Any]) -> str:
    return str(admin.send(messages.create(table, row)).entity_id)


def eventually(says: str, holds: Any) -> None:
    deadline, pause = time.monotonic() + WITHIN, threading.Event()
    while not holds():
        assert time.monotonic() < deadline, says
        pause.wait(0.2)


def sweep_row(admin: DataverseClient, sweep_id: str) -> dict[str, Any]:
    return admin.send(messages.retrieve(SWEEP.entity_set, sweep_id)).json


def ended(admin: DataverseClient, sweep_id: str) -> dict[str, Any]:
    eventually("the sweep ends", lambda: sweep_row(admin, sweep_id)["statecode"] == 1)
    return sweep_row(admin, sweep_id)


def leads(admin: DataverseClient, count: int, **columns: Any) -> list[str]:
    """So many leads that have their owner."""
    made = [
        create(admin, LEAD.entity_set, {"lastname": f"Lead {number}", **columns})
        for number in range(count)
    ]
    eventually("all have their owner", lambda: all(_result(admin, one) == 0 for one in made))
    return made


def _lead(admin: DataverseClient, one: str) -> dict[str, Any]:
    return admin.send(messages.retrieve(LEAD.entity_set, one)).json


def _result(admin: DataverseClient, one: str) -> int | None:
    result: int | None = _lead(admin, one)["wa_assignmentresult"]
    return result


def runs_of(admin: DataverseClient, sweep_ids: set[str]) -> list[dict[str, Any]]:
    """What these sweeps wrote, as it was written."""
    found = list(admin.rows(Query(ROUTING_RUN.entity_set)))
    of_them = [run for run in found if run["_wa_sweepid_value"] in sweep_ids]
    return sorted(of_them, key=lambda run: int(run["versionnumber"]))


def test_a_row_has_single_records_looked_at_again(app: DataverseClient) -> None:
    one, other = leads(app, 2, numberofemployees=10)
    row = {
        "wa_name": "By hand",
        "wa_recordtype": "lead",
        "wa_instancetype": FORCE,
        "wa_recordids": json.dumps([one.upper(), other]),
        "statuscode": QUEUED,
    }

    sweep_id = create(app, SWEEP.entity_set, row)

    done = ended(app, sweep_id)
    assert (done["statuscode"], done["wa_totalrecords"]) == (2, 2)
    assert done["wa_recordids"] == row["wa_recordids"]
    runs = runs_of(app, {sweep_id})
    assert {run["wa_recordid"] for run in runs} == {one, other}
    assert {run["wa_requestsource"] for run in runs} == {5}


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"wa_recordids": "[1, 2"}, "wa_recordids cannot be read"),
        ({"wa_recordids": '{"a": 1}'}, "wa_recordids cannot be read: it is no JSON list of ids"),
        ({"wa_recordids": '["x"]'}, "wa_recordids cannot be read: 'x' is not the id of a record"),
        ({"wa_recordids": "[]"}, "it names no record"),
        ({"wa_instancetype": FORCE}, "routing by force needs records by their ids, or a segment"),
        ({"wa_recordtype": "leed", "wa_instancetype": RESEGMENTATION}, "did you mean 'lead'?"),
        ({"wa_recordtype": None, "wa_recordids": f'["{"0" * 32}"]'}, "not of which record type"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_in_words(
    app: DataverseClient, columns: dict[str, Any], why: str
) -> None:
    row = {"wa_name": "Wrong", "wa_recordtype": "lead", "statuscode": QUEUED} | columns

    done = ended(app, create(app, SWEEP.entity_set, row))

    assert done["statuscode"] == 727000001
    assert done["wa_message"].startswith("Refused: ")
    assert why in done["wa_message"]


def test_runs_of_one_segment_that_are_asked_for_at_once_queue_up(app: DataverseClient) -> None:
    ours = set(leads(app, 6, numberofemployees=10))
    segments = {row["wa_name"]: row["wa_segmentid"] for row in app.rows(Query(SEGMENT.entity_set))}
    others = messages.bind("wa_SegmentId", SEGMENT.entity_set, segments["Others"])
    row = {"wa_recordtype": "lead", "statuscode": QUEUED, "wa_instancetype": FORCE} | others
    asked = [
        row | {"wa_name": "Morning", "wa_triggertype": SCHEDULED},
        row | {"wa_name": "Noon", "wa_triggertype": SCHEDULED},
        row | {"wa_name": "By hand"},
    ]

    sweep_ids = [create(app, SWEEP.entity_set, each) for each in asked]

    rows = [ended(app, sweep_id) for sweep_id in sweep_ids]
    assert [row["statuscode"] for row in rows] == [2, 2, 2]
    runs = runs_of(app, set(sweep_ids))
    whose = [who for who, _ in groupby(run["_wa_sweepid_value"] for run in runs)]
    assert sorted(whose) == sorted(sweep_ids)  # each had its turn once
    told = Counter((run["_wa_sweepid_value"], run["wa_recordid"]) for run in runs)
    assert set(told.values()) == {1}
    assert {record for _, record in told} >= ours
    assert [row["wa_totalrecords"] for row in rows] == [len(runs) // 3] * 3


def test_the_app_routes_what_is_named_while_somebody_watches(
    app: DataverseClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AzureWebJobsStorage", raising=False)  # which is the app's matter
    (one,) = leads(app, 1, numberofemployees=10)
    gone = "00000000-0000-4000-8000-00000000dead"
    url = app.root.partition("/api/")[0]
    capsys.readouterr()

    assert main(["route", "lead", one, gone, "--watch", "--json", "--url", url]) == 1

    said = json.loads(capsys.readouterr().out)
    assert [record["id"] for record in said["records"]] == [one]
    assert said["records"][0]["segmentation_status"] == 4
    assert said["not_looked_at"] == {"it does not exist": 1}
    assert said["sweep"]["kind"] == "resegmentation"
    assert main(["route", "lead", gone, "--watch", "--url", url]) == 1
    assert "1 not looked at, as it does not exist" in capsys.readouterr().out
