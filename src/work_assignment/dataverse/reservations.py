"""Shares of capacity put on sellers' rows by a block: on all of them or on none."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import (
    DataverseError,
    LockConflict,
    PreconditionFailed,
    RowNotFound,
)
from work_assignment.dataverse.outcome_rows import seller_request
from work_assignment.dataverse.retry import RetryPolicy, backoff
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.facts import SellerRow
from work_assignment.domain.runs.outcomes import SellerChange

HASTY = RetryPolicy(attempts=1, longest_retry_after=5)
"""A write that holds a reservation is not sent again by itself: the next round decides anew."""
SELLERS_A_CHANGE_SET = 400
"""With a notification for each they stay under the 1,000 requests that a batch may hold."""
_LOCKED = RetryPolicy(base=1.0)
"""After a lock: long enough for the other worker's change set, by chance not twice the same."""
Item = TypeVar("Item")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How time passes between two tries."""

    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic


def send_hastily(
    client: DataverseClient, change_sets: Sequence[ChangeSet]
) -> list[ChangeSetResult]:
    """Send change sets in one batch, each by itself, and once only."""
    batch = Batch(change_sets, continue_on_error=True)
    answers = client.send_batch(batch, retry=HASTY)
    return [answer for answer in answers if isinstance(answer, ChangeSetResult)]


def parts_of(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in handy pieces."""
    return (items[start : start + size] for start in range(0, len(items), size))


class Reservations:
    """Writes sellers' rows, each only while it is as it was read."""

    def __init__(self, client: DataverseClient, waiting: Waiting) -> None:
        self._client = client
        self._waiting = waiting

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        """Write all seller rows or none; the rows after it, or None when one had changed or is gone.

        None, too, when another worker has locked them, after a short pause. More rows than a change
        set holds are taken back where a later part of them is not written; what a later part had
        written when only its answer was lost stays until it expires.
        """
        written: list[SellerRow] = []
        for part in parts_of(changes, SELLERS_A_CHANGE_SET):
            try:
                rows = self._reserve_part(part)
            except (DataverseError, Unavailable):
                self._take_back(changes, written)
                raise
            if rows is None:
                self._take_back(changes, written)
                return None
            written += rows
        return written

    def _reserve_part(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        with away_means_unavailable():
            (result,) = send_hastily(
                self._client, [ChangeSet([seller_request(change) for change in changes])]
            )
            error = result.error("reserve")
            if isinstance(error, LockConflict):
                pause = backoff(_LOCKED, attempt=1, jitter=self._waiting.jitter())
                _log.info("sellers' rows are locked, deciding anew in %.1f s", pause)
                self._waiting.sleep(pause)
                return None
            if isinstance(error, PreconditionFailed | RowNotFound):
                return None
            if error is not None:
                raise error
            return _rows_after(changes, result)

    def _take_back(self, changes: Sequence[SellerChange], written: Sequence[SellerRow]) -> None:
        """Undo what was reserved on these rows, as far as nobody has changed them since."""
        before = {change.row.id: change.row for change in changes}
        undoing = [
            SellerChange(
                row,
                before[row.id].order_stamp,
                before[row.id].last_assigned_at,
                before[row.id].reservations,
                rule_stamps=before[row.id].rule_stamps,
                unused=before[row.id].unused,
            )
            for row in written
        ]
        for part in parts_of(undoing, SELLERS_A_CHANGE_SET):
            try:
                why = "they changed" if self._reserve_part(part) is None else ""
            except (DataverseError, Unavailable) as exc:
                why = str(exc)
            if why:
                _log.warning(
                    "what was reserved for %d sellers goes when it expires: %s", len(part), why
                )


def _rows_after(changes: Sequence[SellerChange], result: ChangeSetResult) -> list[SellerRow]:
    """The rows as written: Dataverse answers a PATCH that asks for it with the new version."""
    versions = [answer.json["@odata.etag"] for answer in result.responses]
    return [change.row_after(version) for change, version in zip(changes, versions, strict=True)]
