"""The time in which a mock is filled before its use: who may come in, what others are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..faults import Fault

TRY_AGAIN = {"Retry-After": "1"}
BEING_FILLED = "The mock is being filled; it answers once that is done."


class Filling:
    """Keeps everybody out but the one who fills, known by a token, for as long as that takes."""

    def __init__(self) -> None:
        self._token: str | None = None

    @property
    def is_under_way(self) -> bool:
        return self._token is not None

    @contextmanager
    def by(self, token: str) -> Iterator[None]:
        """Let only requests with this token in, to the end of the block."""
        self._token = token
        try:
            yield
        finally:
            self._token = None

    def check(self, headers: Mapping[str, str]) -> None:
        """Refuse a request of the Web API that does not belong to the filling."""
        token = self._token
        if token is not None and headers.get("authorization") != f"Bearer {token}":
            raise Fault(503, "0x80040216", BEING_FILLED, TRY_AGAIN)
