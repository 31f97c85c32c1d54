"""Sweeps in Dataverse: their rows, the records they take up, and what they gave to whom."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from work_assignment.dataverse import messages, sweep_rows
from work_assignment.dataverse.batches import Batch
from work_assignment.dataverse.choices import AssignmentResult, RunMode, State
from work_assignment.dataverse.choices import SweepStatus as StoredStatus
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import RowNotFound
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import Request, Response, Row
from work_assignment.dataverse.names import (
    QUEUE_ITEM,
    ROUTING_RUN,
    SWEEP,
    SYSTEM_USER,
    TEAM,
    Common,
    QueueItemColumn,
    RoutedColumn,
    RoutingRunColumn,
    SweepColumn,
    SystemUserColumn,
    TableName,
)
from work_assignment.dataverse.queries import (
    Filter,
    Guid,
    Query,
    after,
    and_,
    desc,
    eq,
    ge,
    in_,
    in_chunks,
    is_null,
    or_,
)
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Owner, RecordKey
from work_assignment.domain.runs.sweeps import Given, Place, QueueItem, Scope, Sweep
from work_assignment.domain.statuses import RoutingStatus

_OPEN = eq(Common.STATE, State.ACTIVE)
Item = TypeVar("Item")


class SweepStore:
    """Reads and writes sweeps; `schemas` are those of the record types, as read with definitions."""

    def __init__(
        self, client: DataverseClient, schemas: Callable[[], Mapping[str, TableSchema]]
    ) -> None:
        self._client = client
        self._schemas = schemas

    def save(self, sweep: Sweep) -> None:
        """Write a sweep's whole row."""
        request = messages.upsert(SWEEP.entity_set, sweep.id, sweep_rows.row_from_sweep(sweep))
        with away_means_unavailable():
            self._client.send(request)

    def read(self, sweep_id: str) -> Sweep | None:
        """One sweep."""
        with away_means_unavailable():
            try:
                row = self._client.send(messages.retrieve(SWEEP.entity_set, sweep_id)).json
            except RowNotFound:
                return None
        return sweep_rows.sweep_from_row(row)

    def newest(self, limit: int) -> list[Sweep]:
        """The sweeps that began last, newest first."""
        order = (desc(SweepColumn.START_TIME), desc(Common.CREATED_ON))
        return self._sweeps(Query(SWEEP.entity_set, orderby=order, top=limit))

    def in_progress(self) -> list[Sweep]:
        """The sweeps that began and of which no end is written."""
        is_going_on = eq(SweepColumn.STATUS, StoredStatus.IN_PROGRESS)
        return self._sweeps(Query(SWEEP.entity_set, filter=is_going_on))

    def _sweeps(self, query: Query) -> list[Sweep]:
        with away_means_unavailable():
            return [sweep_rows.sweep_from_row(row) for row in self._client.rows(query)]

    def waiting(
        self, scope: Scope, after: Mapping[str, Place], limit: int
    ) -> list[tuple[RecordKey, Place]]:
        """Open records without owner chosen, oldest first, behind a place in each record type.

        Every type has a place of its own, because ids of equal age are in Dataverse's order.
        """
        known = self._schemas()
        tables = [known[table] for table in scope.created_from if table in known]
        requests = [_waiting(table, scope, after.get(table.table), limit) for table in tables]
        with away_means_unavailable():
            answers = self._client.send_batch(Batch(requests))
        found = [
            _places(table, _rows(answer, request))
            for table, request, answer in zip(tables, requests, answers, strict=True)
        ]
        merged = heapq.merge(*found, key=lambda entry: entry[1].created_at)
        return [entry for entry, _ in zip(merged, range(limit), strict=False)]

    def given(self, sweep_id: str) -> Given:
        """What a sweep gave, and what of it was taken back."""
        query = Query(
            ROUTING_RUN.entity_set,
            select=sweep_rows.GIVEN_COLUMNS,
            filter=and_(
                eq(RoutingRunColumn.SWEEP.value, Guid(sweep_id)),
                eq(RoutingRunColumn.MODE, RunMode.ON.value),
                in_(
                    RoutingRunColumn.ROUTING_STATUS, [RoutingStatus.ASSIGNED, RoutingStatus.UNDONE]
                ),
            ),
            orderby=(RoutingRunColumn.DECIDED_ON, ROUTING_RUN.primary_id),
        )
        with away_means_unavailable():
            rows = list(self._client.rows(query))
        assigned, undone = (
            [row for row in rows if row[RoutingRunColumn.ROUTING_STATUS] == status]
            for status in (RoutingStatus.ASSIGNED, RoutingStatus.UNDONE)
        )
        return Given(
            tuple(sweep_rows.swept_from_row(row) for row in assigned),
            frozenset(row[ROUTING_RUN.primary_id] for row in undone),
        )

    def unable(self, owners: Collection[Owner]) -> Mapping[Owner, str]:
        """Those of these users and teams who cannot own records, and why."""
        with away_means_unavailable():
            users = self._by_id(SYSTEM_USER, owners, SystemUserColumn.IS_DISABLED)
            teams = self._by_id(TEAM, owners, TEAM.primary_id)
        known = {SYSTEM_USER.logical_name: users, TEAM.logical_name: teams}
        found: dict[Owner, str] = {}
        for owner in owners:
            row = known.get(owner.type, {}).get(owner.id)
            if row is None:
                found[owner] = "does not exist any more"
            elif row.get(SystemUserColumn.IS_DISABLED):
                found[owner] = "is disabled"
        return found

    def _by_id(self, table: TableName, owners: Collection[Owner], column: str) -> dict[str, Row]:
        ids = [Guid(owner.id) for owner in owners if owner.type == table.logical_name]
        select = (table.primary_id, column)
        rows = self._chunked(table.entity_set, select, in_chunks(table.primary_id, ids))
        return {row[table.primary_id]: row for row in rows}

    def queue_items(self, records: Collection[RecordKey]) -> Mapping[RecordKey, QueueItem]:
        """Where these records lie in queues now."""
        by_id = {key.id: key for key in records}
        select = (
            QueueItemColumn.OBJECT.value,
            QueueItemColumn.QUEUE.value,
            QueueItemColumn.WORKER.value,
        )
        ids = [Guid(record_id) for record_id in by_id]
        filters = (and_(_OPEN, c) for c in in_chunks(QueueItemColumn.OBJECT.value, ids))
        with away_means_unavailable():
            rows = list(self._chunked(QUEUE_ITEM.entity_set, select, filters))
        return {
            by_id[row[QueueItemColumn.OBJECT.value]]: QueueItem(
                id=row[QUEUE_ITEM.primary_id],
                queue_id=row[QueueItemColumn.QUEUE.value],
                is_picked=row.get(QueueItemColumn.WORKER.value) is not None,
            )
            for row in rows
        }

    def _chunked(
        self, entity_set: str, select: Sequence[str], filters: Iterator[Filter]
    ) -> Iterator[Row]:
        for filter_ in filters:
            yield from self._client.rows(Query(entity_set, tuple(select), filter_))


