"""Small apps, an in-memory queue store, a clock that tests move, and a plain HTTP caller."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from work_assignment.local_host.host import LocalHost
from work_assignment.local_host.keys import Keys

KEYS = Keys(function="function-key", master="master-key")
STORAGE = {"AzureWebJobsStorage": "memory"}
HOST_JSON = {
    "version": "2.0",
    "extensions": {
        "http": {"routePrefix": "api"},
        "queues": {
            "batchSize": 8,
            "newBatchThreshold": 4,
            "maxDequeueCount": 5,
            "visibilityTimeout": "00:00:00",
            "maxPollingInterval": "00:00:00.100",
            "messageEncoding": "base64",
        },
    },
}
PREAMBLE = "import azure.functions as func\napp = func.FunctionApp()\n"


def write_app(folder: Path, text: str, host_json: object = HOST_JSON) -> Path:
    """Write a function app of this text; returns its folder."""
    folder.mkdir(exist_ok=True)
    (folder / "function_app.py").write_text(PREAMBLE + dedent(text), encoding="utf-8")
    (folder / "host.json").write_text(json.dumps(host_json), encoding="utf-8")
    return folder


def host_for(
    app_root: Path, queues: MemoryQueues, settings: Mapping[str, str] = STORAGE, **options: Any
) -> LocalHost:
    """A host, on a free port unless one is given."""
    options = {"port": 0, **options}
    return LocalHost(app_root, queues=queues, keys=KEYS, settings=settings, **options)


def until(claim: Callable[[], object], within: float = 10.0) -> None:
    """Wait until the claim holds, or fail."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not claim():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)


class FakeClock:
    """A clock that moves only when told to, in both of the forms the host reads."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 10, 0, 30, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class MemoryMessage:
    id: str
    text: str
    receipt: str
    dequeue_count: int
    inserted_at: datetime
    visible_at: datetime


class MemoryQueues:
    """Queues with visibility, receipts and dequeue counts; `journal` tells what was done."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._queues: dict[str, dict[str, MemoryMessage]] = {}
        self._number = 0
        self.journal: list[tuple[str, str]] = []
        self.broken: Exception | None = None
        self.hidden_for: list[timedelta] = []

    def put(self, queue: str, text: str, *, delay: timedelta = timedelta(0)) -> None:
        with self._lock:
            now = self._clock()
            name = f"m{self._next()}"
            message = MemoryMessage(name, text, "", 0, now, now + delay)
            self._queues.setdefault(queue, {})[name] = message
            self.journal.append(("put", queue))

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[MemoryMessage]:
        with self._lock:
            if self.broken:
                raise self.broken
            now = self._clock()
            waiting = self._queues.setdefault(queue, {})
            visible = [m for m in waiting.values() if m.visible_at <= now][:limit]
            taken = [
                replace(
                    message,
                    receipt=f"r{self._next()}",
                    dequeue_count=message.dequeue_count + 1,
                    visible_at=now + hidden_for,
                )
                for message in visible
            ]
            waiting.update({message.id: message for message in taken})
            return taken

    def renew(self, queue: str, message: MemoryMessage, hidden_for: timedelta) -> MemoryMessage:
        with self._lock:
            held = self._held(queue, message)
            renewed = replace(
                held, receipt=f"r{self._next()}", visible_at=self._clock() + hidden_for
            )
            self._queues[queue][message.id] = renewed
            self.hidden_for.append(hidden_for)
            self.journal.append(("renew", queue))
            return renewed

    def delete(self, queue: str, message: MemoryMessage) -> None:
        with self._lock:
            self._held(queue, message)
            del self._queues[queue][message.id]
            self.journal.append(("delete", queue))

    def texts(self, queue: str) -> list[str]:
        """What is in the queue, hidden or not."""
        with self._lock:
            return [message.text for message in self._queues.get(queue, {}).values()]

    def _held(self, queue: str, message: MemoryMessage) -> MemoryMessage:
        held = self._queues.get(queue, {}).get(message.id)
        if held is None or held.receipt != message.receipt:
            raise LookupError(f"message {message.id} is not held with that receipt")
        return held

    def _next(self) -> int:
        self._number += 1
        return self._number


class MemoryNotes:
    """Notes that several hosts of one test share."""

    def __init__(self, **texts: str) -> None:
        self.texts = dict(texts)
        self.broken: Exception | None = None

    def read(self, name: str) -> str | None:
        if self.broken:
            raise self.broken
        return self.texts.get(name)

    def write(self, name: str, text: str) -> None:
        if self.broken:
            raise self.broken
        self.texts[name] = text


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    *,
    key: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Reply:
    """Send one request on a connection of its own."""
    parts = urlsplit(url)
    sent = dict(headers)
    if key is not None:
        sent["x-functions-key"] = key
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body=body, headers=sent)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, response.read(), names)
    finally:
        connection.close()
