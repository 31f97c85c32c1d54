"""Sweeps in Dataverse: their rows, how many records they find, and what they gave to whom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from work_assignment.dataverse import fetch, messages, sweep_rows
from work_assignment.dataverse.choices import AssignmentResult, RunMode, State
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.errors import AggregateTooLarge, PreconditionFailed, RowNotFound
from work_assignment.dataverse.messages import FORMATTED_VALUE, Prefer, Request, Row
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
    in_chunks,
    ne,
    or_,
)
from work_assignment.dataverse.questions import Questions
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import Owner, RecordKey, SegmentId
from work_assignment.domain.runs.sweeps import (
    Place,
    QueueItem,
    Scope,
    Sweep,
    SweepKind,
    SweepOutcome,
    Swept,
)
from work_assignment.domain.statuses import RoutingStatus

_log = logging.getLogger(__name__)

_OPEN = eq(Common.STATE, State.ACTIVE)
_NAMES = Prefer(annotations=(FORMATTED_VALUE,))
_PLACED = (RoutingStatus.ASSIGNED.value, RoutingStatus.ASSIGNED_BY_HAND.value)


class SweepStore:
    """Reads and writes sweeps; `schemas` are those of the record types, as read with definitions."""

    def __init__(
        self, client: DataverseClient, schemas: Callable[[], Mapping[str, TableSchema]]
    ) -> None:
        self._client = client
        self._schemas = schemas
        self._said: set[tuple[str, str]] = set()

    def save(self, sweep: Sweep) -> Sweep | None:
        """Write a sweep's whole row; what it is then, or None when it is not as it was read."""
        row = sweep_rows.row_from_sweep(sweep)
        with away_means_unavailable():
            try:
                answer = self._client.send(_write(sweep, row)).json
            except (PreconditionFailed, RowNotFound):
                return None
        return replace(sweep, version=answer["@odata.etag"], idle=timedelta(0))

    def read(self, sweep_id: str) -> Sweep | None:
        """One sweep."""
        with away_means_unavailable():
            try:
                row = self._client.send(messages.retrieve(SWEEP.entity_set, sweep_id)).json
            except RowNotFound:
                return None
        return sweep_rows.sweep_from_row(row, at=self._client.server_time())

    def newest(self, limit: int) -> list[Sweep]:
        """The sweeps that were asked for last, newest first: those that wait have not begun."""
        order = (desc(Common.CREATED_ON), desc(SweepColumn.START_TIME))
        return self._sweeps(Query(SWEEP.entity_set, orderby=order, top=limit))

    def going_on(self) -> list[Sweep]:
        """The sweeps that wait for their turn or are in progress, oldest first.

        Left out are those whose status is not ours: nobody knows what is meant to become of them.
        """
        order = (Common.CREATED_ON, SWEEP.primary_id)
        found = self._sweeps(Query(SWEEP.entity_set, filter=_OPEN, orderby=order))
        return [sweep for sweep in found if sweep.is_going_on]

    def _sweeps(self, query: Query) -> list[Sweep]:
        with away_means_unavailable():
            rows = list(self._client.rows(query))
        at = self._client.server_time()
        sweeps = [sweep_rows.sweep_from_row(row, at=at) for row in rows]
        for sweep in sweeps:
            self._say_fault(sweep)
        return sweeps

    def _say_fault(self, sweep: Sweep) -> None:
        """Say what cannot be read, once for each fault: rows are looked at every minute."""
        said = (sweep.id, sweep.fault)
        if sweep.fault and said not in self._said:
            self._said.add(said)
            _log.error("sweep %s (%s): %s", sweep.id, sweep.name, sweep.fault)

    def count(self, scope: Scope) -> int | None:
        """How many records a sweep of this finds; None for more than Dataverse counts at once."""
        if scope.named:
            return len(scope.named)
        known = self._schemas()
        tables = [known[table] for table in scope.created_from if table in known]
        questions = Questions()
        asked = [
            questions.ask(messages.fetch(table.entity_set, fetch.render(_counting(table, scope))))
            for table in tables
        ]
        with away_means_unavailable():
            answers = questions.send(self._client)
            try:
                return sum(int(row["records"]) for place in asked for row in answers.rows(place))
            except AggregateTooLarge:
                return None

    def placed(self, sweep_id: str, since: datetime | None) -> Mapping[RoutingStatus, int] | None:
        """How many records got their owner, or kept the one they had, by this sweep since then.

        None for more than Dataverse counts at once.
        """
        question = fetch.render(_counting_placed(sweep_id, since))
        with away_means_unavailable():
            try:
                rows = self._client.send(messages.fetch(ROUTING_RUN.entity_set, question)).rows
            except AggregateTooLarge:
                return None
        return {RoutingStatus(row["status"]): int(row["records"]) for row in rows}

    def given(self, sweep: Sweep, behind: Place | None, limit: int) -> list[Swept]:
        """The next of what a sweep gave or changed, oldest first, behind a place."""
        query = Query(
            ROUTING_RUN.entity_set,
            select=sweep_rows.GIVEN_COLUMNS,
            filter=and_(
                eq(RoutingRunColumn.SWEEP.value, Guid(sweep.id)),
                eq(RoutingRunColumn.MODE, RunMode.ON.value),
                _written_by(sweep.kind),
                *([_behind(behind)] if behind else []),
            ),
            orderby=(Common.CREATED_ON, ROUTING_RUN.primary_id),
            top=limit,
        )
        with away_means_unavailable():
            rows = self._client.send(messages.get(query)).rows
        return [sweep_rows.swept_from_row(row) for row in rows]

    def outcomes(self, sweep_id: str, since: datetime | None = None) -> list[SweepOutcome]:
        """What a sweep wrote about records since then, oldest first, with names for people."""
        query = Query(
            ROUTING_RUN.entity_set,
            select=sweep_rows.OUTCOME_COLUMNS,
            filter=and_(
                eq(RoutingRunColumn.SWEEP.value, Guid(sweep_id)),
                *([ge(RoutingRunColumn.LAST_ATTEMPT_ON, since)] if since else []),
            ),
            orderby=(Common.CREATED_ON, ROUTING_RUN.primary_id),
        )
        with away_means_unavailable():
            rows = list(self._client.rows(query, prefer=_NAMES))
        return [sweep_rows.outcome_from_row(row) for row in rows]

    def names_of(self, owners: Collection[Owner]) -> Mapping[str, str]:
        """What those of these users and teams who are there are called, by id."""
        with away_means_unavailable():
            users = self._by_id(SYSTEM_USER, owners, SystemUserColumn.FULL_NAME)
            teams = self._by_id(TEAM, owners, "name")
        names = {id_: row.get(SystemUserColumn.FULL_NAME) for id_, row in users.items()}
        names |= {id_: row.get("name") for id_, row in teams.items()}
        return {id_: str(name) for id_, name in names.items() if name}

    def runs_there(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of these run rows that are there."""
        select = (ROUTING_RUN.primary_id,)
        questions = Questions()
        asked = [
            questions.ask(messages.get(Query(ROUTING_RUN.entity_set, select, filter=chunk)))
            for chunk in in_chunks(ROUTING_RUN.primary_id, [Guid(run_id) for run_id in run_ids])
        ]
        with away_means_unavailable():
            answers = questions.send(self._client)
            found = [row for place in asked for row in answers.rows(place)]
        return frozenset(row[ROUTING_RUN.primary_id] for row in found)

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


def _write(sweep: Sweep, row: dict[str, Any]) -> Request:
    """A row that is not there yet, or one as it was last read."""
    returning = (SWEEP.primary_id,)
    if not sweep.version:
        return messages.create(SWEEP.entity_set, row, row_id=sweep.id, returning=returning)
    return messages.update(
        SWEEP.entity_set, sweep.id, row, version=sweep.version, returning=returning
    )


def _behind(place: Place) -> Filter:
    return after(place.created_at, Guid(place.id), id_column=ROUTING_RUN.primary_id)


def _written_by(kind: SweepKind) -> Filter:
    """The rows of what a sweep has changed so that it can be undone.

    One that decides what waits gave records to somebody. The others changed records that had an
    outcome; a row that was counted up was written by somebody else, and changed nothing.
    """
    placed = eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.ASSIGNED)
    if kind is SweepKind.REASSIGNMENT:
        return placed
    changed = and_(ne(RoutingRunColumn.PREVIOUS_RESULT, None), eq(RoutingRunColumn.ATTEMPTS, 1))
    return or_(placed, changed)


def _counting(schema: TableSchema, scope: Scope) -> fetch.Fetch:
    """The open records that it takes up, as a number: of most sweeps those that have no owner yet."""
    result = RoutedColumn.ASSIGNMENT_RESULT
    is_of_all = scope.kind is not SweepKind.REASSIGNMENT
    parts: list[fetch.Condition | fetch.Group | fetch.Link] = [
        fetch.Condition(Common.STATE, "eq", (State.ACTIVE.value,)),
        fetch.Condition(Common.CREATED_ON, "ge", (scope.created_from[schema.table],)),
    ]
    if not is_of_all:
        waits = fetch.Condition(result, "eq", (AssignmentResult.FAILED.value,))
        parts.append(fetch.any_of(fetch.Condition(result, "null"), waits))
    if scope.segment is not None:
        parts.append(_of_segment(scope.segment.id, with_new=not is_of_all))
    total = fetch.Attribute(schema.primary_id, alias="records", aggregate="count")
    return fetch.Fetch(schema.table, attributes=(total,), filter=fetch.all_of(*parts))


def _counting_placed(sweep_id: str, since: datetime | None) -> fetch.Fetch:
    status = RoutingRunColumn.ROUTING_STATUS
    parts = [
        fetch.Condition(RoutingRunColumn.SWEEP.column, "eq", (Guid(sweep_id),)),
        fetch.Condition(RoutingRunColumn.MODE, "eq", (RunMode.ON.value,)),
        fetch.Condition(status, "in", _PLACED),
    ]
    if since is not None:
        parts.append(fetch.Condition(RoutingRunColumn.DECIDED_ON, "ge", (since,)))
    return fetch.count_by(
        ROUTING_RUN.logical_name,
        status,
        counted=ROUTING_RUN.primary_id,
        filter_=fetch.all_of(*parts),
        group_alias="status",
        count_alias="records",
    )


def _of_segment(segment_id: SegmentId | None, *, with_new: bool) -> fetch.Condition | fetch.Group:
    """Those in a segment, and those in none, which may fall into it."""
    column = RoutedColumn.SEGMENT.column
    new = fetch.Condition(column, "null")
    if segment_id is None:
        return new
    own = fetch.Condition(column, "eq", (Guid(segment_id),))
    return fetch.any_of(new, own) if with_new else own
