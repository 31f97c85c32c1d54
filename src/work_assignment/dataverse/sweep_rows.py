"""Rows of sweeps, and of what they gave, to domain objects and back; pure."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from work_assignment.dataverse.choices import AssignmentResult, State
from work_assignment.dataverse.choices import SweepStatus as StoredStatus
from work_assignment.dataverse.mapping import assigned_to, moment, previous_owner
from work_assignment.dataverse.messages import FORMATTED_VALUE, Row, bind
from work_assignment.dataverse.names import (
    QUEUE,
    ROUTING_RUN,
    SEGMENT,
    SWEEP,
    Common,
    LookupName,
    RoutingRunColumn,
    SweepColumn,
)
from work_assignment.domain.defining.stored_json import read_json
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.sweeps import (
    Counts,
    Cursor,
    Place,
    Sweep,
    SweepKind,
    SweepOutcome,
    SweepStatus,
    Swept,
    Trigger,
)
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus

_STATUSES = {
    SweepStatus.QUEUED: StoredStatus.QUEUED,
    SweepStatus.IN_PROGRESS: StoredStatus.IN_PROGRESS,
    SweepStatus.SUCCEEDED: StoredStatus.SUCCEEDED,
    SweepStatus.FAILED: StoredStatus.FAILED,
    SweepStatus.SKIPPED: StoredStatus.SKIPPED,
}
_READ_STATUSES = {stored: status for status, stored in _STATUSES.items()}
_NO_LIST = 'it is no JSON list of ids, such as ["5c6e..."]'
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
    RoutingRunColumn.PREVIOUS_RESULT,
    Common.CREATED_BY.value,
    Common.CREATED_ON,
)
OUTCOME_COLUMNS = (
    RoutingRunColumn.RECORD_TYPE,
    RoutingRunColumn.RECORD_ID,
    RoutingRunColumn.NAME,
    RoutingRunColumn.SEGMENTATION_STATUS,
    RoutingRunColumn.ROUTING_STATUS,
    RoutingRunColumn.REASON,
    RoutingRunColumn.BLOCK,
    RoutingRunColumn.SEGMENT.value,
    RoutingRunColumn.PREVIOUS_SEGMENT.value,
    RoutingRunColumn.ASSIGNED_SELLER.value,
    RoutingRunColumn.ASSIGNED_TEAM.value,
    RoutingRunColumn.ASSIGNED_QUEUE.value,
    RoutingRunColumn.PREVIOUS_OWNER,
    RoutingRunColumn.PREVIOUS_OWNER_TYPE,
)
_NAMED = (
    RoutingRunColumn.SEGMENT,
    RoutingRunColumn.PREVIOUS_SEGMENT,
    RoutingRunColumn.ASSIGNED_SELLER,
    RoutingRunColumn.ASSIGNED_TEAM,
    RoutingRunColumn.ASSIGNED_QUEUE,
)


def row_from_sweep(sweep: Sweep) -> dict[str, Any]:
    """A sweep's whole row; one that is queued has not begun, and a status not ours stays."""
    row: dict[str, Any] = {
        SweepColumn.NAME: sweep.name,
        SweepColumn.RECORD_TYPE: sweep.record_type,
        SweepColumn.TRIGGER_TYPE: sweep.trigger.value,
        SweepColumn.SINCE: sweep.since,
        SweepColumn.END_TIME: sweep.ended_at,
        SweepColumn.TOTAL_RECORDS: sweep.counts.total,
        SweepColumn.RECORDS_SUCCEEDED_COUNT: sweep.counts.succeeded,
        SweepColumn.RECORDS_FAILED_COUNT: sweep.counts.failed,
        SweepColumn.UNDONE: sweep.is_undone,
        SweepColumn.UNDONE_COUNT: sweep.undone,
        SweepColumn.MESSAGE: sweep.message or None,
        SweepColumn.CURSOR: _cursor_text(sweep.cursor),
    }
    if sweep.status is not SweepStatus.UNREADABLE:
        state = State.ACTIVE if sweep.is_going_on else State.INACTIVE
        row |= {SweepColumn.STATUS: _STATUSES[sweep.status].value, Common.STATE: state.value}
    if sweep.status is not SweepStatus.QUEUED or sweep.cursor.is_attended:
        row[SweepColumn.START_TIME] = sweep.started_at
    if not sweep.version:  # these stay as they are, and may be long
        row[SweepColumn.INSTANCE_TYPE] = sweep.kind.value
        if sweep.record_ids is not None:
            row[SweepColumn.RECORD_IDS] = json.dumps(sweep.record_ids, separators=(",", ":"))
    if sweep.due_at is not None:
        row[SweepColumn.DUE_TIME] = sweep.due_at
    if sweep.segment_id is not None:
        row |= bind(SweepColumn.SEGMENT.navigation, SEGMENT.entity_set, sweep.segment_id)
    return row


