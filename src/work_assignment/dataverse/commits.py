"""Many change sets written in parallel batches: as fast as Dataverse lets us, each of them final once."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Protocol, TypeAlias

from work_assignment.dataverse.batches import (
    MOST_REQUESTS,
    Batch,
    ChangeSet,
    ChangeSetResult,
    PartResult,
)
from work_assignment.dataverse.connections import Gate, Traffic
from work_assignment.dataverse.errors import (
    CircuitOpen,
    ConnectionFailed,
    DataverseError,
    LockConflict,
    OutcomeUnknown,
    ServerUnavailable,
    Throttled,
)
from work_assignment.dataverse.pace import WIDEST, Pace
from work_assignment.dataverse.retry import RetryPolicy, backoff
from work_assignment.dataverse.unavailable import PASSING

MOST_REPEATS = 5
"""How often a change set is sent again that lost against another transaction."""
MOST_FAILURES = 5
"""How often a batch is tried that Dataverse does not even begin."""
RUNS_OUT = "the reservation runs out"
_ONCE = RetryPolicy(attempts=1, longest_retry_after=0)
"""Whoever finds the gate shut comes back at once: the waiting is done in one place, here."""
_REFUSED = RetryPolicy(base=0.5, cap=30.0)
_LOCKED = RetryPolicy(base=0.1, cap=2.0)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing was written; `retry_after` are the seconds that Dataverse asked to wait, if it did."""

    why: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The change set left and its answer did not come: only reading tells whether it was written."""

    why: str


CommitResult: TypeAlias = ChangeSetResult | NotSent | Lost


class Sender(Protocol):
    """What a committer needs of the client."""

    @property
    def pace(self) -> Pace: ...
    @property
    def gate(self) -> Gate: ...
    @property
    def traffic(self) -> Traffic: ...
    def send_batch(self, batch: Batch, *, retry: RetryPolicy | None = ...) -> list[PartResult]: ...


class Committer:
    """Sends change sets through one client, whose pace it keeps; its threads last until `close`."""

    def __init__(
        self,
        client: Sender,
        clock: Callable[[], datetime],
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tools = _Tools(client, clock, sleep, jitter, monotonic)
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def send(
        self,
        change_sets: Iterable[ChangeSet],
        *,
        until: datetime,
        longest: timedelta,
        progress: Callable[[int], object] = lambda count: None,
    ) -> list[CommitResult]:
        """Send change sets, each a transaction of its own; the results are in the same order.

        They are taken from the iterable while others are under way, which hides what making them
        takes.

        Nothing is sent that might still be under way at `until`, where a request takes `longest`
        at most. `progress` hears, in this thread, how many more have become final. When this
        returns or raises, nothing is under way any more.
        """
        deadline = _Deadline(self._tools, until - longest)
        return _Sending(self._tools, self._submit, change_sets, deadline, progress).run()

    def close(self) -> None:
        """End the threads; the committer may be used again afterwards."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown()

    def _submit(self, carry: Callable[[], _Answer]) -> Future[_Answer]:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(WIDEST, thread_name_prefix="commit")
            # Log lines of the threads belong to the work of the one who asks.
            return self._threads.submit(copy_context().run, carry)


@dataclass(frozen=True, slots=True)
class _Tools:
    client: Sender
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    monotonic: Callable[[], float]

    def backoff(self, policy: RetryPolicy, attempt: int) -> float:
        return backoff(policy, attempt=attempt, jitter=self.jitter())


class _Deadline:
    """The last moment to send; a clock that is set back meanwhile does not put it off."""

    def __init__(self, tools: _Tools, last: datetime) -> None:
        self._tools = tools
        self._last = last
        self._ends_at = tools.monotonic() + (last - tools.clock()).total_seconds()

    def passes_within(self, seconds: float = 0.0) -> bool:
        """Whether it is over when we have waited so long."""
        by_clock = (self._last - self._tools.clock()).total_seconds()
        by_duration = self._ends_at - self._tools.monotonic()
        return min(by_clock, by_duration) <= seconds


@dataclass(slots=True)
class _Entry:
    """A change set on its way, and how often it was sent in vain: alone, or with its whole batch."""

    place: int
    change_set: ChangeSet
    repeats: int = 0
    failures: int = 0
    refusals: int = 0

    @property
    def was_sent(self) -> bool:
        return bool(self.repeats or self.failures or self.refusals)


