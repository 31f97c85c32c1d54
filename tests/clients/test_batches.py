"""Batches and change sets through Microsoft's client."""

from __future__ import annotations

import uuid
from importlib import import_module

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError

pandas = import_module("pandas")  # it has no type hints here
NOBODY = str(uuid.UUID(int=0))


def names(client: DataverseClient, prefix: str) -> list[str]:
    rows = client.records.list("account", select=["name"], filter=f"startswith(name,'{prefix}')")
    return sorted(row["name"] for row in rows)


def test_a_batch_holds_all_kinds_of_requests(client: DataverseClient) -> None:
    account = client.records.create("account", {"name": "Batch before"})
    batch = client.batch.new()
    batch.records.create("account", {"name": "Batch one"})
    batch.records.create("account", [{"name": "Batch two"}, {"name": "Batch three"}])
    batch.records.update("account", account, {"name": "Batch after"})
    batch.records.retrieve("account", account, select=["name"])
    batch.records.list("account", filter="startswith(name, 'Batch t')", top=5)
    batch.query.sql("SELECT name FROM account WHERE name = 'Batch: one' OR name = 'Batch one'")
    batch.tables.get("account")
    batch.dataframe.create("account", pandas.DataFrame({"name": ["Batch four"]}))
    batch.records.delete("account", account)
    result = batch.execute()
    assert not result.has_errors
    assert result.responses[2].entity_id == account
    retrieved, listed, by_sql = (result.responses[n].data for n in (3, 4, 5))
    assert retrieved is not None
    assert retrieved["name"] == "Batch after"
    assert listed is not None
    assert {row["name"] for row in listed["value"]} == {"Batch two", "Batch three"}
    assert by_sql is not None
    assert [row["name"] for row in by_sql["value"]] == ["Batch one"]
    assert names(client, "Batch") == ["Batch four", "Batch one", "Batch three", "Batch two"]


def test_a_change_set_refers_to_what_it_creates(client: DataverseClient) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        lead = changes.records.create("contact", {"lastname": "Referred"})
        account = changes.records.create(
            "account", {"name": "Refers", "primarycontactid@odata.bind": lead}
        )
        changes.records.update("account", account, {"telephone1": "555"})
    result = batch.execute()
    assert not result.has_errors
    made = result.entity_ids[1]
    row = client.records.retrieve(
        "account", made, select=["telephone1"], expand=["primarycontactid"]
    )
    assert row is not None
    assert (row["telephone1"], row["primarycontactid"]["lastname"]) == ("555", "Referred")


def test_a_change_set_is_taken_back_as_a_whole(client: DataverseClient) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.create("account", {"name": "Undone"})
        changes.records.create("account", {"name": "Undone", "industrycode": 4711})
    batch.records.create("account", {"name": "Undone never"})
    result = batch.execute()
    (failed,) = result.responses
    assert failed.status_code == 400
    assert "industrycode" in str(failed.error_message)
    assert names(client, "Undone") == []


def test_a_batch_stops_at_an_error_or_goes_on(client: DataverseClient) -> None:
    batch = client.batch.new()
    batch.records.create("account", {"name": "Before"})
    batch.records.retrieve("account", NOBODY)
    batch.records.create("account", {"name": "Afterwards"})
    with pytest.raises(HttpError) as stopped:  # the status of the whole is that of the failed one
        batch.execute()
    assert stopped.value.status_code == 404
    assert (names(client, "Before"), names(client, "Afterwards")) == (["Before"], [])
    result = batch.execute(continue_on_error=True)
    assert [each.status_code for each in result.responses] == [204, 404, 204]
    assert result.failed[0].error_code == "0x80040217"
    assert names(client, "Afterwards") == ["Afterwards"]


def test_definitions_change_in_a_batch(client: DataverseClient) -> None:
    batch = client.batch.new()
    batch.tables.create("new_BatchTable", {"new_Code": "string"})
    assert not batch.execute().has_errors
    batch = client.batch.new()
    batch.tables.add_columns("new_BatchTable", {"new_More": "int", "new_Most": "memo"})
    batch.tables.remove_columns("new_BatchTable", "new_Code")
    batch.tables.create_lookup_field("new_BatchTable", "new_AccountId", "account")
    assert not batch.execute().has_errors
    columns = {each["LogicalName"] for each in client.tables.list_columns("new_BatchTable")}
    assert {"new_more", "new_most", "new_accountid"} <= columns
    assert "new_code" not in columns
    batch = client.batch.new()
    batch.tables.delete("new_BatchTable")
    assert not batch.execute().has_errors
    assert client.tables.get("new_BatchTable") is None
