"""How many requests came in, how many operations they held, how they ended, how long they took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Any


@dataclass(slots=True)
class _Counts:
    """Everything that is counted since the start or the last reset."""

    http_requests: int = 0
    inner_operations: int = 0
    execution_seconds: float = 0.0
    by_user: Counter[str] = field(default_factory=Counter)
    by_method: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


class Counters:
    """Counts for whoever wants to know what a piece of work costs; safe from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = _Counts()

    def count_request(self, method: str) -> None:
        with self._lock:
            self._counts.http_requests += 1
            self._counts.by_method[method] += 1

    def count_user(self, user_id: str) -> None:
        """Count an HTTP request for who sent it, once that is known."""
        with self._lock:
            self._counts.by_user[user_id] += 1

    def count_operations(self, number: int) -> None:
        with self._lock:
            self._counts.inner_operations += number

    def count_kind(self, name: str) -> None:
        """Count one operation that is about to be carried out."""
        with self._lock:
            self._counts.by_kind[name] += 1

    def count_end(self, status: int | None, seconds: float) -> None:
        """Count how an HTTP request ended; None is a connection that was cut."""
        with self._lock:
            self._counts.execution_seconds += seconds
            if status is None or status >= 400:
                self._counts.errors["dropped" if status is None else str(status)] += 1

    def reset(self) -> None:
        with self._lock:
            self._counts = _Counts()

    def read(self) -> dict[str, Any]:
        with self._lock:
            counts = self._counts
            return {
                "http_requests": counts.http_requests,
                "http_requests_by_user": dict(counts.by_user),
                "http_requests_by_method": dict(counts.by_method),
                "inner_operations": counts.inner_operations,
                "operations_by_kind": dict(sorted(counts.by_kind.items())),
                "errors_by_status": dict(sorted(counts.errors.items())),
                "execution_ms": round(counts.execution_seconds * 1000, 3),
            }
