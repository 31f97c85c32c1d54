"""A running host as a whole: what it starts, what it shows, how it fails and how it ends."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.local_host.support import (
    HOST_JSON,
    KEYS,
    STORAGE,
    FakeClock,
    MemoryNotes,
    MemoryQueues,
    call,
    host_for,
    until,
    write_app,
)

from work_assignment.local_host.errors import AppRefused, CannotListen, ListenerDied
from work_assignment.local_host.workers import WorkerPool, pool_size

# The app reports to the test through files, as it would from another process.
APP = """
    import os
    from pathlib import Path

    HERE = Path(__file__).parent

    @app.route("events", methods=["POST"])
    @app.queue_output("bell", "wa-bell", "AzureWebJobsStorage")
    def events(req: func.HttpRequest, bell: func.Out[str]) -> func.HttpResponse:
        bell.set(req.get_body().decode())
        return func.HttpResponse(status_code=202)

    @app.route("health", auth_level="anonymous")
    def health(req: func.HttpRequest) -> str:
        return os.environ["GREETING"]

    @app.queue_trigger("msg", "wa-bell", "AzureWebJobsStorage")
    def decide(msg: func.QueueMessage) -> None:
        with (HERE / "decided").open("a") as file:
            file.write(msg.get_body().decode() + "\\n")

    @app.timer_trigger("timer", "%RING_SCHEDULE%")
    def ring(timer: func.TimerRequest) -> None:
        with (HERE / "rung").open("a") as file:
            file.write(f"{timer.past_due}\\n")

    @app.timer_trigger("timer", "0 0 0 1 1 *")
    def yearly(timer: func.TimerRequest) -> None:
        raise ValueError("no")
