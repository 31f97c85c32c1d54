"""A segment's schedule in the running app, whose timers go by the mock's clock."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import requests
from tests.e2e.world import user_name

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.demo_world import World
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import LEAD, SWEEP
from work_assignment.dataverse.queries import Query, eq
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
LEADS = 2
WITHIN = 60.0
DEFINITIONS = f"""
segments:
  - name: All
    record_type: lead
    schedule: {{days: [wed], times: ["08:00"], time_zone: Europe/Berlin}}
rules:
  - {{name: Anyone, segment: All, match: any, capacity: true}}
sellers:
  - {{user: {user_name("ana")}, max_capacity: 0}}
"""
BEFORE, AFTER = "2026-03-04T06:58:30Z", "2026-03-04T07:00:05Z"


def set_time(url: str, at: str) -> None:
    answer = requests.put(f"{url}/__mock/time", json={"now": at}, timeout=10)
    assert answer.status_code == 200


def eventually(admin: DataverseClient, query: Query, count: int) -> list[dict[str, Any]]:
    """The rows, once there are so many."""
    deadline, pause = time.monotonic() + WITHIN, threading.Event()
    while len(rows := list(admin.rows(query))) < count:
        assert time.monotonic() < deadline, rows
        pause.wait(0.2)
    return rows


def test_the_running_app_sweeps_a_segment_when_its_time_comes(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "all.yaml").write_text(DEFINITIONS, encoding="utf-8")
    with World(tmp_path, ROOT) as world:
        url = world.start_mock()
        set_time(url, "2026-03-04T06:50:00Z")
        with connect(url, Credentials()) as admin:
            sample_data.create_application_users(admin)
            seller = {"domainname": user_name("ana"), "firstname": "Ana", "lastname": "Silva"}
            sample_data.create_users(admin, [seller], role=sample_data.SALESPERSON)
            apply_folder(admin, tmp_path / "definitions")
            set_time(url, BEFORE)
            lead = messages.create(LEAD.entity_set, {"lastname": "Curtis"})
            sample_data.write(admin, [lead] * LEADS)
            world.start_host(
                url, settings={"WA_CLOCK": "mock", "WA_BELL_SCHEDULE": "*/10 * * * * *"}
            )
            failed = eq("wa_assignmentresult", 1)
            eventually(admin, Query(LEAD.entity_set, filter=failed), LEADS)
            assert list(admin.rows(Query(SWEEP.entity_set))) == []

            set_time(url, AFTER)

            done = Query(SWEEP.entity_set, filter=eq("statecode", 1))
            (row,) = eventually(admin, done, 1)
    assert (row["wa_duetime"], row["wa_triggertype"]) == ("2026-03-04T07:00:00Z", 1)
    assert (row["wa_totalrecords"], row["wa_recordsfailedcount"]) == (LEADS, LEADS)
    assert row["statuscode"] == 2
