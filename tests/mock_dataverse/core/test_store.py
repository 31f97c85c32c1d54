"""The database: transactions, files that are opened again, seeds."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.mock_dataverse.core.solution_folder import (
    KEY_COLUMN,
    NAME_COLUMN,
    column,
    write_solution,
)

from work_assignment.mock_dataverse import well_known
from work_assignment.mock_dataverse.storage.rows import (
    RawRow,
    empty_row,
    fetch_row,
    find_ids,
    insert_row,
    next_version,
)
from work_assignment.mock_dataverse.storage.store import Store, StoreUnavailable
from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.tables.metadata import Catalog

AT = datetime(2026, 3, 1, 9, 30, 15, 999999, tzinfo=UTC)


def _open(catalog: Catalog, database: str | Path) -> Store:
    return Store(catalog, database, clock=lambda: AT)


def _account(store: Store, name: str) -> RawRow:
    row = empty_row(store.catalog.tables["account"])
    return row | {"accountid": well_known.stable_id(name), "name": name}


def _add(store: Store, name: str) -> None:
    with store.writing() as db:
        insert_row(db, store.catalog.tables["account"], _account(store, name))


def _names(store: Store) -> list[str]:
    with store.reading() as db:
        return [row["name"] for row in db.execute('SELECT "name" FROM "account" ORDER BY "name"')]


def test_a_new_organization_has_its_administrator_currency_and_messages() -> None:
    store = _open(build_catalog([]), ":memory:")
    with store.reading() as db:
        tables = store.catalog.tables
        user = fetch_row(db, tables["systemuser"], well_known.ADMINISTRATOR_ID)
        organization = fetch_row(db, tables["organization"], well_known.ORGANIZATION_ID)
        create = find_ids(db, tables["sdkmessage"], {"name": "Create"})
        leads = find_ids(
            db,
            tables["sdkmessagefilter"],
            {"sdkmessageid": create[0], "primaryobjecttypecode": "lead"},
        )
    assert user is not None
    assert (user["fullname"], user["createdon"]) == ("System Administrator", "2026-03-01T09:30:15Z")
    assert organization is not None
    assert organization["basecurrencyid"] == well_known.CURRENCY_ID
    assert create == ["9ebdbb1b-ea3e-db11-86a7-000a3a5473e8"]
    assert len(leads) == 1
    store.close()


def test_a_file_opened_again_keeps_its_rows_and_its_counter(tmp_path: Path) -> None:
    catalog = build_catalog([])
    store = _open(catalog, tmp_path / "mock.db")
    _add(store, "kept")
    with store.writing() as db:
        last = next_version(db)
    store.close()
    again = _open(catalog, tmp_path / "mock.db")
    assert _names(again) == ["kept"]
    with again.writing() as db:
        assert next_version(db) == last + 1
    again.close()


def test_new_columns_and_tables_join_the_rows_of_an_old_file(tmp_path: Path) -> None:
    basis = NAME_COLUMN + KEY_COLUMN
    folder = write_solution(tmp_path / "solution", basis)
    store = _open(build_catalog([folder]), tmp_path / "mock.db")
    with store.writing() as db:
        thing = store.catalog.tables["x_thing"]
        insert_row(db, thing, empty_row(thing) | {"x_thingid": "1", "x_name": "old"})
    store.close()
    write_solution(folder, basis + column("x_More", "ntext", "<MaxLength>10</MaxLength>"))
    second = write_solution(tmp_path / "second", column("x_Extra", "int"), entity="Lead")
    again = _open(build_catalog([folder, second]), tmp_path / "mock.db")
    with again.reading() as db:
        row = fetch_row(db, again.catalog.tables["x_thing"], "1")
        assert row is not None
        assert (row["x_name"], row["x_more"]) == ("old", None)
        assert db.execute('SELECT "x_extra" FROM "lead"').fetchall() == []
    again.close()


def test_an_error_rolls_the_transaction_back() -> None:
    store = _open(build_catalog([]), ":memory:")
    account = store.catalog.tables["account"]

    def write_and_fail() -> None:
        with store.writing() as db:
            insert_row(db, account, _account(store, "lost"))
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write_and_fail()
    assert _names(store) == []
    _add(store, "next")
    assert _names(store) == ["next"]
    store.close()


def test_transactions_do_not_nest() -> None:
    store = _open(build_catalog([]), ":memory:")
    with store.writing(), pytest.raises(RuntimeError, match="do not nest"), store.writing():
        pass
    store.close()


def test_many_threads_write_one_after_the_other() -> None:
    store = _open(build_catalog([]), ":memory:")

    def add_some(worker: int) -> None:
        for number in range(25):
            _add(store, f"{worker:02}-{number:02}")

    threads = [threading.Thread(target=add_some, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_names(store)) == 200
    store.close()


def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    catalog = build_catalog([])
    store = _open(catalog, tmp_path / "mock.db")
    with pytest.raises(StoreUnavailable, match=r"mock\.db is in use by another mock"):
        _open(catalog, tmp_path / "mock.db")
    store.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database at all" * 10)
    with pytest.raises(StoreUnavailable, match=r"notes\.txt cannot be used"):
        _open(build_catalog([]), path)
    assert path.read_text().startswith("these are my notes")


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        _open(build_catalog([]), tmp_path / "nowhere" / "mock.db")


def test_text_in_keys_is_compared_without_case() -> None:
    store = _open(build_catalog([]), ":memory:")
    _add(store, "Ärger")
    with store.reading() as db:
        assert len(find_ids(db, store.catalog.tables["account"], {"name": "arger "})) == 1
    with pytest.raises(sqlite3.IntegrityError):
        _add(store, "Ärger")
    store.close()


def test_a_commit_that_fails_is_rolled_back_and_the_next_one_works() -> None:
    store = _open(build_catalog([]), ":memory:")
    with store.writing() as db:
        db.execute("COMMIT")  # the pragma does nothing inside a transaction
        db.execute("PRAGMA foreign_keys = ON")
        parent = 'REFERENCES "account" ("accountid") DEFERRABLE INITIALLY DEFERRED'
        db.execute(f'CREATE TABLE "child" ("parent" TEXT {parent})')
        db.execute("BEGIN")
    with pytest.raises(sqlite3.IntegrityError), store.writing() as db:
        db.execute("INSERT INTO \"child\" VALUES ('nobody')")
    _add(store, "later")
    assert _names(store) == ["later"]
    store.close()