"""
SETTINGS = {**STORAGE, "GREETING": "hello", "RING_SCHEDULE": "0 0 3 * * *"}


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_an_event_goes_from_the_webhook_through_the_queue(
    folder: Path, queues: MemoryQueues
) -> None:
    with host_for(write_app(folder, APP), queues, SETTINGS) as host:
        reply = call(f"{host.url}/api/events", "POST", b"lead 7", key=KEYS.function)
        assert reply.status == 202
        until(lambda: lines(folder / "decided") == ["lead 7"])
        until(lambda: queues.texts("wa-bell") == [])
    assert lines(folder / "decided") == ["lead 7"]


def test_a_message_sent_by_a_function_is_taken_without_waiting_for_the_next_poll(
    folder: Path, queues: MemoryQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("work_assignment.local_host.queues.SHORTEST_PAUSE", 600.0)
    slow = {"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:10:00"}}}
    with host_for(write_app(folder, APP, slow), queues, SETTINGS) as host:
        for sent in (["a"], ["a", "b"], ["a", "b", "c"]):
            call(f"{host.url}/api/events", "POST", sent[-1].encode(), key=KEYS.function)
            until(partial(lambda wanted: lines(folder / "decided") == wanted, sent), within=5)
    assert lines(folder / "decided") == ["a", "b", "c"]


def test_settings_are_in_the_environment_while_the_host_runs(
    folder: Path, queues: MemoryQueues
) -> None:
    with host_for(write_app(folder, APP), queues, SETTINGS) as host:
        assert call(f"{host.url}/api/health").body == b"hello"
    assert "GREETING" not in os.environ


def test_two_hosts_after_each_other_load_their_own_apps(
    tmp_path: Path, queues: MemoryQueues
) -> None:
    for name in ("one", "two"):
        text = f"""
            @app.route("who", auth_level="anonymous")
            def who(req: func.HttpRequest) -> str:
                return "{name}"
        """
        with host_for(write_app(tmp_path / name, text), queues) as host:
            assert call(f"{host.url}/api/who").body == name.encode()


def test_it_describes_routes_timers_and_queues(folder: Path, queues: MemoryQueues) -> None:
    settings = {**SETTINGS, "AzureWebJobs.health.Disabled": "true"}
    with host_for(write_app(folder, APP), queues, settings, clock=FakeClock()) as host:
        url = host.url
        assert host.describe().splitlines() == [
            "Routes:",
            f"  POST  {url}/api/events  function key  events",
            f"  any   {url}/api/health  no key        health  disabled",
            "Timers:",
            "  0 0 3 * * *  (RING_SCHEDULE)  next 2026-03-03 03:00:00 UTC  ring",
            "  0 0 0 1 1 *                   next 2027-01-01 00:00:00 UTC  yearly",
            "Queues:",
            "  wa-bell  (AzureWebJobsStorage)  decide",
        ]


def test_a_wrong_app_starts_nothing(folder: Path, queues: MemoryQueues) -> None:
    host = host_for(write_app(folder, APP), queues, {**STORAGE, "GREETING": "hello"})
    threads = threading.active_count()
    with pytest.raises(AppRefused) as refusal:
        host.start()
    assert str(refusal.value).splitlines() == [
        "the function app has 1 problem:",
        "  ring: schedule names setting 'RING_SCHEDULE', which is missing or empty",
    ]
    assert threading.active_count() <= threads
    assert "GREETING" not in os.environ


def test_a_port_in_use_is_said_in_one_line(folder: Path, queues: MemoryQueues) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        host = host_for(write_app(folder, APP), queues, SETTINGS, port=port)
        with pytest.raises(CannotListen) as refusal:
            host.start()
    assert str(refusal.value).startswith(f"port {port} on 127.0.0.1 is in use: ")
    assert "\n" not in str(refusal.value)


def test_a_missed_timer_runs_once_at_start(folder: Path, queues: MemoryQueues) -> None:
    notes = MemoryNotes()
    notes.write(
        "timer-ring", '{"last": "2026-01-01T03:00:00+00:00", "next": "2026-01-02T03:00:00+00:00"}'
    )
    write_app(folder, APP)
    for _ in range(2):
        with host_for(folder, queues, SETTINGS, notes=notes) as host:
            until(lambda: lines(folder / "rung") == ["True"])
            until(lambda: "2026-01-01" not in notes.texts["timer-ring"])
            assert call(f"{host.url}/api/health").status == 200
    assert lines(folder / "rung") == ["True"]


def test_timers_and_queue_functions_can_be_run_by_hand(folder: Path, queues: MemoryQueues) -> None:
    with host_for(write_app(folder, APP), queues, SETTINGS) as host:
        admin = f"{host.url}/admin/functions"
        assert call(f"{admin}/ring", "POST", b"{}", key=KEYS.master).status == 202
        until(lambda: lines(folder / "rung") == ["False"])
        assert call(f"{admin}/decide", "POST", b'{"input": "x"}', key=KEYS.master).status == 202
        until(lambda: lines(folder / "decided") == ["x"])


@pytest.mark.parametrize(
    ("path", "method", "body", "key", "status"),
    [
        ("ring", "POST", b"", None, 401),
        ("ring", "POST", b"", KEYS.function, 401),
        ("ring", "GET", None, KEYS.master, 404),
        ("nobody", "POST", b"", KEYS.master, 404),
        ("events", "POST", b"", KEYS.master, 400),
        ("decide", "POST", b"{", KEYS.master, 400),
        ("decide", "POST", b'{"input": 3}', KEYS.master, 400),
        ("decide", "POST", b"[]", KEYS.master, 400),
    ],
)
def test_running_by_hand_needs_the_master_key_and_a_function_that_can(
    folder: Path,
    queues: MemoryQueues,
    path: str,
    method: str,
    body: bytes | None,
    key: str | None,
    status: int,
) -> None:
    with host_for(write_app(folder, APP), queues, SETTINGS) as host:
        assert call(f"{host.url}/admin/functions/{path}", method, body, key=key).status == status
    assert lines(folder / "rung") == []
    assert lines(folder / "decided") == []


def test_a_timer_run_by_hand_that_fails_is_logged(
    folder: Path, queues: MemoryQueues, caplog: pytest.LogCaptureFixture
) -> None:
    with host_for(write_app(folder, APP), queues, SETTINGS) as host:
        call(f"{host.url}/admin/functions/yearly", "POST", key=KEYS.master)
        until(lambda: "failed" in caplog.text)
    assert "yearly failed" in caplog.text


def test_a_queue_that_dies_stops_the_host_and_is_named(
    folder: Path, queues: MemoryQueues, caplog: pytest.LogCaptureFixture
) -> None:
    host = host_for(write_app(folder, APP), queues, SETTINGS)
    host.start()
    queues.broken = OSError("disk is gone")
    with pytest.raises(ListenerDied, match="queue function decide stopped working: OSError: disk"):
        host.wait()
    with pytest.raises(OSError, match="refused"):
        call(f"{host.url}/api/health")
    assert "queue function decide stopped working, so the host stops" in caplog.text


SLOW = """
    from pathlib import Path
    from threading import Event

    HERE = Path(__file__).parent

    def until_there(name: str) -> None:
        (HERE / "begun").touch()
        while not (HERE / name).exists():
            Event().wait(0.005)

    @app.route("quick", auth_level="anonymous")
    def quick(req: func.HttpRequest) -> str:
        return "done"

    @app.route("slow", auth_level="anonymous")
    def slow(req: func.HttpRequest) -> str:
        until_there("go-on")
        return "done"

    @app.queue_trigger("msg", "wa-bell", "AzureWebJobsStorage")
    def decide(msg: func.QueueMessage) -> None:
        until_there("go-on")