class _Waiting:
    """What is to be sent: first what comes again, then what was not taken yet."""

    def __init__(self, change_sets: Iterable[ChangeSet]) -> None:
        self._new: Iterator[_Entry] = (
            _Entry(place, part) for place, part in enumerate(change_sets)
        )
        self._again: deque[_Entry] = deque()

    def __bool__(self) -> bool:
        if not self._again:
            self._again.extend(islice(self._new, 1))
        return bool(self._again)

    @property
    def first(self) -> _Entry:
        """What is next; there must be something."""
        if not self:
            raise IndexError("nothing waits")
        return self._again[0]

    def take(self) -> _Entry:
        """Take what is next."""
        first = self.first
        self._again.popleft()
        return first

    def take_all(self) -> list[_Entry]:
        """Take everything."""
        entries = [*self._again, *self._new]
        self._again.clear()
        return entries

    def put_first(self, entries: Sequence[_Entry]) -> None:
        """Let these come next, in their order."""
        self._again.extendleft(reversed(entries))

    def put_last(self, entry: _Entry) -> None:
        """Let this come when all others were taken."""
        self._new = chain(self._new, (entry,))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of a batch, the seconds it took, and the period of the pace it was sent in."""

    outcome: Sequence[PartResult] | DataverseError | NotSent
    seconds: float
    period: int


class _Sending:
    """One call of `send`: what waits, what is under way and what is final."""

    def __init__(
        self,
        tools: _Tools,
        submit: Callable[[Callable[[], _Answer]], Future[_Answer]],
        change_sets: Iterable[ChangeSet],
        deadline: _Deadline,
        progress: Callable[[int], object],
    ) -> None:
        self._tools = tools
        self._client = tools.client
        self._submit = submit
        self._deadline = deadline
        self._progress = progress
        self._waiting = _Waiting(change_sets)
        self._under_way: dict[Future[_Answer], list[_Entry]] = {}
        self._results: dict[int, CommitResult] = {}
        self._given_up: NotSent | None = None

    def run(self) -> list[CommitResult]:
        try:
            while self._waiting or self._under_way:
                self._start_batches()
                self._take_answers()
        finally:
            wait(self._under_way)
        return [self._results[place] for place in sorted(self._results)]

    def _start_batches(self) -> None:
        while self._waiting:
            if self._given_up is not None:
                self._end(self._waiting.take_all(), self._given_up)
            elif self._client.gate.remaining() > 0 or not self._may_start():
                return
            else:
                self._start(self._next_batch())

    def _may_start(self) -> bool:
        """Whether there is room; what lost against another transaction goes when none of ours is left."""
        repeats = self._waiting.first.repeats
        if len(self._under_way) >= (1 if repeats else self._client.pace.width):
            return False
        if repeats:
            self._tools.sleep(self._tools.backoff(_LOCKED, repeats))
        return self._client.pace.enter(is_first=not self._under_way)

    def _next_batch(self) -> list[_Entry]:
        batch: list[_Entry] = []
        room, most = MOST_REQUESTS, self._client.pace.size
        while self._waiting and len(batch) < most:
            following = self._waiting.first
            room -= len(following.change_set.requests)
            if batch and (room < 0 or (following.repeats and not batch[0].repeats)):
                break
            batch.append(self._waiting.take())
        return batch

    def _start(self, batch: list[_Entry]) -> None:
        if not self._under_way and (not self._waiting or self._client.pace.width == 1):
            self._take(batch, self._carry(batch))
        else:
            self._under_way[self._submit(lambda: self._carry(batch))] = batch

    def _carry(self, batch: Sequence[_Entry]) -> _Answer:
        """Send a batch that has entered the pace; what runs in a thread of its own."""
        period, started = self._client.pace.period, self._tools.monotonic()
        try:
            outcome = self._outcome(batch)
        finally:
            self._client.pace.leave()
        return _Answer(outcome, self._tools.monotonic() - started, period)

    def _outcome(self, batch: Sequence[_Entry]) -> Sequence[PartResult] | DataverseError | NotSent:
        if self._deadline.passes_within():
            return NotSent(RUNS_OUT)
        if any(entry.was_sent for entry in batch):
            self._client.traffic.sent_again()
        change_sets = [entry.change_set for entry in batch]
        try:
            return self._client.send_batch(Batch(change_sets, continue_on_error=True), retry=_ONCE)
        except DataverseError as exc:
            return exc

    def _take_answers(self) -> None:
        """Wait for an answer, or for the gate; then deal with what has come."""
        shut_for = self._client.gate.remaining() if self._waiting else 0.0
        if not self._under_way:
            self._wait_at_gate(shut_for)
            return
        timeout = shut_for if shut_for > 0 else None
        done, _ = wait(self._under_way, timeout=timeout, return_when=FIRST_COMPLETED)
        for future in done:
            self._take(self._under_way.pop(future), future.result())

    def _wait_at_gate(self, seconds: float) -> None:
        if seconds > 0 and self._deadline.passes_within(seconds):
            self._given_up = NotSent(f"{RUNS_OUT} before Dataverse may be asked again", seconds)
        elif seconds > 0:
            self._tools.sleep(seconds)

    def _take(self, batch: list[_Entry], answer: _Answer) -> None:
        """Make of an answer what is final, what waits again, or the end of all."""
        match answer.outcome:
            case NotSent() as not_sent:
                self._give_up(batch, not_sent)
            case Throttled() as error:
                self._refused(batch, error)
            case OutcomeUnknown() as error:
                self._client.pace.batch_ended(len(batch), answer.seconds, clean=False)
                self._end(batch, Lost(str(error)))
            case CircuitOpen() as error:
                self._give_up(batch, NotSent(str(error), error.retry_after))
            case ServerUnavailable() | ConnectionFailed() as error:
                self._failed(batch, error)
            case DataverseError() as error if isinstance(error, PASSING):
                self._give_up(batch, NotSent(str(error), error.retry_after))
            case DataverseError() as error:
                raise error
            case parts:
                self._answered(batch, parts, answer)

    def _give_up(self, batch: list[_Entry], not_sent: NotSent) -> None:
        self._given_up = self._given_up or not_sent
        self._end(batch, not_sent)

    def _refused(self, batch: list[_Entry], error: Throttled) -> None:
        """The whole batch waits again, at its place; one that found the gate shut never left."""
        self._waiting.put_first(batch)
        if error.status is not None:
            for entry in batch:
                entry.refusals += 1
            self._hold(error, max(entry.refusals for entry in batch))

    def _failed(self, batch: list[_Entry], error: DataverseError) -> None:
        """Dataverse had not begun: the batch is tried again a few times."""
        for entry in batch:
            entry.failures += 1
        failures = max(entry.failures for entry in batch)
        if failures >= MOST_FAILURES:
            self._give_up(batch, NotSent(str(error), error.retry_after))
            return
        self._waiting.put_first(batch)
        self._hold(error, failures)

    def _hold(self, error: DataverseError, attempt: int) -> None:
        """Shut the gate where Dataverse named no time; else the client has done so."""
        if not error.retry_after:
            self._client.gate.hold(self._tools.backoff(_REFUSED, attempt))

    def _answered(self, batch: list[_Entry], parts: Sequence[PartResult], answer: _Answer) -> None:
        final, errors = 0, []
        for entry, part in zip(batch, parts, strict=True):
            if not isinstance(part, ChangeSetResult):
                raise TypeError(f"a change set was answered with {type(part).__name__}")
            error = part.error("change set")
            if isinstance(error, LockConflict | Throttled):
                errors.append(error)
                if entry.repeats < MOST_REPEATS:
                    entry.repeats += 1
                    self._waiting.put_last(entry)
                    continue
            self._results[entry.place] = part
            final += 1
        self._learn(answer, len(batch), errors)
        self._tell(final)

    def _learn(self, answer: _Answer, change_sets: int, errors: Sequence[DataverseError]) -> None:
        """Tell the pace how a batch went; throttling inside it is news to the client."""
        client = self._client
        client.pace.batch_ended(change_sets, answer.seconds, clean=not errors)
        throttled = [error for error in errors if isinstance(error, Throttled)]
        if throttled:
            client.traffic.refused()
            client.pace.throttled(answer.period)
            asked = max(error.retry_after or 0.0 for error in throttled)
            client.gate.hold(asked or self._tools.backoff(_REFUSED, 1))

    def _end(self, batch: Sequence[_Entry], result: NotSent | Lost) -> None:
        self._results.update((entry.place, result) for entry in batch)
        self._tell(len(batch))

    def _tell(self, final: int) -> None:
        if final:
            self._progress(final)
