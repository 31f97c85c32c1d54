"""How wa mock ends: at once when idle, after a few seconds at most, at once when told twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from work_assignment.mock_dataverse.server import MockServer

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process alone"
)

LONG_MS = 60_000
WAITS = "ending; waiting for 1 request, Ctrl-C again to stop at once\n"


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; give its process and its address."""
    command = [sys.executable, "-m", "work_assignment", "mock", "--port", "0", *options]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline()


def send_and_be_cut_off(url: str) -> threading.Thread:
    """Have a request under way that takes longer than anybody waits."""
    requests.put(f"{url}/__mock/latency", json={"request_ms": LONG_MS}, timeout=20)

    def send() -> None:
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{url}/api/data/v9.2/accounts", json={"name": "Late"}, timeout=90)

    thread = threading.Thread(target=send)
    thread.start()
    deadline = time.monotonic() + 20
    counters = f"{url}/__mock/counters"
    while not requests.get(counters, timeout=20).json()["inner_operations"]:
        assert time.monotonic() < deadline
    return thread


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_silently_when_nothing_is_under_way(number: signal.Signals) -> None:
    with running() as (process, url):
        assert requests.get(f"{url}/api/data/v9.2/WhoAmI", timeout=20).status_code == 200
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert told(process) == ""


def test_it_waits_a_few_seconds_for_what_is_under_way() -> None:
    with running() as (process, url):
        sender = send_and_be_cut_off(url)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert told(process) == WAITS
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - began < 15
        sender.join()


def test_what_is_under_way_is_finished_within_the_grace() -> None:
    with running() as (process, url):
        requests.put(f"{url}/__mock/latency", json={"request_ms": 1500}, timeout=20)
        answers: list[int] = []

        def send() -> None:
            answers.append(requests.get(f"{url}/api/data/v9.2/WhoAmI", timeout=20).status_code)

        sender = threading.Thread(target=send)
        sender.start()
        counters = f"{url}/__mock/counters"
        deadline = time.monotonic() + 20
        while not requests.get(counters, timeout=20).json()["inner_operations"]:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        assert told(process) == WAITS
        assert process.wait(timeout=20) == 0
        sender.join()
        assert answers == [200]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_told_twice_it_ends_at_once_and_its_database_is_sound(
    second: signal.Signals, tmp_path: Path
) -> None:
    database = tmp_path / "mock.db"
    with running("--database", str(database)) as (process, url):
        api = f"{url}/api/data/v9.2"
        assert requests.post(f"{api}/accounts", json={"name": "A"}, timeout=20).status_code == 204
        sender = send_and_be_cut_off(url)
        process.send_signal(signal.SIGINT)
        assert told(process) == WAITS
        began = time.monotonic()
        process.send_signal(second)
        assert process.wait(timeout=20) == 128 + second
        assert time.monotonic() - began < 2
        sender.join()
    with MockServer(database) as server:
        found = requests.get(f"{server.url}/api/data/v9.2/accounts?$select=name", timeout=20)
        assert [row["name"] for row in found.json()["value"]] == ["A"]


def test_a_temporary_certificate_is_removed_however_it_ends() -> None:
    with running("--tls") as (process, _):
        assert process.stdout is not None
        ca_file = Path(process.stdout.readline().split()[-1])
        assert ca_file.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert not ca_file.exists()


def test_a_terminal_is_told_how_to_end_it() -> None:
    import pty  # Windows has none

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "work_assignment", "mock", "--port", "0"]
    with (
        open(ours, "rb", buffering=0) as screen,
        subprocess.Popen(command, stdout=theirs) as process,  # noqa: S603 - our own command
    ):
        os.close(theirs)
        try:
            said = b""
            while not said.endswith(b"\n"):
                said += screen.read(1)
            assert said.startswith(b"Mock Dataverse ready at http://127.0.0.1:")
            assert said.rstrip().endswith(b" (Ctrl-C ends it)")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
