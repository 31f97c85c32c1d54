"""What an administrator sees of a running app: health, poison, figures, failed deliveries."""

from __future__ import annotations

import json
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.e2e.world import World as Organization
from tests.e2e.world import workshop

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.demo_world import World
from work_assignment.cli.main import main
from work_assignment.cli.webhooks import sync_with
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import LEAD
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.registration_names import SERVICE_ENDPOINT, ServiceEndpointColumn
from work_assignment.dataverse.watch_store import WatchStore
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.samples import DEFINITIONS
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.giving_up import give_up
from work_assignment.services.inbox import TRIES, GivenUp, Inbox
from work_assignment.services.intake import QUEUE
from work_assignment.services.webhook_registration import sync
from work_assignment.services.webhook_steps import ENDPOINT_NAME, Watch
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:1"


def within(seconds: float, found: Callable[[], bool]) -> bool:
    """Ask again until it is so or the time is over."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Running:
    """An app with the sample organisation's Dataverse, or with another address for it."""

    def __init__(self, world: World, dataverse: str | None = None) -> None:
        self.world = world
        self.dataverse = dataverse or world.start_mock()
        if dataverse is None:
            sample_data.fill(self.dataverse)
        self.app = world.start_host(self.dataverse)

    def details(self, key: str | None = None) -> requests.Response:
        headers = {"x-functions-key": key or self.world.function_key}
        return requests.get(f"{self.app}/api/health/details", headers=headers, timeout=10)

    def log(self) -> str:
        return (self.world.folder / "host.log").read_text()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with World(tmp_path_factory.mktemp("watched"), ROOT) as world:
        running = Running(world)
        with connect(running.dataverse, Credentials()) as admin:
            apply_folder(admin, DEFINITIONS)
            sync_with(admin, running.app, world.function_key)
        yield running


@pytest.fixture
def unanswering() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_after_a_lead_the_health_answer_and_the_log_tell_of_it(running: Running) -> None:
    lead = {"lastname": "Curtis", "address1_country": "France", "leadsourcecode": 8}
    requests.post(f"{running.dataverse}/api/data/v9.2/leads", json=lead, timeout=10)

    assert within(15, lambda: "metrics {" in running.log())
    assert within(15, lambda: running.details().json()["last_outcome"] is not None)
    answer = running.details()
    told = answer.json()

    assert answer.status_code == 200
    assert (told["status"], told["mode"]) == ("well", "on")
    assert told["storage"]["queues"]["wa-events"]["length"] == 0
    assert told["last_webhook"] is not None
    assert told["last_bell_answered"] is not None
    assert told["failed_jobs"]["count"] == 0
    assert told["dataverse"] == told["dataverse"] | {"ok": True, "circuit": "closed"}
    figures = figures_in(running.log())
    assert figures["assigned"] == 1
    assert figures["sent"]["requests"] >= 2
    assert "[block=" in running.log()


def figures_in(log: str) -> dict[str, Any]:
    line = next(line for line in log.splitlines() if "metrics {" in line and '"assigned"' in line)
    found: dict[str, Any] = json.loads(line[line.index("metrics ") + len("metrics ") :])
    return found


def test_without_the_key_only_the_pulse_is_told(running: Running) -> None:
    pulse = requests.get(f"{running.app}/api/health", timeout=10)

    assert pulse.json() == {"status": "alive", "mode": "on"}
    assert running.details(key="wrong").status_code == 401
    assert requests.get(f"{running.app}/api/health/details", timeout=10).content == b""


