"""Waits before a request is carried out, as a distant server would make its clients wait."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True)
class LatencySettings:
    """How long a request takes beside its work, in milliseconds; jitter is evenly distributed."""

    request_ms: float = 0
    operation_ms: float = 0
    jitter_ms: float = 0
    seed: int = 0


class Latency:
    """The configured waits; safe from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._settings = LatencySettings()
        self._random = random.Random()  # noqa: S311 - no secret depends on it

    @property
    def settings(self) -> LatencySettings:
        return self._settings

    def configure(self, settings: LatencySettings) -> None:
        with self._lock:
            self._settings = settings
            self._random = random.Random(settings.seed)  # noqa: S311 - no secret depends on it

    def wait(self, operations: int) -> None:
        """Wait for one request that holds this many operations."""
        seconds = self.seconds(operations)
        if seconds > 0:
            time.sleep(seconds)

    def seconds(self, operations: int) -> float:
        settings = self._settings
        if settings == LatencySettings(seed=settings.seed):
            return 0.0
        with self._lock:
            jitter = self._random.uniform(0, settings.jitter_ms)
        return (settings.request_ms + settings.operation_ms * operations + jitter) / 1000
