"""The mock's clock as others read it: how often, how fast a jump is seen, and when the mock is away."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import requests
from tests.local_host.support import until

from work_assignment import bootstrap
from work_assignment.bootstrap import clock_of
from work_assignment.local_host.mock_clock import MockClock, NoMockTime, Reading, reader
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.settings import SettingsError

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)


class Scene:
    """A mock whose clock shows what the test says, and real seconds that pass when told."""

    def __init__(self) -> None:
        self.reading: Reading | None = Reading(NOON, False)
        self.seconds = 100.0
        self.asked = 0
        self.clock = MockClock(self._read, monotonic=lambda: self.seconds)

    def _read(self) -> Reading:
        self.asked += 1
        if self.reading is None:
            raise NoMockTime("it is away")
        return self.reading


def test_between_two_readings_the_time_goes_on_and_the_mock_is_not_asked() -> None:
    scene = Scene()
    assert scene.clock() == NOON
    scene.seconds += 0.05
    assert scene.clock() == NOON + timedelta(seconds=0.05)
    assert scene.asked == 1


def test_a_clock_that_stands_still_does_so_here() -> None:
    scene = Scene()
    scene.reading = Reading(NOON, True)
    scene.clock()
    scene.seconds += 0.09
    assert scene.clock() == NOON


@pytest.mark.parametrize("hours", [9, -9])
def test_a_jump_is_seen_within_a_tenth_of_a_second(hours: int) -> None:
    scene = Scene()
    scene.clock()
    scene.reading = Reading(NOON + timedelta(hours=hours), False)
    scene.seconds += 0.1
    assert scene.clock() == NOON + timedelta(hours=hours)


def test_a_reading_that_came_slowly_does_not_turn_the_time_back() -> None:
    scene = Scene()
    scene.clock()
    scene.seconds += 0.09
    before = scene.clock()
    scene.seconds += 0.02
    scene.reading = Reading(before - timedelta(milliseconds=30), False)
    assert scene.clock() == before


def test_while_the_mock_is_away_the_time_goes_on_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene()
    scene.clock()
    scene.reading = None
    for _ in range(5):
        scene.seconds += 1
        scene.clock()
    assert scene.clock() == NOON + timedelta(seconds=5)
    assert caplog.text.count("the clock goes on by itself: it is away") == 1
    scene.reading = Reading(NOON + timedelta(hours=1), False)
    scene.seconds += 1
    assert scene.clock() == NOON + timedelta(hours=1)


def test_a_mock_that_is_away_is_not_asked_at_each_call() -> None:
    scene = Scene()
    scene.clock()
    scene.reading = None
    scene.seconds += 1
    for _ in range(50):
        scene.clock()
    assert scene.asked == 2


def test_many_threads_share_one_reading() -> None:
    scene = Scene()
    with ThreadPoolExecutor(16) as threads:
        shown = list(threads.map(lambda _: scene.clock(), range(200)))
    assert set(shown) == {NOON}
    assert scene.asked == 1


def test_without_any_reading_there_is_no_time() -> None:
    scene = Scene()
    scene.reading = None
    with pytest.raises(NoMockTime, match="it is away"):
        scene.clock()


@pytest.fixture
def mock() -> Iterator[MockServer]:
    """A mock where it is noon, and stays so."""
    with MockServer() as server:
        state = {"now": NOON.isoformat(), "frozen": True}
        requests.put(f"{server.url}/__mock/time", json=state, timeout=10).raise_for_status()
        yield server


def test_the_mocks_time_is_read_and_is_no_request_to_dataverse(mock: MockServer) -> None:
    clock = MockClock(reader(mock.url))
    assert clock() == NOON
    advance = f"{mock.url}/__mock/time/advance"
    requests.post(advance, json={"seconds": 3600}, timeout=10).raise_for_status()
    until(lambda: clock() == NOON + timedelta(hours=1))
    counters = requests.get(f"{mock.url}/__mock/counters", timeout=10).json()
    assert counters["http_requests"] == 0


ANSWERS = {
    "/text/__mock/time": (200, b"Sign in"),
    "/list/__mock/time": (200, b"[]"),
    "/naive/__mock/time": (200, b'{"now": "2026-03-28T12:00:00", "frozen": false}'),
    "/moved/__mock/time": (302, b""),
    "/missing/__mock/time": (404, b"{}"),
}


class _Page(BaseHTTPRequestHandler):
    """Answers as something does that is no mock."""

    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The test's output is for what matters."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("text", "answers something else than a time"),
        ("list", "answers something else than a time"),
        ("naive", "answers something else than a time"),
        ("moved", "answers 302"),
        ("missing", "answers 404"),
    ],
)
def test_what_is_no_mock_is_refused_with_words(elsewhere: str, page: str, said: str) -> None:
    settings = {"WA_CLOCK": "mock", "DATAVERSE_URL": f"{elsewhere}/{page}"}
    with pytest.raises(SettingsError, match=f"WA_CLOCK is 'mock', but this is no mock.*{said}"):
        clock_of(settings)


def test_a_mock_that_does_not_run_is_refused_with_words(elsewhere: str) -> None:
    settings = {"WA_CLOCK": "mock", "DATAVERSE_URL": "http://127.0.0.1:9"}
    with pytest.raises(SettingsError, match="time cannot be reached"):
        clock_of(settings)


def test_the_present_is_the_mocks_where_the_process_is_set_so(
    mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAVERSE_URL", mock.url)
    real = bootstrap.now()
    monkeypatch.setenv("WA_CLOCK", "mock")
    virtual = bootstrap.now()
    assert virtual == NOON
    assert real > datetime(2026, 6, 1, tzinfo=UTC)
