"""What a lease is: a name and an id, by the rules of blob leases; the same on every storage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from work_assignment.azure_storage.errors import LeaseLost

HELD_FOR = timedelta(seconds=60)


class Keeper(Protocol):
    """Who knows what became of a lease."""

    def renew(self, lease: Lease) -> None:
        """Hold it for the usual time from now on; raises LeaseLost."""

    def release(self, lease: Lease) -> None:
        """Let go; nothing happens when it was lost before."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to be the only one for a while."""

    name: str
    id: str
    _keeper: Keeper = field(repr=False, compare=False)

    def renew(self) -> bool:
        """Hold it for the usual time from now on; False when somebody else may have it."""
        try:
            self._keeper.renew(self)
        except LeaseLost:
            return False
        return True

    def release(self) -> None:
        """Let go; nothing happens when it was lost before."""
        self._keeper.release(self)


class NamedLeases(Keeper, Protocol):
    """What leases do on either storage; a contract suite says it in full."""

    held_for: timedelta

    def acquire(self, name: str) -> Lease | None:
        """Take a lease that is free or expired; None while somebody holds it."""

    def close(self) -> None:
        """Close what is open; the next use opens it again."""
