"""The implementations that the contract is checked against, each with a way to let time pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.sqlite_queues import SqliteQueues

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ManualClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self._now = START

    def __call__(self) -> datetime:
        return self._now

    def pass_time(self, duration: timedelta) -> None:
        self._now += duration


@dataclass(frozen=True, slots=True)
class QueueSubject:
    """Queues on storage of their own; `another` opens the same storage a second time."""

    queues: SqliteQueues
    another: SqliteQueues
    pass_time: Callable[[timedelta], None]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class LeaseSubject:
    """Leases on storage of their own; `another` opens the same storage a second time."""

    leases: SqliteLeases
    another: SqliteLeases
    pass_time: Callable[[timedelta], None]
    close: Callable[[], None]


def sqlite_queues(folder: Path) -> QueueSubject:
    clock = ManualClock()
    first, second = (SqliteQueues(folder / "storage.sqlite", clock=clock) for _ in range(2))

    def close() -> None:
        first.close()
        second.close()

    return QueueSubject(first, second, clock.pass_time, close)


def sqlite_leases(folder: Path) -> LeaseSubject:
    clock = ManualClock()
    first, second = (SqliteLeases(folder / "storage.sqlite", clock=clock) for _ in range(2))

    def close() -> None:
        first.close()
        second.close()

    return LeaseSubject(first, second, clock.pass_time, close)


QUEUES: tuple[Callable[[Path], QueueSubject], ...] = (sqlite_queues,)
LEASES: tuple[Callable[[Path], LeaseSubject], ...] = (sqlite_leases,)
