"""The implementations that the contract is checked against, each with a way to let time pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.azurite.server import Azurite

from work_assignment.azure_storage.azure_leases import AzureLeases
from work_assignment.azure_storage.azure_notes import AzureNotes
from work_assignment.azure_storage.azure_queues import AzureQueues
from work_assignment.azure_storage.leases import NamedLeases
from work_assignment.azure_storage.messages import MessageQueues
from work_assignment.azure_storage.opening import AzureStorage, Notes, SqliteStorage, Storage
from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.sqlite_notes import SqliteNotes
from work_assignment.azure_storage.sqlite_queues import SqliteQueues

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ManualClock:
    """A clock that stands still until it is told to go on; `tell` is told what time it is."""

    def __init__(self, tell: Callable[[datetime], None] = lambda now: None) -> None:
        self._tell = tell
        self._now = START
        tell(START)

    def __call__(self) -> datetime:
        return self._now

    def pass_time(self, duration: timedelta) -> None:
        self._now += duration
        self._tell(self._now)


@dataclass(frozen=True, slots=True)
class QueueSubject:
    """Queues on storage of their own; `another` opens the same storage a second time.

    `tick` is the shortest time the storage tells apart; `tells_hidden` whether it tells when a
    message was put that is hidden now.
    """

    queues: MessageQueues
    another: MessageQueues
    pass_time: Callable[[timedelta], None]
    tick: timedelta
    tells_hidden: bool

    def close(self) -> None:
        self.queues.close()
        self.another.close()


@dataclass(frozen=True, slots=True)
class LeaseSubject:
    """Leases on storage of their own; `another` opens the same storage a second time."""

    leases: NamedLeases
    another: NamedLeases
    pass_time: Callable[[timedelta], None]
    tick: timedelta

    def close(self) -> None:
        self.leases.close()
        self.another.close()


def sqlite_queues(request: pytest.FixtureRequest) -> QueueSubject:
    clock = ManualClock()
    first, second = (SqliteQueues(_file(request), clock=clock) for _ in range(2))
    return QueueSubject(first, second, clock.pass_time, timedelta(microseconds=1), True)


def azure_queues(request: pytest.FixtureRequest) -> QueueSubject:
    azurite = _azurite(request)
    text = azurite.account().connection_string
    clock = ManualClock(azurite.stand_still_at)
    first, second = (AzureQueues(text) for _ in range(2))
    return QueueSubject(first, second, clock.pass_time, timedelta(seconds=1), False)


def sqlite_leases(request: pytest.FixtureRequest) -> LeaseSubject:
    clock = ManualClock()
    first, second = (SqliteLeases(_file(request), clock=clock) for _ in range(2))
    return LeaseSubject(first, second, clock.pass_time, timedelta(microseconds=1))


def azure_leases(request: pytest.FixtureRequest) -> LeaseSubject:
    azurite = _azurite(request)
    text = azurite.account().connection_string
    clock = ManualClock(azurite.stand_still_at)
    first, second = (AzureLeases(text) for _ in range(2))
    return LeaseSubject(first, second, clock.pass_time, timedelta(seconds=1))


def sqlite_notes(request: pytest.FixtureRequest) -> Notes:
    return SqliteNotes(_file(request))


def azure_notes(request: pytest.FixtureRequest) -> Notes:
    return AzureNotes(_azurite(request).account().connection_string)


def sqlite_storage(request: pytest.FixtureRequest) -> Storage:
    return SqliteStorage(_file(request))


def azure_storage(request: pytest.FixtureRequest) -> Storage:
    return AzureStorage(_azurite(request).account().connection_string)


def _file(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.getfixturevalue("tmp_path")
    return folder / "storage.sqlite"


def _azurite(request: pytest.FixtureRequest) -> Azurite:
    azurite: Azurite = request.getfixturevalue("azurite")
    return azurite


QUEUES = (sqlite_queues, azure_queues)
LEASES = (sqlite_leases, azure_leases)
NOTES = (sqlite_notes, azure_notes)
STORAGES = (sqlite_storage, azure_storage)
