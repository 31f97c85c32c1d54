"""Outcomes written to Dataverse: reserve, commit one change set a record, settle, tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from work_assignment.dataverse import fact_queries, mapping, messages
from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import (
    AccessDenied,
    CannotReceive,
    DataverseError,
    DuplicateKey,
    OutcomeUnknown,
    OwnerLacksPrivileges,
    PreconditionFailed,
    QueuedAlready,
    RowInactive,
    RowNotFound,
    UserDisabled,
)
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    RoutingRunColumn,
    SellerColumn,
)
from work_assignment.dataverse.outcome_rows import (
    notice_change_set,
    outcome_requests,
    seller_request,
)
from work_assignment.dataverse.queries import Guid, Query, and_, eq, in_chunks, lt, ne, or_
from work_assignment.dataverse.queue_items import queue_items
from work_assignment.dataverse.retry import RetryPolicy
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import SellerRow
from work_assignment.domain.runs.outcomes import (
    Notice,
    Outcome,
    SellerChange,
    Settlement,
    Turns,
    Untold,
    WriteResult,
    Written,
)
from work_assignment.domain.statuses import RoutingStatus

CHANGE_SETS_A_BATCH = 50
HASTY = RetryPolicy(attempts=1, longest_retry_after=5)
"""A write that holds a reservation is not sent again by itself: the next round decides anew."""
LONGEST_REQUEST = timedelta(seconds=150)
"""Within which an answer has come or the connection is given up: a wait as short as HASTY's, and
the client's time-out, twice where the token had to be renewed."""
_TRIES_TO_SETTLE = 10
_UNTOLD_AT_ONCE = 50
_NO_ROLES = "0x80042f09"

_log = logging.getLogger(__name__)


