"""The clock of a mock Dataverse, for everything on this machine that is to go by it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

log = logging.getLogger(__name__)
# A clock that was set is noticed after so many seconds at the latest.
KEPT_FOR = 0.1
# A smaller step back is not the mock's, but of how long a reading is under way.
_SMALL = timedelta(seconds=1)
_TIMEOUT = (1.0, 2.0)
_OK = 200


class NoMockTime(Exception):
    """There is no mock that says what time it is; the text says why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the mock's clock showed, and whether it stood still."""

    shown: datetime
    is_frozen: bool


@dataclass(frozen=True, slots=True)
class _Sample:
    """A reading, and when it was taken in seconds of this computer."""

    reading: Reading
    taken_at: float

    def at(self, moment: float) -> datetime:
        gone = 0.0 if self.reading.is_frozen else max(0.0, moment - self.taken_at)
        return self.reading.shown + timedelta(seconds=gone)


class MockClock:
    """Says what time it is at the mock; calling it reads it. Any number of threads may.

    Between two readings it stands or goes on as the mock's does. While the mock is away for a
    moment it goes on from the last reading; before there is one it raises NoMockTime.
    """

    def __init__(
        self,
        read: Callable[[], Reading],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        kept_for: float = KEPT_FOR,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._kept_for = kept_for
        self._lock = threading.Lock()
        self._sample: _Sample | None = None
        self._next_look = 0.0
        self._is_away = False
        self._latest: datetime | None = None

    def __call__(self) -> datetime:
        with self._lock:
            if self._sample is None or self._monotonic() >= self._next_look:
                self._sample = self._look(self._sample)
            found = self._sample.at(self._monotonic())
            if self._latest is None or not self._latest - _SMALL < found < self._latest:
                self._latest = found
            return self._latest

    def _look(self, known: _Sample | None) -> _Sample:
        asked_at = self._monotonic()
        try:
            sample = _Sample(self._read(), asked_at)
        except NoMockTime as exc:
            if known is None:
                raise
            if not self._is_away:
                log.warning("the clock goes on by itself: %s", exc)
            sample = known
        self._is_away = sample is known
        self._next_look = self._monotonic() + self._kept_for
        return sample


def reader(dataverse_url: str) -> Callable[[], Reading]:
    """What reads the clock of the mock at this address."""
    address = f"{dataverse_url}/__mock/time"

    def read() -> Reading:
        try:
            response = requests.get(address, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as exc:
            raise NoMockTime(f"{address} cannot be reached ({type(exc).__name__})") from exc
        if response.status_code != _OK:
            raise NoMockTime(f"{address} answers {response.status_code}")
        try:
            return _reading(response.json())
        except (ValueError, TypeError, KeyError) as exc:
            raise NoMockTime(f"{address} answers something else than a time") from exc

    return read


def _reading(body: Any) -> Reading:
    shown = datetime.fromisoformat(body["now"])
    if shown.tzinfo is None:
        raise ValueError(f"{shown} has no time zone")
    return Reading(shown.astimezone(UTC), bool(body["frozen"]))