def sweep_from_row(row: Row, *, at: datetime | None = None) -> Sweep:
    """A sweep as its row says; a person may have made one with little on it.

    `at` is the present by Dataverse's clock. What cannot be understood is the sweep's fault.
    """
    since, ended = row.get(SweepColumn.SINCE), row.get(SweepColumn.END_TIME)
    due = row.get(SweepColumn.DUE_TIME)
    status, status_fault = _status(row)
    trigger, trigger_fault = _trigger(row)
    kind, kind_fault = _kind(row)
    record_ids, ids_fault = _record_ids(row.get(SweepColumn.RECORD_IDS))
    cursor, cursor_fault = _cursor(row.get(SweepColumn.CURSOR))
    return Sweep(
        id=row[SWEEP.primary_id],
        name=row.get(SweepColumn.NAME) or "",
        status=status,
        started_at=moment(row.get(SweepColumn.START_TIME) or row[Common.CREATED_ON]),
        trigger=trigger,
        segment_id=row.get(SweepColumn.SEGMENT.value),
        record_type=row.get(SweepColumn.RECORD_TYPE),
        since=date.fromisoformat(since) if since else None,
        ended_at=moment(ended) if ended else None,
        due_at=moment(due) if due else None,
        counts=Counts(
            row.get(SweepColumn.TOTAL_RECORDS) or 0,
            row.get(SweepColumn.RECORDS_SUCCEEDED_COUNT) or 0,
            row.get(SweepColumn.RECORDS_FAILED_COUNT) or 0,
        ),
        message=row.get(SweepColumn.MESSAGE) or "",
        is_undone=bool(row.get(SweepColumn.UNDONE)),
        undone=row.get(SweepColumn.UNDONE_COUNT) or 0,
        cursor=cursor,
        version=row["@odata.etag"],
        idle=at - moment(row[Common.MODIFIED_ON]) if at else timedelta(0),
        fault="; ".join(
            filter(None, (status_fault, trigger_fault, kind_fault, ids_fault, cursor_fault))
        ),
        kind=kind,
        record_ids=record_ids,
        asked_at=moment(row[Common.CREATED_ON]) if row.get(Common.CREATED_ON) else None,
        asked_by=row.get(Common.CREATED_BY.value),
    )


def _trigger(row: Row) -> tuple[Trigger, str]:
    """What started it, and what is wrong with a value that is not ours."""
    value = row.get(SweepColumn.TRIGGER_TYPE) or 0
    if value in set(Trigger):
        return Trigger(value), ""
    return Trigger.MANUAL, _fault(SweepColumn.TRIGGER_TYPE, f"{value!r} is no trigger of a sweep")


def _kind(row: Row) -> tuple[SweepKind, str]:
    """What it does with its records, and what is wrong with a value that is not ours."""
    value = row.get(SweepColumn.INSTANCE_TYPE) or 0
    if value in set(SweepKind):
        return SweepKind(value), ""
    fault = _fault(SweepColumn.INSTANCE_TYPE, f"{value!r} is no kind of a sweep")
    return SweepKind.REASSIGNMENT, fault


def _record_ids(text: str | None) -> tuple[tuple[str, ...] | None, str]:
    """The ids of single records, each once, and what is wrong with a list that cannot be read."""
    if not text or not text.strip():
        return None, ""
    try:
        said = read_json(text, SweepColumn.RECORD_IDS)
        if not isinstance(said, list):
            return (), _fault(SweepColumn.RECORD_IDS, _NO_LIST)
        return tuple(dict.fromkeys(map(_id, said))), ""
    except DefinitionError:
        return (), _fault(SweepColumn.RECORD_IDS, _NO_LIST)
    except ValueError as exc:
        return (), _fault(SweepColumn.RECORD_IDS, exc)


def _id(value: object) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise ValueError(f"{value!r} is not the id of a record") from None


def _fault(column: str, why: object) -> str:
    return f"{column} cannot be read: {why}"


def _status(row: Row) -> tuple[SweepStatus, str]:
    """How far it has come. What a form creates is "in progress" by default, and waits to begin."""
    status = row[SweepColumn.STATUS]
    if status not in set(StoredStatus):
        fault = _fault(SweepColumn.STATUS, f"{status!r} is no status of a sweep")
        return SweepStatus.UNREADABLE, fault
    read = _READ_STATUSES[StoredStatus(status)]
    has_begun = row.get(SweepColumn.START_TIME) is not None
    if read is SweepStatus.IN_PROGRESS and not has_begun:
        read = SweepStatus.QUEUED
    return read, ""


