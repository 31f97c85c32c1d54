"""Many change sets over HTTP, against the mock: throttling, locks, lost connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.batches import ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.commits import CommitResult, Committer, Lost
from work_assignment.dataverse.pace import WIDTH_AT_FIRST
from work_assignment.dataverse.queries import Query
from work_assignment.mock_dataverse.server import MockServer

COUNT = 200
MANY = 500
BATCH = {"path": "\\$batch"}
THROTTLED = {"status": 429, "code": "0x80072322", "headers": {"Retry-After": "0.2"}}
LEADS = Query("leads", select=("leadid",))


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


@pytest.fixture
def admin(server: MockServer) -> Iterator[Admin]:
    with closing(Admin(server)) as admin:
        yield admin


@pytest.fixture
def client(server: MockServer) -> Iterator[DataverseClient]:
    with DataverseClient(server.url, StaticToken("any")) as client:
        yield client


def now() -> datetime:
    return datetime.now(UTC)


def lead_id(number: int) -> str:
    return str(UUID(int=number + 1))


def creating(number: int) -> ChangeSet:
    """Create a lead and a note on it: a second time would fail on the lead's id."""
    lead = messages.create("leads", {"subject": "x", "lastname": "y"}, row_id=lead_id(number))
    regarding = messages.bind("regardingobjectid_lead_task", "leads", lead_id(number))
    return ChangeSet([lead, messages.create("tasks", {"subject": "call", **regarding})])


def commit(client: DataverseClient, count: int = COUNT) -> list[CommitResult]:
    committer = Committer(client, now)
    with closing(committer):
        return committer.send(
            [creating(number) for number in range(count)],
            until=now() + timedelta(minutes=10),
            longest=timedelta(seconds=150),
        )


def assert_all_written_once(client: DataverseClient, results: list[CommitResult]) -> None:
    failed = [
        result
        for result in results
        if not (isinstance(result, ChangeSetResult) and result.committed)
    ]
    assert failed == []
    leads = sorted(row["leadid"] for row in client.rows(LEADS))
    assert leads == [lead_id(number) for number in range(len(results))]
    assert len(list(client.rows(Query("tasks", select=("activityid",))))) == len(results)


def batches_counted(admin: Admin) -> int:
    counted: dict[str, Any] = admin.json("GET", "counters")
    return int(counted["http_requests_by_method"]["POST"])


def test_many_change_sets_go_in_a_few_batches(client: DataverseClient, admin: Admin) -> None:
    results = commit(client)
    assert batches_counted(admin) == client.requests_sent
    assert client.requests_sent <= COUNT / 20
    assert_all_written_once(client, results)


def test_the_hint_of_the_server_widens_the_pace(client: DataverseClient, admin: Admin) -> None:
    admin.json("PUT", "limits", {"dop_hint": 7, "enabled": False})
    commit(client, 1)
    assert client.pace.width == 7


def test_scripted_429s_waste_at_most_the_requests_under_way(
    client: DataverseClient, admin: Admin
) -> None:
    """Two bursts of refusals, each met by two of the batches that are under way."""
    for skip in (1, 5):
        admin.fault(THROTTLED, match=BATCH, skip=skip, times=2)
    results = commit(client, MANY)
    refused = client.traffic.throttled
    assert refused == 4
    assert 1 <= client.traffic.retried <= refused
    assert batches_counted(admin) == client.requests_sent
    assert client.requests_sent <= MANY / 20 + refused
    assert client.pace.period >= 1
    assert_all_written_once(client, results)


def test_a_width_that_is_too_much_for_the_server_is_found_out_with_few_refusals(
    client: DataverseClient, admin: Admin
) -> None:
    admin.json("PUT", "latency", {"request_ms": 50})
    admin.json("PUT", "limits", {"concurrent": 2, "enabled": True})
    results = commit(client)
    assert client.pace.width <= 3
    assert 1 <= client.traffic.throttled <= WIDTH_AT_FIRST
    assert client.requests_sent <= COUNT / 20 + client.traffic.throttled
    admin.json("DELETE", "limits")
    assert_all_written_once(client, results)


def test_locked_change_sets_are_sent_again_and_nothing_is_written_twice(
    client: DataverseClient, admin: Admin
) -> None:
    locked = {"status": 400, "code": "0x80044151", "message": "SQL timeout expired."}
    admin.fault(locked, match={"inner": True, "table": "task"}, probability=0.1, times=30)
    results = commit(client)
    assert client.traffic.retried >= 1
    assert_all_written_once(client, results)


def test_throttling_inside_a_batch_is_waited_out(client: DataverseClient, admin: Admin) -> None:
    admin.fault(THROTTLED, match={"inner": True, "table": "lead"}, skip=3, times=4)
    results = commit(client, 30)
    assert client.traffic.throttled >= 1
    assert_all_written_once(client, results)


@pytest.mark.parametrize(("drop", "is_written"), [("before", False), ("after", True)])
def test_a_lost_connection_is_told_and_its_change_sets_are_not_sent_again(
    client: DataverseClient, admin: Admin, drop: str, is_written: bool
) -> None:
    admin.fault({"drop": drop}, match=BATCH, nth=2)
    results = commit(client, 100)
    lost = {number for number, result in enumerate(results) if isinstance(result, Lost)}
    assert len(lost) == 20
    there = {row["leadid"] for row in client.rows(LEADS)}
    expected = range(100) if is_written else set(range(100)) - lost
    assert there == {lead_id(number) for number in expected}
    assert client.traffic.retried == 0


def test_a_server_that_is_restarting_gets_the_batch_again(
    client: DataverseClient, admin: Admin
) -> None:
    admin.fault({"status": 503, "headers": {"Retry-After": "0.1"}}, match=BATCH, skip=2, times=2)
    results = commit(client)
    assert 1 <= client.traffic.retried <= 2
    assert_all_written_once(client, results)