def test_what_is_no_event_ends_as_poison_and_is_shown(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{running.world.folder / 'queues.sqlite'}")
    monkeypatch.setenv("DATAVERSE_URL", running.dataverse)
    with closing(SqliteQueues(running.world.folder / "queues.sqlite")) as queues:
        queues.put(QUEUE, "junk")
        poisoned = within(30, lambda: queues.length("wa-events-poison").visible == 1)

    assert poisoned
    assert main(["poison", "list"]) == 0
    assert "it is no event" in capsys.readouterr().out
    assert running.details().json()["storage"]["queues"]["wa-events-poison"]["length"] == 1


def test_what_names_no_sweep_ends_as_poison_with_its_reason_and_one_line_in_the_log(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{running.world.folder / 'queues.sqlite'}")
    with closing(SqliteQueues(running.world.folder / "queues.sqlite")) as queues:
        queues.put("wa-sweeps", b64encode(b"no-uuid").decode())
        assert within(30, lambda: queues.length("wa-sweeps-poison").visible == 1)

    assert main(["poison", "list", "--url", running.dataverse]) == 0
    shown = capsys.readouterr().out
    assert "    no-uuid\n    it names no sweep" in shown
    told = [line for line in running.log().splitlines() if "no-uuid" in line]
    assert len(told) == 1
    assert "Traceback" not in running.log()


def test_a_dataverse_that_never_answers_is_503_in_seconds(unanswering: str, tmp_path: Path) -> None:
    with World(tmp_path, ROOT) as world:
        running = Running(world, unanswering)
        with closing(SqliteQueues(tmp_path / "queues.sqlite")) as queues:
            queues.put("wa-sweeps-poison", "left")
        answer = running.details()

    told = answer.json()
    assert answer.status_code == 503
    assert told["status"] == "unwell"
    assert told["dataverse"]["trouble"]
    assert told["storage"]["queues"]["wa-sweeps-poison"]["length"] == 1


def test_failed_deliveries_to_us_are_counted_and_no_others(world: Organization) -> None:
    sync(NOWHERE, "key", WebhookStore(world.admin), Watch({"lead": frozenset({"subject"})}))
    watched, others = WatchStore(world.admin, ENDPOINT_NAME), WatchStore(world.admin, "Another")
    before = now() - timedelta(minutes=5)
    assert watched.failed_jobs(before).count == 0

    world.admin.send(messages.create(LEAD.entity_set, {"subject": "A", "lastname": "B"}))

    assert within(20, lambda: watched.failed_jobs(before).count == 1)
    failed = watched.failed_jobs(before)
    assert failed.newest_step == "Work Assignment: Create of lead"
    assert failed.newest.startswith("0x8005020")
    assert failed.newest_at is not None
    assert others.failed_jobs(before).count == 0
    assert watched.failed_jobs(failed.newest_at + timedelta(hours=1)).count == 0
    endpoints = Query(SERVICE_ENDPOINT.entity_set, select=(ServiceEndpointColumn.NAME,))
    assert [row["name"] for row in world.admin.rows(endpoints)] == [ENDPOINT_NAME]


def test_one_look_is_one_request(world: Organization) -> None:
    store = WatchStore(world.admin, ENDPOINT_NAME)
    sent = world.admin.requests_sent

    glance = store.glance(now() - timedelta(days=1))

    assert world.admin.requests_sent == sent + 1
    assert glance.troubles == ()
    assert (glance.sweep, glance.decided_at) == (None, None)
    assert glance.failed_jobs is not None
    store.failed_jobs(now())
    assert world.admin.requests_sent == sent + 2


def test_an_event_given_up_is_one_row_of_the_run_log_however_often_it_is_written(
    world: Organization, tmp_path: Path
) -> None:
    world.settle_in({"Ana": 5})
    (lead,) = world.create_leads(1)
    shop = workshop(world.mock.url, tmp_path / "queues.sqlite")
    with closing(SqliteQueues(tmp_path / "queues.sqlite")) as queues:
        queues.put(QUEUE, event(lead, now()))
        for _ in range(TRIES):
            (message,) = queues.receive(QUEUE, limit=1, hidden_for=timedelta(minutes=1))
            message = queues.renew(QUEUE, message, timedelta(0))

    for _ in range(2):
        inbox = Inbox(shop.queues, shop.facts.own_user_id())
        inbox.given_up = [GivenUp(message, Event.from_text(message.text), "it crashed")]
        assert give_up(shop, inbox) == 1

    (row,) = world.runs()
    assert (row["wa_recordid"], row["wa_routingstatus"], row["wa_mode"]) == (lead, 3, "given up")
    assert row["wa_reason"] == (
        "There was an issue with the server. Its event was given up after 5 tries: it crashed"
    )
    shop.queues.put(QUEUE, event(lead, now() - timedelta(minutes=30)))
    Decider(shop).answer()
    assert world.owned(["Ana"]) == {"Ana": 1}


def event(lead: str, at: datetime) -> str:
    return Event(
        table="lead", record_id=lead, message="Update", occurred_at=at, user_id="x", depth=1
    ).to_text()