class OutcomeStore:
    """Writes outcomes; `schemas` are those of the record types, as read with the definitions."""

    def __init__(
        self,
        client: DataverseClient,
        schemas: Callable[[], Mapping[str, TableSchema]],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._schemas = schemas
        self._clock = clock

    def reserve(self, changes: Sequence[SellerChange]) -> bool:
        """Write all seller rows or none; False when one of them had changed or is gone."""
        if not changes:
            return True
        with away_means_unavailable():
            (result,) = self._send([ChangeSet([seller_request(change) for change in changes])])
            error = result.error("reserve")
            if isinstance(error, PreconditionFailed | RowNotFound):
                return False
            if error is not None:
                raise error
        return True

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        """Reserve and commit a block of one in a single change set."""
        return self._commit_alone(changes, outcome)

    def _commit_alone(
        self,
        changes: Sequence[SellerChange],
        outcome: Outcome,
        lies_in: Mapping[RecordKey, str] | None = None,
    ) -> WriteResult:
        reserving = [seller_request(change) for change in changes]
        own = self._requests(outcome, lies_in or {})
        try:
            (result,) = self._send([ChangeSet([*reserving, *own])])
        except OutcomeUnknown:
            return self._read_back([outcome])[0]
        except PASSING as exc:
            return WriteResult(Written.LATER, str(exc))
        error = result.error("reserve and commit")
        if result.failed_index is not None and result.failed_index < len(reserving):
            return _reserving_result(error)
        if isinstance(error, QueuedAlready) and lies_in is None:
            return self._commit_alone(changes, outcome, self._queues_of([outcome]))
        return _result(outcome, result.error(_what(outcome)))

    def commit(self, outcomes: Sequence[Outcome], *, until: datetime) -> list[WriteResult]:
        """Write outcomes, each by itself; the results are in the same order.

        Nothing is sent that might still be under way at `until`: what is left then is LATER.
        """
        results: list[WriteResult] = []
        for start in range(0, len(outcomes), CHANGE_SETS_A_BATCH):
            part = outcomes[start : start + CHANGE_SETS_A_BATCH]
            if self._clock() + LONGEST_REQUEST >= until:
                results += [WriteResult(Written.LATER, "the reservation runs out")] * len(part)
            else:
                results += self._commit_part(part)
        return results

    def _commit_part(
        self, outcomes: Sequence[Outcome], lies_in: Mapping[RecordKey, str] | None = None
    ) -> list[WriteResult]:
        """Write in one batch; what lies in a queue already is written once more, from there."""
        known = lies_in or {}
        try:
            answers = self._send([ChangeSet(self._requests(entry, known)) for entry in outcomes])
        except OutcomeUnknown:
            return self._read_back(outcomes)
        except PASSING as exc:
            return [WriteResult(Written.LATER, str(exc))] * len(outcomes)
        errors = [
            answer.error(_what(outcome)) for outcome, answer in zip(outcomes, answers, strict=True)
        ]
        results = list(map(_result, outcomes, errors))
        queued = [n for n, error in enumerate(errors) if isinstance(error, QueuedAlready)]
        if queued and lies_in is None:
            moved = [outcomes[n] for n in queued]
            again = self._commit_part(moved, self._queues_of(moved))
            for n, result in zip(queued, again, strict=True):
                results[n] = result
        return results

    def _queues_of(self, outcomes: Sequence[Outcome]) -> dict[RecordKey, str]:
        """The queues that records lie in; none when they cannot be asked for just now."""
        try:
            items = queue_items(self._client, [outcome.run.key for outcome in outcomes])
        except PASSING as exc:
            _log.warning("which queues records lie in is asked later: %s", exc)
            return {}
        return {key: item.queue_id for key, item in items.items()}

    def _requests(
        self, outcome: Outcome, lies_in: Mapping[RecordKey, str]
    ) -> list[messages.Request]:
        key = outcome.run.key
        return outcome_requests(outcome, self._schemas().get(key.table), lies_in.get(key))

    def _send(self, change_sets: Sequence[ChangeSet]) -> list[ChangeSetResult]:
        batch = Batch(change_sets, continue_on_error=True)
        answers = self._client.send_batch(batch, retry=HASTY)
        return [answer for answer in answers if isinstance(answer, ChangeSetResult)]

    def _read_back(self, outcomes: Sequence[Outcome]) -> list[WriteResult]:
        """The connection was lost: what was written is there under its key, the rest is not."""
        ids = [Guid(outcome.run.id) for outcome in outcomes]
        written: set[str] = set()
        with away_means_unavailable():
            for chunk in in_chunks(ROUTING_RUN.primary_id, ids):
                block = eq(RoutingRunColumn.BLOCK, outcomes[0].run.block)
                query = Query(
                    ROUTING_RUN.entity_set,
                    select=(ROUTING_RUN.primary_id,),
                    filter=and_(chunk, block),
                )
                written |= {row[ROUTING_RUN.primary_id] for row in self._client.rows(query)}
        return [
            WriteResult(Written.DONE)
            if outcome.run.id in written
            else WriteResult(Written.LATER, "the connection was lost", may_still_land=True)
            for outcome in outcomes
        ]

    def settle(self, block: str, settlements: Mapping[SellerId, Settlement]) -> None:
        """Give back what the block reserved; what it committed becomes part of the open count.

        A seller's row that others keep changing is left to its reservation's expiry.
        """
        for _ in range(_TRIES_TO_SETTLE):
            with away_means_unavailable():
                rows = self._client.send(fact_queries.sellers()).rows
            changes = [
                _settled(row, block, settlements)
                for row in rows
                if block in (row.get(SellerColumn.RESERVATIONS) or "")
            ]
            if self.reserve(sorted(changes, key=lambda change: change.row.id)):
                return
        _log.warning("block %s is settled when its reservations expire", block)

    def tell(self, notices: Sequence[Notice]) -> None:
        """Send notices and note on their runs that it is done."""
        for start in range(0, len(notices), CHANGE_SETS_A_BATCH):
            part = notices[start : start + CHANGE_SETS_A_BATCH]
            with away_means_unavailable():
                answers = self._send([notice_change_set(notice) for notice in part])
            for notice, answer in zip(part, answers, strict=True):
                error = answer.error(f"tell {notice.recipient}")
                if error is not None:
                    _log.error("a seller could not be told of %s: %s", notice.key, error)

    def untold(self, *, before: datetime) -> list[Untold]:
        """Runs older than `before` whose worker did not get to telling."""
        is_undone = eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.UNDONE)
        query = Query(
            ROUTING_RUN.entity_set,
            select=(
                RoutingRunColumn.ASSIGNED_SELLER.value,
                RoutingRunColumn.PREVIOUS_OWNER,
                RoutingRunColumn.ROUTING_STATUS,
                RoutingRunColumn.RECORD_TYPE,
                RoutingRunColumn.RECORD_ID,
                RoutingRunColumn.NAME,
                RoutingRunColumn.REASON,
            ),
            filter=and_(
                eq(RoutingRunColumn.TELL_PENDING, True),
                or_(ne(RoutingRunColumn.ASSIGNED_SELLER.value, None), is_undone),
                lt(RoutingRunColumn.DECIDED_ON, before),
            ),
            orderby=(RoutingRunColumn.DECIDED_ON,),
            top=_UNTOLD_AT_ONCE,
        )
        with away_means_unavailable():
            return list(_untold(self._client.send(messages.get(query)).rows))


