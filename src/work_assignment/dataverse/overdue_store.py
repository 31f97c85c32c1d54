"""Runs whose records were to be assigned by now: found, looked into, and marked."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from work_assignment.dataverse import last_runs, messages
from work_assignment.dataverse.batches import ChangeSet
from work_assignment.dataverse.choices import AssignmentResult, State
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import (
    DataverseError,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    RowNotFound,
)
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SEGMENT,
    Common,
    RoutedColumn,
    RoutingRunColumn,
    SegmentColumn,
)
from work_assignment.dataverse.notices import is_about_recipient, send_each
from work_assignment.dataverse.outcome_rows import notice_requests, told_outside_request
from work_assignment.dataverse.queries import (
    Filter,
    Guid,
    Query,
    after,
    and_,
    eq,
    in_chunks,
    lt,
    ne,
    or_,
)
from work_assignment.dataverse.questions import Answers, Questions
from work_assignment.dataverse.reservations import send_hastily
from work_assignment.dataverse.schemas import TableDefinition, read_definition
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable, unavailable
from work_assignment.domain.records import RecordKey, SegmentId, SellerId
from work_assignment.domain.runs.overdue import DueRun, ManagedSegment, Marks, Surroundings

_DUE = (
    RoutingRunColumn.RECORD_TYPE,
    RoutingRunColumn.RECORD_ID,
    RoutingRunColumn.NAME,
    RoutingRunColumn.SEGMENT.value,
    RoutingRunColumn.DUE_ON,
    RoutingRunColumn.ESCALATE_ON,
    RoutingRunColumn.TOLD_OUTSIDE,
)

_log = logging.getLogger(__name__)


class OverdueStore:
    """The services' port `DueRuns`, which says what each method does."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._tables: dict[str, TableDefinition] = {}

    def due(self, now: datetime, behind: DueRun | None, limit: int) -> list[DueRun]:
        with away_means_unavailable():
            rows = self._client.send(messages.get(_due(now, behind, limit))).rows
        return [_due_run(row) for row in rows]

    def look(self, runs: Sequence[DueRun]) -> Surroundings:
        """All of it in one request, once the names of the tables are known."""
        keys = {run.key for run in runs if _row_id(run.key) is not None}
        ids = sorted({key.id for key in keys})
        segments = sorted({run.segment_id for run in runs if run.segment_id is not None})
        questions = Questions()
        with away_means_unavailable():
            newest = last_runs.ask(questions, ids)
            told = [questions.ask(request) for request in _told(ids)]
            managed = [questions.ask(request) for request in _segments(segments)]
            records, unreadable = self._ask_records(questions, keys)
            answers = questions.send(self._client)
            return Surroundings(
                last_runs=last_runs.newest(self._client, newest, answers),
                unassigned=_unassigned(records, answers, unreadable),
                told=frozenset(map(_told_of, _all(told, answers))),
                segments=dict(map(_segment, _all(managed, answers))),
                unreadable=unreadable,
            )

    def _ask_records(
        self, questions: Questions, keys: Iterable[RecordKey]
    ) -> tuple[list[_Asked], set[RecordKey]]:
        """Ask which of these records are open and unassigned; and of which nobody can say."""
        by_table: dict[str, list[RecordKey]] = {}
        for key in sorted(keys, key=lambda key: (key.table, key.id)):
            by_table.setdefault(key.table, []).append(key)
        asked: list[_Asked] = []
        unreadable: set[RecordKey] = set()
        for table, theirs in by_table.items():
            try:
                definition = self._definition(table)
            except (NotFound, InvalidRequest):
                continue  # with its table a record is gone
            except PASSING:
                raise
            except DataverseError as exc:
                unreadable |= _say_unreadable(table, theirs, exc)
                continue
            ids = [Guid(key.id) for key in theirs]
            for chunk in in_chunks(definition.primary_id, ids):
                place = questions.ask(_open_and_unassigned(definition, chunk))
                asked.append(_Asked(table, definition.primary_id, theirs, place))
        return asked, unreadable

    def _definition(self, table: str) -> TableDefinition:
        found = self._tables.get(table)
        if found is None:
            found = self._tables[table] = read_definition(self._client, table)
        return found

    def mark(self, marks: Sequence[Marks]) -> list[DueRun]:
        if not marks:
            return []
        with away_means_unavailable():
            answers = send_hastily(self._client, [ChangeSet(_requests(one)) for one in marks])
        outside: list[str] = []
        refused: list[DueRun] = []
        untold: list[Marks] = []
        passing: DataverseError | None = None
        for one, answer in zip(marks, answers, strict=True):
            error = answer.error("mark")
            if isinstance(error, PASSING):
                passing = error
            elif error is not None and _is_about_manager(one, error, answer.failed_index):
                _log.warning("nobody is told of overdue records: %s", error)
                untold.append(Marks(one.runs, one.is_overdue))
            elif error is not None:
                refused += _refused(one, error, answer.failed_index)
            if error is not None and one.notice is not None and one.notice.told_outside:
                outside += [run.id for run in one.runs]
        self._note_told_outside(outside)
        if passing is not None:
            raise unavailable(passing) from passing
        return [*refused, *self.mark(untold)]

    def _note_told_outside(self, runs: Sequence[str]) -> None:
        """Note that of these runs the manager was told by other ways than the app."""
        for error in send_each(self._client, map(told_outside_request, runs)):
            if not isinstance(error, RowNotFound):
                _log.error(
                    "a run does not say that its manager was told outside the app: %s", error
                )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question about some records of one table, at its place."""

    table: str
    primary_id: str
    keys: Sequence[RecordKey]
    place: int


def _requests(marks: Marks) -> list[Request]:
    """The marks, each on a row as it was read, and behind them the notification."""
    changes: dict[str, Any] = {RoutingRunColumn.ESCALATE_ON: marks.until}
    if marks.until is None:
        changes[RoutingRunColumn.OVERDUE] = marks.is_overdue
    requests = [
        messages.update(ROUTING_RUN.entity_set, run.id, changes, version=run.version)
        for run in marks.runs
    ]
    return requests if marks.notice is None else [*requests, *notice_requests(marks.notice)]


def _is_about_manager(marks: Marks, error: DataverseError, index: int | None) -> bool:
    is_notice = index is None or index >= len(marks.runs)
    notice = marks.notice
    return is_notice and notice is not None and is_about_recipient(error, notice.recipient)


def _refused(marks: Marks, error: DataverseError, index: int | None) -> Sequence[DueRun]:
    """The runs that cannot be written.

    One that is not as it was read is found again, and with it those that were to be told of
    together: another worker may have marked them all, or the record has an owner by now.
    """
    is_mark = index is not None and index < len(marks.runs)
    if is_mark and isinstance(error, PreconditionFailed | RowNotFound):
        return ()
    refused = marks.runs[index : index + 1] if is_mark and index is not None else marks.runs
    _log.error(
        "%d runs cannot be marked, run %s is the first: %s", len(refused), refused[0].id, error
    )
    return refused


def _due(now: datetime, behind: DueRun | None, limit: int) -> Query:
    parts: list[Filter] = [lt(RoutingRunColumn.ESCALATE_ON, now)]
    if behind is not None:
        column = RoutingRunColumn.ESCALATE_ON
        parts.append(
            after(
                behind.looked_at or behind.due_at,
                Guid(behind.id),
                id_column=ROUTING_RUN.primary_id,
                created_column=column,
            )
        )
    return Query(
        ROUTING_RUN.entity_set,
        select=_DUE,
        filter=and_(*parts),
        orderby=(RoutingRunColumn.ESCALATE_ON, ROUTING_RUN.primary_id),
        top=limit,
    )


def _due_run(row: Row) -> DueRun:
    segment = row.get(RoutingRunColumn.SEGMENT.value)
    return DueRun(
        id=row[ROUTING_RUN.primary_id],
        key=_key(row),
        record_name=row.get(RoutingRunColumn.NAME) or "",
        segment_id=None if segment is None else SegmentId(segment),
        due_at=moment(row.get(RoutingRunColumn.DUE_ON) or row[RoutingRunColumn.ESCALATE_ON]),
        version=row["@odata.etag"],
        told_outside=bool(row.get(RoutingRunColumn.TOLD_OUTSIDE)),
        looked_at=moment(row[RoutingRunColumn.ESCALATE_ON]),
    )


def _key(row: Row) -> RecordKey:
    table, record_id = RoutingRunColumn.RECORD_TYPE, RoutingRunColumn.RECORD_ID
    return RecordKey(row.get(table) or "", row.get(record_id) or "")


def _row_id(key: RecordKey) -> Guid | None:
    try:
        return Guid(key.id)
    except InvalidRequest:
        return None


def _told(ids: Sequence[str]) -> Iterator[Request]:
    """Runs of these records of which somebody was told that they are overdue."""
    select = (
        RoutingRunColumn.RECORD_TYPE,
        RoutingRunColumn.RECORD_ID,
        RoutingRunColumn.DUE_ON,
    )
    for chunk in in_chunks(RoutingRunColumn.RECORD_ID, ids):
        filter_ = and_(chunk, eq(RoutingRunColumn.OVERDUE, True), ne(RoutingRunColumn.DUE_ON, None))
        yield messages.get(Query(ROUTING_RUN.entity_set, select, filter_))


def _told_of(row: Row) -> tuple[RecordKey, datetime]:
    return _key(row), moment(row[RoutingRunColumn.DUE_ON])


def _segments(ids: Sequence[SegmentId]) -> Iterator[Request]:
    select = (SEGMENT.primary_id, SegmentColumn.NAME, SegmentColumn.MANAGER.value)
    for chunk in in_chunks(SEGMENT.primary_id, [Guid(segment) for segment in ids]):
        yield messages.get(Query(SEGMENT.entity_set, select, chunk))


def _segment(row: Row) -> tuple[SegmentId, ManagedSegment]:
    manager = row.get(SegmentColumn.MANAGER.value)
    name = row.get(SegmentColumn.NAME) or ""
    managed = ManagedSegment(name, None if manager is None else SellerId(manager))
    return SegmentId(row[SEGMENT.primary_id]), managed


def _open_and_unassigned(definition: TableDefinition, ids: Filter) -> Request:
    """Also those without any result: they are decided anew, and still have nobody."""
    filter_ = and_(
        ids,
        eq(Common.STATE, State.ACTIVE),
        or_(
            eq(RoutedColumn.ASSIGNMENT_RESULT, AssignmentResult.FAILED),
            eq(RoutedColumn.ASSIGNMENT_RESULT, None),
        ),
    )
    return messages.get(Query(definition.entity_set, (definition.primary_id,), filter_))


def _unassigned(
    asked: Iterable[_Asked], answers: Answers, unreadable: set[RecordKey]
) -> frozenset[RecordKey]:
    """The records in the answers; those behind a refusal are added to the unreadable ones."""
    found: set[RecordKey] = set()
    for question in asked:
        try:
            rows = answers.rows(question.place)
        except PASSING:
            raise
        except DataverseError as exc:
            unreadable |= _say_unreadable(question.table, question.keys, exc)
            continue
        there = {row[question.primary_id] for row in rows}
        found |= {key for key in question.keys if Guid(key.id) in there}
    return frozenset(found)


def _say_unreadable(table: str, keys: Iterable[RecordKey], error: DataverseError) -> set[RecordKey]:
    found = set(keys)
    _log.error("nobody can say whether %d rows of %s are overdue: %s", len(found), table, error)
    return found


def _all(places: Iterable[int], answers: Answers) -> Iterator[Row]:
    """The rows of some answers, with those of further pages."""
    for place in places:
        yield from answers.rows(place)
        yield from answers.further_rows(place)
