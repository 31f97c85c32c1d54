"""Row locks, seen by clients: who waits, who is killed, and that nothing is half-written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.storage.change_sets import Write, send, send_alone, send_in, update
from tests.mock_dataverse.storage.eventually import eventually

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.storage.recording import RowWrite
from work_assignment.mock_dataverse.storage.row_locks import LockSettings, RowLocks

DEADLOCK = "0x80044150"
TIMEOUT = "0x80044151"


@pytest.fixture
def locks(server: MockServer) -> RowLocks:
    """The locks of the server, switched on."""
    server.store.row_locks.configure(LockSettings(enabled=True, timeout=15))
    return server.store.row_locks


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


@contextmanager
def held(locks: RowLocks, *row_ids: str) -> Iterator[None]:
    """Hold leads as another transaction would."""
    with locks.transaction() as owner:
        for row_id in row_ids:
            owner.lock(RowWrite((("lead", row_id),)))
        yield


def leads(api: Api, count: int) -> list[str]:
    return [api.create("leads", subject="old", companyname="old") for _ in range(count)]


def subject(api: Api, row_id: str) -> str:
    text: str = api.row(f"leads({row_id})?$select=subject")["subject"]
    return text


def test_opposite_orders_kill_one_change_set_and_the_other_is_whole(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor
) -> None:
    x, y, between, other = leads(api, 4)
    with held(locks, between, other):  # until both have their first row
        one = send_in(
            pool,
            server,
            *[update(row, subject="one", companyname="one") for row in (x, between, y)],
        )
        two = send_in(
            pool, server, *[update(row, subject="two", companyname="two") for row in (y, other, x)]
        )
        eventually(lambda: locks.counts.waits == 2)
    outcomes = {"one": one.result(), "two": two.result()}
    (killed,) = [name for name, outcome in outcomes.items() if outcome.status == 400]
    (whole,) = {"one", "two"} - {killed}
    assert outcomes[killed].code == DEADLOCK
    assert "Generic SQL error." in outcomes[killed].text
    assert "Content-ID: 3" in outcomes[killed].text
    assert outcomes[whole].status == 200
    assert locks.counts.deadlocks == 1
    assert [subject(api, row) for row in (x, y)] == [whole, whole]
    rows = api.row("leads?$select=subject,companyname")["value"]
    assert all(row["subject"] == row["companyname"] != killed for row in rows)


def test_the_same_order_lets_both_through_one_after_the_other(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor
) -> None:
    x, y = leads(api, 2)
    with held(locks, y):
        one = send_in(pool, server, update(x, subject="one"), update(y, subject="one"))
        eventually(lambda: locks.counts.waits == 1)
        two = send_in(pool, server, update(x, subject="two"), update(y, subject="two"))
        eventually(lambda: locks.counts.waits == 2)
    assert (one.result().status, two.result().status) == (200, 200)
    assert locks.counts.deadlocks == 0
    assert [subject(api, row) for row in (x, y)] == ["two", "two"]


def test_who_waits_too_long_is_refused_and_has_written_nothing(
    server: MockServer, api: Api, locks: RowLocks
) -> None:
    x, y = leads(api, 2)
    locks.configure(LockSettings(enabled=True, timeout=0.05))
    with held(locks, y):
        assert_fault(api.patch(f"leads({y})", {"subject": "new"}), 400, TIMEOUT, "SQL timeout")
        outcome = send(server, [update(x, subject="new"), update(y, subject="new")])
    assert (outcome.status, outcome.code) == (400, TIMEOUT)
    assert "Content-ID: 2" in outcome.text
    assert locks.counts.timeouts == 2
    assert [subject(api, row) for row in (x, y)] == ["old", "old"]
    assert send(server, [update(y, subject="new")]).status == 200


def test_readers_go_on_while_writers_wait(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor
) -> None:
    (x,) = leads(api, 1)
    with held(locks, x):
        waiting = send_in(pool, server, update(x, subject="new"))
        eventually(lambda: locks.counts.waits == 1)
        assert subject(api, x) == "old"
        assert api.create("leads", subject="another row")
    assert waiting.result().status == 200
    assert subject(api, x) == "new"


def test_an_etag_is_judged_after_the_wait(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor
) -> None:
    x, y = leads(api, 2)
    etag = api.get(f"leads({x})?$select=subject").headers["ETag"]
    with held(locks, y):
        first = send_in(pool, server, update(x, subject="first"), update(y, subject="first"))
        eventually(lambda: locks.counts.waits == 1)
        second = pool.submit(send_alone, server, update(x, subject="second"), If_Match=etag)
        eventually(lambda: locks.counts.waits == 2)
    assert first.result().status == 200
    assert_fault(second.result(), 412, "0x80060882")
    assert subject(api, x) == "first"


def test_two_inserts_of_one_alternate_key_meet_at_the_key(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor
) -> None:
    (y,) = leads(api, 1)
    unique = Write("POST", "wa_sellerattributes", {"wa_name": "Ärger"})
    with held(locks, y):
        first = send_in(pool, server, unique, update(y, subject="first"))
        eventually(lambda: locks.counts.waits == 1)
        second = pool.submit(
            send_alone, server, Write("POST", "wa_sellerattributes", {"wa_name": "ARGER"})
        )
        eventually(lambda: locks.counts.waits == 2)
    assert first.result().status == 200
    assert_fault(second.result(), 412, "0x80060892")


def test_a_failing_request_pays_for_the_rows_before_its_failure(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor
) -> None:
    (x,) = leads(api, 1)
    nowhere = Write("DELETE", "leads(00000000-0000-0000-0000-00000000dead)", {})
    with held(locks, x):
        failing = send_in(pool, server, update(x, subject="new"), nowhere)
        eventually(lambda: locks.counts.waits == 1)
    assert failing.result().status == 404
    assert subject(api, x) == "old"


def test_a_rehearsal_leaves_no_trace(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor
) -> None:
    (x,) = leads(api, 1)
    before = api.row(f"leads({x})?$select=subject")["@odata.etag"]
    counted = server.counters.read()["inner_operations"]
    with held(locks, x):
        waiting = send_in(pool, server, update(x, subject="new"))
        eventually(lambda: locks.counts.waits == 1)
        assert api.row(f"leads({x})?$select=subject")["@odata.etag"] == before
    waiting.result()
    assert int(server.counters.read()["inner_operations"]) == counted + 2


def test_everything_that_writes_works_with_locks_on(api: Api, locks: RowLocks) -> None:
    lead, contact = api.create("leads", subject="a"), api.create("contacts", lastname="b")
    reference = {"@odata.id": f"contacts({contact})"}
    assert api.put(f"leads({lead})/parentcontactid/$ref", reference).status_code == 204
    target = {"@odata.type": "Microsoft.Dynamics.CRM.lead", "subject": "c"}
    many = api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [target] * 3})
    assert len(many.json()["Ids"]) == 3
    assert api.delete(f"leads({lead})").status_code == 204
    assert api.get(f"leads({lead})").status_code == 404
    assert locks.counts.waits == 0


@pytest.mark.parametrize("in_order", [True, False])
def test_many_threads_leave_consistent_rows(
    server: MockServer, api: Api, locks: RowLocks, pool: ThreadPoolExecutor, in_order: bool
) -> None:
    rows = sorted(leads(api, 6))
    locks.configure(LockSettings(enabled=True, write_latency=0.003, timeout=15))

    def work(worker: int) -> list[str]:
        chance, done = random.Random(worker), []  # noqa: S311 - no secret, but the same each time
        for number in range(6):
            token = f"{worker}-{number}"
            chosen = chance.sample(rows, 4)
            if in_order:
                chosen.sort()
            writes = [update(row, subject=token, companyname=token) for row in chosen]
            while (outcome := send(server, writes)).status != 200:
                assert (outcome.status, outcome.code) == (400, DEADLOCK)
            done.append(token)
        return done

    done = {token for tokens in pool.map(work, range(8)) for token in tokens}
    found = api.row("leads?$select=subject,companyname")["value"]
    assert len(found) == 6
    assert all(row["subject"] == row["companyname"] for row in found)
    assert {row["subject"] for row in found} <= done | {"old"}
    assert locks.counts.waits > 0
    assert (locks.counts.deadlocks == 0) is in_order
    with server.store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_locks_are_switched_and_counted_by_route(server: MockServer, api: Api) -> None:
    route = f"{server.url}/__mock/locks"
    assert api.get(route).json()["enabled"] is False
    wanted = {"enabled": True, "write_latency_ms": 5, "timeout_ms": 20}
    assert wanted.items() <= api.send("PUT", route, json=wanted).json().items()
    (x,) = leads(api, 1)
    with held(server.store.row_locks, x):
        assert api.patch(f"leads({x})", {"subject": "new"}).status_code == 400
    found = api.get(route).json()
    assert (found["waits"], found["deadlocks"], found["timeouts"]) == (1, 0, 1)
    assert api.post(f"{route}/reset", {}).json()["waits"] == 0
    wrong: Any
    for wrong in ({"enabled": 1}, {"timeout_ms": -1}, {"write_latency_ms": "x"}, {"on": True}, []):
        answer = api.send("PUT", route, json=wrong)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert api.send("PUT", route, json={"enabled": False}).json()["timeout_ms"] == 20
