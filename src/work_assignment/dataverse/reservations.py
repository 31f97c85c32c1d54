"""Shares of capacity on sellers' rows: reserved by a block, and settled when it is done."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
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
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
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
        row that others keep changing is left to its reservation's expiry. Who finds that another
        worker has settled a row tells its seller anew, as that one may have known of less.
        """
        news = {notice.recipient: notice for notice in notices}
        for _ in range(_TRIES_TO_SETTLE):
            changes = [
                settled(row, block, settlement)
                for row in sorted(rows or self._sellers(), key=lambda row: row.id)
                if any(entry.block == block for entry in row.reservations)
            ]
            settled_now = {change.row.seller_id for change in changes}
            others = [notice for notice in notices if notice.recipient not in settled_now]
            if self._settle_once(changes, news) and self._told_of_more(others):
                return
            rows = ()
        _log.warning("block %s is settled when its reservations expire", block)

    def _sellers(self) -> list[SellerRow]:
        with away_means_unavailable():
            rows = self._client.send(fact_queries.sellers()).rows
        return list(mapping.readable(mapping.seller_row_from_row, rows))

    def _settle_once(
        self, changes: Sequence[SellerChange], news: Mapping[SellerId, Notice]
    ) -> bool:
        """Write rows together with what their sellers are told; says whether all are written."""
        parts = list(parts_of(changes, SELLERS_A_CHANGE_SET))
        if not parts:
            return True
        told = [[n for c in part if (n := news.get(c.row.seller_id))] for part in parts]
        change_sets = [
            ChangeSet([*map(seller_request, part), *chain(*map(notice_requests, notices))])
            for part, notices in zip(parts, told, strict=True)
        ]
        with away_means_unavailable():
            answers = send_hastily(self._client, change_sets)
            done = [
                self._is_settled(part, notices, answer)
                for part, notices, answer in zip(parts, told, answers, strict=True)
            ]
        return all(done)

    def _is_settled(
        self, changes: Sequence[SellerChange], notices: Sequence[Notice], answer: ChangeSetResult
    ) -> bool:
        error = answer.error("settle")
        if error is None:
            return True
        if isinstance(error, PASSING):
            raise error
        is_about_a_notice = answer.failed_index is not None and answer.failed_index >= len(changes)
        if isinstance(error, PreconditionFailed) or (
            isinstance(error, RowNotFound) and not is_about_a_notice
        ):
            return False
        if is_about_a_notice:
            _log.warning("sellers are told one by one: %s", error)
            # In this order, as telling twice tells nothing new and a settled block is told by nobody.
            return self._tell_each(notices) and self._reserve_part(changes) is not None
        raise error

    def _told_of_more(self, notices: Sequence[Notice]) -> bool:
        """Tell anew those whom another worker has told; it has also seen to who cannot be told."""
        return self._refused([(n, notice_requests(n)) for n in notices], "tell") is not None

    def _tell_each(self, notices: Sequence[Notice]) -> bool:
        """Tell each seller alone, or have it done later; says whether nothing is left to do here."""
        refused = self._refused([(n, notice_requests(n)) for n in notices], "tell")
        if refused is None:
            return False
        later = [(notice, pending_requests(notice)) for notice in refused if notice.block_runs]
        return self._refused(later, "tell later") == []

    def _refused(
        self, wanted: Sequence[tuple[Notice, Sequence[Request]]], what: str
    ) -> list[Notice] | None:
        """Write for each notice alone; which Dataverse refused, or None when that may yet change."""
        if not wanted:
            return []
        with away_means_unavailable():
            answers = send_hastily(self._client, [ChangeSet(requests) for _, requests in wanted])
        refused = []
        for (notice, _), answer in zip(wanted, answers, strict=True):
            error = answer.error(f"{what} {notice.recipient}")
            if isinstance(error, (*PASSING, PreconditionFailed)):
                return None
            if error is not None:
                _log.warning("somebody cannot be told now: %s", error)
                refused.append(notice)
        return refused


def _rows_after(changes: Sequence[SellerChange], result: ChangeSetResult) -> list[SellerRow]:
    """The rows as written: Dataverse answers a PATCH that asks for it with the new version."""
    versions = [answer.json["@odata.etag"] for answer in result.responses]
    return [change.row_after(version) for change, version in zip(changes, versions, strict=True)]
