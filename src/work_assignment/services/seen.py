"""When a webhook came last and a bell was answered last, as far as any process of the app knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from work_assignment.services import telemetry
from work_assignment.services.ports import Clock

WEBHOOK, BELL = "last-webhook", "last-bell"
NOTED_EVERY = 10.0
"""Seconds. A note costs a request, and nobody asks for the very second."""

_log = telemetry.logger(__name__)


class Notes(Protocol):
    """Small texts by name that all processes share."""

    def read(self, name: str) -> str | None: ...
    def write(self, name: str, text: str) -> None: ...


class Seen:
    """Notes what happened, now and then; whoever does something is never kept from it by that."""

    def __init__(
        self, notes: Notes, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._notes = notes
        self._clock = clock
        self._monotonic = monotonic
        self._noted: dict[str, float] = {}

    def webhook(self) -> None:
        """Dataverse called."""
        self._note(WEBHOOK)

    def bell(self) -> None:
        """A bell was answered."""
        self._note(BELL)

    def _note(self, name: str) -> None:
        now = self._monotonic()
        before = self._noted.get(name)
        if before is not None and now - before < NOTED_EVERY:
            return
        self._noted[name] = now
        try:
            self._notes.write(name, self._clock().isoformat())
        except Exception as exc:
            _log.warning("%s could not be noted for the health answer: %s", name, exc)

    def last(self, name: str) -> datetime | None:
        """When it happened last; None when it never did, or what is noted is no moment."""
        text = self._notes.read(name)
        try:
            return None if text is None else datetime.fromisoformat(text)
        except ValueError:
            return None
