"""What the client learns from answers about its pace, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses
from tests.dataverse.fake_dataverse import Clock

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.batches import Batch
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import OutcomeUnknown, Throttled
from work_assignment.dataverse.pace import WIDEST, WIDTH_AT_FIRST
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.retry import RetryPolicy

URL = "https://org.example"
ROOT = f"{URL}/api/data/v9.2/"
read = messages.get(Query("leads"))
write = messages.create("leads", {"subject": "x"})
HINT = "x-ms-dop-hint"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[DataverseClient]:
    with DataverseClient(
        URL, StaticToken("t"), sleep=clock.sleep, clock=clock, jitter=lambda: 1.0
    ) as client:
        yield client


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.mark.parametrize(
    ("hint", "width"),
    [("6", 6), ("1", 1), ("52", WIDEST), ("0", 1)],
)
def test_the_hint_on_an_answer_is_the_width(
    client: DataverseClient, server: responses.RequestsMock, hint: str, width: int
) -> None:
    server.get(f"{ROOT}leads", json={}, headers={HINT: hint})
    client.send(read)
    assert client.pace.width == width


@pytest.mark.parametrize("hint", ["", "many", "-3", "4.5", "9" * 30, "٤"])
def test_a_hint_that_is_no_number_changes_nothing(
    client: DataverseClient, server: responses.RequestsMock, hint: str
) -> None:
    server.get(f"{ROOT}leads", json={}, headers={HINT: hint})
    client.send(read)
    assert client.pace.width == WIDTH_AT_FIRST


def test_refusals_carry_the_hint_too(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", status=429, headers={HINT: "10", "Retry-After": "1"})
    server.get(f"{ROOT}leads", json={}, headers={HINT: "10"})
    client.send(read)
    assert client.pace.width == 5


def test_throttled_and_repeated_requests_are_counted(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.get(f"{ROOT}leads", status=429, headers={"Retry-After": "1"})
    server.get(f"{ROOT}leads", status=503)
    server.get(f"{ROOT}leads", json={})
    client.send(read)
    traffic = client.traffic
    assert (traffic.requests, traffic.operations) == (3, 3)
    assert (traffic.throttled, traffic.retried) == (1, 2)
    assert (client.requests_sent, client.operations_sent) == (3, 3)


def test_a_batch_is_one_request_of_several_operations(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.post(f"{ROOT}$batch", status=504)
    with pytest.raises(OutcomeUnknown):
        client.send_batch(Batch([write, write, read]))
    assert (client.traffic.requests, client.traffic.operations) == (1, 3)


def test_who_finds_the_gate_shut_has_sent_nothing_and_was_not_refused(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    client.gate.hold(5.0)
    with pytest.raises(Throttled) as held:
        client.send_batch(Batch([write]), retry=RetryPolicy(attempts=1, longest_retry_after=0))
    assert (held.value.status, held.value.retry_after) == (None, 5.0)
    assert (client.traffic.requests, client.traffic.throttled) == (0, 0)
    assert client.pace.period == 0
    assert client.gate.remaining() == 5.0