def _cursor_text(cursor: Cursor) -> str | None:
    """The cursor as JSON, without what says nothing."""
    after = {
        table: [place.created_at.isoformat(), place.id] for table, place in cursor.after.items()
    }
    said = {
        "after": after,
        "since": cursor.since.isoformat() if cursor.since else None,
        "worker": cursor.worker,
        "attended": cursor.is_attended,
        "limit": cursor.limit,
        "default_segment": cursor.is_default,
        "assigned": cursor.assigned,
        "by_hand": cursor.by_hand,
        "left": cursor.left,
        "requests": cursor.requests,
        "unassigned": dict(cursor.unassigned),
        "waits": dict(cursor.waits),
        "reserved_until": cursor.reserved_until.isoformat() if cursor.reserved_until else None,
        "asked_with": cursor.asked_with,
        "unchanged": cursor.unchanged,
        "passed_by": dict(cursor.passed_by),
        "named": cursor.named,
        "blocks": list(cursor.blocks),
    }
    told = {name: value for name, value in said.items() if value}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else None


def _cursor(text: str | None) -> tuple[Cursor, str]:
    """The cursor, and what is wrong with one that cannot be read."""
    if not text:
        return Cursor(), ""
    try:
        said = read_json(text, SweepColumn.CURSOR)
        places = said.get("after", {}).items()
        since, reserved_until = said.get("since"), said.get("reserved_until")
        return Cursor(
            after={
                str(table): Place(moment(created), str(id_)) for table, (created, id_) in places
            },
            since=moment(since) if since else None,
            worker=str(said.get("worker", "")),
            is_attended=bool(said.get("attended", False)),
            limit=_count(said, "limit") or None,
            is_default=bool(said.get("default_segment", False)),
            assigned=_count(said, "assigned"),
            by_hand=_count(said, "by_hand"),
            left=_count(said, "left"),
            requests=_count(said, "requests"),
            unassigned={str(why): int(count) for why, count in said.get("unassigned", {}).items()},
            waits={str(why): int(count) for why, count in said.get("waits", {}).items()},
            reserved_until=moment(reserved_until) if reserved_until else None,
            asked_with=str(said.get("asked_with", "")),
            unchanged=_count(said, "unchanged"),
            passed_by={str(why): int(count) for why, count in said.get("passed_by", {}).items()},
            named=_count(said, "named"),
            blocks=tuple(map(str, said.get("blocks", ()))),
        ), ""
    except DefinitionError as exc:
        return Cursor(), _fault(SweepColumn.CURSOR, exc.problem)
    except (AttributeError, TypeError, ValueError) as exc:
        return Cursor(), _fault(SweepColumn.CURSOR, exc)


def _count(said: Row, name: str) -> int:
    value = said.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is {value!r}, which is no count")
    return value


def swept_from_row(row: Row) -> Swept:
    """A record that a sweep gave or changed, as the run log says."""
    return Swept(
        run_id=row[ROUTING_RUN.primary_id],
        key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
        record_name=row.get(RoutingRunColumn.NAME) or row[RoutingRunColumn.RECORD_ID],
        owner=_owner(row),
        previous_owner=previous_owner(row),
        previous_segment_id=row.get(RoutingRunColumn.PREVIOUS_SEGMENT.value),
        written_by=row[Common.CREATED_BY.value],
        written_at=moment(row[Common.CREATED_ON]),
        is_placed=row[RoutingRunColumn.ROUTING_STATUS] == RoutingStatus.ASSIGNED,
        was_settled=row.get(RoutingRunColumn.PREVIOUS_RESULT) == AssignmentResult.SUCCEEDED,
    )


def _owner(row: Row) -> Owner | None:
    queue = row.get(RoutingRunColumn.ASSIGNED_QUEUE.value)
    return Owner(QUEUE.logical_name, str(queue).lower()) if queue else assigned_to(row)


def outcome_from_row(row: Row) -> SweepOutcome:
    """What a sweep wrote about a record, with the names that came with it."""
    return SweepOutcome(
        run_id=row[ROUTING_RUN.primary_id],
        key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
        record_name=row.get(RoutingRunColumn.NAME) or row[RoutingRunColumn.RECORD_ID],
        segmentation=SegmentationStatus(row[RoutingRunColumn.SEGMENTATION_STATUS]),
        status=RoutingStatus(row[RoutingRunColumn.ROUTING_STATUS]),
        reason=row.get(RoutingRunColumn.REASON) or "",
        block=row.get(RoutingRunColumn.BLOCK) or "",
        segment_id=row.get(RoutingRunColumn.SEGMENT.value),
        previous_segment_id=row.get(RoutingRunColumn.PREVIOUS_SEGMENT.value),
        owner=_owner(row),
        previous_owner=previous_owner(row),
        names=dict(filter(None, (_named(row, lookup) for lookup in _NAMED))),
    )


def _named(row: Row, lookup: LookupName) -> tuple[str, str] | None:
    name, found = row.get(f"{lookup.value}@{FORMATTED_VALUE}"), row.get(lookup.value)
    return (str(found).lower(), str(name)) if name and found else None
