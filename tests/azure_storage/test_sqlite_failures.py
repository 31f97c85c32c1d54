"""What a SQLite file that cannot be used leads to."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from work_assignment.azure_storage.errors import StorageUnavailable
from work_assignment.azure_storage.messages import QueueLength
from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.sqlite_queues import SqliteQueues

Q = "wa-events"
IMPATIENT = timedelta(milliseconds=20)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "storage.sqlite"


@pytest.fixture
def queues(file: Path) -> Iterator[SqliteQueues]:
    queues = SqliteQueues(file, busy_timeout=IMPATIENT)
    yield queues
    queues.close()


@pytest.fixture
def leases(file: Path) -> Iterator[SqliteLeases]:
    leases = SqliteLeases(file, busy_timeout=IMPATIENT)
    yield leases
    leases.close()


def not_a_database(file: Path) -> None:
    file.write_bytes(b"this is no database, " * 100)


def a_folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.parametrize("spoil", [not_a_database, a_folder])
def test_a_file_that_is_no_database_is_named(
    queues: SqliteQueues, leases: SqliteLeases, file: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(file)
    with pytest.raises(StorageUnavailable, match=re.escape(str(file))):
        queues.put(Q, "x")
    with pytest.raises(StorageUnavailable, match=re.escape(str(file))):
        leases.acquire("decider")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    queues = SqliteQueues(tmp_path / "missing" / "storage.sqlite")
    with pytest.raises(StorageUnavailable, match="missing"):
        queues.receive(Q, limit=1, hidden_for=timedelta(seconds=1))


def test_a_file_that_another_process_keeps_locked_cannot_be_written(
    queues: SqliteQueues, file: Path
) -> None:
    queues.put(Q, "before")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            queues.put(Q, "meanwhile")
        assert queues.length(Q) == QueueLength(visible=1, hidden=0)
    queues.put(Q, "after")
    assert [message.text for message in queues.peek(Q, 9)] == ["before", "after"]


def test_storage_that_comes_back_is_used_again(queues: SqliteQueues, file: Path) -> None:
    not_a_database(file)
    with pytest.raises(StorageUnavailable):
        queues.put(Q, "x")
    file.unlink()
    queues.put(Q, "x")
    assert queues.length(Q) == QueueLength(visible=1, hidden=0)


def test_a_file_that_was_emptied_while_open_is_set_up_again(
    queues: SqliteQueues, file: Path
) -> None:
    queues.put(Q, "before")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("DROP TABLE messages")
    with pytest.raises(StorageUnavailable, match=re.escape(str(file))):
        queues.put(Q, "meanwhile")
    queues.put(Q, "after")
    assert [message.text for message in queues.peek(Q, 9)] == ["after"]


def test_queues_and_leases_share_a_file(queues: SqliteQueues, leases: SqliteLeases) -> None:
    queues.put(Q, "x")
    assert leases.acquire("decider") is not None
    assert queues.names() == [Q]
