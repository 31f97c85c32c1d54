"""Outcomes written for good: each is final once, also when its answer was lost on the way."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.commits import CommitResult, Committer, Lost, NotSent, Refused
from work_assignment.dataverse.errors import (
    DataverseError,
    InvalidRequest,
    OutcomeUnknown,
    QueuedAlready,
)
from work_assignment.dataverse.names import ROUTING_RUN, RoutingRunColumn
from work_assignment.dataverse.outcome_results import (
    answered,
    later,
    not_reserved,
    refused_whole,
    unbuildable,
)
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
_LOST = "the connection was lost"

_Answer: TypeAlias = CommitResult | WriteResult
_log = logging.getLogger(__name__)


class OutcomeWriter:
    """Writes outcomes; `schemas` are those of the record types, as read with the definitions."""

    def __init__(
        self,
        client: DataverseClient,
        schemas: Callable[[], Mapping[str, TableSchema]],
        clock: Callable[[], datetime],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._schemas = schemas
        self._committer = Committer(client, clock, sleep=sleep)

    def close(self) -> None:
        """End the threads that write in parallel."""
        self._committer.close()

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        """Reserve and commit a block of one in a single change set."""
        result, is_queued = self._commit_alone(changes, outcome, {})
        queues = self._queues_of([outcome]) if is_queued else None
        if queues is not None:
            result, _ = self._commit_alone(changes, outcome, queues)
        return result

    def _commit_alone(
        self,
        changes: Sequence[SellerChange],
        outcome: Outcome,
        lies_in: Mapping[RecordKey, str],
    ) -> tuple[WriteResult, bool]:
        """Also says whether the record lies in a queue already, and is to be written from there."""
        try:
            reserving = [seller_request(change) for change in changes]
            own = self._requests(outcome, lies_in)
        except Exception as exc:
            return _unbuilt(outcome, exc), False
        try:
            (result,) = send_hastily(self._client, [ChangeSet([*reserving, *own])])
        except OutcomeUnknown:
            return next(self._read_back([outcome])), False
        except PASSING as exc:
            return later(exc), False
        except (DataverseError, InvalidRequest) as exc:
            return refused_whole(exc), False
        error = result.error(_what(outcome))
        if result.failed_index is not None and result.failed_index < len(reserving):
            owner = outcome.run.owner
            row = changes[result.failed_index].row
            return not_reserved(
                error, is_owners=owner is not None and owner.id == row.seller_id
            ), False
        is_queued = isinstance(error, QueuedAlready)
        return answered(outcome, error, lies_in.get(outcome.run.key)), is_queued

    def commit(
        self,
        outcomes: Sequence[Outcome],
        *,
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
        landed: Callable[[Sequence[int]], object] = lambda places: None,
    ) -> list[WriteResult]:
        """Write outcomes, each by itself; the results are in the same order.

        Nothing is sent that might still be under way at `until`: what is left then is LATER.
        `progress` hears how many more have become final, and before it `landed` the places of
        those that were written, as far as their answers came.
        """
        results, queued = self._commit(outcomes, {}, until, progress, landed)
        moved = [outcomes[place] for place in queued]
        queues = self._queues_of(moved) if moved else None
        if queues is not None:
            again, _ = self._commit(moved, queues, until)
            for place, result in zip(queued, again, strict=True):
                results[place] = result
        return results

    def _commit(
        self,
        outcomes: Sequence[Outcome],
        lies_in: Mapping[RecordKey, str],
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
        landed: Callable[[Sequence[int]], object] = lambda places: None,
    ) -> tuple[list[WriteResult], list[int]]:
        """Write outcomes; also gives the places of records that lie in a queue already, which are to
        be written once more, from there."""
        answers = self._send(outcomes, lies_in, until, progress, landed)
        for _ in range(_TIMES_SENT_AGAIN):
            lost = [n for n, answer in enumerate(answers) if isinstance(answer, Lost)]
            if not lost or not self._send_again(outcomes, lost, answers, lies_in, until):
                break
        pairs = list(zip(outcomes, answers, strict=True))
        read_back = self._read_back([entry for entry, answer in pairs if isinstance(answer, Lost)])
        results, queued = [], []
        for place, (outcome, answer) in enumerate(pairs):
            match answer:
                case Lost():
                    results.append(next(read_back))
                case NotSent(why=why, retry_after=seconds):
                    results.append(WriteResult(Written.LATER, why, retry_after=seconds))
                case Refused(error=refusal):
                    results.append(refused_whole(refusal))
                case WriteResult():
                    results.append(answer)
                case _:
                    error = answer.error(_what(outcome))
                    results.append(answered(outcome, error, lies_in.get(outcome.run.key)))
                    if isinstance(error, QueuedAlready):
                        queued.append(place)
        return results, queued

    def _send(
        self,
        outcomes: Sequence[Outcome],
        lies_in: Mapping[RecordKey, str],
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
        landed: Callable[[Sequence[int]], object] = lambda places: None,
    ) -> list[_Answer]:
        unbuilt: dict[int, WriteResult] = {}
        built: list[int] = []

        def change_sets() -> Iterator[ChangeSet]:
            for place, outcome in enumerate(outcomes):
                try:
                    requests = self._requests(outcome, lies_in)
                except Exception as exc:
                    unbuilt[place] = _unbuilt(outcome, exc)
                    progress(1)
                else:
                    built.append(place)
                    yield ChangeSet(requests)

        sent = iter(
            self._committer.send(
                change_sets(),
                until=until,
                longest=LONGEST_REQUEST,
                progress=progress,
                landed=lambda places: landed([built[place] for place in places]),
            )
        )
        return [
            unbuilt[place] if place in unbuilt else next(sent) for place in range(len(outcomes))
        ]

    def _send_again(
        self,
        outcomes: Sequence[Outcome],
        lost: Sequence[int],
        answers: list[_Answer],
        lies_in: Mapping[RecordKey, str],
        until: datetime,
    ) -> bool:
        """Read by key what was lost on the way, and send once more what is not there.

        Both may arrive yet: the record's version lets in only one of them. The second one's answer
        counts where it excludes the first, and what that one wrote is read again where the second
        is refused; else it stays lost. Says whether anything could be read.
        """
        written = self._written([outcomes[place] for place in lost])
        if written is None:
            return False
        missing = [place for place in lost if outcomes[place].run.id not in written]
        sent = self._send([outcomes[place] for place in missing], lies_in, until)
        second = {
            place: answer
            for place, answer in zip(missing, sent, strict=True)
            if _is_repeatable(outcomes[place]) or _excludes_the_first(answer)
        }
        refused = [place for place in second if not _is_done(second[place])]
        landed = self._written([outcomes[place] for place in refused])
        for place in lost:
            run = outcomes[place].run
            if run.id in written or (landed is not None and run.id in landed):
                answers[place] = WriteResult(Written.DONE)
            elif place in second and (place not in refused or landed is not None):
                answers[place] = second[place]
        return True

    def _queues_of(self, outcomes: Sequence[Outcome]) -> dict[RecordKey, str] | None:
        """The queues that records lie in; None when they cannot be asked for just now."""
        try:
            items = queue_items(self._client, [outcome.run.key for outcome in outcomes])
        except DataverseError as exc:
            _log.warning("which queues records lie in is asked later: %s", exc)
            return None
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
                lands = not _is_repeatable(outcome)
                yield WriteResult(Written.LATER, _LOST, may_still_land=lands)

    def _written(self, outcomes: Collection[Outcome]) -> frozenset[str] | None:
        """The run rows of these outcomes of a block that are there; None when that cannot be read.

        What is counted up again has the row of an older block, which tells nothing.
        """
        runs = [outcome.run for outcome in outcomes if outcome.again is None]
        if not runs:
            return frozenset()
        in_block = eq(RoutingRunColumn.BLOCK, runs[0].block)
        ids = [Guid(run.id) for run in runs]
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
        except DataverseError as exc:
            _log.warning("what became of %d outcomes is not known: %s", len(runs), exc)
            return None


def _what(outcome: Outcome) -> str:
    return f"{outcome.run.key.table} {outcome.run.key.id}"


def _unbuilt(outcome: Outcome, error: Exception) -> WriteResult:
    _log.error("%s cannot be written", _what(outcome), exc_info=error)
    return unbuildable(error)


def _is_repeatable(outcome: Outcome) -> bool:
    """Whether an outcome leaves its record alone: its run row may be written any number of times."""
    return outcome.again is not None or outcome.result is None


def _is_done(answer: _Answer) -> bool:
    return isinstance(answer, ChangeSetResult) and answer.committed


def _excludes_the_first(answer: _Answer) -> bool:
    """Whether this answer to a second request says that the first, lost one cannot be done any more.

    It was done itself, or Dataverse got as far as refusing it for good, as it would the first. One
    that met a lock may have met the first, which is still at it.
    """
    return isinstance(answer, ChangeSetResult) and not isinstance(answer.error("again"), PASSING)
