"""Outcomes written to Dataverse: reserve, commit one change set a record, settle, tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import ROUTING_RUN, RoutingRunColumn
from work_assignment.dataverse.notices import Notices
from work_assignment.dataverse.other_notices import OtherNotices
from work_assignment.dataverse.outcome_rows import COMMITTED_COLUMNS, NAMES, committed_from_row
from work_assignment.dataverse.outcome_writer import OutcomeWriter
from work_assignment.dataverse.queries import Query, and_, eq, in_chunks, ne
from work_assignment.dataverse.reservations import Reservations, Waiting
from work_assignment.dataverse.settlements import Settlements
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.facts import SellerRow
from work_assignment.domain.runs.news import Change
from work_assignment.domain.runs.outcomes import (
    Committed,
    Notice,
    Outcome,
    SellerChange,
    Settlement,
    Untold,
    WriteResult,
)
from work_assignment.domain.statuses import RoutingStatus


class OutcomeStore:
    """The services' port `Outcomes`, which says what each method does.

    `schemas` are those of the record types, as read with the definitions.
    """

    def __init__(
        self,
        client: DataverseClient,
        schemas: Callable[[], Mapping[str, TableSchema]],
        clock: Callable[[], datetime],
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        waiting = Waiting(sleep, monotonic=monotonic)
        self._client = client
        self._reservations = Reservations(client, waiting)
        self._writer = OutcomeWriter(client, schemas, clock)
        self._settlements = Settlements(client, waiting)
        self._notices = Notices(client, monotonic)
        self._others = OtherNotices(client, clock)

    def close(self) -> None:
        """End the threads that write in parallel."""
        self._writer.close()

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        return self._reservations.reserve(changes)

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        return self._writer.commit_alone(changes, outcome)

    def commit(
        self,
        outcomes: Sequence[Outcome],
        *,
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
        landed: Callable[[Sequence[int]], object] = lambda places: None,
    ) -> list[WriteResult]:
        return self._writer.commit(outcomes, until=until, progress=progress, landed=landed)

    def settle(
        self,
        block: str,
        settlement: Settlement,
        notices: Sequence[Notice] = (),
        rows: Sequence[SellerRow] = (),
    ) -> None:
        self._settlements.settle(block, settlement, notices, rows)

    def committed(self, blocks: Collection[str]) -> list[Committed]:
        found: list[Committed] = []
        for chunk in in_chunks(RoutingRunColumn.BLOCK, sorted(blocks)):
            query = Query(
                ROUTING_RUN.entity_set,
                select=COMMITTED_COLUMNS,
                filter=and_(
                    chunk,
                    eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.ASSIGNED),
                    ne(RoutingRunColumn.ASSIGNED_SELLER.value, None),
                ),
            )
            with away_means_unavailable():
                found += map(committed_from_row, self._client.rows(query, prefer=NAMES))
        return found

    def tell(self, notices: Sequence[Notice]) -> None:
        self._notices.tell(notices)

    def untold(self, *, before: datetime, now: datetime) -> list[Untold]:
        return self._notices.untold(before=before, now=now)

    def note_told_outside(self, runs: Collection[str]) -> None:
        self._notices.note_told_outside(runs)

    def tell_others(
        self, notices: Sequence[Notice], others: Mapping[str, frozenset[SellerId]]
    ) -> None:
        self._others.tell(notices, others)

    def untold_changes(self, *, before: datetime, now: datetime) -> list[Change]:
        return self._others.untold(before=before, now=now)
