"""The end of a block on sellers' rows: its shares taken off, its sellers told or noted with that."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from work_assignment.dataverse import fact_queries, mapping, messages
from work_assignment.dataverse.batches import Batch, ChangeSet
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import (
    DataverseError,
    DuplicateKey,
    PreconditionFailed,
    RowNotFound,
    ServerUnavailable,
    unreadable,
)
from work_assignment.dataverse.messages import Request, Response, Row
from work_assignment.dataverse.names import ROUTING_RUN, RoutingRunColumn
from work_assignment.dataverse.notices import is_about_recipient
from work_assignment.dataverse.outcome_rows import (
    notice_requests,
    pending_request,
    seller_request,
)
from work_assignment.dataverse.queries import Guid, Query, and_, eq
from work_assignment.dataverse.reservations import (
    HASTY,
    SELLERS_A_CHANGE_SET,
    Waiting,
    send_hastily,
)
from work_assignment.dataverse.retry import RetryPolicy, backoff, delay_before_retry
from work_assignment.dataverse.unavailable import PASSING, unavailable
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.facts import SellerRow
from work_assignment.domain.runs.outcomes import Notice, Settlement, settled
from work_assignment.domain.statuses import RoutingStatus

SETTLING = RetryPolicy(attempts=10, base=0.1, cap=10.0, longest_retry_after=30.0)
SETTLED_WITHIN = 60.0
"""Seconds after which no further request begins: there is other work, and another worker can settle."""
MOST_LEFT_ALONE = 10
"""Where more sellers' rows than these cannot be written it is not the rows' fault."""

TIMES_FAILED_INSIDE = 3
MOST_REFUSED = 2
"""Sellers that are noted one by one; with the next it is not about whom the news are for."""

_log = logging.getLogger(__name__)


class Settlements:
    """Takes the shares of blocks off sellers' rows."""

    def __init__(self, client: DataverseClient, waiting: Waiting) -> None:
        self._client = client
        self._waiting = waiting

    def settle(
        self,
        block: str,
        settlement: Settlement,
        notices: Sequence[Notice],
        rows: Sequence[SellerRow],
    ) -> None:
        """Give back what the block reserved; each seller is told in the change set of her own row.

        Of a seller who cannot be told one run of the block is marked instead, in that same change
        set, so that no crash comes between: either her share is on her row, and she is neither told
        nor marked, or it is off, and she is one of both. The mark stands for all that the block
        brought her, however much that was; the timer tells of it in one notification, under the id
        that this one would have had. It also says who was told by e-mail or Teams, and is so by the
        timer no more. Once several were refused, all that are left are marked without being tried.

        A row that cannot be written keeps its share, with an error in the log, and the others are
        settled. What fails for the moment is tried again, a number of times and for a minute; then
        it is Unavailable. What was done and only not answered is not there a second time.
        """
        _Settling(self._client, self._waiting, block, settlement, notices).run(rows)


@dataclass(slots=True)
class _News:
    """What a seller is told when her share goes, or the run that is marked if she cannot be."""

    notice: Notice
    run_id: str | None
    is_for_later: bool = False

    def requests(self) -> list[Request]:
        if not self.is_for_later:
            return notice_requests(self.notice)
        if self.run_id is None:
            return []
        told_outside = self.notice.told_outside
        return [pending_request(self.run_id, after=self.notice.after, told_outside=told_outside)]