def _untold(rows: Sequence[messages.Row]) -> Iterator[Untold]:
    for row in rows:
        is_lost = row[RoutingRunColumn.ROUTING_STATUS] == RoutingStatus.UNDONE
        recipient = row.get(
            RoutingRunColumn.PREVIOUS_OWNER if is_lost else RoutingRunColumn.ASSIGNED_SELLER.value
        )
        if recipient is not None:
            yield Untold(
                run_id=row[ROUTING_RUN.primary_id],
                recipient=SellerId(recipient),
                key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
                record_name=row.get(RoutingRunColumn.NAME) or "",
                reason=row.get(RoutingRunColumn.REASON) or "",
                is_lost=is_lost,
            )


def _settled(
    row: messages.Row, block: str, settlements: Mapping[SellerId, Settlement]
) -> SellerChange:
    seller: SellerRow = mapping.seller_row_from_row(row)
    kept = tuple(entry for entry in seller.reservations if entry.block != block)
    settled = settlements.get(seller.seller_id)
    turns, committed = Turns(seller.order_stamp, seller.rule_stamps), 0
    if settled is not None:
        turns, committed = settled.turns_after(seller), settled.committed
    return SellerChange(
        seller,
        turns.turn,
        seller.last_assigned_at,
        kept,
        (row.get(SellerColumn.OPEN_COUNT) or 0) + committed,
        turns.by_rule,
    )


def _what(outcome: Outcome) -> str:
    return f"{outcome.run.key.table} {outcome.run.key.id}"


def _reserving_result(error: DataverseError | None) -> WriteResult:
    """What an error on a seller's row means for a block of one."""
    if isinstance(error, PreconditionFailed | RowNotFound):
        return WriteResult(Written.CHANGED, "a seller's row had changed")
    if isinstance(error, PASSING):
        return WriteResult(Written.LATER, str(error))
    return WriteResult(Written.FORBIDDEN, str(error))


def _result(outcome: Outcome, error: DataverseError | None) -> WriteResult:
    """What an error of the record's own change set means for it."""
    match error:
        case None:
            return WriteResult(Written.DONE)
        case DuplicateKey():
            return WriteResult(Written.FAILED, str(error))
        case PreconditionFailed() | RowInactive():
            return WriteResult(Written.CHANGED, str(error))
        case RowNotFound(missing_id=missing):
            return _missing(outcome, missing, error)
        case UserDisabled():
            return WriteResult(Written.REFUSED, "is disabled")
        case OwnerLacksPrivileges():
            return WriteResult(Written.REFUSED, "lacks the privileges to own it")
        case AccessDenied(code=code) if code == _NO_ROLES:
            return WriteResult(Written.REFUSED, "has no security role")
        case AccessDenied():
            return WriteResult(Written.FORBIDDEN, str(error))
        case CannotReceive():
            return WriteResult(Written.REFUSED, "takes no records")
        case QueuedAlready():
            return WriteResult(Written.LATER, str(error))
        case _ if isinstance(error, PASSING):
            return WriteResult(Written.LATER, str(error))
    return WriteResult(Written.FAILED, str(error))


def _missing(outcome: Outcome, missing: str | None, error: DataverseError) -> WriteResult:
    run = outcome.run
    if missing == run.key.id:
        return WriteResult(Written.GONE, str(error))
    if run.owner is not None and missing == run.owner.id:
        return WriteResult(Written.REFUSED, "does not exist any more")
    return WriteResult(Written.LATER, str(error))
