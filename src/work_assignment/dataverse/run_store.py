"""The run log read back, for people who ask why."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from work_assignment.dataverse import messages
from work_assignment.dataverse.choices import AssignmentResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import RowNotFound
from work_assignment.dataverse.mapping import assigned_to, moment, previous_owner
from work_assignment.dataverse.messages import FORMATTED_VALUE, Prefer, Row
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SYSTEM_USER,
    TEAM,
    Common,
    LookupName,
    RoutingRunColumn,
    SystemUserColumn,
)
from work_assignment.dataverse.queries import Guid, Query, and_, eq, in_chunks
from work_assignment.dataverse.schemas import read_definition
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.records import Owner
from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.stories import LoggedRun, RecordNow
from work_assignment.domain.statuses import RoutingStatus

_NAMES = Prefer(annotations=(FORMATTED_VALUE,))
_ASSIGNED_TO = (
    RoutingRunColumn.ASSIGNED_SELLER,
    RoutingRunColumn.ASSIGNED_TEAM,
    RoutingRunColumn.ASSIGNED_QUEUE,
)

_CALLED = {SYSTEM_USER: SystemUserColumn.FULL_NAME, TEAM: Common.NAME}


class RunStore:
    """Reads what happened to records."""

    def __init__(self, client: DataverseClient) -> None:
        self._client = client

    def record(self, table: str, record_id: str) -> RecordNow | None:
        """The record as it stands, or None when there is none."""
        with away_means_unavailable():
            names = read_definition(self._client, table)
            select = [Common.OWNER.value, Common.STATE]
            if names.primary_name:
                select.append(names.primary_name)
            request = messages.retrieve(names.entity_set, record_id, select, prefer=_NAMES)
            try:
                row = self._client.send(request).json
            except RowNotFound:
                return None
        return RecordNow(
            name=str(row.get(names.primary_name or "") or record_id),
            owner=_name(row, Common.OWNER) or "nobody",
            is_open=row[Common.STATE] == 0,
        )

    def runs(self, table: str, record_id: str) -> list[LoggedRun]:
        """Every row of the run log about a record, oldest first."""
        query = Query(
            ROUTING_RUN.entity_set,
            filter=and_(
                eq(RoutingRunColumn.RECORD_TYPE, table), eq(RoutingRunColumn.RECORD_ID, record_id)
            ),
            orderby=(Common.CREATED_ON, RoutingRunColumn.DECIDED_ON),
        )
        with away_means_unavailable():
            rows = list(self._client.rows(query, prefer=_NAMES))
            known = {owner: name for row in rows for owner, name in _owners_named(row)}
            before = {owner for row in rows if (owner := previous_owner(row)) is not None}
            known |= self._names_of(before - known.keys())
        return [_logged(row, known) for row in rows]

    def _names_of(self, owners: Collection[Owner]) -> dict[Owner, str]:
        """What those of these users and teams who are there are called."""
        found: dict[Owner, str] = {}
        for table, column in _CALLED.items():
            ids = [Guid(owner.id) for owner in owners if owner.type == table.logical_name]
            select = (table.primary_id, column)
            for chunk in in_chunks(table.primary_id, ids):
                for row in self._client.rows(Query(table.entity_set, select, filter=chunk)):
                    if row.get(column):
                        owner = Owner(table.logical_name, row[table.primary_id].lower())
                        found[owner] = str(row[column])
        return found


def _owners_named(row: Row) -> Iterator[tuple[Owner, str]]:
    """Whom a row gave its record to, with the name that came with it."""
    owner = assigned_to(row)
    name = next((name for lookup in _ASSIGNED_TO if (name := _name(row, lookup))), None)
    if owner is not None and name is not None:
        yield owner, name


def _logged(row: Row, known: Mapping[Owner, str]) -> LoggedRun:
    decided_at = moment(row[RoutingRunColumn.DECIDED_ON])
    last = row.get(RoutingRunColumn.LAST_ATTEMPT_ON)
    due = row.get(RoutingRunColumn.DUE_ON)
    before = previous_owner(row)
    return LoggedRun(
        decided_at=decided_at,
        last_attempt_at=moment(last) if last else decided_at,
        attempts=row.get(RoutingRunColumn.ATTEMPTS) or 1,
        mode=row.get(RoutingRunColumn.MODE) or "on",
        status=RoutingStatus(row[RoutingRunColumn.ROUTING_STATUS]),
        reason=row.get(RoutingRunColumn.REASON) or "",
        segment=_name(row, RoutingRunColumn.SEGMENT),
        rule=_name(row, RoutingRunColumn.ASSIGNMENT_RULE),
        owner=next((name for lookup in _ASSIGNED_TO if (name := _name(row, lookup))), None),
        explanation=_explanation(row.get(RoutingRunColumn.EXPLANATION)),
        sweep=_name(row, RoutingRunColumn.SWEEP),
        due_at=moment(due) if due else None,
        previous_segment=_name(row, RoutingRunColumn.PREVIOUS_SEGMENT),
        previous_owner=None if before is None else known.get(before, before.id),
        was_settled=row.get(RoutingRunColumn.PREVIOUS_RESULT) == AssignmentResult.SUCCEEDED,
        changes_owner=assigned_to(row) not in (None, before),
        source=_source(row.get(RoutingRunColumn.REQUEST_SOURCE)),
    )


def _source(value: int | None) -> RequestSource | None:
    return RequestSource(value) if value in set(RequestSource) else None


def _name(row: Row, lookup: LookupName) -> str | None:
    """The name of the row that a lookup points at, or its id where it has none."""
    name = row.get(f"{lookup.value}@{FORMATTED_VALUE}") or row.get(lookup.value)
    return None if name is None else str(name)


def _explanation(text: str | None) -> dict[str, Any]:
    try:
        data = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        data = {"outcome": "the stored explanation cannot be read"}
    return data if isinstance(data, dict) else {}
