"""Leases for workers: a storage that is away for a moment costs them the lease, and nothing else."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from work_assignment.azure_storage.errors import StorageUnavailable
from work_assignment.azure_storage.leases import Lease, NamedLeases

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TolerantLease:
    """A lease whose holder may go on with what needs none."""

    _lease: Lease

    def renew(self) -> bool:
        """Hold it for the usual time from now on; False when somebody else may have it by then."""
        try:
            return self._lease.renew()
        except StorageUnavailable as exc:
            _log.warning("the lease %s cannot be renewed: %s", self._lease.name, exc)
            return False

    def release(self) -> None:
        """Let go; where that cannot be said the lease ends by itself."""
        try:
            self._lease.release()
        except StorageUnavailable as exc:
            _log.warning("the lease %s cannot be given back: %s", self._lease.name, exc)


class TolerantLeases:
    """Such leases by name."""

    def __init__(self, leases: NamedLeases) -> None:
        self._leases = leases

    def acquire(self, name: str) -> TolerantLease | None:
        """Take a lease that is free or expired; raises Unavailable while nobody can tell."""
        lease = self._leases.acquire(name)
        return None if lease is None else TolerantLease(lease)
