"""Segments swept by their schedules, at the time that the mock's clock shows."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from tests.e2e.world import World, workshop

from work_assignment.azure_storage.sqlite_notes import SqliteNotes
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.cli import sample_data
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_store import DefinitionStore
from work_assignment.dataverse.fact_store import FactStore
from work_assignment.dataverse.names import SEGMENT, SWEEP
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.schedule_store import ScheduleStore
from work_assignment.dataverse.sweep_store import SweepStore
from work_assignment.domain.runs.sweeps import SweepStatus
from work_assignment.services.intake import TAG
from work_assignment.services.scheduling import Scheduling
from work_assignment.services.sweep_desk import SweepDesk
from work_assignment.services.sweep_requests import QUEUE, SweepRequests
from work_assignment.services.sweep_sessions import Tools
from work_assignment.services.sweeping import Sweeper

DEFINITIONS = """
settings: {sweep_limit: 2}
segments:
  - name: All
    record_type: lead
    schedule: {times: ["02:30", "08:00"], time_zone: Europe/Berlin, from: 2026-03-28}
rules:
  - {name: Anyone, segment: All, match: any, capacity: true}
"""
NIGHT = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
JUMP = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
EIGHT = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
"""At 08:00 in Berlin, which had no 02:30 that night."""


@dataclass
class App:
    """What the app does by schedules, at the mock's time."""

    world: World

    @property
    def storage(self) -> Any:
        return self.world.folder / "app.sqlite"

    def set_time(self, at: datetime) -> None:
        body = {"now": at.isoformat(), "frozen": True}
        answer = requests.put(f"{self.world.mock.url}/__mock/time", json=body, timeout=10)
        assert answer.status_code == 200

    def now(self) -> datetime:
        answer = requests.get(f"{self.world.mock.url}/__mock/time", timeout=10)
        return datetime.fromisoformat(answer.json()["now"])

    @contextmanager
    def process(self) -> Iterator[tuple[Scheduling, DataverseClient]]:
        """One process that looks at schedules."""
        token = StaticToken(f"user:{sample_data.APP_USER}")
        notes = SqliteNotes(self.storage)
        with DataverseClient(self.world.mock.url, token, tag=TAG) as client:
            scheduling = Scheduling(
                ScheduleStore(client),
                SweepStore(client, dict),
                SweepRequests(SqliteQueues(self.storage)),
                notes,
                self.now,
            )
            yield scheduling, client
        notes.close()

    def look(self) -> int:
        """What the timer's bell does, in a process that was just started."""
        with self.process() as (scheduling, _):
            return scheduling.look()

    def carry_out(self) -> None:
        """Take up what is on the queue."""
        queues = SqliteQueues(self.storage)
        while taken := queues.receive(QUEUE, limit=1, hidden_for=timedelta(minutes=10)):
            self._desk(queues).answer(b64decode(taken[0].text).decode())
            queues.delete_many(QUEUE, taken)

    def _desk(self, queues: SqliteQueues) -> SweepDesk:
        client = self.world.admin
        definitions = DefinitionStore(client)
        store = SweepStore(client, lambda: definitions.schemas)
        shop = replace(
            workshop(self.world.mock.url, self.storage),
            facts=FactStore(client, definitions),
            outcomes=OutcomeStore(client, lambda: definitions.schemas, self.now),
            clock=self.now,
        )

        @contextmanager
        def sweeper() -> Iterator[Sweeper]:
            yield Sweeper(Tools(shop, store, pause=lambda duration: None))

        return SweepDesk(SweepRequests(queues), store, sweeper, self.now)

    def sweeps(self) -> list[dict[str, Any]]:
        return list(self.world.admin.rows(Query(SWEEP.entity_set, orderby=("wa_duetime",))))


@pytest.fixture
def app(world: World) -> App:
    app = App(world)
    app.set_time(NIGHT)
    world.settle_in({"ana": 50}, DEFINITIONS)
    app.set_time(NIGHT + timedelta(minutes=1))
    return app


