"""Whose turn it is where several hosts share a storage: a lease, kept as long as it is needed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

log = logging.getLogger(__name__)


class Lease(Protocol):
    """The right to be the only one for a while."""

    def renew(self) -> bool: ...
    def release(self) -> None: ...


class Leases(Protocol):
    """Leases by name, each held for `held_for` at a time."""

    @property
    def held_for(self) -> timedelta: ...
    def acquire(self, name: str) -> Lease | None: ...


@contextmanager
def turn(leases: Leases | None, name: str) -> Iterator[bool]:
    """Take the lease and keep it until the end; False where another host has it.

    Without leases there is no other host.
    """
    if leases is None:
        yield True
        return
    lease = leases.acquire(name)
    if lease is None:
        yield False
        return
    ended = threading.Event()
    pause = leases.held_for.total_seconds() / 3
    keeper = threading.Thread(target=_keep, args=(lease, name, pause, ended), daemon=True)
    keeper.start()
    try:
        yield True
    finally:
        ended.set()
        keeper.join()
        _release(lease, name)


def _keep(lease: Lease, name: str, pause: float, ended: threading.Event) -> None:
    while not ended.wait(pause):
        try:
            if not lease.renew():
                log.warning("the lease %s was lost: another host may do the same work", name)
                return
        except Exception as error:
            # There is time for another try before the lease expires.
            log.warning("the lease %s could not be renewed: %s", name, error)


def _release(lease: Lease, name: str) -> None:
    try:
        lease.release()
    except Exception as error:
        # It expires by itself.
        log.warning("the lease %s could not be given back: %s", name, error)
