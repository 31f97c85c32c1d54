"""A clock, queues and leases in memory, and the moments at which a test may interfere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from work_assignment.domain.errors import Unavailable

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
ENDLESS = 30_000
QUEUES = (
    "wa-events",
    "wa-events-poison",
    "wa-bell",
    "wa-sweeps",
    "wa-sweeps-poison",
    "wa-notices",
    "wa-notices-poison",
)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, at: datetime = NOW) -> None:
        self._now = at
        self._passed = 0.0

    def __call__(self) -> datetime:
        return self._now

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, at: datetime) -> None:
        self.advance(at - self._now)

    def monotonic(self) -> float:
        """Seconds that have passed, whatever the clock was set to."""
        return self._passed

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._passed += by.total_seconds()

    def set_back(self, by: timedelta) -> None:
        """Set the clock; no time passes."""
        self._now -= by


class Killed(BaseException):
    """The worker's process is gone; nothing it does afterwards reaches anybody."""


class Calls:
    """The moments of one worker's calls to the outside: one before each, one after it.

    `at` says what happens at a moment, by its number; `when` what happens when one of that name
    comes for the first time; `everywhere` what happens at every one.
    """

    def __init__(
        self,
        at: Mapping[int, Callable[[], object]] | None = None,
        *,
        when: Mapping[str, Callable[[], object]] | None = None,
        everywhere: Callable[[], object] = lambda: None,
    ) -> None:
        self.moments: list[str] = []
        self._at = at or {}
        self._when = dict(when or {})
        self._everywhere = everywhere
        self._killed = False

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        self._moment(f"before {name}")
        yield
        self._moment(f"after {name}")

    def _moment(self, name: str) -> None:
        if self._killed:
            raise Killed
        number = len(self.moments)
        assert number < ENDLESS, "the worker goes on for ever"
        self.moments.append(name)
        try:
            self._everywhere()
            self._when.pop(name, lambda: None)()
            self._at.get(number, lambda: None)()
        except Killed:
            self._killed = True
            raise


def killed() -> None:
    raise Killed


def unavailable() -> None:
    raise Unavailable("Dataverse is away")


@dataclass(slots=True, eq=False)
class _Stored:
    text: str
    visible_at: datetime
    dequeue_count: int = 0
    receipt: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was taken; its receipt is good until it is taken again."""

    stored: _Stored
    text: str
    dequeue_count: int
    receipt: int

    @property
    def id(self) -> str:
        return f"{id(self.stored):x}"


class MemoryQueues:
    """Queues that deliver at least once; a message taken is hidden until deleted or time is up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[str, list[_Stored]] = {name: [] for name in QUEUES}
        self.broken = False

    def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None:
        if self.broken:
            raise OSError("the queue cannot be written")
        self._queues[queue].append(_Stored(text, self._clock() + delay))

    def put_many(
        self, queue: str, texts: Sequence[str], *, delay: timedelta = timedelta(0)
    ) -> None:
        for text in texts:
            self.put(queue, text, delay=delay)

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]:
        assert 0 < limit <= 32, "Azure Storage hands out 1 to 32 messages"
        now = self._clock()
        visible = [entry for entry in self._queues[queue] if entry.visible_at <= now]
        return [self._take(entry, now + hidden_for) for entry in visible[:limit]]

    def renew_many(
        self, queue: str, messages: Sequence[Message], hidden_for: timedelta
    ) -> list[Message]:
        held = [message for message in messages if message.receipt == message.stored.receipt]
        until = self._clock() + hidden_for
        return [self._renew(message, until) for message in held]

    def _renew(self, message: Message, until: datetime) -> Message:
        message.stored.visible_at = until
        message.stored.receipt += 1
        return replace(message, receipt=message.stored.receipt)

    def _take(self, entry: _Stored, visible_at: datetime) -> Message:
        entry.visible_at = visible_at
        entry.dequeue_count += 1
        entry.receipt += 1
        return Message(entry, entry.text, entry.dequeue_count, entry.receipt)

    def delete_many(self, queue: str, messages: Sequence[Message]) -> None:
        lost = [message for message in messages if not self._delete(queue, message)]
        if lost:
            raise LookupError(f"{len(lost)} messages were taken by somebody else meanwhile")

    def _delete(self, queue: str, message: Message) -> bool:
        entries = self._queues[queue]
        if message.stored not in entries or message.receipt != message.stored.receipt:
            return False
        entries.remove(message.stored)
        return True

    def texts(self, queue: str) -> list[str]:
        """Everything in the queue, hidden or not."""
        return [entry.text for entry in self._queues[queue]]

    def due(self, queue: str) -> list[datetime]:
        """When each message can be taken, soonest first."""
        return sorted(entry.visible_at for entry in self._queues[queue])


class WorkerQueues:
    """The queues as one worker reaches them."""

    def __init__(self, queues: MemoryQueues, calls: Calls) -> None:
        self._queues = queues
        self._calls = calls

    def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None:
        with self._calls.call(f"put {queue}"):
            self._queues.put(queue, text, delay=delay)

    def put_many(
        self, queue: str, texts: Sequence[str], *, delay: timedelta = timedelta(0)
    ) -> None:
        for text in texts:
            self.put(queue, text, delay=delay)

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]:
        with self._calls.call(f"receive {queue}"):
            return self._queues.receive(queue, limit=limit, hidden_for=hidden_for)

    def renew_many(
        self, queue: str, messages: Sequence[Message], hidden_for: timedelta
    ) -> list[Message]:
        with self._calls.call(f"keep what was received from {queue}"):
            return self._queues.renew_many(queue, messages, hidden_for)

    def delete_many(self, queue: str, messages: Sequence[Message]) -> None:
        with self._calls.call(f"delete {queue}"):
            self._queues.delete_many(queue, messages)


class MemoryLeases:
    """One lease, held for a minute at a time."""

    HELD_FOR = timedelta(seconds=60)

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.holder: object | None = None
        self.until = clock()


@dataclass(slots=True, eq=False)
class WorkerLease:
    """The lease in one worker's hands."""

    leases: MemoryLeases
    calls: Calls

    def renew(self) -> bool:
        with self.calls.call("renew the lease"):
            if self.leases.holder is not self:
                return False
            self.leases.until = self.leases.clock() + self.leases.HELD_FOR
            return True

    def release(self) -> None:
        with self.calls.call("release the lease"):
            if self.leases.holder is self:
                self.leases.holder = None


class WorkerLeases:
    """The lease as one worker reaches it; with `shared` nobody is ever refused."""

    def __init__(self, leases: MemoryLeases, calls: Calls, *, shared: bool) -> None:
        self._leases = leases
        self._calls = calls
        self._shared = shared

    def acquire(self, name: str) -> WorkerLease | SharedLease | None:
        assert name == "decider"
        with self._calls.call("acquire the lease"):
            if self._shared:
                return SharedLease()
            if self._leases.holder is not None and self._leases.until > self._leases.clock():
                return None
            lease = WorkerLease(self._leases, self._calls)
            self._leases.holder = lease
            self._leases.until = self._leases.clock() + self._leases.HELD_FOR
            return lease


class SharedLease:
    """A lease that keeps nobody out."""

    def renew(self) -> bool:
        return True

    def release(self) -> None:
        """Nobody waits for it."""
