"""A Dataverse in memory that takes batches, and does with them what a test says."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult, PartResult
from work_assignment.dataverse.commits import CommitResult, Committer
from work_assignment.dataverse.connections import Gate, Traffic
from work_assignment.dataverse.errors import DataverseError, Throttled
from work_assignment.dataverse.messages import Request, Response
from work_assignment.dataverse.pace import Pace
from work_assignment.dataverse.retry import RetryPolicy

START = datetime(2026, 3, 6, 10, tzinfo=UTC)
LONGEST = timedelta(seconds=150)
WRITTEN = ChangeSetResult((Response(204),))


class Clock:
    """Time that only passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.set_back = timedelta()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def date(self) -> datetime:
        """What the clock on the wall shows; it can be set back."""
        return START + timedelta(seconds=self.now - 1000.0) - self.set_back


def undone(status: int, code: str = "", **headers: str) -> ChangeSetResult:
    """A change set that failed inside a batch."""
    body = json.dumps({"error": {"code": code, "message": "m"}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ChangeSetResult((), Response(status, named, body))


LOCKED = undone(400, "0x80044151")


def error(
    kind: type[DataverseError], status: int | None = None, retry_after: float | None = None
) -> DataverseError:
    return kind(status, "", "m", "", "$batch", retry_after)


@dataclass
class Sent:
    """A batch as it arrived: when, in which thread, and its change sets by number."""

    at: float
    thread: str
    numbers: list[int]


Outcome: TypeAlias = Sequence[ChangeSetResult] | DataverseError | None
Behaviour: TypeAlias = Callable[[int, list[int]], Outcome]


@dataclass
class FakeDataverse:
    """`behave` gets the number of the batch and those of its change sets.

    It gives the results, an error for the whole batch, or None where all goes well.
    """

    clock: Clock
    behave: Behaviour = lambda number, inside: None
    pace: Pace = field(default_factory=Pace)
    traffic: Traffic = field(default_factory=Traffic)
    sent: list[Sent] = field(default_factory=list)
    writes: Counter[int] = field(default_factory=Counter)
    under_way: int = 0
    most_under_way: int = 0

    def __post_init__(self) -> None:
        self.gate = Gate(self.clock.sleep, self.clock)
        self._lock = threading.Lock()

    def send_batch(self, batch: Batch, *, retry: RetryPolicy | None = None) -> list[PartResult]:
        assert batch.continue_on_error
        assert retry is not None
        self.gate.wait(retry.longest_retry_after, "$batch")
        inside = [number_of(part) for part in batch.parts]
        number, period = self._arrived(inside), self.pace.period
        try:
            outcome = self.behave(number, inside)
        finally:
            with self._lock:
                self.under_way -= 1
        if isinstance(outcome, DataverseError):
            self._hold_back(outcome, period)
            raise outcome
        results: list[PartResult] = list(outcome or [WRITTEN] * len(inside))
        self.write([place for place, got in zip(inside, results, strict=True) if got is WRITTEN])
        return results

    def write(self, numbers: Sequence[int]) -> None:
        """Remember what was written."""
        with self._lock:
            self.writes.update(numbers)

    def _arrived(self, inside: list[int]) -> int:
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            self.sent.append(Sent(self.clock(), threading.current_thread().name, inside))
            return len(self.sent) - 1

    def _hold_back(self, refusal: DataverseError, period: int) -> None:
        """Do as the client does with a refusal."""
        if isinstance(refusal, Throttled):
            self.traffic.refused()
            self.pace.throttled(period)
        if refusal.retry_after is not None:
            self.gate.hold(refusal.retry_after)

    @property
    def numbers_sent(self) -> list[int]:
        return [number for batch in self.sent for number in batch.numbers]


def all_there(count: int) -> list[int]:
    return list(range(count))


def scripted(*outcomes: Outcome) -> Behaviour:
    """The first batches end like this, in the order in which they arrive; the others go well."""
    return lambda number, inside: outcomes[number] if number < len(outcomes) else None


def at_once(width: int, behave: Behaviour) -> Behaviour:
    """The first batches are all under way before any of them is dealt with."""
    together = threading.Barrier(width)

    def wait_for_each_other(number: int, inside: list[int]) -> Outcome:
        if number < width:
            together.wait(10)
        return behave(number, inside)

    return wait_for_each_other


class SteadyPace(Pace):
    """A pace whose batches stay as large as they are; it tells when an answer was dealt with."""

    def __init__(self) -> None:
        super().__init__()
        self.has_learned = threading.Event()

    def batch_ended(self, change_sets: int, seconds: float, *, clean: bool) -> None:
        self.has_learned.set()


class TellingGate(Gate):
    """A gate that tells when it was shut."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.sleep, clock)
        self.is_shut = threading.Event()

    def hold(self, seconds: float) -> None:
        super().hold(seconds)
        self.is_shut.set()


def change_set(number: int, operations: int = 1) -> ChangeSet:
    return ChangeSet([Request("PATCH", f"leads({number})")] * operations)


def number_of(part: Request | ChangeSet) -> int:
    assert isinstance(part, ChangeSet)
    return int(part.requests[0].path.removeprefix("leads(").removesuffix(")"))


def committer(dataverse: FakeDataverse) -> Committer:
    clock = dataverse.clock
    return Committer(dataverse, clock.date, sleep=clock.sleep, jitter=lambda: 1.0, monotonic=clock)


def send(
    dataverse: FakeDataverse,
    count: int,
    *,
    until: timedelta = timedelta(minutes=30),
    progress: Callable[[int], object] = lambda count: None,
    landed: Callable[[Sequence[int]], object] = lambda places: None,
) -> list[CommitResult]:
    """Send so many change sets, with a committer of their own."""
    ours = committer(dataverse)
    try:
        return ours.send(
            [change_set(number) for number in range(count)],
            until=START + until,
            longest=LONGEST,
            progress=progress,
            landed=landed,
        )
    finally:
        ours.close()
