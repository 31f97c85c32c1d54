"""Sweeps that somebody asks for: their ids on the queue that workers take them up from."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

from work_assignment.services.events import Event
from work_assignment.services.ports import Queues

QUEUE = "wa-sweeps"
TABLE = "wa_sweep"
_BEGUN = "wa_starttime"
"""What a row has from the start whose writer sweeps himself."""


class SweepRequests:
    """Puts the ids of sweeps on the queue."""

    def __init__(self, queues: Queues[Any]) -> None:
        self._queues = queues

    def put(self, sweep_id: str, delay: timedelta = timedelta(0)) -> None:
        """The queue trigger expects base64, the functions host's default for its own queues."""
        self._queues.put(QUEUE, b64encode(sweep_id.encode()).decode(), delay=delay)


def asks_for_a_sweep(event: Event) -> bool:
    """Whether it tells of a row that somebody wrote to have it carried out.

    Whoever may create such a row may have it swept: Dataverse has checked that right. Our own tag
    says nothing here, as the command writes such rows too.
    """
    is_new = event.table == TABLE and event.message == "Create"
    return is_new and _BEGUN not in (event.columns or ())
