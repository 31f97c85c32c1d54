"""Notifications for previous owners and followers: each person's in one piece with its runs' marks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from work_assignment.dataverse import mapping, messages
from work_assignment.dataverse.batches import MOST_REQUESTS, ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import DataverseError, RowNotFound
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import ROUTING_RUN, LookupName, RoutingRunColumn
from work_assignment.dataverse.notices import is_about_recipient
from work_assignment.dataverse.outcome_rows import (
    NAMES,
    TOLD_OUTSIDE,
    names_from_row,
    notification_requests,
    others_text,
)
from work_assignment.dataverse.queries import (
    Filter,
    Query,
    and_,
    in_chunks,
    is_null,
    le,
    lt,
    ne,
    or_,
)
from work_assignment.dataverse.reservations import parts_of, send_hastily
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
from work_assignment.domain.records import Owner, RecordKey, SellerId
from work_assignment.domain.runs.news import Change
from work_assignment.domain.runs.outcomes import Notice

RUNS_AT_ONCE = 200
"""Runs whose marks go with one notification; those of further ones follow it."""
UNTOLD_AT_ONCE = 50
TRIED_AGAIN_AFTER = timedelta(minutes=10)
_ASSIGNED_TO: tuple[tuple[LookupName, str], ...] = (
    (RoutingRunColumn.ASSIGNED_SELLER, "systemuser"),
    (RoutingRunColumn.ASSIGNED_TEAM, "team"),
    (RoutingRunColumn.ASSIGNED_QUEUE, "queue"),
)

_log = logging.getLogger(__name__)


class OtherNotices:
    """Tells others than new owners, and finds those who are still to be told."""

    def __init__(self, client: DataverseClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock

    def tell(self, notices: Sequence[Notice], others: Mapping[str, frozenset[SellerId]]) -> None:
        """Tell them, and note on each run of `others` who is left."""
        telling = _Telling(self._client, notices, others, self._clock() + TRIED_AGAIN_AFTER)
        with away_means_unavailable():
            telling.run()

    def untold(self, *, before: datetime, now: datetime) -> list[Change]:
        """Runs of which others are to be told `now`, with all of the same blocks of which they are."""
        after = RoutingRunColumn.TELL_OTHERS_AFTER
        is_due = or_(and_(is_null(after), lt(RoutingRunColumn.DECIDED_ON, before)), le(after, now))
        query = _marked(is_due, top=UNTOLD_AT_ONCE)
        with away_means_unavailable():
            rows = self._client.send(messages.get(query, prefer=NAMES)).rows
            found = {row[ROUTING_RUN.primary_id]: row for row in rows}
            blocks = sorted({row[RoutingRunColumn.BLOCK] for row in rows})
            for chunk in in_chunks(RoutingRunColumn.BLOCK, blocks) if blocks else ():
                for row in self._client.rows(_marked(chunk), prefer=NAMES):
                    found[row[ROUTING_RUN.primary_id]] = row
        return list(mapping.readable(_change, found.values()))


class _Telling:
    """People told in turns: no two of one turn are told of the same run, so that each run's mark can
    be written with what is told of it."""

    def __init__(
        self,
        client: DataverseClient,
        notices: Sequence[Notice],
        others: Mapping[str, frozenset[SellerId]],
        again_at: datetime,
    ) -> None:
        told_of: dict[str, set[SellerId]] = {}
        for notice in notices:
            for run_id in notice.block_runs:
                told_of.setdefault(run_id, set()).add(notice.recipient)
        self._client = client
        self._again_at = again_at
        self._later = {n.recipient: n.after for n in notices if n.after is not None}
        self._left = {run: set(people) & told_of.get(run, set()) for run, people in others.items()}
        self._outside = {
            (run_id, n.recipient) for n in notices if n.told_outside for run_id in n.block_runs
        }
        self._waiting = [notice for notice in notices if notice.after is None]
        self._unwritten = {
            run for run, people in others.items() if not self._left[run] or self._is_later(run)
        } | {run for run, people in others.items() if self._left[run] != people}

    def run(self) -> None:
        """Tell everybody who is to be told now; then note what is left to note."""
        while self._waiting:
            self._send(self._next_turn())
        for part in parts_of(sorted(self._unwritten), MOST_REQUESTS):
            self._write(part)

    def _write(self, runs: Sequence[str]) -> None:
        try:
            answers = send_hastily(self._client, [ChangeSet([self._note(run)]) for run in runs])
            errors = [answer.error("note who is told") for answer in answers]
        except PASSING:
            raise
        except DataverseError as exc:
            errors = [exc]
        for error in errors:
            if isinstance(error, PASSING):
                raise error
            if error is not None and not isinstance(error, RowNotFound):
                _log.error("a run still says that others are to be told: %s", error)

    def _is_later(self, run_id: str) -> bool:
        return any(person in self._later for person in self._left[run_id])

    def _next_turn(self) -> list[Notice]:
        """As many as share no run and fit into one request."""
        turn: list[Notice] = []
        taken: set[str] = set()
        room = MOST_REQUESTS
        for notice in self._waiting:
            size = 1 + len(notice.block_runs[:RUNS_AT_ONCE])
            if size <= room and taken.isdisjoint(notice.block_runs):
                turn.append(notice)
                room -= size
                taken.update(notice.block_runs)
        return turn

    def _send(self, turn: Sequence[Notice]) -> None:
        for notice in turn:
            self._waiting.remove(notice)
        pairs = [(notice, self._change_set(notice)) for notice in turn]
        pairs = [(notice, change_set) for notice, change_set in pairs if change_set.requests]
        if not pairs:
            return
        try:
            answers = send_hastily(self._client, [change_set for _, change_set in pairs])
        except PASSING:
            raise
        except DataverseError as exc:
            for notice, _ in pairs:
                self._put_off(notice, self._runs(notice), exc)
            return
        for (notice, _), answer in zip(pairs, answers, strict=True):
            self._learn(notice, answer)

    def _change_set(self, notice: Notice) -> ChangeSet:
        runs = self._runs(notice)[:RUNS_AT_ONCE]
        notes = [self._note(run, told=notice.recipient) for run in runs]
        return ChangeSet([*notification_requests(notice), *notes])

    def _runs(self, notice: Notice) -> list[str]:
        return [run for run in notice.block_runs if notice.recipient in self._left.get(run, ())]

    def _learn(self, notice: Notice, answer: ChangeSetResult) -> None:
        error = answer.error("tell")
        runs = self._runs(notice)
        if error is None:
            self._is_told(notice, runs, written=runs[:RUNS_AT_ONCE])
            return
        if isinstance(error, PASSING):
            raise error
        place = None if answer.failed_index is None else answer.failed_index - notice.in_app
        if isinstance(error, RowNotFound) and place is not None and place >= 0:
            # Somebody deleted that run; of the others she is told.
            del self._left[runs[place]]
            self._unwritten.discard(runs[place])
            self._waiting.append(notice)
        elif is_about_recipient(error, notice.recipient):
            _log.warning("user %s is not told of %d runs: %s", notice.recipient, len(runs), error)
            self._is_told(notice, runs, written=())
        else:
            self._put_off(notice, runs, error)

    def _is_told(self, notice: Notice, runs: Sequence[str], *, written: Sequence[str]) -> None:
        for run in runs:
            self._left[run].discard(notice.recipient)
        self._unwritten.update(runs)
        self._unwritten.difference_update(written)

    def _put_off(self, notice: Notice, runs: Sequence[str], error: DataverseError) -> None:
        _log.error("user %s is told of %d runs later: %s", notice.recipient, len(runs), error)
        self._later[notice.recipient] = self._again_at
        self._unwritten.update(runs)

    def _note(self, run_id: str, told: SellerId | None = None) -> Request:
        left = self._left[run_id] - {told}
        outside = {person for person in left if (run_id, person) in self._outside}
        times = [self._later.get(person) for person in left]
        known = [at for at in times if at is not None]
        changes = {
            RoutingRunColumn.TELL_OTHERS: others_text(left, outside),
            RoutingRunColumn.TELL_OTHERS_AFTER: min(known)
            if known and len(known) == len(times)
            else None,
        }
        return messages.update(ROUTING_RUN.entity_set, run_id, changes, version="*")


def _marked(about: Filter, *, top: int | None = None) -> Query:
    return Query(
        ROUTING_RUN.entity_set,
        select=(
            RoutingRunColumn.BLOCK,
            RoutingRunColumn.NAME,
            RoutingRunColumn.RECORD_TYPE,
            RoutingRunColumn.RECORD_ID,
            RoutingRunColumn.TELL_OTHERS,
            RoutingRunColumn.PREVIOUS_OWNER,
            RoutingRunColumn.PREVIOUS_OWNER_TYPE,
            RoutingRunColumn.SEGMENT.value,
            RoutingRunColumn.PREVIOUS_SEGMENT.value,
            RoutingRunColumn.ASSIGNMENT_RULE.value,
            *(lookup.value for lookup, _ in _ASSIGNED_TO),
        ),
        filter=and_(ne(RoutingRunColumn.TELL_OTHERS, None), about),
        orderby=(RoutingRunColumn.DECIDED_ON,),
        top=top,
    )


def _change(row: Row) -> Change:
    others = [*_people(str(row[RoutingRunColumn.TELL_OTHERS]))]
    return Change(
        run_id=row[ROUTING_RUN.primary_id],
        block=row.get(RoutingRunColumn.BLOCK) or "",
        key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
        others=frozenset(person for person, _ in others),
        names=names_from_row(row),
        owner=next(
            (Owner(table, row[o.value]) for o, table in _ASSIGNED_TO if row.get(o.value)), None
        ),
        previous_owner=mapping.previous_owner(row),
        segment_id=row.get(RoutingRunColumn.SEGMENT.value),
        previous_segment_id=row.get(RoutingRunColumn.PREVIOUS_SEGMENT.value),
        told_outside=frozenset(person for person, is_outside in others if is_outside),
    )


def _people(text: str) -> Iterator[tuple[SellerId, bool]]:
    """Who is still to be told, and whether she was by other ways than the app."""
    for word in filter(None, (word.strip().lower() for word in text.split(","))):
        yield SellerId(word.removesuffix(TOLD_OUTSIDE)), word.endswith(TOLD_OUTSIDE)
