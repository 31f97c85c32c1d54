"""Locks on rows that are held to the end of a transaction, as SQL Server holds them.

SQLite lets one transaction write at a time, so contention would cost nothing here. On request
every written row is locked, waits are limited, and who closes a cycle of waiting is killed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..faults import Fault
from .recording import LockKey, RowWrite


def lock_timeout() -> Fault:
    """400: a lock was not to be had in time; the same request may succeed when sent again."""
    return Fault(400, "0x80044151", "SQL timeout expired.")


def deadlock() -> Fault:
    """400: chosen as the victim of a deadlock; the same request may succeed when sent again."""
    return Fault(400, "0x80044150", "Generic SQL error.")


@dataclass(frozen=True, slots=True)
class LockSettings:
    """Whether rows are locked, what each write of a row costs, how long one waits; in seconds."""

    enabled: bool = False
    write_latency: float = 0.0
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class LockCounts:
    """What came of the locks so far."""

    waits: int = 0
    deadlocks: int = 0
    timeouts: int = 0


class RowLocks:
    """Who holds which row, and who waits for it; those who wait get it in their order."""

    def __init__(self, settings: LockSettings | None = None) -> None:
        self._settings = settings or LockSettings()
        self._counts = LockCounts()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._holders: dict[LockKey, HeldLocks] = {}
        self._queues: dict[LockKey, deque[HeldLocks]] = {}

    @property
    def settings(self) -> LockSettings:
        return self._settings

    @property
    def counts(self) -> LockCounts:
        return self._counts

    def configure(self, settings: LockSettings) -> None:
        """Change the settings for the transactions that begin from now on."""
        self._settings = settings

    def reset_counts(self) -> None:
        with self._lock:
            self._counts = LockCounts()

    @contextmanager
    def transaction(self) -> Iterator[HeldLocks]:
        """Hold locks until the end of the block."""
        held = HeldLocks(self, self._settings)
        try:
            yield held
        finally:
            self._release(held)

    def take_free(self, owner: HeldLocks, write: RowWrite) -> bool:
        """Take the locks of a write if nobody else holds one of them."""
        with self._lock:
            if any(self._holders.get(key, owner) is not owner for key in write.locks):
                return False
            for key in write.locks:
                self._give(key, owner)
            return True

    def take(self, owner: HeldLocks, key: LockKey, timeout: float) -> None:
        """Wait for a lock; a cycle or the end of the time is raised as a Fault."""
        with self._lock:
            if self._holders.get(key, owner) is owner:
                self._give(key, owner)
                return
            if self._would_close_cycle(owner, key):
                self._counts = replace(self._counts, deadlocks=self._counts.deadlocks + 1)
                raise deadlock()
            self._counts = replace(self._counts, waits=self._counts.waits + 1)
            self._wait(owner, key, timeout)

    def _wait(self, owner: HeldLocks, key: LockKey, timeout: float) -> None:
        queue = self._queues.setdefault(key, deque())
        queue.append(owner)
        owner.waits_for = key
        try:
            if self._changed.wait_for(lambda: self._holders.get(key) is owner, timeout):
                return
            queue.remove(owner)
            self._counts = replace(self._counts, timeouts=self._counts.timeouts + 1)
            raise lock_timeout()
        finally:
            owner.waits_for = None

    def _would_close_cycle(self, owner: HeldLocks, key: LockKey) -> bool:
        """Follow who waits for whom; each waits for one lock only, so there is one way to go."""
        wanted: LockKey | None = key
        while wanted is not None:
            holder = self._holders[wanted]
            if holder is owner:
                return True
            wanted = holder.waits_for
        return False

    def _give(self, key: LockKey, owner: HeldLocks) -> None:
        self._holders[key] = owner
        owner.keys[key] = None
        owner.waits_for = None

    def _release(self, owner: HeldLocks) -> None:
        """Hand each lock to who waits for it longest."""
        with self._lock:
            for key in owner.keys:
                del self._holders[key]
                queue = self._queues.get(key)
                if queue:
                    self._give(key, queue.popleft())
                else:
                    self._queues.pop(key, None)
            owner.keys.clear()
            self._changed.notify_all()


class HeldLocks:
    """The locks of one transaction; `keys` and `waits_for` belong to RowLocks."""

    def __init__(self, locks: RowLocks, settings: LockSettings) -> None:
        self._locks = locks
        self._settings = settings
        self.keys: dict[LockKey, None] = {}
        self.waits_for: LockKey | None = None

    def lock(self, write: RowWrite) -> None:
        """Lock what a write needs, waiting for it, and spend the time that the write takes."""
        for key in write.locks:
            self._locks.take(self, key, self._settings.timeout)
        if self._settings.write_latency:
            time.sleep(self._settings.write_latency)

    def lock_if_free(self, write: RowWrite) -> bool:
        """Lock what a write needs unless that means to wait."""
        return self._locks.take_free(self, write)
