"""Ring: take an event from Dataverse, put it on the queue, and wake a worker. Nothing is decided."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from work_assignment.domain.errors import Unavailable
from work_assignment.services.bell import Bell
from work_assignment.services.events import Event, read_context
from work_assignment.services.ports import Queues
from work_assignment.services.sweep_requests import TABLE, SweepRequests, asks_for_a_sweep

QUEUE = "wa-events"
TAG = "work-assignment"
MAXIMUM_BODY = 512 * 1024
"""Bytes; Dataverse trims its message to 256 KB."""

_log = logging.getLogger(__name__)


class BodyTooLarge(Exception):
    """The body is longer than any event is."""


class WrongContentType(Exception):
    """The body does not say that it is JSON."""


class Intake:
    """Accepts events. `own_user_id` is None until a worker has asked: it only saves work."""

    def __init__(
        self, queues: Queues[Any], bell: Bell, own_user_id: Callable[[], str | None], *, off: bool
    ) -> None:
        self._queues = queues
        self._sweeps = SweepRequests(queues)
        self._bell = bell
        self._own_user_id = own_user_id
        self._off = off

    def accept(self, body: bytes, content_type: str) -> None:
        """Queue the event in `body` and ring, or queue the sweep that it asks for.

        Raises WrongContentType, BodyTooLarge or NotAnEvent for a body that is none, and what the
        queue raises when it cannot be written; nothing is queued then. A bell that cannot be rung
        fails nobody: the event lies on the queue.
        """
        if content_type.split(";")[0].strip().lower() != "application/json":
            raise WrongContentType(
                f"the content type must be application/json, not {content_type!r}"
            )
        if len(body) > MAXIMUM_BODY:
            raise BodyTooLarge(f"the body has {len(body)} bytes; at most {MAXIMUM_BODY} are taken")
        event = read_context(body)
        if event.table == TABLE:
            if asks_for_a_sweep(event) and not self._off:
                self._sweeps.put(event.record_id)
            return
        if self._off or self._is_echo(event):
            _log.debug("dropped %s of %s %s", event.message, event.table, event.record_id)
            return
        self._queues.put(QUEUE, event.to_text())
        self._ring()

    def _ring(self) -> None:
        try:
            self._bell.ring("event")
        except Unavailable as exc:
            # Dataverse would send again what is here already.
            _log.warning("an event waits until the timer rings, the bell cannot be rung: %s", exc)

    def _is_echo(self, event: Event) -> bool:
        """Our own write coming back: our tag, our user, and nothing in between."""
        return event.tag == TAG and event.depth == 1 and event.user_id == self._own_user_id()
