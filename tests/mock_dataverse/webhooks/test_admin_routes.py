"""The routes under /__mock/webhooks: the log, redelivery, and troubles on request."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.webhooks.http import admin, contexts, register
from tests.mock_dataverse.webhooks.receiver import Receiver


def refused(api: Api, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = api.send(method, f"{api.server.url}/__mock/{path}", json=body)
    return answer.status_code, answer.json()["error"]


def drained(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = admin(api, "POST", "webhooks/drain", {"timeout_s": 20})
    assert found["idle"] is True
    return found


def jobs(api: Api) -> list[tuple[int, int]]:
    rows = api.row("asyncoperations?$select=statecode,statuscode")["value"]
    return [(row["statecode"], row["statuscode"]) for row in rows]


def test_the_log_shows_each_attempt_without_secrets(own_api: Api, receiver: Receiver) -> None:
    register(own_api, f"{receiver.url}?sig=geheim", "Create", "lead", name="on create")
    admin(own_api, "PUT", "webhooks", {"retry_delay_ms": 0})
    receiver.statuses.append(503)
    lead = own_api.create("leads", subject="x")
    drained(own_api)
    first, second = admin(own_api, "GET", "webhooks/log")["entries"]
    assert (first["status"], first["attempt"], first["id"]) == (503, 1, 1)
    assert first["problem"].startswith("0x80050201: ")
    assert (second["status"], second["attempt"], second["problem"]) == (200, 2, None)
    assert first["operation_id"] == second["operation_id"]
    assert second["url"] == receiver.url
    assert (second["step"], second["message"], second["table"]) == ("on create", "Create", "lead")
    assert (second["row_id"], second["kind"], second["trimmed"]) == (lead, "asynchronous", False)
    assert second["duration_ms"] > 0


def test_the_log_is_read_from_an_entry_or_a_time_on_and_by_table(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    register(own_api, receiver.url, "Create", "account", mode=0)
    own_api.create("leads", subject="x")
    own_api.create("accounts", name="Rossi")
    whole = admin(own_api, "GET", "webhooks/log")["entries"]
    assert [(entry["table"], entry["kind"]) for entry in whole] == [
        ("lead", "synchronous"),
        ("account", "synchronous"),
    ]
    for query in ("since=1", "table=account", f"since={whole[1]['at']}"):
        (entry,) = admin(own_api, "GET", f"webhooks/log?{query}")["entries"]
        assert entry == whole[1]
    assert admin(own_api, "GET", "webhooks/log?since=2999-01-01T00:00:00Z")["entries"] == []
    status, problem = refused(own_api, "GET", "webhooks/log?since=yesterday")
    assert (status, "yesterday" in problem) == (400, True)
    admin(own_api, "DELETE", "webhooks/log")
    assert admin(own_api, "GET", "webhooks/log")["entries"] == []


def test_what_was_sent_is_sent_once_more_on_request(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    own_api.create("leads", subject="x")
    drained(own_api)
    answer = admin(own_api, "POST", "webhooks/log/1/redeliver")
    assert answer["redelivered"]["id"] == 1
    drained(own_api)
    first, second = receiver.requests
    assert first.text == second.text
    kinds = [entry["kind"] for entry in admin(own_api, "GET", "webhooks/log")["entries"]]
    assert kinds == ["asynchronous", "redelivery"]
    assert refused(own_api, "POST", "webhooks/log/99/redeliver")[0] == 404
    assert refused(own_api, "POST", "webhooks/log/x/redeliver")[0] == 404


def test_while_paused_jobs_wait_and_then_are_sent(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    assert admin(own_api, "PUT", "webhooks", {"paused": True})["paused"] is True
    own_api.create("leads", subject="x")
    waiting = admin(own_api, "POST", "webhooks/drain", {"timeout_s": 0.05})
    assert (waiting["idle"], waiting["waiting"]) == (False, 1)
    assert jobs(own_api) == [(0, 0)]
    assert receiver.requests == []
    admin(own_api, "PUT", "webhooks", {"paused": False})
    assert drained(own_api)["sent"] == 1
    assert jobs(own_api) == [(3, 30)]


def test_a_job_is_in_progress_while_its_receiver_is_silent(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead")
    receiver.hold()
    own_api.create("leads", subject="x")
    assert receiver.arrived.acquire(timeout=10)
    assert jobs(own_api) == [(2, 20)]
    receiver.release()
    drained(own_api)
    assert jobs(own_api) == [(3, 30)]


def test_a_job_that_is_canceled_or_deleted_while_it_waits_is_not_sent(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead")
    admin(own_api, "PUT", "webhooks", {"paused": True})
    for subject in ("canceled", "deleted", "sent"):
        own_api.create("leads", subject=subject)
    found = own_api.row("asyncoperations?$orderby=createdon&$select=asyncoperationid")["value"]
    canceled, deleted = (row["asyncoperationid"] for row in found[:2])
    own_api.patch(f"asyncoperations({canceled})", {"statecode": 3, "statuscode": 32})
    own_api.delete(f"asyncoperations({deleted})")
    admin(own_api, "PUT", "webhooks", {"paused": False})
    drained(own_api)
    assert len(receiver.requests) == 1
    assert sorted(jobs(own_api)) == [(3, 30), (3, 32)]


def test_duplicates_on_request_reach_the_receiver_twice_with_one_job(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead")
    admin(own_api, "PUT", "webhooks", {"duplicates": 1})
    own_api.create("leads", subject="x")
    drained(own_api)
    first, second = receiver.requests
    assert first.text == second.text
    assert jobs(own_api) == [(3, 30)]
    kinds = {entry["kind"] for entry in admin(own_api, "GET", "webhooks/log")["entries"]}
    assert kinds == {"asynchronous", "duplicate"}


def test_reordering_on_request_loses_nothing(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    admin(own_api, "PUT", "webhooks", {"reorder": 0.5, "duplicates": 0.2, "seed": 7})
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.lead"}
    targets = [{"subject": f"{number:02d}", **kind} for number in range(40)]
    ids = own_api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    arrived = [context["PrimaryEntityId"] for context in contexts(own_api, receiver)]
    created = ids.json()["Ids"]
    assert set(arrived) == set(created)
    assert len(arrived) > len(created)
    assert list(dict.fromkeys(arrived)) != created


def test_a_delay_on_request_holds_deliveries_back(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    admin(own_api, "PUT", "webhooks", {"delay_ms": 150})
    own_api.create("leads", subject="x")
    assert admin(own_api, "POST", "webhooks/drain", {"timeout_s": 0})["idle"] is False
    drained(own_api)
    assert len(receiver.requests) == 1


def test_settings_are_shown_and_kept_when_they_are_not_named(own_api: Api) -> None:
    admin(own_api, "PUT", "webhooks", {"duplicates": 0.25, "seed": 1})
    admin(own_api, "PUT", "webhooks", {"timeout_ms": 500})
    assert admin(own_api, "GET", "webhooks") == {
        "duplicates": 0.25,
        "reorder": 0.0,
        "delay_ms": 0.0,
        "paused": False,
        "seed": 1,
        "timeout_ms": 500.0,
        "retry_delay_ms": 1000.0,
        "waiting": 0,
        "sent": 0,
        "failed": 0,
    }


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"duplicates": 2}, "duplicates"),
        ({"reorder": "often"}, "reorder"),
        ({"delay_ms": -1}, "delay_ms"),
        ({"paused": "yes"}, "paused"),
        ({"seed": 1.5}, "seed"),
        ({"timeout_ms": 0}, "timeout_ms"),
        ({"colour": 1}, "colour"),
        ([], "object"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    own_api: Api, body: Any, word: str
) -> None:
    status, problem = refused(own_api, "PUT", "webhooks", body)
    assert (status, word in problem) == (400, True)


def test_a_reset_database_sends_again(own_api: Api, receiver: Receiver) -> None:
    register(own_api, receiver.url, "Create", "lead")
    own_api.create("leads", subject="x")
    drained(own_api)
    admin(own_api, "POST", "snapshots/before")
    own_api.create("leads", subject="y")
    drained(own_api)
    admin(own_api, "POST", "snapshots/before/restore")
    own_api.create("leads", subject="z")
    drained(own_api)
    assert len(receiver.requests) == 3
    admin(own_api, "POST", "reset")
    own_api.create("leads", subject="nobody listens")
    drained(own_api)
    assert len(receiver.requests) == 3
    register(own_api, receiver.url, "Create", "lead")
    own_api.create("leads", subject="again")
    drained(own_api)
    assert len(receiver.requests) == 4


def test_what_waited_in_a_snapshot_is_canceled_when_it_is_restored(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead")
    admin(own_api, "PUT", "webhooks", {"paused": True})
    own_api.create("leads", subject="x")
    admin(own_api, "POST", "snapshots/waiting")
    admin(own_api, "PUT", "webhooks", {"paused": False})
    drained(own_api)
    admin(own_api, "POST", "snapshots/waiting/restore")
    admin(own_api, "PUT", "webhooks", {})
    drained(own_api)
    assert len(receiver.requests) == 1
    assert jobs(own_api) == [(3, 32)]


def test_synchronous_calls_are_counted_and_an_unknown_table_is_named(
    own_api: Api, receiver: Receiver
) -> None:
    register(own_api, receiver.url, "Create", "lead", mode=0)
    register(own_api, receiver.url, "Create", "account")
    own_api.create("leads", subject="x")
    own_api.create("accounts", name="Rossi")
    drained(own_api)
    receiver.statuses.append(500)
    assert own_api.post("leads", {"subject": "y"}).status_code == 400
    found, health = admin(own_api, "GET", "webhooks"), admin(own_api, "GET", "health")
    assert (found["sent"], found["failed"]) == (2, 1)
    assert (health["webhooks_sent"], health["webhooks_failed"]) == (2, 1)
    assert refused(own_api, "GET", "webhooks/log?table=leeds") == (
        400,
        "There is no table 'leeds'.",
    )