def _waiting(schema: TableSchema, scope: Scope, place: Place | None, limit: int) -> Request:
    """The next open records without outcome, or with one that found nobody."""
    result = RoutedColumn.ASSIGNMENT_RESULT
    parts: list[Filter] = [
        _OPEN,
        or_(is_null(result), eq(result, AssignmentResult.FAILED)),
        ge(Common.CREATED_ON, scope.created_from[schema.table]),
    ]
    if scope.segment is not None:
        segment_id = scope.segment.id
        wanted = None if segment_id is None else Guid(segment_id)
        parts.append(eq(RoutedColumn.SEGMENT.value, wanted))
    if place is not None:
        parts.append(after(place.created_at, Guid(place.id), id_column=schema.primary_id))
    return messages.get(
        Query(
            schema.entity_set,
            select=(Common.CREATED_ON, schema.primary_id),
            filter=and_(*parts),
            orderby=(Common.CREATED_ON, schema.primary_id),
            top=limit,
        )
    )


def _places(schema: TableSchema, rows: Sequence[Row]) -> list[tuple[RecordKey, Place]]:
    return [
        (
            RecordKey(schema.table, row[schema.primary_id]),
            Place(moment(row[Common.CREATED_ON]), row[schema.primary_id]),
        )
        for row in rows
    ]


def _rows(answer: object, request: Request) -> list[Row]:
    if not isinstance(answer, Response):
        raise TypeError(f"a read was answered by {type(answer).__name__}")
    return answer.raise_for_error(request.what).rows