def test_a_segment_is_swept_at_its_local_time_and_the_history_tells(
    app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    app.world.create_leads(3)
    assert app.look() == 0
    app.set_time(JUMP)
    assert app.look() == 1
    app.set_time(JUMP + timedelta(minutes=1))
    assert app.look() == 0
    app.carry_out()
    app.set_time(EIGHT + timedelta(seconds=30))
    assert app.look() == 1
    app.carry_out()

    first, second = app.sweeps()
    assert (first["wa_duetime"], first["wa_triggertype"]) == ("2026-03-29T01:00:00Z", 1)
    assert (second["wa_duetime"], second["wa_triggertype"]) == ("2026-03-29T06:00:00Z", 1)
    assert [row["wa_recordssucceededcount"] for row in (first, second)] == [2, 1]
    assert app.world.owned(["ana"]) == {"ana": 3}

    capsys.readouterr()
    assert main(["sweep", "list", "--url", app.world.mock.url]) == 0
    shown = capsys.readouterr().out
    newest, oldest = shown.index("due 2026-03-29 06:00"), shown.index("due 2026-03-29 01:00")
    assert newest < oldest
    assert shown.count("scheduled  succeeded") == 2
    assert main(["sweep", "list", "--json", "--url", app.world.mock.url]) == 0
    told = json.loads(capsys.readouterr().out)[0]
    assert (told["trigger"], told["due_at"]) == ("scheduled", "2026-03-29T06:00:00+00:00")
    assert (told["total"], told["succeeded"], told["seconds"]) == (1, 1, 0.0)


def test_what_was_missed_runs_once_and_the_row_says_how_late(app: App) -> None:
    assert app.look() == 0
    app.world.create_leads(1)
    app.set_time(EIGHT + timedelta(hours=3, minutes=20))

    assert [app.look(), app.look()] == [1, 0]
    app.carry_out()

    (row,) = app.sweeps()
    assert row["wa_duetime"] == "2026-03-29T06:00:00Z"
    assert (
        row["wa_message"] == "It was asked for 3 h 20 min late. 1 time due before it was left out"
    )
    assert row["statuscode"] == 2


def test_workers_that_look_at_once_make_one_row(app: App) -> None:
    app.look()
    app.set_time(EIGHT)
    barrier, asked = threading.Barrier(3), []

    def work() -> None:
        with app.process() as (scheduling, _):
            barrier.wait(30)
            asked.append(scheduling.look())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(asked) == [0, 0, 1]
    assert len(app.sweeps()) == 1


def test_looking_is_one_request_and_a_sweep_that_is_due_one_more(app: App) -> None:
    with app.process() as (scheduling, client):
        scheduling.look()
        assert client.traffic.requests == 1
        app.set_time(EIGHT)
        assert scheduling.look() == 1
        assert client.traffic.requests == 3
        scheduling.look()
        assert client.traffic.requests == 3  # in one minute one look is enough
        app.set_time(EIGHT + timedelta(minutes=1))
        scheduling.look()
        assert client.traffic.requests == 4


def test_a_broken_schedule_keeps_its_segment_routing_and_others_running(app: App) -> None:
    app.look()
    (segment,) = app.world.admin.rows(Query(SEGMENT.entity_set))
    path = segment["wa_segmentid"]
    broken = {"wa_schedule": "every morning"}
    app.world.admin.send(messages.update(SEGMENT.entity_set, path, broken, version="*"))
    app.set_time(EIGHT)

    assert app.look() == 0

    rulebook = DefinitionStore(app.world.admin).rulebook()
    assert [str(fault).partition(" (")[0] for fault in rulebook.faults] == [
        "segment 'All', schedule: it is no JSON"
    ]
    assert "All" in {found.name for found in rulebook.definitions.segments["lead"]}


def test_a_paused_segment_is_skipped_and_the_history_says_why(app: App) -> None:
    app.look()
    (segment,) = app.world.admin.rows(Query(SEGMENT.entity_set))
    paused = {"statecode": 1, "statuscode": 727000000}
    app.world.admin.send(
        messages.update(SEGMENT.entity_set, segment["wa_segmentid"], paused, version="*")
    )
    app.set_time(EIGHT)

    app.look()

    (found,) = SweepStore(app.world.admin, dict).newest(5)
    assert (found.status, found.message) == (
        SweepStatus.SKIPPED,
        "The segment is paused: no rule runs. 1 time due before it was left out",
    )
