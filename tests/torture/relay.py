"""The network between Dataverse and the hosts: webhooks are lost, doubled, held back, passed on."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, ClassVar

import requests

_LOST, _DOUBLED, _LATE = 0.03, 0.25, 0.2
_KEPT = 200
_TIMEOUT = 20.0
_PATIENCE = 60.0
_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Posted:
    """One webhook call as Dataverse makes it, however often; and whether a host ever took it."""

    record_id: str
    message: str
    columns: frozenset[str]
    is_taken: bool = False


@dataclass
class Relay:
    """Passes webhooks on to the hosts. `faults` counts what it did to them."""

    hosts: Sequence[str]
    key: str
    dice: Random
    is_faithful: bool = False
    posted: dict[str, Posted] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    _kept: list[bytes] = field(default_factory=list)
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def listening(self, port: int) -> Iterator[None]:
        """Take calls at a port of this machine."""
        handler = type("Handler", (_Handler,), {"relay": self})
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def take(self, body: bytes) -> int:
        """Decide what becomes of a call; the status that Dataverse sees."""
        with self._lock:
            known = self._note(body)
            chance = 1.0 if self.is_faithful else self.dice.random()
            wait = self.dice.uniform(0.3, 3.0)
            if chance < _LOST:
                self.faults["webhook lost"] += 1
                return 202
        if chance < _LOST + _DOUBLED:
            self._later(body, known, wait, "webhook doubled")
        elif chance < _LOST + _DOUBLED + _LATE:
            self._later(body, known, wait, "webhook overtaken")
            return 202
        status = self._pass_on(body)
        known.is_taken |= status == 202
        if status != 202:
            with self._lock:
                self.faults["webhook refused"] += 1
        return status

    def post_an_old_one(self, dice: Random) -> None:
        """Post what was posted before once more: an older event comes after newer ones."""
        with self._lock:
            body = dice.choice(self._kept) if self._kept else None
        if body is not None:
            with self._lock:
                self.faults["old webhook posted again"] += 1
            self._pass_on(body)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is held back."""
        return self._under_way == 0

    def lost_choices(self) -> frozenset[str]:
        """The records of which nobody was told that their owner was changed."""
        return frozenset(
            call.record_id
            for call in self.posted.values()
            if not call.is_taken and "ownerid" in call.columns
        )

    def _note(self, body: bytes) -> Posted:
        context = json.loads(body)
        known = self.posted.setdefault(
            str(context["OperationId"]),
            Posted(
                str(context["PrimaryEntityId"]).lower(),
                context["MessageName"],
                frozenset(_columns(context)),
            ),
        )
        if len(self._kept) < _KEPT:
            self._kept.append(body)
        else:
            self._kept[self.dice.randrange(_KEPT)] = body
        return known

    def _later(self, body: bytes, known: Posted, wait: float, fault: str) -> None:
        with self._lock:
            self.faults[fault] += 1
            self._under_way += 1
        threading.Thread(target=self._pass_on_later, args=(body, known, wait), daemon=True).start()

    def _pass_on_later(self, body: bytes, known: Posted, wait: float) -> None:
        """Dataverse believes that it has arrived, so it must arrive."""
        deadline = time.monotonic() + _PATIENCE
        try:
            time.sleep(wait)
            while self._pass_on(body) != 202 and time.monotonic() < deadline:
                time.sleep(0.2)
            known.is_taken = True
        finally:
            with self._lock:
                self._under_way -= 1

    def _pass_on(self, body: bytes) -> int:
        """Post to one of the hosts, and to the next if that one is down."""
        first = self.dice.randrange(len(self.hosts))
        for number in range(len(self.hosts)):
            host = self.hosts[(first + number) % len(self.hosts)]
            try:
                answer = requests.post(
                    f"{host}/api/dataverse/events",
                    data=body,
                    headers={**_JSON, "x-functions-key": self.key},
                    timeout=_TIMEOUT,
                )
            except requests.ConnectionError:
                continue
            except requests.RequestException:
                return 503
            return answer.status_code
        return 503


def _columns(context: Mapping[str, Any]) -> Iterator[str]:
    for parameter in context.get("InputParameters") or ():
        value = parameter.get("value")
        if parameter.get("key") == "Target" and isinstance(value, dict):
            yield from (entry["key"] for entry in value.get("Attributes", ()))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    relay: ClassVar[Relay]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.relay.take(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None
