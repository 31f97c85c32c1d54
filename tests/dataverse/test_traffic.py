"""Who shares a client is told what he sent himself, and the client what everybody did."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.batches import ChangeSet
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.commits import Committer
from work_assignment.dataverse.connections import Traffic, sent_here
from work_assignment.dataverse.queries import Query
from work_assignment.mock_dataverse.server import MockServer

READ = messages.get(Query("leads"))


@pytest.fixture
def client() -> Iterator[DataverseClient]:
    with MockServer() as server, DataverseClient(server.url, StaticToken("any")) as client:
        yield client


def test_sessions_side_by_side_count_their_own_requests_to_the_last(
    client: DataverseClient,
) -> None:
    both = threading.Barrier(2, timeout=30)
    counted: dict[int, tuple[int, int]] = {}

    def work(many: int) -> None:
        before = sent_here().requests, sent_here().operations
        both.wait()
        for _ in range(many):
            client.send(READ)
        commit(client, many)
        both.wait()
        after = sent_here().requests, sent_here().operations
        counted[many] = (after[0] - before[0], after[1] - before[1])

    threads = [threading.Thread(target=work, args=(many,)) for many in (3, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counted[3][0] < counted[40][0]
    assert {many: operations for many, (_, operations) in counted.items()} == {3: 6, 40: 80}
    assert sum(requests for requests, _ in counted.values()) == client.requests_sent
    assert sum(operations for _, operations in counted.values()) == client.operations_sent


def commit(client: DataverseClient, many: int) -> None:
    """Write so many rows in parallel batches, in threads of a committer's own."""
    now = datetime.now(UTC)
    sets = [
        ChangeSet(
            [messages.create("leads", {"subject": "x"}, row_id=str(UUID(int=many * 100 + n)))]
        )
        for n in range(many)
    ]
    with closing(Committer(client, lambda: datetime.now(UTC))) as committer:
        committer.send(sets, until=now + timedelta(minutes=10), longest=timedelta(seconds=60))


def test_what_a_session_sent_is_the_next_ones_beginning(client: DataverseClient) -> None:
    first = sent_here()
    client.send(READ)
    between = first.requests

    client.send(READ)

    assert sent_here() is first
    assert first.requests == between + 1


def test_being_held_up_is_counted_for_who_was_held_up() -> None:
    shared = Traffic()

    def be_held_up() -> tuple[int, int]:
        before = sent_here().throttled, sent_here().retried
        shared.refused()
        shared.sent_again()
        return sent_here().throttled - before[0], sent_here().retried - before[1]

    def do_nothing() -> tuple[int, int]:
        return sent_here().throttled, sent_here().retried

    assert copy_context().run(be_held_up) == (1, 1)
    counted: list[tuple[int, int]] = []
    other = threading.Thread(target=lambda: counted.append(do_nothing()))
    other.start()
    other.join()

    assert counted == [(0, 0)]
    assert (shared.throttled, shared.retried) == (1, 1)
