"""One writer and many readers: who sees what, who waits, what a killed process leaves."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.storage.private_folders import DatabaseLock
from work_assignment.mock_dataverse.storage.rows import empty_row, insert_row
from work_assignment.mock_dataverse.storage.store import Store, StoreUnavailable
from work_assignment.mock_dataverse.tables.catalogs import build_catalog
from work_assignment.mock_dataverse.well_known import stable_id

# Opens a store, writes an account, and waits to be killed with a transaction open.
_VICTIM = """
import sys, threading
from work_assignment.mock_dataverse.storage.rows import empty_row, insert_row
from work_assignment.mock_dataverse.storage.store import Store
from work_assignment.mock_dataverse.tables.catalogs import build_catalog

store = Store(build_catalog([]), sys.argv[1])
account = store.catalog.tables["account"]
with store.writing() as db:
    insert_row(db, account, empty_row(account) | {"accountid": "1", "name": "committed"})
with store.writing() as db:
    insert_row(db, account, empty_row(account) | {"accountid": "2", "name": "open"})
    print("ready", flush=True)
    threading.Event().wait()
"""


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store(build_catalog([]), writer_timeout=0.05)
    yield opened
    opened.close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of temporary folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def add(store: Store, db: sqlite3.Connection, name: str) -> None:
    account = store.catalog.tables["account"]
    insert_row(db, account, empty_row(account) | {"accountid": stable_id(name), "name": name})


def names(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute('SELECT "name" FROM "account" ORDER BY "name"')]


def names_seen(store: Store) -> list[str]:
    """Read in a thread of its own, as another request does."""

    def read() -> list[str]:
        with store.reading() as db:
            return names(db)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read).result(10)


def test_a_reader_does_not_wait_for_an_open_transaction(store: Store) -> None:
    with store.writing() as db:
        add(store, db, "a")
        assert names_seen(store) == []
    assert names_seen(store) == ["a"]


def test_a_reader_sees_one_state_to_its_end(store: Store) -> None:
    with store.reading() as reader:
        assert names(reader) == []
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_write, store, "later").result(10)
        assert names(reader) == []
    assert names_seen(store) == ["later"]


def _write(store: Store, name: str) -> None:
    with store.writing() as db:
        add(store, db, name)


def test_inside_a_transaction_its_own_writes_are_read(store: Store) -> None:
    with store.writing() as db:
        add(store, db, "mine")
        with store.reading() as reader:
            assert names(reader) == ["mine"]


def test_a_reader_cannot_write(store: Store) -> None:
    with store.reading() as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        add(store, db, "a")
    assert names_seen(store) == []


def test_a_rehearsal_is_rolled_back_and_noted(store: Store) -> None:
    with store.rehearsing() as db, store.recording() as recorder:
        add(store, db, "rehearsed")
    (write,) = recorder.writes
    assert write.locks == (("account", stable_id("rehearsed")),)
    assert names_seen(store) == []
    _write(store, "real")
    assert len(recorder.writes) == 1


def test_who_waits_for_the_writer_too_long_is_refused(store: Store) -> None:
    with store.writing() as db, ThreadPoolExecutor(1) as pool:
        add(store, db, "first")
        with pytest.raises(Fault, match=r"SQL timeout expired\.") as caught:
            pool.submit(_write, store, "second").result(10)
    assert caught.value.code == "0x80044151"
    assert names_seen(store) == ["first"]


def test_readers_go_on_in_parallel(store: Store) -> None:
    _write(store, "a")
    together = threading.Barrier(8)

    def read() -> list[str]:
        with store.reading() as db:
            together.wait(10)  # all eight are inside at once
            return names(db)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(read) for _ in range(8)]
        assert [future.result() for future in futures] == [["a"]] * 8


def test_a_reader_at_work_survives_the_close(store: Store) -> None:
    _write(store, "a")
    with store.reading() as db:
        store.close()
        assert names(db) == ["a"]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), store.reading():
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that kills at once")
def test_a_killed_server_leaves_a_usable_file(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _VICTIM, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as victim:
        try:
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"ready\n"
            with pytest.raises(StoreUnavailable, match="in use by another mock"):
                Store(build_catalog([]), path)
        finally:
            victim.kill()
    again = Store(build_catalog([]), path)
    with again.reading() as db:
        assert names(db) == ["committed"]
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    again.close()


def test_a_store_in_memory_leaves_nothing_behind(temporary: Path) -> None:
    opened = Store(build_catalog([]))
    opened.snapshot("some")
    assert opened.database == ":memory:"
    assert len(list(temporary.iterdir())) == 1
    opened.close()
    assert list(temporary.iterdir()) == []


def test_the_next_store_sweeps_what_a_killed_one_left(temporary: Path) -> None:
    abandoned = temporary / "mock-dataverse-abandoned"
    in_use = temporary / "mock-dataverse-in-use"
    young = temporary / "mock-dataverse-young"
    for folder in (abandoned, in_use, young):
        folder.mkdir()
        (folder / "mock.db").write_bytes(b"rows")
    lock = DatabaseLock(in_use / "lock")
    for folder in (abandoned, in_use):
        os.utime(folder, (0, 0))
    Store(build_catalog([])).close()
    assert sorted(temporary.iterdir()) == [in_use, young]
    lock.release()


def test_a_refused_file_leaves_no_temporary_folder(temporary: Path) -> None:
    (temporary / "notes.txt").write_text("no database" * 100)
    with pytest.raises(StoreUnavailable):
        Store(build_catalog([]), temporary / "notes.txt")
    assert [path.name for path in temporary.iterdir()] == ["notes.txt"]
