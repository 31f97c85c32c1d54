"""The newest row of the run log about each record, however long the histories of others are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from work_assignment.dataverse import mapping, messages
from work_assignment.dataverse.choices import AssignmentResult, RunMode
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import ROUTING_RUN, Common, RoutingRunColumn
from work_assignment.dataverse.queries import Query, and_, desc, eq, in_, ne
from work_assignment.dataverse.questions import Answers, Questions
from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.flapping import is_a_change
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.statuses import RoutingStatus

ROWS_AT_ONCE = 1000
"""Of one question; records have about two rows each, so one answer nearly always has them all."""
_RECORDS_AT_ONCE = 200
_COLUMNS = (
    RoutingRunColumn.RECORD_TYPE,
    RoutingRunColumn.RECORD_ID,
    RoutingRunColumn.ROUTING_STATUS,
    RoutingRunColumn.SEGMENT.value,
    RoutingRunColumn.ASSIGNMENT_RULE.value,
    RoutingRunColumn.DECIDED_ON,
    RoutingRunColumn.LAST_ATTEMPT_ON,
    RoutingRunColumn.ATTEMPTS,
    RoutingRunColumn.ASSIGNED_SELLER.value,
    RoutingRunColumn.ASSIGNED_TEAM.value,
    RoutingRunColumn.PREVIOUS_OWNER,
    RoutingRunColumn.PREVIOUS_OWNER_TYPE,
    RoutingRunColumn.PREVIOUS_SEGMENT.value,
    RoutingRunColumn.PREVIOUS_RESULT,
    RoutingRunColumn.REQUEST_SOURCE,
    RoutingRunColumn.DUE_ON,
    RoutingRunColumn.OVERDUE,
    RoutingRunColumn.SWEEP.value,
    Common.CREATED_ON,
)

_ASKED_FOR = (RequestSource.FORCED_BY_HAND, RequestSource.RESEGMENTED_BY_HAND)

Asked = list[tuple[Sequence[str], int]]
"""The ids of the records that a question is about, and its place."""


def ask(questions: Questions, record_ids: Iterable[str], limit: FlapLimit | None = None) -> Asked:
    """Add what is to be asked about these records to other questions.

    Dry runs are left out, and answers to who asked about a record: they changed nothing. With a `limit` fewer records share an answer, so that it tells of as many changes of each.
    """
    return _ask(questions, record_ids, _records_at_once(limit))


def _ask(questions: Questions, record_ids: Iterable[str], at_once: int) -> Asked:
    ids = list(dict.fromkeys(record_ids))
    chunks = [ids[start : start + at_once] for start in range(0, len(ids), at_once)]
    return [(chunk, questions.ask(_request(chunk))) for chunk in chunks]


def _records_at_once(limit: FlapLimit | None) -> int:
    """A record has its changes, as many as matter, and some other rows."""
    if limit is None:
        return _RECORDS_AT_ONCE
    return min(_RECORDS_AT_ONCE, max(ROWS_AT_ONCE // (limit.moves + 2), 1))


def read(
    client: DataverseClient, record_ids: Iterable[str], limit: FlapLimit | None = None
) -> dict[RecordKey, LastRun]:
    """The last runs of these records, in requests of their own."""
    questions = Questions()
    asked = ask(questions, record_ids, limit)
    return newest(client, asked, questions.send(client), limit) if asked else {}


def newest(
    client: DataverseClient, asked: Asked, answers: Answers, limit: FlapLimit | None = None
) -> dict[RecordKey, LastRun]:
    """The last run of each record, by the answers.

    An answer that is full may have been filled by a few records: those of which it tells too little
    are asked about again, half as many at once each time.
    """
    found: dict[RecordKey, LastRun] = {}
    at_once = _records_at_once(limit)
    while True:
        unseen: list[str] = []
        for ids, place in asked:
            rows = answers.rows(place)
            if len(rows) >= ROWS_AT_ONCE:
                rows = _without_last_second(rows)
                unseen += _told_too_little(ids, rows, limit)
            found |= _newest(rows)
        if not unseen:
            return found
        at_once = max(at_once // 2, 1)
        questions = Questions()
        asked = _ask(questions, unseen, at_once)
        answers = questions.send(client)


def _told_too_little(ids: Sequence[str], rows: Sequence[Row], limit: FlapLimit | None) -> list[str]:
    """Records that a full answer does not name, or not as often as they may be moved.

    Where it goes back as far as changes count, or is about one record alone, it tells enough.
    """
    seen = Counter(str(row[RoutingRunColumn.RECORD_ID]).lower() for row in rows)
    is_enough = limit is None or len(ids) == 1 or _covers(rows, limit)
    wanted = 1 if is_enough or limit is None else limit.moves
    return [record_id for record_id in ids if seen[record_id.lower()] < wanted]


def _covers(rows: Sequence[Row], limit: FlapLimit) -> bool:
    """Whether rows, newest first, go back as far as changes count."""
    first, last = (mapping.moment(row[Common.CREATED_ON]) for row in (rows[0], rows[-1]))
    return first - last >= limit.within


def _request(record_ids: Sequence[str]) -> Request:
    return messages.get(
        Query(
            ROUTING_RUN.entity_set,
            select=_COLUMNS,
            filter=and_(
                in_(RoutingRunColumn.RECORD_ID, record_ids),
                eq(RoutingRunColumn.MODE, RunMode.ON.value),
                ne(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.UNCHANGED),
            ),
            orderby=(desc(Common.CREATED_ON), desc(RoutingRunColumn.DECIDED_ON)),
            top=ROWS_AT_ONCE,
        )
    )


def _without_last_second(rows: list[Row]) -> list[Row]:
    """Rows that come newest first, without those of a second of which there may be more."""
    last = rows[-1].get(Common.CREATED_ON)
    return [row for row in rows if row.get(Common.CREATED_ON) != last] or rows


def _newest(rows: Iterable[Row]) -> dict[RecordKey, LastRun]:
    """The newest row of each record that can be read, with what the others tell of its way."""
    found: dict[RecordKey, LastRun] = {}
    changes: dict[RecordKey, list[datetime]] = {}
    for key, run, is_change in mapping.readable(_keyed_run, sorted(rows, key=_age)):
        if is_change:
            changes.setdefault(key, []).append(run.written_at or run.decided_at)
        before = found.get(key)
        if before is not None and run.keeps_owner:
            run = replace(run, given_by=before.given_by or before)
        found[key] = run
    return found | {key: replace(found[key], changed_at=tuple(at)) for key, at in changes.items()}


def _age(row: Row) -> tuple[str, str, int]:
    """What rises from run to run.

    Rows are created by Dataverse's clock, the one that all workers share; when they were decided is
    told by a worker's, which may be an hour ahead. That a run is counted up does not make it newer:
    it was the last one then, and stays so until another is created. Moments have whole seconds.
    Within one the worker's own order comes before the version, as a version also rises when an
    older row is counted up or noted as told.
    """
    decided = str(row.get(RoutingRunColumn.DECIDED_ON) or "")
    return str(row.get(Common.CREATED_ON) or ""), decided, mapping.version_number(row)


def _keyed_run(row: Row) -> tuple[RecordKey, LastRun, bool]:
    key = RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID])
    run = mapping.last_run_from_row(row)
    is_change = is_a_change(
        run.status,
        segment=(row.get(RoutingRunColumn.PREVIOUS_SEGMENT.value), run.segment_id),
        owner=(run.previous_owner, run.owner),
        was_settled=row.get(RoutingRunColumn.PREVIOUS_RESULT) == AssignmentResult.SUCCEEDED,
        is_by_hand=row.get(RoutingRunColumn.REQUEST_SOURCE) in _ASKED_FOR,
    )
    return key, run, is_change
