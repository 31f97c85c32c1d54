"""Service protection limits: what one user may ask for within a sliding window.

Measured in real time, whatever the organization's clock shows, since clients wait in real time
(Learn: Service protection API limits).
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from threading import Lock

from ..faults import Fault

_SLICES = 60


class Limit(Enum):
    """The three limits, by the names that admin routes use."""

    REQUESTS = "requests"
    EXECUTION_TIME = "execution_time"
    CONCURRENT = "concurrent"


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How much is allowed; they are enforced only when enabled, and counted always."""

    requests: int = 6000
    execution_ms: float = 1_200_000
    concurrent: int = 52
    window_s: float = 300
    enabled: bool = False
    dop_hint: int | None = 4


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a user has left, for the headers of an answer."""

    requests: int
    execution_seconds: float


@dataclass(slots=True)
class _Slice:
    """What happened within a small part of a window."""

    number: int
    requests: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class _Usage:
    """What one user did within the window; only used with the lock of all users held."""

    slices: deque[_Slice] = field(default_factory=deque)
    requests: int = 0
    seconds: float = 0.0
    in_flight: int = 0
    refused_until: float = 0.0
    pushes: int = 0

    def forget(self) -> None:
        """Begin anew, but for the requests that are running."""
        self.slices.clear()
        self.requests, self.seconds = 0, 0.0
        self.refused_until, self.pushes = 0.0, 0


@dataclass(slots=True)
class _Forced:
    """Refusals that somebody ordered."""

    left: int = 0
    retry_after: int = 1
    limit: Limit = Limit.REQUESTS
    user_id: str | None = None


class ServiceProtection:
    """Counts what each user asks for, and refuses what is too much; safe from many threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._settings = LimitSettings()
        self._users: dict[str, _Usage] = {}
        self._forced = _Forced()

    @property
    def settings(self) -> LimitSettings:
        return self._settings

    def configure(self, settings: LimitSettings) -> None:
        """Take new limits; what was counted under the old ones is forgotten, not what is running."""
        with self._lock:
            self._settings = settings
            self._users = {name: usage for name, usage in self._users.items() if usage.in_flight}
            for usage in self._users.values():
                usage.forget()

    def force(self, refusals: int, retry_after: int, limit: Limit, user_id: str | None) -> None:
        """Refuse the next requests, of one user or of all, whether limits are enabled or not."""
        with self._lock:
            self._forced = _Forced(refusals, retry_after, limit, user_id)

    def force_nothing(self) -> None:
        """Take back the refusals that were ordered."""
        with self._lock:
            self._forced = _Forced()

    def hint(self, dop_hint: int | None) -> None:
        """Recommend so many requests at once; what was counted stays."""
        with self._lock:
            self._settings = replace(self._settings, dop_hint=dop_hint)

    @property
    def forced(self) -> int:
        """How many of the ordered refusals are left."""
        return self._forced.left

    @contextmanager
    def admitted(self, user_id: str) -> Iterator[None]:
        """Count a request as long as it runs, or raise the 429 that refuses it."""
        with self._lock:
            usage = self._enter(user_id)
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            with self._lock:
                usage.in_flight -= 1
                usage.seconds += seconds
                self._slice(usage).seconds += seconds

    def remaining(self, user_id: str) -> Remaining:
        with self._lock:
            settings, usage = self._settings, self._users.get(user_id, _Usage())
            self._slide(usage)
            return Remaining(
                max(0, settings.requests - usage.requests),
                max(0.0, settings.execution_ms / 1000 - usage.seconds),
            )

    def _enter(self, user_id: str) -> _Usage:
        usage = self._users.setdefault(user_id, _Usage())
        self._slide(usage)
        self._refuse_if_forced(user_id)
        if self._settings.enabled:
            self._refuse_if_too_much(usage)
        usage.requests += 1
        self._slice(usage).requests += 1
        usage.in_flight += 1
        return usage

    def _refuse_if_forced(self, user_id: str) -> None:
        forced = self._forced
        if forced.left and forced.user_id in (None, user_id):
            forced.left -= 1
            raise _refusal(forced.limit, self._settings, forced.retry_after)

    def _refuse_if_too_much(self, usage: _Usage) -> None:
        """Refuse beyond a limit; who comes back before the time was told is told a longer one."""
        limit = self._exceeded(usage)
        now = self._monotonic()
        if limit is None:
            usage.pushes = 0
            return
        usage.pushes = usage.pushes + 1 if now < usage.refused_until else 0
        wait = self._seconds_until_room(usage, limit) * (1 + usage.pushes / 2)
        retry_after = max(1, math.ceil(min(wait, self._settings.window_s)))
        usage.refused_until = max(usage.refused_until, now + retry_after)
        raise _refusal(limit, self._settings, retry_after)

    def _exceeded(self, usage: _Usage) -> Limit | None:
        settings = self._settings
        if usage.in_flight >= settings.concurrent:
            return Limit.CONCURRENT
        if usage.requests >= settings.requests:
            return Limit.REQUESTS
        if usage.seconds * 1000 >= settings.execution_ms:
            return Limit.EXECUTION_TIME
        return None

    def _seconds_until_room(self, usage: _Usage, limit: Limit) -> float:
        """Tell when enough will have left the window for one more request."""
        if limit is Limit.CONCURRENT:
            return 1.0
        settings = self._settings
        requests, seconds = usage.requests, usage.seconds
        for part in usage.slices:
            requests, seconds = requests - part.requests, seconds - part.seconds
            if requests < settings.requests and seconds * 1000 < settings.execution_ms:
                return max(0.0, (part.number + _SLICES + 1) * self._width - self._monotonic())
        return settings.window_s

    @property
    def _width(self) -> float:
        return self._settings.window_s / _SLICES

    def _slice(self, usage: _Usage) -> _Slice:
        number = int(self._monotonic() / self._width)
        if not usage.slices or usage.slices[-1].number != number:
            usage.slices.append(_Slice(number))
        return usage.slices[-1]

    def _slide(self, usage: _Usage) -> None:
        """Forget what has left the window."""
        oldest = int(self._monotonic() / self._width) - _SLICES
        while usage.slices and usage.slices[0].number < oldest:
            gone = usage.slices.popleft()
            usage.requests -= gone.requests
            usage.seconds -= gone.seconds


def _refusal(limit: Limit, settings: LimitSettings, retry_after: int) -> Fault:
    window = f"{settings.window_s:g}"
    code, message = {
        Limit.REQUESTS: (
            "0x80072322",
            f"Number of requests exceeded the limit of {settings.requests} over time window of"
            f" {window} seconds.",
        ),
        Limit.EXECUTION_TIME: (
            "0x80072321",
            "Combined execution time of incoming requests exceeded limit of"
            f" {settings.execution_ms:,.0f} milliseconds over time window of {window} seconds."
            " Decrease number of concurrent requests or reduce the duration of requests and try"
            " again later.",
        ),
        Limit.CONCURRENT: (
            "0x80072326",
            f"Number of concurrent requests exceeded the limit of {settings.concurrent}.",
        ),
    }[limit]
    return Fault(429, code, message, {"Retry-After": str(retry_after)})
