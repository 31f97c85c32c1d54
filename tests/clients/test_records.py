"""Records through Microsoft's client: one and many, by id and by key."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.upsert import UpsertItem


def test_a_record_is_created_read_changed_and_deleted(client: DataverseClient) -> None:
    account = client.records.create("account", {"name": "Ångström & Söhne", "numberofemployees": 7})
    row = client.records.retrieve("account", account, select=["name", "numberofemployees"])
    assert row is not None
    assert (row["name"], row["numberofemployees"]) == ("Ångström & Söhne", 7)
    client.records.update("account", account, {"NAME": "Renamed", "numberofemployees": None})
    changed = client.records.retrieve("account", account)
    assert changed is not None
    assert (changed["name"], changed["numberofemployees"]) == ("Renamed", None)
    client.records.delete("account", account)
    assert client.records.retrieve("account", account) is None


def test_choices_are_written_by_their_labels(client: DataverseClient) -> None:
    lead = client.records.create(
        "lead", {"subject": "By label", "lastname": "Quist", "leadqualitycode": "Hot"}
    )
    row = client.records.retrieve("lead", lead, select=["leadqualitycode"], include_annotations="*")
    assert row is not None
    assert row["leadqualitycode"] == 1
    assert row["leadqualitycode@OData.Community.Display.V1.FormattedValue"] == "Hot"


def test_lookups_are_bound_and_expanded(client: DataverseClient) -> None:
    account = client.records.create("account", {"name": "Parent"})
    contact = client.records.create(
        "contact",
        {"lastname": "Child", "parentcustomerid_account@odata.bind": f"/accounts({account})"},
    )
    row = client.records.retrieve(
        "contact", contact, select=["lastname"], expand=["parentcustomerid_account"]
    )
    assert row is not None
    assert row["parentcustomerid_account"]["name"] == "Parent"


def test_many_are_created_changed_and_deleted_at_once(client: DataverseClient) -> None:
    ids = client.records.create("contact", [{"lastname": f"Many {n}"} for n in range(5)])
    assert len(set(ids)) == 5
    client.records.update("contact", ids, {"jobtitle": "Same"})
    client.records.update("contact", ids[:2], [{"jobtitle": "One"}, {"jobtitle": "Two"}])
    titles = [
        row["jobtitle"]
        for row in client.records.list(
            "contact", filter="startswith(lastname, 'Many ')", orderby=["lastname"]
        )
    ]
    assert titles == ["One", "Two", "Same", "Same", "Same"]
    job = client.records.delete("contact", ids[:3])
    assert job is not None
    assert job == str(uuid.UUID(job))
    client.records.delete("contact", ids[3:], use_bulk_delete=False)
    assert not list(client.records.list("contact", filter="startswith(lastname, 'Many ')"))


def test_one_and_many_are_upserted_by_alternate_key(client: DataverseClient) -> None:
    client.tables.create("new_Upserted", {"new_Code": "string", "new_Note": "string"})
    client.tables.create_alternate_key("new_Upserted", "new_CodeKey", ["new_code"])

    def item(code: str, note: str) -> UpsertItem:
        return UpsertItem({"new_code": code}, {"new_note": note})

    client.records.upsert("new_Upserted", [item("O'Neill's & co", "made")])
    client.records.upsert("new_Upserted", [item("O'Neill's & co", "changed"), item("2", "made")])
    rows = client.records.list("new_Upserted", orderby=["new_code desc"])
    assert [(row["new_code"], row["new_note"]) for row in rows] == [
        ("O'Neill's & co", "changed"),
        ("2", "made"),
    ]


def test_refusals_arrive_with_status_code_and_request_id(client: DataverseClient) -> None:
    with pytest.raises(HttpError) as refused:
        client.records.create("account", {"name": "x", "nosuchcolumn": 1})
    assert refused.value.status_code == 400
    assert "nosuchcolumn" in str(refused.value)
    assert refused.value.details["service_error_code"]
    request_id = refused.value.details["service_request_id"]
    assert request_id == str(uuid.UUID(request_id))
    with pytest.raises(HttpError) as missing:
        client.records.update("account", str(uuid.uuid4()), {"name": "x"})
    assert missing.value.status_code == 404


def test_files_are_refused_honestly(client: DataverseClient, tmp_path: Path) -> None:
    account = client.records.create("account", {"name": "With a file"})
    document = tmp_path / "offer.txt"
    document.write_text("twelve", encoding="utf-8")
    with pytest.raises(HttpError, match="does not emulate file") as refused:
        client.files.upload("account", account, "new_Offer", str(document))
    assert refused.value.status_code == 501
