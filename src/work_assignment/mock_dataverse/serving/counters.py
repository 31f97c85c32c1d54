"""How many requests came in, and how many operations they held."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Any


class Counters:
    """Counts for whoever wants to know what a piece of work costs; safe from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._http_requests = 0
        self._inner_operations = 0
        self._by_user: Counter[str] = Counter()

    def count_request(self) -> None:
        with self._lock:
            self._http_requests += 1

    def count_user(self, user_id: str) -> None:
        """Count an HTTP request for who sent it, once that is known."""
        with self._lock:
            self._by_user[user_id] += 1

    def count_operations(self, number: int) -> None:
        with self._lock:
            self._inner_operations += number

    def reset(self) -> None:
        with self._lock:
            self._http_requests = self._inner_operations = 0
            self._by_user.clear()

    def read(self) -> dict[str, Any]:
        with self._lock:
            return {
                "http_requests": self._http_requests,
                "http_requests_by_user": dict(self._by_user),
                "inner_operations": self._inner_operations,
            }
