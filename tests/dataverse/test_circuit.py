"""The circuit: a Dataverse that is down is left alone, and found again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses
from tests.dataverse.fake_dataverse import Clock

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.batches import Batch
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.connections import Circuit
from work_assignment.dataverse.errors import (
    CircuitOpen,
    ConnectionFailed,
    DataverseError,
    NotAuthenticated,
    OutcomeUnknown,
    ServerUnavailable,
    VersionMismatch,
)
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.retry import RetryPolicy
from work_assignment.dataverse.unavailable import PASSING

URL = "https://org.example"
ROOT = f"{URL}/api/data/v9.2/"
read = messages.get(Query("leads"))
write = messages.create("leads", {"subject": "x"})
AWAY = (ConnectionFailed, ServerUnavailable, OutcomeUnknown)


def error(kind: type[DataverseError]) -> DataverseError:
    return kind(None, "", "connection lost", "", "GET leads")


def ask(circuit: Circuit, failure: BaseException | None = None) -> None:
    with circuit.around("GET leads"):
        if failure is not None:
            raise failure


def fail(circuit: Circuit, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionFailed):
            ask(circuit, error(ConnectionFailed))


def seconds_left(circuit: Circuit) -> float | None:
    with pytest.raises(CircuitOpen) as refused:
        ask(circuit)
    return refused.value.retry_after


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(clock)


@pytest.mark.parametrize("kind", AWAY)
def test_five_failures_in_a_row_open_it_for_ten_seconds(
    circuit: Circuit, kind: type[DataverseError]
) -> None:
    for _ in range(4):
        with pytest.raises(kind):
            ask(circuit, error(kind))
    assert not circuit.is_open
    with pytest.raises(kind):
        ask(circuit, error(kind))
    assert circuit.is_open
    assert seconds_left(circuit) == 10.0


def test_any_answer_in_between_begins_the_count_anew(circuit: Circuit) -> None:
    fail(circuit, 4)
    with pytest.raises(VersionMismatch):
        ask(circuit, error(VersionMismatch))
    fail(circuit, 4)
    ask(circuit)
    fail(circuit, 4)
    assert not circuit.is_open


def test_it_says_what_went_wrong_and_when_to_come_back(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, 5)
    clock.sleep(4.0)
    with pytest.raises(CircuitOpen, match=r"keeps failing: again in 6 s, after connection lost"):
        ask(circuit)


def test_services_take_it_for_dataverse_being_away() -> None:
    assert issubclass(CircuitOpen, PASSING)


def test_after_the_pause_one_request_goes_through_and_the_others_still_wait(
    circuit: Circuit, clock: Clock
) -> None:
    fail(circuit, 5)
    clock.sleep(10.0)
    with circuit.around("GET leads"):
        assert seconds_left(circuit) == 10.0
    ask(circuit)
    assert not circuit.is_open


def test_while_the_one_fails_too_the_pause_doubles_up_to_two_minutes(
    circuit: Circuit, clock: Clock
) -> None:
    fail(circuit, 5)
    pauses = []
    for _ in range(6):
        pauses.append(seconds_left(circuit))
        clock.sleep(pauses[-1] or 0.0)
        fail(circuit, 1)
    assert pauses == [10.0, 20.0, 40.0, 80.0, 120.0, 120.0]


def test_an_answer_brings_the_first_pause_back(circuit: Circuit, clock: Clock) -> None:
    fail(circuit, 5)
    clock.sleep(10.0)
    fail(circuit, 1)
    clock.sleep(20.0)
    ask(circuit)
    fail(circuit, 5)
    assert seconds_left(circuit) == 10.0


def test_requests_that_were_under_way_when_it_opened_do_not_prolong_it(
    circuit: Circuit, clock: Clock
) -> None:
    def fail_late() -> None:
        with circuit.around("GET leads"):
            fail(circuit, 5)
            clock.sleep(3.0)
            raise error(ConnectionFailed)

    with pytest.raises(ConnectionFailed):
        fail_late()
    assert seconds_left(circuit) == 7.0


def test_an_answer_to_one_that_was_under_way_closes_it(circuit: Circuit) -> None:
    with circuit.around("GET leads"):
        fail(circuit, 5)
        assert circuit.is_open
    assert not circuit.is_open


def test_a_bug_tells_nothing_about_dataverse_and_leaves_the_way_free_to_try(
    circuit: Circuit, clock: Clock
) -> None:
    fail(circuit, 5)
    clock.sleep(10.0)
    with pytest.raises(ZeroDivisionError):
        ask(circuit, ZeroDivisionError())
    assert circuit.is_open
    ask(circuit)
    assert not circuit.is_open


# Through the client


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client(clock: Clock) -> Iterator[DataverseClient]:
    once = RetryPolicy(attempts=1)
    with DataverseClient(
        URL, StaticToken("t"), sleep=clock.sleep, clock=clock, retry=once
    ) as client:
        yield client


def test_a_dataverse_that_fails_is_not_asked_until_the_pause_is_over(
    client: DataverseClient, server: responses.RequestsMock, clock: Clock
) -> None:
    failing = server.get(f"{ROOT}leads", status=500)
    for _ in range(5):
        with pytest.raises(ServerUnavailable):
            client.send(read)
    with pytest.raises(CircuitOpen, match="after status 500"):
        client.send(read)
    assert (client.requests_sent, clock.slept) == (5, [])

    server.replace(responses.Response("GET", failing.url, json={"value": []}))
    clock.sleep(10.0)
    assert client.send(read).rows == []
    assert not client.circuit.is_open


def test_writes_of_unknown_outcome_count_as_failures(
    client: DataverseClient, server: responses.RequestsMock
) -> None:
    server.post(f"{ROOT}$batch", status=502, body="<html>")
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            client.send_batch(Batch([write]))
    assert client.circuit.is_open


@pytest.mark.parametrize("status", [401, 404, 412, 429, 501])
def test_answers_that_refuse_do_not_open_it(
    client: DataverseClient, server: responses.RequestsMock, status: int
) -> None:
    server.get(f"{ROOT}leads", status=status)
    for _ in range(6):
        with pytest.raises(DataverseError):
            client.send(read)
    assert client.requests_sent == 6


def test_a_patient_client_does_not_wait_for_it(
    server: responses.RequestsMock, clock: Clock
) -> None:
    server.get(f"{ROOT}leads", status=500)
    with DataverseClient(URL, StaticToken("t"), sleep=clock.sleep, clock=clock) as patient:
        with pytest.raises(ServerUnavailable):
            patient.send(read)
        slept = len(clock.slept)
        with pytest.raises(CircuitOpen):
            patient.send(read)
    assert (patient.requests_sent, len(clock.slept)) == (5, slept)
    assert patient.traffic.retried == 4


def test_without_a_token_dataverse_was_not_asked(clock: Clock) -> None:
    class NoToken:
        def token(self) -> str:
            raise error(NotAuthenticated)

    with DataverseClient(URL, NoToken(), clock=clock) as client:
        for _ in range(6):
            with pytest.raises(NotAuthenticated):
                client.send(read)
    assert not client.circuit.is_open
