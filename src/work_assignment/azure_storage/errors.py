"""What can go wrong with queues and leases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from work_assignment.domain.errors import Unavailable

_NAMED = 3


class StorageError(Exception):
    """Anything that queues or leases refuse or cannot do."""


class StorageUnavailable(StorageError, Unavailable):
    """The storage cannot be read or written now; whether it did what was asked is unknown."""

    def __init__(self, place: str | Path, reason: str) -> None:
        super().__init__(f"the storage {place} cannot be used: {reason}")
        self.place = str(place)
        self.reason = reason


class QueueNameInvalid(StorageError):
    """A name that Azure Storage would not take for a queue."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' cannot be the name of a queue: 3 to 63 lower-case letters, digits and single "
            "hyphens, beginning and ending with a letter or digit"
        )
        self.name = name


class MessageTooLarge(StorageError):
    """A text that does not fit into one message."""

    def __init__(self, queue: str, size: int, limit: int) -> None:
        super().__init__(
            f"a message for {queue} has {size:,} bytes in UTF-8; a queue takes at most {limit:,}"
        )
        self.queue = queue
        self.size = size
        self.limit = limit


class MessageNotText(StorageError):
    """A text with a character that Azure Storage would not give back as it was."""

    def __init__(self, queue: str, character: str) -> None:
        super().__init__(
            f"a message for {queue} holds the character U+{ord(character):04X}, which a queue "
            "cannot carry"
        )
        self.queue = queue
        self.character = character


class MessageLost(StorageError, LookupError):
    """Messages that are deleted, or that somebody else has taken since."""

    def __init__(self, queue: str, ids: Sequence[str]) -> None:
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        super().__init__(f"no longer ours in {queue}: message {', '.join(ids[:_NAMED])}{more}")
        self.queue = queue
        self.ids = tuple(ids)


class LeaseLost(StorageError):
    """A lease that is released, or that somebody else has taken since it expired."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the lease {name} is no longer ours")
        self.name = name
