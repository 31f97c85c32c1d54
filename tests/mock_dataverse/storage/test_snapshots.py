"""Snapshots, restoring and reset, by route and under load."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.webhooks.http import inputs, register, values_of
from tests.mock_dataverse.webhooks.receiver import Receiver

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.storage.rows import next_version
from work_assignment.mock_dataverse.storage.store import Store
from work_assignment.mock_dataverse.storage.versions import current_version, was_undone
from work_assignment.mock_dataverse.tables.catalogs import build_catalog


def admin(api: Api, method: str, path: str) -> requests.Response:
    return api.send(method, f"{api.server.url}/__mock/{path}")


def count(api: Api, entity_set: str) -> int:
    return int(api.get(f"{entity_set}/$count").text)


def test_a_restore_returns_every_row_to_its_snapshot(api: Api) -> None:
    kept = api.create("leads", subject="kept")
    deleted = api.create("leads", subject="deleted later")
    assert admin(api, "POST", "snapshots/before").json() == {"snapshots": ["before"]}
    api.patch(f"leads({kept})", {"subject": "changed"})
    api.delete(f"leads({deleted})")
    added = api.create("leads", subject="added")
    assert admin(api, "POST", "snapshots/before/restore").json() == {"restored": "before"}
    assert api.row(f"leads({kept})?$select=subject")["subject"] == "kept"
    assert api.row(f"leads({deleted})?$select=subject")["subject"] == "deleted later"
    assert api.get(f"leads({added})").status_code == 404
    assert admin(api, "POST", "snapshots/before/restore").status_code == 200  # as often as wanted


def test_no_version_is_given_twice(api: Api) -> None:
    lead = api.create("leads", subject="a")
    admin(api, "POST", "snapshots/before")
    api.patch(f"leads({lead})", {"subject": "b"})
    undone = api.get(f"leads({lead})?$select=subject").headers["ETag"]
    admin(api, "POST", "snapshots/before/restore")
    api.patch(f"leads({lead})", {"subject": "c"})
    assert api.get(f"leads({lead})?$select=subject").headers["ETag"] != undone
    assert_fault(api.patch(f"leads({lead})", {"subject": "d"}, If_Match=undone), 412, "0x80060882")
    admin(api, "POST", "reset")
    again = api.create("leads", leadid=lead, subject="a")
    assert_fault(api.patch(f"leads({again})", {"subject": "d"}, If_Match=undone), 412, "0x80060882")


def test_a_reset_leaves_what_a_new_organization_has(api: Api) -> None:
    users = count(api, "systemusers")
    api.create("leads", subject="a")
    api.create("systemusers", domainname="a@b.example", firstname="a", lastname="b")
    assert admin(api, "POST", "reset").json() == {"reset": True}
    assert (count(api, "leads"), count(api, "systemusers")) == (0, users)
    assert api.row("WhoAmI")["UserId"]
    assert api.create("leads", subject="a")


def test_snapshots_are_listed_replaced_and_deleted(api: Api) -> None:
    admin(api, "POST", "snapshots/b")
    admin(api, "POST", "snapshots/a")
    api.create("leads", subject="later")
    admin(api, "POST", "snapshots/b")
    assert admin(api, "GET", "snapshots").json() == {"snapshots": ["a", "b"]}
    admin(api, "POST", "snapshots/a/restore")
    assert count(api, "leads") == 0
    admin(api, "POST", "snapshots/b/restore")
    assert count(api, "leads") == 1
    assert admin(api, "DELETE", "snapshots/a").status_code == 204
    assert admin(api, "GET", "snapshots").json() == {"snapshots": ["b"]}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "snapshots/unknown/restore", 404),
        ("DELETE", "snapshots/unknown", 404),
        ("POST", "snapshots/a%2F..%2Fb", 400),
        ("POST", f"snapshots/{'x' * 65}", 400),
        ("GET", "reset", 405),
    ],
)
def test_a_wrong_request_says_what_is_wrong(api: Api, method: str, path: str, status: int) -> None:
    answer = admin(api, method, path)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_restoring_while_others_read_and_write_harms_nobody(server: MockServer, api: Api) -> None:
    for number in range(50):
        api.create("leads", subject=f"old {number}")
    admin(api, "POST", "snapshots/before")
    is_over = threading.Event()

    def read() -> set[int]:
        client, seen = Api(server), set()
        while not is_over.is_set():
            seen.add(client.get("leads?$select=subject").status_code)
        client.close()
        return seen

    def write() -> set[int]:
        client, seen = Api(server), set()
        while not is_over.is_set():
            seen.add(client.post("leads", {"subject": "new"}).status_code)
        client.close()
        return seen

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(work) for work in (read, read, write, write)]
        for step in range(8):
            path = "reset" if step == 3 else "snapshots/before/restore"
            assert admin(api, "POST", path).status_code == 200
        is_over.set()
        assert set().union(*(future.result() for future in futures)) == {200, 204}
    admin(api, "POST", "snapshots/before/restore")
    assert count(api, "leads") == 50
    with server.store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_states_that_a_restore_undid_are_known_as_such() -> None:
    store = Store(build_catalog([]))
    store.snapshot("first")
    with store.reading() as db:
        kept = current_version(db)
    with store.writing() as db:
        undone = [next_version(db), next_version(db)]
    store.restore("first")
    with store.writing() as db:
        new = next_version(db)
    store.restore("first")
    with store.reading() as db:
        assert not was_undone(db, kept)
        assert [was_undone(db, version) for version in (*undone, new)] == [True, True, True]
        assert not was_undone(db, current_version(db))
    store.reset()
    with store.reading() as db:
        assert was_undone(db, kept)
    store.close()


def test_tables_made_at_run_time_come_and_go_with_their_rows(api: Api) -> None:
    table = {
        "SchemaName": "new_Thing",
        "DisplayName": label("Thing"),
        "DisplayCollectionName": label("Things"),
        "OwnershipType": "UserOwned",
        "Attributes": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
                "SchemaName": "new_Name",
                "DisplayName": label("Name"),
                "IsPrimaryName": True,
                "MaxLength": 100,
            }
        ],
    }
    assert api.post("EntityDefinitions", table).status_code == 204
    api.create("new_things", new_name="a")
    admin(api, "POST", "snapshots/with")
    admin(api, "POST", "reset")
    assert api.get("new_things").status_code == 404
    admin(api, "POST", "snapshots/with/restore")
    assert [row["new_name"] for row in api.row("new_things")["value"]] == ["a"]
    admin(api, "POST", "reset")
    assert api.post("EntityDefinitions", table).status_code == 204
    assert api.row("new_things")["value"] == []


def test_webhooks_go_on_after_a_restore_and_after_a_reset(api: Api) -> None:
    with Receiver() as receiver:

        def subjects_received() -> list[str]:
            assert api.server.dispatcher.wait_until_idle(10)
            return [subject_in(request.context) for request in receiver.requests]

        register(api, receiver.url, "Create", "lead")
        api.create("leads", subject="first")
        api.create("leads", subject="second")
        assert sorted(subjects_received()) == ["first", "second"]
        admin(api, "POST", "snapshots/with")
        api.create("leads", subject="third")
        assert len(subjects_received()) == 3
        admin(api, "POST", "snapshots/with/restore")
        api.create("leads", subject="fourth")
        assert subjects_received()[3:] == ["fourth"]
        admin(api, "POST", "reset")
        api.create("leads", subject="nobody hears of it")
        register(api, receiver.url, "Create", "lead")
        api.create("leads", subject="fifth")
        assert subjects_received()[4:] == ["fifth"]


def subject_in(context: dict[str, Any]) -> str:
    subject: str = values_of(inputs(context)["Target"]["Attributes"])["subject"]
    return subject


def label(text: str) -> dict[str, object]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}


def test_an_unknown_snapshot_is_a_key_error() -> None:
    store = Store(build_catalog([]))
    with pytest.raises(KeyError):
        store.restore("none")
    with pytest.raises(KeyError):
        store.forget_snapshot("none")
    store.close()


def test_a_kept_file_can_be_restored_too(tmp_path: Path) -> None:
    with MockServer(tmp_path / "mock.db") as server:
        api = Api(server)
        lead = api.create("leads", subject="kept")
        admin(api, "POST", "snapshots/before")
        api.delete(f"leads({lead})")
        admin(api, "POST", "snapshots/before/restore")
        api.close()
    with MockServer(tmp_path / "mock.db") as server:
        api = Api(server)
        assert api.row(f"leads({lead})?$select=subject")["subject"] == "kept"
        assert admin(api, "GET", "snapshots").json() == {"snapshots": []}
        api.close()
