"""The mock and the host as processes of their own, as a user runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
import requests
from rich.console import Console

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.demo_view import show_how_to_go_on
from work_assignment.cli.demo_world import World
from work_assignment.cli.webhooks import sync_with
from work_assignment.samples import DEFINITIONS
from work_assignment.services.intake import MAXIMUM_BODY, QUEUE
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
JSON = {"Content-Type": "application/json"}


class Running:
    """A mock with the sample organisation, a host on it, and webhooks between them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.dataverse = world.start_mock()
        sample_data.fill(self.dataverse)
        with connect(self.dataverse, Credentials()) as admin:
            apply_folder(admin, DEFINITIONS)
            self.app = world.start_host(self.dataverse)
            sync_with(admin, self.app, world.function_key)

    @property
    def events(self) -> str:
        return f"{self.app}/api/dataverse/events"

    @property
    def key(self) -> dict[str, str]:
        return {"x-functions-key": self.world.function_key}

    def queued(self) -> int:
        with closing(SqliteQueues(self.world.folder / "queues.sqlite")) as queues:
            length = queues.length(QUEUE)
        return length.visible + length.hidden


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with World(tmp_path_factory.mktemp("running"), ROOT) as world:
        yield Running(world)


def within(seconds: float, found: Callable[[], bool]) -> bool:
    """Ask again until it is so or the time is over."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("command", ["sweep", "reconcile", "poison list", "webhooks test"])
def test_commands_work_on_a_running_demonstration_with_its_settings(
    running: Running, command: str
) -> None:
    inherited = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "work_assignment", *command.split()],
        env={**inherited, **running.world.command_settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_a_demonstration_prints_at_its_end_sets_up_a_shell(running: Running) -> None:
    shown = StringIO()
    screen = Console(file=shown, width=80)
    settings = running.world.command_settings
    example = ("lead", "leads", "{}")
    show_how_to_go_on(screen, running.dataverse, running.app, example, settings)
    printed = shown.getvalue().splitlines()
    found = dict(
        line.removeprefix("  export ").split("=", 1) for line in printed if "export" in line
    )
    assert found == settings
    assert found["DATAVERSE_TOKEN"] == f"user:{sample_data.APP_USER}"


def test_a_lead_that_is_posted_by_hand_has_its_seller_and_can_be_explained(
    running: Running,
) -> None:
    lead = {"lastname": "Curtis", "address1_country": "France", "leadsourcecode": 8}
    created = requests.post(f"{running.dataverse}/api/data/v9.2/leads", json=lead, timeout=10)
    assert created.status_code == 204
    address = created.headers["OData-EntityId"]

    def assigned() -> bool:
        body = requests.get(f"{address}?$select=wa_assignmentresult", timeout=10).json()
        return bool(body["wa_assignmentresult"] == 0)

    assert within(10, assigned)
    lead_id = address[-37:-1]
    command = [sys.executable, "-m", "work_assignment", "explain", "lead", lead_id]
    told = subprocess.run(  # noqa: S603 - our own command
        [*command, "--url", running.dataverse], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r"Curtis: open, owned by (Luca Moretti|Claire Dubois)", told)
    assert "Rule 'Web, in French' applies" in told
    assert "Ana Ferreira: not Language eq French" in told
    as_data = subprocess.run(  # noqa: S603 - our own command
        [*command, "--url", running.dataverse, "--json"], capture_output=True, check=True
    ).stdout
    assert json.loads(as_data)["runs"][0]["rule"] == "Web, in French"


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}], ids=["no key", "wrong key"])
def test_without_the_key_nothing_is_queued(running: Running, headers: dict[str, str]) -> None:
    before = running.queued()
    answer = requests.post(running.events, data="{}", headers=JSON | headers, timeout=10)
    assert (answer.status_code, answer.content) == (401, b"")
    assert running.queued() == before


@pytest.mark.parametrize(
    ("body", "content_type", "status", "sentence"),
    [
        (b"{}", "application/json", 400, "The body is no RemoteExecutionContext: MessageName"),
        (b'{"MessageName": ', "application/json", 400, "The body is no RemoteExecutionContext"),
        (b"[]", "application/json", 400, "The body is no RemoteExecutionContext"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "The content type must be"),
        (b" " * (MAXIMUM_BODY + 1), "application/json", 413, "The body has"),
    ],
    ids=["an empty object", "half a body", "a list", "a form", "too large"],
)
def test_what_is_no_event_is_refused_with_one_clear_sentence(
    running: Running, body: bytes, content_type: str, status: int, sentence: str
) -> None:
    before = running.queued()
    headers = {"Content-Type": content_type, **running.key}
    answer = requests.post(running.events, data=body, headers=headers, timeout=10)
    assert answer.status_code == status
    assert answer.text.startswith(sentence)
    assert answer.text.count("\n") == 1
    assert running.queued() == before


def test_anybody_may_ask_whether_the_app_is_alive(running: Running) -> None:
    answer = requests.get(f"{running.app}/api/health", timeout=10)
    assert answer.json() == {"status": "alive", "mode": "on"}


def test_another_method_or_route_is_not_found(running: Running) -> None:
    for address in (running.events, f"{running.app}/api/nothing"):
        assert requests.get(address, headers=running.key, timeout=10).status_code == 404


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found through /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_demonstration_takes_its_processes_with_it_however_it_ends(
    number: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "work_assignment", "demo", "--app-root", str(ROOT)]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    ) as demo:
        try:
            assert demo.stdout is not None
            for line in demo.stdout:
                if line.startswith("Webhooks:"):
                    break
            children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
            assert len(children) == 2
            demo.send_signal(number)
            demo.stdout.read()
            demo.wait(30)
        finally:
            demo.kill()
    assert within(20, lambda: not any(Path(f"/proc/{child}").exists() for child in children))