class _Settling:
    """One block on its way off the rows: `_rows` are those left to do, None when they must be read."""

    def __init__(
        self,
        client: DataverseClient,
        waiting: Waiting,
        block: str,
        settlement: Settlement,
        notices: Sequence[Notice],
    ) -> None:
        self._client = client
        self._waiting = waiting
        self._block = block
        self._settlement = settlement
        self._news = {
            n.recipient: _News(n, next(iter(n.block_runs), None), n.after is not None)
            for n in notices
        }
        self._rows: list[SellerRow] | None = None
        self._size = SELLERS_A_CHANGE_SET
        self._left_alone: set[str] = set()
        self._missed: set[str] = set()
        self._failed_inside = 0
        self._refused = 0
        self._has_looked_who_is_away = False
        self._until = waiting.monotonic() + SETTLED_WITHIN

    def run(self, rows: Sequence[SellerRow]) -> None:
        """Settle the block; `rows` are the sellers' rows as last written, if that is known."""
        self._rows = self._with_share(rows) if rows else None
        for attempt in range(1, SETTLING.attempts + 1):
            try:
                self._work()
                return
            except (PreconditionFailed, RowNotFound, *PASSING) as exc:
                error = exc
            delay = self._delay(error, attempt)
            if delay is None or not self._has_time(delay):
                break
            _log.info("settling block %s is tried again in %.1f s: %s", self._block, delay, error)
            self._waiting.sleep(delay)
            self._rows = None
        if isinstance(error, PASSING):
            raise unavailable(error) from error
        raise Unavailable("sellers' rows keep changing") from error

    def _delay(self, error: DataverseError, attempt: int) -> float | None:
        """How long to wait before the next try, or None to end: longer each time, and by chance."""
        jitter = self._waiting.jitter()
        if isinstance(error, PASSING):
            return delay_before_retry(
                SETTLING, attempt=attempt, error=error, idempotent=True, jitter=jitter
            )
        if attempt == SETTLING.attempts:
            return None
        return backoff(SETTLING, attempt=attempt, jitter=jitter)

    def _has_time(self, delay: float = 0.0) -> bool:
        return self._waiting.monotonic() + delay < self._until

    def _work(self) -> None:
        """Settle row after row, as many at once as a change set holds; learn from what is refused.

        Each refusal makes something other than before: another part, or something left out.
        """
        while rows := self._left():
            if not self._has_time():
                raise Unavailable(f"settling takes longer than {SETTLED_WITHIN:.0f} s")
            part = rows[: self._size]
            if self._is_settled(part):
                self._rows = rows[len(part) :]

    def _left(self) -> list[SellerRow]:
        """The rows that are to be settled, in the order in which everybody locks them."""
        if self._rows is None:
            rows = self._read(fact_queries.sellers_with_shares())
            self._rows = self._with_share(mapping.readable(mapping.seller_row_from_row, rows))
            self._note_who_is_away(self._rows)
        return [row for row in self._rows if row.id not in self._left_alone]

    def _with_share(self, rows: Iterable[SellerRow]) -> list[SellerRow]:
        theirs = (row for row in rows if any(e.block == self._block for e in row.reservations))
        return sorted(theirs, key=lambda row: row.id)

    def _read(self, request: Request) -> list[Row]:
        (answer,) = self._client.send_batch(Batch([request]), retry=HASTY)
        if not isinstance(answer, Response):
            raise unreadable("no answer to a question", what=request.what)
        error = answer.error(request.what)
        if error is not None:
            raise error
        return answer.rows

    def _note_who_is_away(self, rows: Sequence[SellerRow]) -> None:
        """Who is disabled need not be tried."""
        for row in rows:
            entry = self._news.get(row.seller_id)
            if row.barred and entry is not None and entry.notice.in_app:
                entry.is_for_later = True

    def _is_settled(self, part: Sequence[SellerRow]) -> bool:
        """Write rows with what their sellers are told; whether it is done, or else what was learned."""
        told = [self._news[row.seller_id] for row in part if row.seller_id in self._news]
        changes = [settled(row, self._block, self._settlement) for row in part]
        news = [(entry, request) for entry in told for request in entry.requests()]
        change_set = ChangeSet([*map(seller_request, changes), *(request for _, request in news)])
        try:
            (answer,) = send_hastily(self._client, [change_set])
        except PASSING:
            raise
        except DataverseError as exc:
            self._narrow_down(part, exc)
            return False
        error = answer.error("settle")
        if error is None:
            return True
        if self._passes(error):
            raise error
        if answer.failed_index is None:
            self._narrow_down(part, error)
        elif answer.failed_index < len(part):
            self._row_refused(part[answer.failed_index], error)
        else:
            self._news_refused(news[answer.failed_index - len(part)][0], part, error)
        return False

    def _passes(self, error: DataverseError) -> bool:
        """Whether the same may succeed later: what fails inside again and again is no outage, but
        somebody's plug-in."""
        if isinstance(error, ServerUnavailable):
            self._failed_inside += 1
            return self._failed_inside < TIMES_FAILED_INSIDE
        return isinstance(error, PASSING)

    def _narrow_down(self, part: Sequence[SellerRow], error: DataverseError) -> None:
        """Which of these it was is not said: try fewer, and of one seller her row without the news."""
        if len(part) > 1:
            self._size = len(part) // 2
            return
        entry = self._news.get(part[0].seller_id)
        if entry is None or entry.is_for_later:
            self._leave_alone(part[0], error)
        else:
            entry.is_for_later = True

    def _row_refused(self, row: SellerRow, error: DataverseError) -> None:
        """Have a row read again that changed or is gone; one that cannot be written is left alone.

        So is one that is still there when it was read again: something else is missing then.
        """
        if isinstance(error, PreconditionFailed) and not isinstance(error, DuplicateKey):
            raise error
        if isinstance(error, RowNotFound) and row.id not in self._missed:
            self._missed.add(row.id)
            raise error
        self._leave_alone(row, error)

    def _news_refused(self, entry: _News, part: Sequence[SellerRow], error: DataverseError) -> None:
        recipient = entry.notice.recipient
        if not entry.is_for_later:
            _log.warning("seller %s is told later: %s", recipient, error)
            entry.is_for_later = True
            self._refused += 1
            if is_about_recipient(error, recipient) and not self._has_looked_who_is_away:
                self._has_looked_who_is_away = True
                self._rows = None
            elif self._refused > MOST_REFUSED:
                for other in self._news.values():
                    other.is_for_later = True
            return
        is_missing = isinstance(error, RowNotFound | PreconditionFailed)
        run_id = self._run_that_is_there(recipient) if is_missing else entry.run_id
        if run_id == entry.run_id:
            (row,) = (row for row in part if row.seller_id == recipient)
            self._leave_alone(row, error)
        entry.run_id = run_id

    def _run_that_is_there(self, seller_id: SellerId) -> str | None:
        """Another run to mark where somebody deleted one; None where there is nothing to tell of."""
        query = Query(
            ROUTING_RUN.entity_set,
            select=(ROUTING_RUN.primary_id,),
            filter=and_(
                eq(RoutingRunColumn.BLOCK, self._block),
                eq(RoutingRunColumn.ASSIGNED_SELLER.value, Guid(seller_id)),
                eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.ASSIGNED),
            ),
            top=1,
        )
        return next((row[ROUTING_RUN.primary_id] for row in self._read(messages.get(query))), None)

    def _leave_alone(self, row: SellerRow, error: DataverseError) -> None:
        """Her share, and with it that she is to be told, stays for another worker's try."""
        _log.error(
            "block %s stays on the row of seller %s, which cannot be written: %s",
            self._block,
            row.seller_id,
            error,
        )
        self._left_alone.add(row.id)
        self._size = SELLERS_A_CHANGE_SET
        if len(self._left_alone) == MOST_LEFT_ALONE:
            _log.error(
                "block %s stays on all rows that are left: no more of them is tried", self._block
            )
            self._rows = []
