"""What becomes of changed definitions: after a restart, after a snapshot, and under other requests."""

from __future__ import annotations

import threading
from pathlib import Path

import requests
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.definitions.bodies import (
    NAMESPACE,
    column,
    label,
    make,
    make_table,
    many_to_many,
    of,
    one_to_many,
    options,
    table,
)

from work_assignment.mock_dataverse.server import MockServer


def _make_everything(api: Api) -> None:
    choice = options((1, "Red")) | {"Name": "new_colors", "IsGlobal": True}
    make(api, "GlobalOptionSetDefinitions", choice)
    bound = {"GlobalOptionSet@odata.bind": "/GlobalOptionSetDefinitions(Name='new_colors')"}
    day = {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}
    body = table(
        "new_Kept",
        column("Picklist", "new_Color", **bound),
        column("DateTime", "new_Day", **day),
        column("Money", "new_Price"),
        HasNotes=True,
        DisplayName=label("Kept", l1031="Behalten"),
        IsAuditEnabled={"Value": True},
    )
    make(api, "EntityDefinitions", body)
    make(api, f"{of('lead')}/Attributes", column("Integer", "new_Score"))
    make(api, f"{of('new_kept')}/Keys", {"SchemaName": "new_K", "KeyAttributes": ["new_name"]})
    relation = one_to_many("new_lead_kept", "lead", "new_kept", "new_LeadId")
    relation["CascadeConfiguration"] = {"Delete": "Restrict", "Assign": "Active"}
    make(api, "RelationshipDefinitions", relation)
    make(api, "RelationshipDefinitions", many_to_many("new_kept_contact", "new_kept", "contact"))
    api.delete(f"{of('wa_segment')}/Attributes(LogicalName='wa_description')")


def _everything(api: Api) -> dict[str, object]:
    parts = "Attributes,Keys,OneToManyRelationships,ManyToOneRelationships,ManyToManyRelationships"
    return {
        "tables": api.row("EntityDefinitions?$select=LogicalName,ObjectTypeCode")["value"],
        "kept": api.row(f"{of('new_kept')}?$expand={parts}") | {"@odata.context": ""},
        "lead": api.row(f"{of('lead')}/Attributes?$select=LogicalName")["value"],
        "segment": api.row(f"{of('wa_segment')}/Attributes?$select=LogicalName")["value"],
        "choices": api.row("GlobalOptionSetDefinitions(Name='new_colors')")["Options"],
    }


def test_definitions_last_in_a_database_file(tmp_path: Path) -> None:
    database = tmp_path / "mock.db"
    with MockServer(database) as server:
        api = Api(server)
        _make_everything(api)
        api.create("new_kepts", new_name="x", new_color=1, new_day="2026-03-01")
        before = _everything(api)
        api.close()
    with MockServer(database) as server:
        api = Api(server)
        assert _everything(api) == before
        row = api.row("new_kepts(new_name='x')")
        assert (row["new_color"], row["new_day"]) == (1, "2026-03-01")
        lead = api.create("leads", lastname="Who", new_score=3)
        bind = {"new_LeadId@odata.bind": f"/leads({lead})"}
        assert api.patch("new_kepts(new_name='x')", bind).status_code == 204
        assert_fault(api.delete(f"leads({lead})"), 405, "0x80040227", "new_kept")
        assert api.delete(of("new_kept")).status_code == 204
        api.close()
    with MockServer(database) as server:
        api = Api(server)
        assert api.get("new_kepts").status_code == 404
        assert api.get("leads?$select=new_score").status_code == 200
        api.close()


def test_a_snapshot_brings_its_definitions_back(tmp_path: Path) -> None:
    with MockServer() as server:
        api = Api(server)
        kept = make_table(api)
        api.create(f"{kept}s", new_name="x")
        assert requests.post(f"{server.url}/__mock/snapshots/one", timeout=20).status_code == 200
        later = make_table(api)
        api.delete(of(kept))
        path = f"{server.url}/__mock/snapshots/one/restore"
        assert requests.post(path, timeout=20).status_code == 200
        assert [each["new_name"] for each in api.row(f"{kept}s")["value"]] == ["x"]
        assert api.get(f"{later}s").status_code == 404
        assert requests.post(f"{server.url}/__mock/reset", timeout=20).status_code == 200
        assert api.get(f"{kept}s").status_code == 404
        make(api, f"{of('account')}/Attributes", column("Integer", "new_Again"))
        api.create("accounts", name="A", new_again=1)
        api.close()


def test_restoring_what_the_store_alone_was_told_is_noticed(tmp_path: Path) -> None:
    with MockServer() as server:
        api = Api(server)
        server.store.snapshot("empty")
        name = make_table(api)
        server.store.restore("empty")
        api.create("accounts", name="A")
        assert api.get(f"{name}s").status_code == 404
        api.close()


