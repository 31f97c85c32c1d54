"""Shares of capacity on sellers' rows: reserved by a block, and settled when it is done."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from work_assignment.dataverse import fact_queries, mapping
from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import PreconditionFailed, RowNotFound
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.outcome_rows import (
    notice_requests,
    pending_requests,
    seller_request,
)
from work_assignment.dataverse.retry import RetryPolicy
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable, unavailable
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.facts import SellerRow
from work_assignment.domain.runs.outcomes import Notice, SellerChange, Settlement, settled

HASTY = RetryPolicy(attempts=1, longest_retry_after=5)
"""A write that holds a reservation is not sent again by itself: the next round decides anew."""
SELLERS_A_CHANGE_SET = 400
"""With a notification for each they stay under the 1,000 requests that a batch may hold."""
_TRIES_TO_SETTLE = 10
Item = TypeVar("Item")

_log = logging.getLogger(__name__)


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

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        """Write all seller rows or none; the rows after it, or None when one had changed or is gone.

        More rows than a change set holds are taken back where a later part of them fails.
        """
        written: list[SellerRow] = []
        for part in parts_of(changes, SELLERS_A_CHANGE_SET):
            rows = self._reserve_part(part)
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
            if self._reserve_part(part) is None:
                _log.warning("sellers' rows changed: what was reserved there goes when it expires")

    def settle(
        self,
        block: str,
        settlement: Settlement,
        notices: Sequence[Notice] = (),
        rows: Sequence[SellerRow] = (),
    ) -> None:
        """Give back what the block reserved, and tell the sellers, in one change set.

        `rows` are the sellers' rows as last written; where they have changed since they are read. A
        row that others keep changing raises Unavailable. What fails for the moment is tried again:
        what was done and only not answered is not there a second time. Of a seller who cannot be told the runs are
        marked in the same change set, so that she is told later, and once.
        """
        news = {notice.recipient: _News(notice) for notice in notices}
        failure = Unavailable("sellers' rows keep changing")
        for _ in range(_TRIES_TO_SETTLE + len(notices)):
            changes = [
                settled(row, block, settlement)
                for row in sorted(rows or self._sellers(), key=lambda row: row.id)
                if any(entry.block == block for entry in row.reservations)
            ]
            try:
                if self._settle_once(changes, news):
                    return
            except PASSING as exc:
                failure = unavailable(exc)
                _log.info("settling block %s is tried again: %s", block, exc)
            rows = ()
        raise failure

    def _sellers(self) -> list[SellerRow]:
        with away_means_unavailable():
            rows = self._client.send(fact_queries.sellers()).rows
        return list(mapping.readable(mapping.seller_row_from_row, rows))

    def _settle_once(self, changes: Sequence[SellerChange], news: Mapping[SellerId, _News]) -> bool:
        """Write rows together with what their sellers are told; says whether all are written."""
        parts = list(parts_of(changes, SELLERS_A_CHANGE_SET))
        if not parts:
            return True
        told = [[n for c in part if (n := news.get(c.row.seller_id))] for part in parts]
        change_sets = [
            ChangeSet([*map(seller_request, part), *chain(*(n.requests() for n in entries))])
            for part, entries in zip(parts, told, strict=True)
        ]
        answers = send_hastily(self._client, change_sets)
        done = [
            self._is_settled(len(part), entries, answer)
            for part, entries, answer in zip(parts, told, answers, strict=True)
        ]
        return all(done)

    def _is_settled(self, rows: int, news: Sequence[_News], answer: ChangeSetResult) -> bool:
        """Whether a change set of so many rows was written; who cannot be told is left for later."""
        error = answer.error("settle")
        if error is None:
            return True
        if isinstance(error, PASSING):
            raise error
        if isinstance(error, PreconditionFailed):
            return False
        place = -1 if answer.failed_index is None else answer.failed_index - rows
        if place < 0:
            if isinstance(error, RowNotFound):
                return False
            raise error
        _log.warning("somebody is told later: %s", error)
        owners = [entry for entry in news for _ in entry.requests()]
        owners[place].is_for_later = True
        return False


@dataclass(slots=True)
class _News:
    """What a seller is told when her row is settled, or that she is to be told later."""

    notice: Notice
    is_for_later: bool = False

    def requests(self) -> list[Request]:
        return (pending_requests if self.is_for_later else notice_requests)(self.notice)


def _rows_after(changes: Sequence[SellerChange], result: ChangeSetResult) -> list[SellerRow]:
    """The rows as written: Dataverse answers a PATCH that asks for it with the new version."""
    versions = [answer.json["@odata.etag"] for answer in result.responses]
    return [change.row_after(version) for change, version in zip(changes, versions, strict=True)]
