"""The newest row of the run log about each record, however long the histories of others are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from work_assignment.dataverse import mapping, messages
from work_assignment.dataverse.choices import RunMode
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request, Row
from work_assignment.dataverse.names import ROUTING_RUN, Common, RoutingRunColumn
from work_assignment.dataverse.queries import Query, and_, desc, eq, in_
from work_assignment.dataverse.questions import Answers, Questions
from work_assignment.domain.records import RecordKey
from work_assignment.domain.runs.facts import LastRun
from work_assignment.domain.runs.flapping import Step, changes_in
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
    RoutingRunColumn.REQUEST_SOURCE,
    RoutingRunColumn.DUE_ON,
    RoutingRunColumn.OVERDUE,
    RoutingRunColumn.SWEEP.value,
    Common.CREATED_ON,
)

_SAY_NO_SEGMENT = (RoutingStatus.ASSIGNED_BY_HAND, RoutingStatus.UNDONE)
_ASKED_FOR = (RequestSource.FORCED_BY_HAND, RequestSource.RESEGMENTED_BY_HAND)

Asked = list[tuple[Sequence[str], int]]
"""The ids of the records that a question is about, and its place."""


def ask(questions: Questions, record_ids: Iterable[str]) -> Asked:
    """Add what is to be asked about these records to other questions; dry runs are left out."""
    ids = list(dict.fromkeys(record_ids))
    chunks = [
        ids[start : start + _RECORDS_AT_ONCE] for start in range(0, len(ids), _RECORDS_AT_ONCE)
    ]
    return [(chunk, questions.ask(_request(chunk))) for chunk in chunks]


def read(client: DataverseClient, record_ids: Iterable[str]) -> dict[RecordKey, LastRun]:
    """The last runs of these records, in requests of their own."""
    questions = Questions()
    asked = ask(questions, record_ids)
    return newest(client, asked, questions.send(client)) if asked else {}


def newest(client: DataverseClient, asked: Asked, answers: Answers) -> dict[RecordKey, LastRun]:
    """The last run of each record, by the answers.

    An answer that is full may have been filled by a few records: those that it does not name are
    asked about again, by themselves. Each time there are fewer, as every answer names some.
    """
    found: dict[RecordKey, LastRun] = {}
    while True:
        unseen: list[str] = []
        for ids, place in asked:
            rows = answers.rows(place)
            if len(rows) >= ROWS_AT_ONCE:
                rows = _without_last_second(rows)
                seen = {str(row[RoutingRunColumn.RECORD_ID]).lower() for row in rows}
                unseen += [record_id for record_id in ids if record_id.lower() not in seen]
            found |= _newest(rows)
        if not unseen:
            return found
        questions = Questions()
        asked = ask(questions, unseen)
        answers = questions.send(client)


def _request(record_ids: Sequence[str]) -> Request:
    return messages.get(
        Query(
            ROUTING_RUN.entity_set,
            select=_COLUMNS,
            filter=and_(
                in_(RoutingRunColumn.RECORD_ID, record_ids),
                eq(RoutingRunColumn.MODE, RunMode.ON.value),
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
    history: dict[RecordKey, list[Step]] = {}
    for key, run, step in mapping.readable(_keyed_run, sorted(rows, key=_age)):
        found[key] = run
        history.setdefault(key, []).append(step)
    return {
        key: replace(run, changed_at=changes_in(history[key])) if len(history[key]) > 1 else run
        for key, run in found.items()
    }


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


def _keyed_run(row: Row) -> tuple[RecordKey, LastRun, Step]:
    key = RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID])
    run = mapping.last_run_from_row(row)
    return key, run, _step(row, run)


def _step(row: Row, run: LastRun) -> Step:
    is_another_owner = run.status is RoutingStatus.ASSIGNED and run.owner != run.previous_owner
    moves = run.segment_id != row.get(RoutingRunColumn.PREVIOUS_SEGMENT.value)
    return Step(
        at=run.written_at or run.decided_at,
        status=run.status,
        has_moved=is_another_owner or (moves and run.status not in _SAY_NO_SEGMENT),
        is_by_hand=row.get(RoutingRunColumn.REQUEST_SOURCE) in _ASKED_FOR,
    )