def definitions_version(api: Api, path: str) -> int:
    asked = {"Prefer": 'odata.include-annotations="Microsoft.Dynamics.CRM.*"'}
    answer = api.get(path, headers=asked)
    return int(answer.json()["@Microsoft.Dynamics.CRM.globalmetadataversion"])


def test_collections_tell_by_which_definitions_they_are_answered(api: Api) -> None:
    fetch = "<fetch top='1'><entity name='lead'><attribute name='subject'/></entity></fetch>"
    paths = ("leads?$top=1", f"leads?fetchXml={fetch}", "leads?sql=SELECT TOP 1 subject FROM lead")
    before = {definitions_version(api, path) for path in paths}
    api.create("leads", subject="x")
    assert {definitions_version(api, paths[0])} == before
    make_table(api)
    after = {definitions_version(api, path) for path in paths}
    assert len(before) == len(after) == 1
    assert max(after) > max(before)
    assert "globalmetadataversion" not in api.get(paths[0]).text


def test_webhooks_hear_nothing_of_definitions(tmp_path: Path) -> None:
    with MockServer() as server:
        api = Api(server)
        before = api.row("asyncoperations?$count=true&$top=1")["@odata.count"]
        make_table(api)
        assert api.row("asyncoperations?$count=true&$top=1")["@odata.count"] == before
        api.close()


def test_a_refused_change_leaves_the_old_definitions(tmp_path: Path) -> None:
    with MockServer() as server:
        api = Api(server)
        before = api.row("EntityDefinitions?$select=LogicalName")["value"]
        body = table("new_Half", HasNotes=True, HasActivities=True, EntitySetName="accounts")
        assert_fault(api.post("EntityDefinitions", body), 400, "0x80047010", "accounts")
        assert api.row("EntityDefinitions?$select=LogicalName")["value"] == before
        api.create("annotations", subject="x")
        api.close()


def test_requests_go_on_while_tables_come_and_go() -> None:
    """Readers and writers see a table whole or not at all: 404 or the documented 400, never 500."""
    statuses: dict[int, int] = {}
    wrong: list[str] = []
    stop, lock = threading.Event(), threading.Lock()
    with MockServer() as server:
        root = Api(server)
        stable = make_table(root)
        row_id = root.create(f"{stable}s", new_name="x")

        def ask(number: int) -> None:
            api = Api(server)
            while not stop.is_set():
                answers = [
                    api.get("new_flickers?$select=new_name,new_size&$filter=new_size ge 0"),
                    api.post("new_flickers", {"new_name": "x", "new_size": 1}),
                    api.get(f"{stable}s({row_id})"),
                    api.patch(f"{stable}s({row_id})", {"new_name": f"from {number}"}),
                    api.get("leads?$top=1"),
                ]
                with lock:
                    for answer in answers:
                        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
                    wrong.extend(a.text for a in answers if a.status_code >= 500)
                    wrong.extend(a.text for a in answers[2:] if a.status_code >= 400)
            api.close()

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for number in range(8):
            make(root, "EntityDefinitions", table("new_Flicker", column("Integer", "new_Size")))
            make(root, f"{of(stable)}/Attributes", column("Integer", f"new_Extra{number}"))
            assert root.delete(f"{of('new_flicker')}/Attributes(LogicalName='new_size')").ok
            assert root.delete(f"{of(stable)}/Attributes(LogicalName='new_extra{number}')").ok
            assert root.delete(of("new_flicker")).ok
        stop.set()
        for thread in threads:
            thread.join()
        with server.store.reading() as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        root.close()
    assert wrong == []
    assert set(statuses) <= {200, 204, 400, 404}


def test_definitions_are_changed_by_several_clients_at_once() -> None:
    with MockServer() as server:
        root = Api(server)
        name = make_table(root)
        failed: list[str] = []

        def add(number: int) -> None:
            api = Api(server)
            for each in range(5):
                body = column("Integer", f"new_C{number}x{each}")
                answer = api.post(f"{of(name)}/Attributes", body)
                if answer.status_code != 204:
                    failed.append(answer.text)
            api.close()

        threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        path = f"{of(name)}/Attributes/{NAMESPACE}IntegerAttributeMetadata?$select=LogicalName"
        found = {each["LogicalName"] for each in root.row(path)["value"]}
        assert {f"new_c{number}x{each}" for number in range(4) for each in range(5)} <= found
        values = {f"new_c{number}x0": number for number in range(4)}
        row = root.row(f"{name}s({root.create(f'{name}s', **values)})")
        assert {key: row[key] for key in values} == values
        root.close()
