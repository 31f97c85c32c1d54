"""Listens to one queue and runs its function, by the rules of Azure's queue trigger."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

from azure.functions.queue import QueueMessage

from work_assignment.local_host.errors import HostStopping
from work_assignment.local_host.host_json import QueueOptions
from work_assignment.local_host.invocation import decode_message
from work_assignment.local_host.specs import FunctionSpec

log = logging.getLogger(__name__)
POISON = "-poison"
LEASE = timedelta(minutes=10)
RENEW_AFTER = LEASE / 2
RENEW_AGAIN_AFTER = LEASE / 10
SHORTEST_PAUSE = 0.1
RECEIVE_FAILURES_ALLOWED = 5


class Message(Protocol):
    """One message as a store hands it out. `receipt` proves who holds it."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def receipt(self) -> str: ...
    @property
    def dequeue_count(self) -> int: ...
    @property
    def inserted_at(self) -> datetime: ...


M = TypeVar("M", bound=Message)


class QueueStore(Protocol[M]):
    """The queues the host listens to and sends to, on the terms of Azure Storage."""

    def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None: ...
    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[M]: ...
    def renew(self, queue: str, message: M, hidden_for: timedelta) -> M: ...
    def delete(self, queue: str, message: M) -> None: ...


@dataclass(slots=True, eq=False)
class _Held(Generic[M]):
    """A message this listener holds. Its receipt changes whenever the lease is renewed."""

    message: M
    renew_at: float
    begun: bool = False
    settled: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class QueueListener(Generic[M]):
    """One queue function. `step` does what is due now; `run` repeats it until `stop`.

    `submit` hands a call to the worker threads; `invoke` runs the function, outputs sent.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        queue: str,
        store: QueueStore[M],
        options: QueueOptions,
        *,
        submit: Callable[[Callable[[], object]], Future[Any]],
        invoke: Callable[[FunctionSpec, QueueMessage], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spec = spec
        self.queue = queue
        self._store = store
        self._options = options
        self._submit = submit
        self._invoke = invoke
        self._monotonic = monotonic
        # What fails in a poison queue has nowhere further to go.
        self._poison_queue = None if queue.endswith(POISON) else f"{queue}{POISON}"
        self._held: set[_Held[M]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._pause = SHORTEST_PAUSE
        self._failures = 0

    def run(self) -> None:
        """Listen until `stop`; an exception means that the queue could not be read any more."""
        while not self._stopping.is_set():
            pause = self.step()
            self._wake.wait(pause)
            self._wake.clear()

    def stop(self) -> None:
        """Take no more messages."""
        self._stopping.set()
        self._wake.set()

    def nudge(self) -> None:
        """Look at once: a message was put into this queue."""
        self._pause = SHORTEST_PAUSE
        self._wake.set()

    def step(self) -> float:
        """Renew leases that are due, fetch a batch if there is room; returns the seconds to wait."""
        until_renewal = self._renew_due()
        if self._count() > self._options.new_batch_threshold:
            return until_renewal
        messages = self._receive()
        for message in messages:
            self._begin(message)
        if messages:
            self._pause = SHORTEST_PAUSE
            return 0.0
        pause = self._pause
        self._pause = min(pause * 2, self._options.max_polling_interval.total_seconds())
        return min(pause, until_renewal)

    def _receive(self) -> list[M]:
        try:
            messages = self._store.receive(
                self.queue, limit=self._options.batch_size, hidden_for=LEASE
            )
        except Exception as error:
            self._failures += 1
            if self._failures > RECEIVE_FAILURES_ALLOWED:
                raise
            log.warning("%s: queue %s cannot be read: %s", self.spec.name, self.queue, error)
            return []
        self._failures = 0
        return messages

    def _begin(self, message: M) -> None:
        held = _Held(message, self._monotonic() + RENEW_AFTER.total_seconds())
        with self._lock:
            self._held.add(held)
        try:
            future = self._submit(lambda: self._process(held))
        except HostStopping:
            self._let_go(held)
            self._settle(held, "handed back", lambda: self._release(held, timedelta(0)))
            return
        future.add_done_callback(lambda done: self._finished(held, done))

    def _finished(self, held: _Held[M], done: Future[Any]) -> None:
        self._let_go(held)
        if isinstance(done.exception(), HostStopping) and not held.begun:
            self._settle(held, "handed back", lambda: self._release(held, timedelta(0)))
        self._wake.set()

    def _process(self, held: _Held[M]) -> None:
        held.begun = True
        message = held.message
        if self._poison_queue and message.dequeue_count > self._options.max_dequeue_count:
            self._give_up(held, f"was taken {message.dequeue_count} times and never finished")
            return
        try:
            body = decode_message(message.text, base64_messages=self._options.base64)
        except ValueError as error:
            self._give_up(held, f"is not base64, as host.json's messageEncoding says: {error}")
            return
        try:
            self._invoke(self.spec, queue_message(message, body))
        except BaseException:
            log.exception("%s failed on message %s", self.spec.name, message.id)
            self._after_failure(held)
        else:
            self._settle(held, "deleted", lambda: self._store.delete(self.queue, held.message))

    def _after_failure(self, held: _Held[M]) -> None:
        tries = held.message.dequeue_count
        if self._poison_queue is None:
            # Left hidden until the lease ends, or it would be tried again without a pause for ever.
            return
        if tries >= self._options.max_dequeue_count:
            self._give_up(held, f"failed {tries} times")
            return
        delay = self._options.visibility_timeout
        self._settle(held, "handed back", lambda: self._release(held, delay))

    def _give_up(self, held: _Held[M], reason: str) -> None:
        log.error("%s: message %s %s", self.spec.name, held.message.id, reason)
        if self._poison_queue is not None:
            self._settle(held, f"moved to {self._poison_queue}", lambda: self._poison(held))

    def _poison(self, held: _Held[M]) -> None:
        # In this order a crash in between leaves it twice, never nowhere.
        self._store.put(f"{self.queue}{POISON}", held.message.text)
        self._store.delete(self.queue, held.message)

    def _release(self, held: _Held[M], delay: timedelta) -> None:
        self._store.renew(self.queue, held.message, delay)

    def _settle(self, held: _Held[M], what: str, action: Callable[[], None]) -> None:
        """Carry out what ends our hold on the message; if it fails the message comes again."""
        with held.lock:
            held.settled = True
            try:
                action()
            except Exception as error:
                log.warning(
                    "%s: message %s could not be %s and will come again: %s",
                    self.spec.name,
                    held.message.id,
                    what,
                    error,
                )

    def _renew_due(self) -> float:
        """Renew what is due; returns the seconds until the next one is."""
        with self._lock:
            held = list(self._held)
        now = self._monotonic()
        for one in held:
            if one.renew_at <= now:
                self._renew(one, now)
        longest = RENEW_AFTER.total_seconds()
        return max(0.0, min((one.renew_at - now for one in held), default=longest))

    def _renew(self, held: _Held[M], now: float) -> None:
        with held.lock:
            if held.settled:
                return
            try:
                held.message = self._store.renew(self.queue, held.message, LEASE)
            except Exception as error:
                held.renew_at = now + RENEW_AGAIN_AFTER.total_seconds()
                log.warning(
                    "%s: the lease of message %s could not be renewed: %s",
                    self.spec.name,
                    held.message.id,
                    error,
                )
            else:
                held.renew_at = now + RENEW_AFTER.total_seconds()

    def _let_go(self, held: _Held[M]) -> None:
        with self._lock:
            self._held.discard(held)

    def _count(self) -> int:
        with self._lock:
            return len(self._held)


def queue_message(message: Message, body: bytes) -> QueueMessage:
    """The message as a function sees it."""
    return QueueMessage(
        id=message.id,
        body=body,
        dequeue_count=message.dequeue_count,
        insertion_time=message.inserted_at,
        pop_receipt=message.receipt,
    )


def message_by_hand(text: str, at: datetime) -> QueueMessage:
    """A message that was never in a queue, for trying a function."""
    return QueueMessage(
        id=str(uuid4()), body=text.encode(), dequeue_count=1, insertion_time=at, pop_receipt=""
    )
