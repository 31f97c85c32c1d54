"""Sweeps that somebody asks for: their ids on the queue that workers take them up from."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from work_assignment.services.events import Event
from work_assignment.services.ports import Queues

QUEUE = "wa-sweeps"
TABLE = "wa_sweep"
_BEGUN = "wa_starttime"
"""What a row has from the start whose writer sweeps himself."""
_LONGEST = 36
_DUE = "due %Y-%m-%d %H:%M"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class SweepRequests:
    """Puts on the queue which sweep is to be gone on with, or asked for."""

    def __init__(self, queues: Queues[Any]) -> None:
        self._queues = queues

    def put(self, sweep_id: str, delay: timedelta = timedelta(0)) -> None:
        """Have a sweep gone on with, by its id."""
        self._put(sweep_id, delay)

    def put_due(self, due: datetime, delay: timedelta) -> None:
        """Have the schedule's sweep of a minute asked for."""
        self._put(due.astimezone(UTC).strftime(_DUE), delay)

    def put_aside(self, queue: str, text: str) -> None:
        """Have people look at what asks for nothing."""
        self._queues.put(queue, text)

    def _put(self, text: str, delay: timedelta) -> None:
        self._queues.put(QUEUE, carried(text), delay=delay)


def carried(text: str) -> str:
    """As the queue trigger expects it: base64, the functions host's default for its own queues."""
    return b64encode(text.encode()).decode()


def due_minute(text: str) -> datetime | None:
    """The minute whose scheduled sweep a message has asked for; None for one that names a sweep."""
    try:
        return datetime.strptime(text, _DUE).replace(tzinfo=UTC)
    except ValueError:
        return None


def names_a_sweep(text: str) -> bool:
    """Whether it is the id of a row, there or not."""
    return _ID.fullmatch(text) is not None


def in_a_log(text: str) -> str:
    """A message as it stands on the lines that its answering logs; of what is none the beginning."""
    return "_".join(text.split())[:_LONGEST]


def asks_for_a_sweep(event: Event) -> bool:
    """Whether it tells of a row that somebody wrote to have it carried out.

    Whoever may create such a row may have it swept: Dataverse has checked that right. Our own tag
    says nothing here, as the command writes such rows too.
    """
    is_new = event.table == TABLE and event.message == "Create"
    return is_new and _BEGUN not in (event.columns or ())
