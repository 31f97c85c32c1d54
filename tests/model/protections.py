"""What keeps the protocol right, each of which can be taken out to show what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from unittest import mock

from tests.services.fakes import Message, WorkerQueues
from tests.services.organization import Connection

from work_assignment.domain.runs.facts import SellerRow
from work_assignment.services import deciding, sweep_blocks


class Protection(Enum):
    """A part of the protocol."""

    SELLERS_VERSIONS = "the If-Match on sellers' rows"
    RECORDS_VERSIONS = "the If-Match on records"
    CLAIMS = "leaving alone what another worker's block is about to commit"
    SETTLING = "settling blocks"
    EVENTS_LAST = "deleting events only when they are done with"

    @property
    def laws(self) -> tuple[str, ...]:
        """Parts of what is said when it is missed."""
        return _LAWS[self]


_LAWS = {
    Protection.SELLERS_VERSIONS: ("may own", "sellers own", "order stamp", "heard 0 times"),
    Protection.RECORDS_VERSIONS: ("written over", "given away twice", "given to", "order stamp"),
    Protection.CLAIMS: ("sellers own",),
    Protection.SETTLING: ("reservations", "heard 0 times"),
    Protection.EVENTS_LAST: ("by hand and is not with them",),
}


class ForgetfulQueues(WorkerQueues):
    """Queues that forget a message as soon as it is taken."""

    def receive(self, queue: str, *, limit: int, hidden_for: timedelta) -> list[Message]:
        taken = super().receive(queue, limit=limit, hidden_for=hidden_for)
        self._queues.delete_many(queue, taken)
        return taken

    def delete_many(self, queue: str, messages: Sequence[Message]) -> None:
        """They are gone already."""


class UnsettledConnection(Connection):
    """Blocks are never settled."""

    def settle(self, *_: Any, **__: Any) -> None:
        """Leaves the shares where they are."""


def _nothing(rows: Sequence[SellerRow], now: datetime) -> frozenset[str]:
    return frozenset()


@contextmanager
def claims_ignored() -> Iterator[None]:
    """Workers decide what others have reserved for."""
    with (
        mock.patch.object(deciding, "claimed", _nothing),
        mock.patch.object(sweep_blocks, "claimed", _nothing),
    ):
        yield
