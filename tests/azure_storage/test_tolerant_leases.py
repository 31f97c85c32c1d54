"""A storage that is away for a moment ends no worker's work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.tolerant_leases import TolerantLease, TolerantLeases
from work_assignment.domain.errors import Unavailable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "storage.sqlite"


@pytest.fixture
def leases(file: Path) -> Iterator[TolerantLeases]:
    with closing(SqliteLeases(file)) as leases:
        yield TolerantLeases(leases)
        leases.close()


def held(leases: TolerantLeases) -> TolerantLease:
    lease = leases.acquire("decider")
    assert lease is not None
    return lease


def lose(leases: TolerantLeases, file: Path) -> None:
    """The storage goes away, as it does while a disk is full or the account cannot be reached."""
    leases._leases.close()
    file.write_bytes(b"this is no database, " * 100)


def test_a_lease_is_held_and_given_back_as_ever(leases: TolerantLeases) -> None:
    lease = held(leases)
    assert leases.acquire("decider") is None
    assert lease.renew()
    lease.release()
    assert not lease.renew()
    assert leases.acquire("decider") is not None


def test_a_lease_that_cannot_be_taken_says_that_the_work_waits(
    leases: TolerantLeases, file: Path
) -> None:
    lose(leases, file)
    with pytest.raises(Unavailable, match=r"storage\.sqlite"):
        leases.acquire("decider")


def test_a_lease_that_cannot_be_renewed_may_be_somebody_elses(
    leases: TolerantLeases, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lease = held(leases)
    lose(leases, file)
    assert not lease.renew()
    assert "the lease decider cannot be renewed" in caplog.text


def test_a_lease_that_cannot_be_given_back_is_only_said(
    leases: TolerantLeases, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lease = held(leases)
    lose(leases, file)
    lease.release()
    assert "the lease decider cannot be given back" in caplog.text
