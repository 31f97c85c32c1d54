"""Many change sets written in parallel batches: as fast as Dataverse lets us, each of them final once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult, PartResult
from work_assignment.dataverse.commit_waiting import Entry, Waiting
from work_assignment.dataverse.connections import Gate, Traffic
from work_assignment.dataverse.errors import (
    CircuitOpen,
    ConnectionFailed,
    DataverseError,
    InvalidRequest,
    LockConflict,
    OutcomeUnknown,
    RequestTooLarge,
    ServerUnavailable,
    Throttled,
)
from work_assignment.dataverse.pace import WIDEST, Pace
from work_assignment.dataverse.retry import ONCE, RetryPolicy, backoff
from work_assignment.dataverse.unavailable import PASSING

MOST_REPEATS = 5
"""How often a change set is sent again that lost against another transaction."""
MOST_FAILURES = 5
"""How often a batch is tried that Dataverse does not even begin."""
MOST_REFUSALS = 20
"""Where so many batches are refused and none is answered, it is no change set's fault."""
RUNS_OUT = "the reservation runs out"
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


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was written: a batch of this change set alone was refused, or may not even be sent."""

    error: DataverseError | InvalidRequest


CommitResult: TypeAlias = ChangeSetResult | NotSent | Lost | Refused


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
        landed: Callable[[Sequence[int]], object] = lambda places: None,
    ) -> list[CommitResult]:
        """Send change sets, each a transaction of its own; the results are in the same order.

        They are taken from the iterable while others are under way, which hides what making them
        takes.

        Nothing is sent that might still be under way at `until`, where a request takes `longest`
        at most. `progress` hears, in this thread, how many more have become final, and before it
        `landed` the places of those that were written, as far as their answers came. When this
        returns or raises, nothing is under way any more.
        """
        deadline = _Deadline(self._tools, until - longest)
        return _Sending(self._tools, self._submit, change_sets, deadline, progress, landed).run()

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


_Outcome: TypeAlias = Sequence[PartResult] | DataverseError | InvalidRequest | NotSent


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of a batch, the seconds it took, and the period of the pace it was sent in."""

    outcome: _Outcome
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
        landed: Callable[[Sequence[int]], object],
    ) -> None:
        self._tools = tools
        self._client = tools.client
        self._submit = submit
        self._deadline = deadline
        self._progress = progress
        self._landed = landed
        self._waiting = Waiting(change_sets)
        self._under_way: dict[Future[_Answer], list[Entry]] = {}
        self._results: dict[int, CommitResult] = {}
        self._given_up: NotSent | None = None
        self._refusals = 0
        self._is_answered = False

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
                self._end(self._next_batch(), self._given_up)
            elif self._client.gate.remaining() > 0 or not self._may_start():
                return
            else:
                self._start()

    def _may_start(self) -> bool:
        """Whether there is room; what lost against another transaction goes when none of ours is left."""
        repeats = self._waiting.first.repeats
        if len(self._under_way) >= (1 if repeats else self._client.pace.width):
            return False
        if repeats:
            self._tools.sleep(self._tools.backoff(_LOCKED, repeats))
        return self._client.pace.enter(is_first=not self._under_way)

    def _next_batch(self) -> list[Entry]:
        return self._waiting.take_batch(self._client.pace.size, self._client.pace.most_bytes)

    def _start(self) -> None:
        """Send the next batch, which has entered the pace; what cannot even begin leaves it."""
        try:
            batch = self._next_batch()
            is_only_one = not self._waiting or self._client.pace.width == 1
            here = is_only_one and not self._under_way
            future = None if here else self._submit(lambda: self._carry(batch))
        except BaseException:
            self._client.pace.leave()
            raise
        if future is None:
            self._take(batch, self._carry(batch))
        else:
            self._under_way[future] = batch

    def _carry(self, batch: Sequence[Entry]) -> _Answer:
        """Send a batch that has entered the pace; what runs in a thread of its own."""
        period, started = self._client.pace.period, self._tools.monotonic()
        try:
            outcome = self._outcome(batch)
        finally:
            self._client.pace.leave()
        return _Answer(outcome, self._tools.monotonic() - started, period)

    def _outcome(self, batch: Sequence[Entry]) -> _Outcome:
        if self._deadline.passes_within():
            return NotSent(RUNS_OUT)
        if any(entry.was_sent for entry in batch):
            self._client.traffic.sent_again()
        change_sets = [entry.change_set for entry in batch]
        try:
            # Who finds the gate shut comes back at once: the waiting is done in one place, here.
            return self._client.send_batch(Batch(change_sets, continue_on_error=True), retry=ONCE)
        except (DataverseError, InvalidRequest) as exc:
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

    def _take(self, batch: list[Entry], answer: _Answer) -> None:
        """Make of an answer what is final, what waits again, or the end of all."""
        match answer.outcome:
            case NotSent() as not_sent:
                self._give_up(batch, not_sent)
            case Throttled() as error:
                self._throttled(batch, error)
            case OutcomeUnknown() as error:
                self._client.pace.batch_ended(len(batch), answer.seconds, clean=False)
                self._end(batch, Lost(str(error)))
            case CircuitOpen() as error:
                self._give_up(batch, NotSent(str(error), error.retry_after))
            case ServerUnavailable() | ConnectionFailed() as error:
                self._failed(batch, error)
            case DataverseError() as error if isinstance(error, PASSING):
                self._give_up(batch, NotSent(str(error), error.retry_after))
            case DataverseError() | InvalidRequest() as error:
                self._refused(batch, error)
            case parts:
                self._answered(batch, parts, answer)

    def _give_up(self, batch: list[Entry], not_sent: NotSent) -> None:
        self._given_up = self._given_up or not_sent
        self._end(batch, not_sent)

    def _throttled(self, batch: list[Entry], error: Throttled) -> None:
        """The whole batch waits again, at its place; one that found the gate shut never left."""
        self._waiting.put_first(batch)
        if error.status is not None:
            for entry in batch:
                entry.refusals += 1
            self._hold(error, max(entry.refusals for entry in batch))

    def _failed(self, batch: list[Entry], error: DataverseError) -> None:
        """Dataverse had not begun: the batch is tried again a few times."""
        for entry in batch:
            entry.failures += 1
        failures = max(entry.failures for entry in batch)
        if failures >= MOST_FAILURES:
            self._give_up(batch, NotSent(str(error), error.retry_after))
            return
        self._waiting.put_first(batch)
        self._hold(error, failures)

    def _refused(self, batch: list[Entry], error: DataverseError | InvalidRequest) -> None:
        """Something in the batch is not accepted: halves find out what, when all others were sent."""
        self._refusals += 1
        if len(batch) > 1:
            self._halve(batch, error)
        else:
            self._end(batch, Refused(error))
        if self._refusals >= MOST_REFUSALS and not self._is_answered:
            self._given_up = self._given_up or NotSent(str(error))
            blamed = [place for place, r in self._results.items() if isinstance(r, Refused)]
            self._results.update(dict.fromkeys(blamed, self._given_up))

    def _halve(self, batch: list[Entry], error: DataverseError | InvalidRequest) -> None:
        if isinstance(error, RequestTooLarge):
            self._client.pace.too_large(sum(entry.size for entry in batch))
        for entry in batch:
            entry.most_together = len(batch) // 2
            self._waiting.put_last(entry)

    def _hold(self, error: DataverseError, attempt: int) -> None:
        """Shut the gate where Dataverse named no time; else the client has done so."""
        if not error.retry_after:
            self._client.gate.hold(self._tools.backoff(_REFUSED, attempt))

    def _answered(self, batch: list[Entry], parts: Sequence[PartResult], answer: _Answer) -> None:
        self._is_answered = True
        final, landed, errors = 0, list[int](), []
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
            if part.committed:
                landed.append(entry.place)
        self._learn(answer, len(batch), errors)
        if landed:
            self._landed(landed)
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

    def _end(self, batch: Sequence[Entry], result: NotSent | Lost | Refused) -> None:
        self._results.update((entry.place, result) for entry in batch)
        self._tell(len(batch))

    def _tell(self, final: int) -> None:
        if final:
            self._progress(final)
