"""Rows of sweeps, and of what they gave, to domain objects and back; pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from work_assignment.dataverse.choices import State
from work_assignment.dataverse.choices import SweepStatus as StoredStatus
from work_assignment.dataverse.mapping import BadRow, assigned_to, moment, previous_owner
from work_assignment.dataverse.messages import Row, bind
from work_assignment.dataverse.names import (
    QUEUE,
    ROUTING_RUN,
    SEGMENT,
    SWEEP,
    Common,
    RoutingRunColumn,
    SweepColumn,
)
from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.sweeps import Counts, Sweep, SweepStatus, Swept, Trigger

_STATUSES = {
    SweepStatus.QUEUED: StoredStatus.QUEUED,
    SweepStatus.IN_PROGRESS: StoredStatus.IN_PROGRESS,
    SweepStatus.SUCCEEDED: StoredStatus.SUCCEEDED,
    SweepStatus.FAILED: StoredStatus.FAILED,
    SweepStatus.SKIPPED: StoredStatus.SKIPPED,
}
_READ_STATUSES = {stored: status for status, stored in _STATUSES.items()}
_GOING_ON = (SweepStatus.QUEUED, SweepStatus.IN_PROGRESS)

GIVEN_COLUMNS = (
    RoutingRunColumn.RECORD_TYPE,
    RoutingRunColumn.RECORD_ID,
    RoutingRunColumn.NAME,
    RoutingRunColumn.ROUTING_STATUS,
    RoutingRunColumn.ASSIGNED_SELLER.value,
    RoutingRunColumn.ASSIGNED_TEAM.value,
    RoutingRunColumn.ASSIGNED_QUEUE.value,
    RoutingRunColumn.PREVIOUS_OWNER,
    RoutingRunColumn.PREVIOUS_OWNER_TYPE,
    RoutingRunColumn.PREVIOUS_SEGMENT.value,
    Common.CREATED_BY.value,
    Common.CREATED_ON,
)


def row_from_sweep(sweep: Sweep) -> dict[str, Any]:
    """A sweep's whole row."""
    state = State.ACTIVE if sweep.status in _GOING_ON else State.INACTIVE
    row: dict[str, Any] = {
        SweepColumn.NAME: sweep.name,
        SweepColumn.RECORD_TYPE: sweep.record_type,
        SweepColumn.TRIGGER_TYPE: sweep.trigger.value,
        SweepColumn.SINCE: sweep.since,
        SweepColumn.START_TIME: sweep.started_at,
        SweepColumn.END_TIME: sweep.ended_at,
        SweepColumn.TOTAL_RECORDS: sweep.counts.total,
        SweepColumn.RECORDS_SUCCEEDED_COUNT: sweep.counts.succeeded,
        SweepColumn.RECORDS_FAILED_COUNT: sweep.counts.failed,
        SweepColumn.UNDONE: sweep.is_undone,
        SweepColumn.UNDONE_COUNT: sweep.undone,
        SweepColumn.MESSAGE: sweep.message or None,
        SweepColumn.STATUS: _STATUSES[sweep.status].value,
        Common.STATE: state.value,
    }
    if sweep.segment_id is not None:
        row |= bind(SweepColumn.SEGMENT.navigation, SEGMENT.entity_set, sweep.segment_id)
    return row


def sweep_from_row(row: Row) -> Sweep:
    """A sweep as its row says; a person may have made one with little on it."""
    status = row[SweepColumn.STATUS]
    if status not in set(StoredStatus):
        problem = f"{status!r} is no status of a sweep"
        raise BadRow(SWEEP.logical_name, row[SWEEP.primary_id], SweepColumn.STATUS, problem)
    since, ended = row.get(SweepColumn.SINCE), row.get(SweepColumn.END_TIME)
    return Sweep(
        id=row[SWEEP.primary_id],
        name=row.get(SweepColumn.NAME) or "",
        status=_READ_STATUSES[StoredStatus(status)],
        started_at=moment(row.get(SweepColumn.START_TIME) or row[Common.CREATED_ON]),
        trigger=Trigger(row.get(SweepColumn.TRIGGER_TYPE) or 0),
        segment_id=row.get(SweepColumn.SEGMENT.value),
        record_type=row.get(SweepColumn.RECORD_TYPE),
        since=date.fromisoformat(since) if since else None,
        ended_at=moment(ended) if ended else None,
        counts=Counts(
            row.get(SweepColumn.TOTAL_RECORDS) or 0,
            row.get(SweepColumn.RECORDS_SUCCEEDED_COUNT) or 0,
            row.get(SweepColumn.RECORDS_FAILED_COUNT) or 0,
        ),
        message=row.get(SweepColumn.MESSAGE) or "",
        is_undone=bool(row.get(SweepColumn.UNDONE)),
        undone=row.get(SweepColumn.UNDONE_COUNT) or 0,
    )


def swept_from_row(row: Row) -> Swept:
    """A record that a sweep gave, as the run log says."""
    queue = row.get(RoutingRunColumn.ASSIGNED_QUEUE.value)
    owner = Owner(QUEUE.logical_name, str(queue).lower()) if queue else assigned_to(row)
    return Swept(
        run_id=row[ROUTING_RUN.primary_id],
        key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
        record_name=row.get(RoutingRunColumn.NAME) or row[RoutingRunColumn.RECORD_ID],
        owner=owner,
        previous_owner=previous_owner(row),
        previous_segment_id=row.get(RoutingRunColumn.PREVIOUS_SEGMENT.value),
        written_by=row[Common.CREATED_BY.value],
        written_at=moment(row[Common.CREATED_ON]),
    )
