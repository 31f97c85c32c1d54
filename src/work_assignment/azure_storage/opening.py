"""Opens queues, leases and notes on the storage that a setting names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeAlias, assert_never

from work_assignment.azure_storage.leases import HELD_FOR, NamedLeases
from work_assignment.azure_storage.messages import MessageQueues
from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.sqlite_notes import SqliteNotes
from work_assignment.azure_storage.sqlite_queues import SqliteQueues


@dataclass(frozen=True, slots=True)
class SqliteStorage:
    """A file on this machine."""

    file: Path


@dataclass(frozen=True, slots=True)
class AzureStorage:
    """An account in Azure, or an emulator of it. The connection string holds its key."""

    connection_string: str = field(repr=False)


Storage: TypeAlias = SqliteStorage | AzureStorage


class Notes(Protocol):
    """Small texts by name; the last one written counts."""

    def read(self, name: str) -> str | None: ...
    def write(self, name: str, text: str) -> None: ...
    def close(self) -> None: ...


# Microsoft's SDK takes more than a second to import, so only who uses it does.


def open_queues(storage: Storage) -> MessageQueues:
    """Open the queues; nothing is asked of the storage yet."""
    match storage:
        case SqliteStorage(file):
            return SqliteQueues(file)
        case AzureStorage(connection_string):
            from work_assignment.azure_storage.azure_queues import AzureQueues

            return AzureQueues(connection_string)
        case _:
            assert_never(storage)


def open_leases(storage: Storage, *, held_for: timedelta = HELD_FOR) -> NamedLeases:
    """Open the leases; nothing is asked of the storage yet."""
    match storage:
        case SqliteStorage(file):
            return SqliteLeases(file, held_for=held_for)
        case AzureStorage(connection_string):
            from work_assignment.azure_storage.azure_leases import AzureLeases

            return AzureLeases(connection_string, held_for=held_for)
        case _:
            assert_never(storage)


def open_notes(storage: Storage) -> Notes:
    """Open the notes; nothing is asked of the storage yet."""
    match storage:
        case SqliteStorage(file):
            return SqliteNotes(file)
        case AzureStorage(connection_string):
            from work_assignment.azure_storage.azure_notes import AzureNotes

            return AzureNotes(connection_string)
        case _:
            assert_never(storage)
