"""Outcomes written for good: each is final once, also when its answer was lost on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.commits import CommitResult, Committer, Lost, NotSent
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
from work_assignment.dataverse.names import ROUTING_RUN, RoutingRunColumn
from work_assignment.dataverse.outcome_rows import outcome_requests, seller_request
from work_assignment.dataverse.queries import Guid, Query, and_, eq, in_chunks
from work_assignment.dataverse.queue_items import queue_items
from work_assignment.dataverse.reservations import send_hastily
from work_assignment.dataverse.unavailable import PASSING
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.outcomes import Outcome, SellerChange, WriteResult, Written

LONGEST_REQUEST = timedelta(seconds=150)
"""Within which an answer has come or the connection is given up: a wait as short as HASTY's, and
the client's time-out, twice where the token had to be renewed."""
_TIMES_SENT_AGAIN = 5
"""How often what was lost on the way and is not there is sent again."""
_NO_ROLES = "0x80042f09"

_log = logging.getLogger(__name__)


class OutcomeWriter:
    """Writes outcomes; `schemas` are those of the record types, as read with the definitions."""

    def __init__(
        self,
        client: DataverseClient,
        schemas: Callable[[], Mapping[str, TableSchema]],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._schemas = schemas
        self._committer = Committer(client, clock)

    def close(self) -> None:
        """End the threads that write in parallel."""
        self._committer.close()

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
            (result,) = send_hastily(self._client, [ChangeSet([*reserving, *own])])
        except OutcomeUnknown:
            return next(self._read_back([outcome]))
        except PASSING as exc:
            return WriteResult(Written.LATER, str(exc))
        error = result.error("reserve and commit")
        if result.failed_index is not None and result.failed_index < len(reserving):
            return _reserving_result(error)
        if isinstance(error, QueuedAlready) and lies_in is None:
            return self._commit_alone(changes, outcome, self._queues_of([outcome]))
        return _result(outcome, result.error(_what(outcome)))

    def commit(
        self,
        outcomes: Sequence[Outcome],
        *,
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
    ) -> list[WriteResult]:
        """Write outcomes, each by itself; the results are in the same order.

        Nothing is sent that might still be under way at `until`: what is left then is LATER.
        `progress` hears how many more have become final.
        """
        results, queued = self._commit(outcomes, {}, until, progress)
        if queued:
            moved = [outcomes[place] for place in queued]
            again, _ = self._commit(moved, self._queues_of(moved), until, lambda count: None)
            for place, result in zip(queued, again, strict=True):
                results[place] = result
        return results

    def _commit(
        self,
        outcomes: Sequence[Outcome],
        lies_in: Mapping[RecordKey, str],
        until: datetime,
        progress: Callable[[int], object],
    ) -> tuple[list[WriteResult], list[int]]:
        """Write outcomes; also gives the places of records that lie in a queue already, which are to
        be written once more, from there."""
        answers = self._send(outcomes, lies_in, until, progress)
        for _ in range(_TIMES_SENT_AGAIN):
            lost = [n for n, answer in enumerate(answers) if isinstance(answer, Lost)]
            if not lost or not self._send_again(outcomes, lost, answers, lies_in, until):
                break
        read_back = self._read_back(
            [
                outcome
                for outcome, answer in zip(outcomes, answers, strict=True)
                if isinstance(answer, Lost)
            ]
        )
        results, queued = [], []
        for place, (outcome, answer) in enumerate(zip(outcomes, answers, strict=True)):
            match answer:
                case Lost():
                    results.append(next(read_back))
                case NotSent(why=why):
                    results.append(WriteResult(Written.LATER, why))
                case WriteResult():
                    results.append(answer)
                case _:
                    error = answer.error(_what(outcome))
                    results.append(_result(outcome, error))
                    if isinstance(error, QueuedAlready):
                        queued.append(place)
        return results, queued

    def _send(
        self,
        outcomes: Sequence[Outcome],
        lies_in: Mapping[RecordKey, str],
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
    ) -> list[CommitResult | WriteResult]:
        change_sets = (ChangeSet(self._requests(outcome, lies_in)) for outcome in outcomes)
        return [
            *self._committer.send(
                change_sets, until=until, longest=LONGEST_REQUEST, progress=progress
            )
        ]

    def _send_again(
        self,
        outcomes: Sequence[Outcome],
        lost: Sequence[int],
        answers: list[CommitResult | WriteResult],
        lies_in: Mapping[RecordKey, str],
        until: datetime,
    ) -> bool:
        """Read by key what was lost on the way, and send once more what is not there.

        Both may arrive yet: the record's version lets in only one of them, and which is read again
        where the second is refused. Says whether anything could be read.
        """
        written = self._written([outcomes[place] for place in lost])
        if written is None:
            return False
        missing = []
        for place in lost:
            if outcomes[place].run.id in written:
                answers[place] = WriteResult(Written.DONE)
            else:
                missing.append(place)
        sent = self._send([outcomes[place] for place in missing], lies_in, until) if missing else []
        refused = [
            place
            for place, answer in zip(missing, sent, strict=True)
            if isinstance(answer, ChangeSetResult)
            and isinstance(answer.error("again"), PreconditionFailed)
        ]
        landed = self._written([outcomes[place] for place in refused])
        for place, answer in zip(missing, sent, strict=True):
            has_landed = landed is not None and outcomes[place].run.id in landed
            is_unclear = isinstance(answer, NotSent) or (place in refused and landed is None)
            if has_landed:
                answers[place] = WriteResult(Written.DONE)
            elif not is_unclear:
                answers[place] = answer
        return True

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

    def _read_back(self, outcomes: Sequence[Outcome]) -> Iterator[WriteResult]:
        """The connection was lost: what was written is there under its key, the rest is not."""
        written = self._written(outcomes) or frozenset()
        for outcome in outcomes:
            if outcome.run.id in written:
                yield WriteResult(Written.DONE)
            else:
                why = "the connection was lost"
                yield WriteResult(Written.LATER, why, may_still_land=True)

    def _written(self, outcomes: Sequence[Outcome]) -> frozenset[str] | None:
        """The run rows of these outcomes of a block that are there; None when that cannot be read."""
        if not outcomes:
            return frozenset()
        in_block = eq(RoutingRunColumn.BLOCK, outcomes[0].run.block)
        ids = [Guid(outcome.run.id) for outcome in outcomes]
        try:
            return frozenset(
                row[ROUTING_RUN.primary_id]
                for chunk in in_chunks(ROUTING_RUN.primary_id, ids)
                for row in self._client.rows(
                    Query(
                        ROUTING_RUN.entity_set,
                        select=(ROUTING_RUN.primary_id,),
                        filter=and_(chunk, in_block),
                    )
                )
            )
        except PASSING as exc:
            _log.warning("what became of %d outcomes is not known: %s", len(outcomes), exc)
            return None


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
