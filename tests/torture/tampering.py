"""What is done to a process of the app before it begins: its clock, its lease, its death, its faults.

Nothing of the app knows of this: it is patched from here, in processes that the campaign starts.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests
from tests.torture.clock import SharedClock
from tests.torture.sabotage import SABOTAGES

from work_assignment import bootstrap
from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.dataverse.client import DataverseClient

SETTING = "WA_TORTURE"
_HURRY = 0.1
"""Waits are a tenth as long, so that a run has ten times as many faults."""


@dataclass(frozen=True, slots=True)
class Tampering:
    """`dies_after` is the writing batch around which the process kills itself; 0 is never."""

    clock: str
    skew: float = 0.0
    own_lease: bool = False
    dies_after: int = 0
    without: tuple[str, ...] = ()

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Tampering:
        given = json.loads(text)
        return Tampering(**{**given, "without": tuple(given["without"])})


def install() -> Tampering:
    """Tamper with this process as its environment says."""
    tampering = Tampering.from_text(os.environ[SETTING])
    storage_clock = SharedClock(Path(tampering.clock))
    own_clock = SharedClock(Path(tampering.clock), skew=tampering.skew)
    bootstrap.now = own_clock
    bootstrap.monotonic = own_clock.monotonic
    bootstrap._pause = lambda duration: time.sleep(duration.total_seconds() * _HURRY)
    for storage in (SqliteQueues, SqliteLeases):
        _set_default(storage.__init__, "clock", storage_clock)
    _set_default(DataverseClient.__init__, "sleep", lambda s: time.sleep(s * _HURRY))
    if tampering.own_lease:
        _give_leases_of_its_own()
    if tampering.dies_after:
        _die_around_write(tampering.dies_after)
    for name in tampering.without:
        SABOTAGES[name]()
    return tampering


def _set_default(function: Callable[..., Any], name: str, value: object) -> None:
    defaults = function.__kwdefaults__
    if defaults is None or name not in defaults:
        raise TypeError(f"{function.__qualname__} has no keyword {name} any more")
    defaults[name] = value


def _give_leases_of_its_own() -> None:
    """Every lease that this process asks for is free: as if it had been lost."""
    acquire = SqliteLeases.acquire

    def own(self: SqliteLeases, name: str, **options: Any) -> Any:
        return acquire(self, f"{name}-{os.getpid()}", **options)

    SqliteLeases.acquire = own  # type: ignore[method-assign]  # tampering is what this is


def _die_around_write(number: int) -> None:
    """Kill this process at its write of that number: before it leaves, or after its answer."""
    send, lock, sent = requests.Session.send, threading.Lock(), [0]

    def counted(self: requests.Session, request: Any, **options: Any) -> requests.Response:
        with lock:
            sent[0] += b"PATCH " in (request.body or b"")
            is_last = sent[0] >= number
        if is_last and number % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(self, request, **options)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    requests.Session.send = counted  # type: ignore[method-assign]  # tampering is what this is
