"""Azure Storage that is away, refuses us or is slow: said within seconds, and no secret in it."""

from __future__ import annotations

import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

import pytest
from azure.storage.blob import BlobClient, BlobLeaseClient
from tests.azurite.server import KEY, Azurite

from work_assignment.azure_storage.azure_account import API_VERSION
from work_assignment.azure_storage.azure_leases import CONTAINER, AzureLeases
from work_assignment.azure_storage.azure_notes import AzureNotes
from work_assignment.azure_storage.azure_queues import SIDE_BY_SIDE, AzureQueues
from work_assignment.azure_storage.errors import StorageUnavailable

Q = "wa-events"
SIGNATURE = "sv=2025-11-05&ss=bq&srt=sco&sp=rwl&se=2099-01-01T00:00:00Z&sig=c2VjcmV0"
MINUTE = timedelta(minutes=1)


def signed(port: int) -> str:
    """A connection string whose signature travels in every address."""
    place = f"http://127.0.0.1:{port}/account"
    return f"BlobEndpoint={place};QueueEndpoint={place};SharedAccessSignature={SIGNATURE}"


def keyed(port: int) -> str:
    place = f"http://127.0.0.1:{port}/account"
    return f"AccountName=account;AccountKey={KEY};BlobEndpoint={place};QueueEndpoint={place}"


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port where nobody listens, and nobody else will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Answers(BaseHTTPRequestHandler):
    """Answers everything with one status, and counts."""

    status = 503
    asked = 0

    def answer(self) -> None:
        type(self).asked += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("x-ms-error-code", "ServerBusy")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: object) -> None:
        return None


@contextmanager
def busy() -> Iterator[tuple[int, type[Answers]]]:
    handler = type("Busy", (Answers,), {"asked": 0})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, handler
        server.shutdown()
        thread.join()


ACTIONS: list[Callable[[str], object]] = [
    lambda text: _with(AzureQueues(text), lambda it: it.put(Q, "x")),
    lambda text: _with(AzureQueues(text), lambda it: it.receive(Q, limit=1, hidden_for=MINUTE)),
    lambda text: _with(AzureQueues(text), lambda it: it.names()),
    lambda text: _with(AzureQueues(text), lambda it: it.length(Q)),
    lambda text: _with(AzureLeases(text), lambda it: it.acquire("decider")),
    lambda text: _with(AzureNotes(text), lambda it: it.read("timer-ring")),
    lambda text: _with(AzureNotes(text), lambda it: it.write("timer-ring", "x")),
]
NAMES = ["put", "receive", "names", "length", "acquire", "read a note", "write a note"]


Store = TypeVar("Store", AzureQueues, AzureLeases, AzureNotes)


def _with(store: Store, action: Callable[[Store], object]) -> None:
    with closing(store):
        action(store)


@pytest.mark.parametrize("action", ACTIONS, ids=NAMES)
@pytest.mark.parametrize("text", [signed, keyed])
def test_storage_that_is_away_is_named_and_no_secret_is_told(
    action: Callable[[str], object],
    text: Callable[[int], str],
    nobody: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="azure")
    with pytest.raises(
        StorageUnavailable, match=rf"127\.0\.0\.1:{nobody}/account .*not answer"
    ) as e:
        action(text(nobody))
    told = "".join(traceback.format_exception(e.value)) + caplog.text
    assert "c2VjcmV0" not in told
    assert KEY not in told


def test_a_busy_storage_is_asked_twice_and_no_more() -> None:
    with busy() as (port, handler):
        with pytest.raises(StorageUnavailable, match="503 ServerBusy"):
            _with(AzureQueues(keyed(port)), lambda it: it.put(Q, "x"))
        assert handler.asked == 2


def test_a_storage_that_goes_away_is_not_asked_for_each_of_many_messages() -> None:
    with busy() as (port, handler):
        with pytest.raises(StorageUnavailable, match="503 ServerBusy"):
            _with(AzureQueues(keyed(port)), lambda it: it.put_many(Q, ["x"] * 500))
        assert handler.asked <= 4 * SIDE_BY_SIDE


def test_a_key_that_is_not_the_accounts_is_a_refusal(azurite: Azurite) -> None:
    text = azurite.account().connection_string.replace(KEY, KEY[::-1].replace("=", "") + "==")
    with pytest.raises(StorageUnavailable, match="403 AuthenticationFailed"):
        _with(AzureQueues(text), lambda it: it.put(Q, "x"))


def test_what_was_taken_before_the_storage_went_away_is_not_dropped(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(AzureQueues(azurite.account().connection_string)) as queues:
        queues.put_many(Q, [str(number) for number in range(34)])
        receive, calls = queues._receive, 0

        def once(queue: str, wanted: int, hidden_for: timedelta) -> object:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise StorageUnavailable("account", "it went away")
            return receive(queue, wanted, hidden_for)

        monkeypatch.setattr(queues, "_receive", once)
        assert len(queues.receive(Q, limit=34, hidden_for=MINUTE)) == 32
        assert "32 of 34 messages taken" in caplog.text


@pytest.mark.parametrize("seconds", [14, 61, 0])
def test_a_lease_for_a_time_that_azure_does_not_give_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="15 to 60 seconds"):
        AzureLeases(keyed(9), held_for=timedelta(seconds=seconds))


def test_a_lease_that_somebody_broke_is_lost_and_free(azurite: Azurite) -> None:
    text = azurite.account().connection_string
    with closing(AzureLeases(text)) as leases:
        lease = leases.acquire("decider")
        assert lease is not None
        blob = BlobClient.from_connection_string(
            text, CONTAINER, "decider", api_version=API_VERSION
        )
        with blob:
            BlobLeaseClient(blob).break_lease(0)
        assert not lease.renew()
        lease.release()
        assert leases.acquire("decider") is not None


def test_the_emulators_own_setting_leads_to_its_usual_ports() -> None:
    with closing(AzureQueues("UseDevelopmentStorage=true")) as queues:
        assert queues._service().primary_endpoint == "http://127.0.0.1:10001/devstoreaccount1/"