"""


def test_stopping_lets_running_calls_finish(folder: Path, queues: MemoryQueues) -> None:
    host = host_for(write_app(folder, SLOW), queues)
    host.start()
    replies: list[bytes] = []
    url = f"{host.url}/api"
    caller = threading.Thread(target=lambda: replies.append(call(f"{url}/slow").body))
    caller.start()
    until((folder / "begun").exists)
    stopper = threading.Thread(target=host.stop)
    stopper.start()
    until(lambda: call(f"{url}/quick").status == 503)
    (folder / "go-on").touch()
    stopper.join(10)
    caller.join(10)
    assert replies == [b"done"]


def test_a_host_that_is_stopped_while_it_starts_ends_all_the_same(
    folder: Path, queues: MemoryQueues
) -> None:
    host = host_for(write_app(folder, SLOW + '\n    until_there("go-on")\n'), queues)
    starter = threading.Thread(target=host.start)
    starter.start()
    until((folder / "begun").exists)
    stopper = threading.Thread(target=host.stop)
    stopper.start()
    (folder / "go-on").touch()
    starter.join(10)
    stopper.join(10)
    host.wait()
    with pytest.raises(OSError, match="refused"):
        call(f"{host.url}/api/quick")
    with pytest.raises(RuntimeError, match="started once"):
        host.start()


def test_a_call_that_never_ends_is_given_up_and_its_message_kept(
    folder: Path, queues: MemoryQueues, caplog: pytest.LogCaptureFixture
) -> None:
    host = host_for(write_app(folder, SLOW), queues, stop_timeout=0.2)
    host.start()
    queues.put("wa-bell", "eA==")
    until((folder / "begun").exists)
    began = time.monotonic()
    host.stop()
    assert time.monotonic() - began < 5
    assert queues.texts("wa-bell") == ["eA=="]
    still_hidden = queues.receive("wa-bell", limit=1, hidden_for=timedelta(0)) == []
    assert still_hidden, "the call may still be running, so nobody else may have its message"
    assert "1 calls did not finish in time" in caplog.text
    (folder / "go-on").touch()


def test_host_json_warnings_are_logged(
    folder: Path, queues: MemoryQueues, caplog: pytest.LogCaptureFixture
) -> None:
    with host_for(write_app(folder, APP, {**HOST_JSON, "concurrency": {}}), queues, SETTINGS):
        assert "host.json: concurrency has no effect in a local run" in caplog.text


def test_functions_run_side_by_side_up_to_the_size_of_the_pool() -> None:
    pool = WorkerPool(3)
    meeting = threading.Barrier(3)
    calls = [pool.submit(lambda: meeting.wait(10)) for _ in range(3)]
    assert sorted(call.result(10) for call in calls) == [0, 1, 2]
    assert pool.close(5) == 0


def test_the_pool_is_as_large_as_azures_worker_makes_it() -> None:
    assert pool_size({}) == min(32, (os.cpu_count() or 1) + 4)
    assert pool_size({"PYTHON_THREADPOOL_THREAD_COUNT": "9"}) == 9
    assert pool_size({"PYTHON_THREADPOOL_THREAD_COUNT": "many"}) == pool_size({})
