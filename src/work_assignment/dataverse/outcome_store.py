"""Outcomes written to Dataverse: reserve, commit one change set a record, settle, tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import ChangeSet
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import ROUTING_RUN, RoutingRunColumn
from work_assignment.dataverse.outcome_rows import (
    COMMITTED_COLUMNS,
    committed_from_row,
    notice_requests,
)
from work_assignment.dataverse.outcome_writer import OutcomeWriter
from work_assignment.dataverse.queries import Query, and_, eq, in_chunks, lt, ne, or_
from work_assignment.dataverse.reservations import Reservations, parts_of, send_hastily
from work_assignment.dataverse.unavailable import away_means_unavailable
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import SellerRow
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

_TOLD_AT_ONCE = 50
_UNTOLD_AT_ONCE = 50
_ASSIGNED_IS_DISABLED = f"{RoutingRunColumn.ASSIGNED_SELLER.navigation}/isdisabled"

_log = logging.getLogger(__name__)


class OutcomeStore:
    """Writes outcomes; `schemas` are those of the record types, as read with the definitions."""

    def __init__(
        self,
        client: DataverseClient,
        schemas: Callable[[], Mapping[str, TableSchema]],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._reservations = Reservations(client)
        self._writer = OutcomeWriter(client, schemas, clock)

    def close(self) -> None:
        """End the threads that write in parallel."""
        self._writer.close()

    def reserve(self, changes: Sequence[SellerChange]) -> list[SellerRow] | None:
        """Write all seller rows or none; the rows after it, or None when one had changed or is gone."""
        return self._reservations.reserve(changes)

    def commit_alone(self, changes: Sequence[SellerChange], outcome: Outcome) -> WriteResult:
        """Reserve and commit a block of one in a single change set."""
        return self._writer.commit_alone(changes, outcome)

    def commit(
        self,
        outcomes: Sequence[Outcome],
        *,
        until: datetime,
        progress: Callable[[int], object] = lambda count: None,
    ) -> list[WriteResult]:
        """Write outcomes, each by itself; the results are in the same order.

        Nothing is sent that might still be under way at `until`: what is left then is LATER.
        `progress` hears how many more have become final.
        """
        return self._writer.commit(outcomes, until=until, progress=progress)

    def settle(
        self,
        block: str,
        settlement: Settlement,
        notices: Sequence[Notice] = (),
        rows: Sequence[SellerRow] = (),
    ) -> None:
        """Give back what the block reserved, and tell the sellers, in one change set."""
        self._reservations.settle(block, settlement, notices, rows)

    def committed(self, blocks: Collection[str]) -> list[Committed]:
        """The assignments to sellers that these blocks committed."""
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
                found += map(committed_from_row, self._client.rows(query))
        return found

    def tell(self, notices: Sequence[Notice]) -> None:
        """Send notices and note on their runs that it is done."""
        for part in parts_of(notices, _TOLD_AT_ONCE):
            with away_means_unavailable():
                answers = send_hastily(
                    self._client, [ChangeSet(notice_requests(notice)) for notice in part]
                )
            for notice, answer in zip(part, answers, strict=True):
                error = answer.error(f"tell {notice.recipient}")
                if error is not None:
                    _log.error(
                        "%s could not be told '%s': %s", notice.recipient, notice.title, error
                    )

    def untold(self, *, before: datetime) -> list[Untold]:
        """Runs older than `before` whose worker did not get to telling."""
        is_undone = eq(RoutingRunColumn.ROUTING_STATUS, RoutingStatus.UNDONE)
        query = Query(
            ROUTING_RUN.entity_set,
            select=(
                RoutingRunColumn.ASSIGNED_SELLER.value,
                RoutingRunColumn.PREVIOUS_OWNER,
                RoutingRunColumn.ROUTING_STATUS,
                RoutingRunColumn.RECORD_TYPE,
                RoutingRunColumn.RECORD_ID,
                RoutingRunColumn.NAME,
                RoutingRunColumn.REASON,
            ),
            filter=and_(
                eq(RoutingRunColumn.TELL_PENDING, True),
                # Who is disabled cannot be told, and must not keep others waiting.
                or_(eq(_ASSIGNED_IS_DISABLED, False), is_undone),
                lt(RoutingRunColumn.DECIDED_ON, before),
            ),
            orderby=(RoutingRunColumn.DECIDED_ON,),
            top=_UNTOLD_AT_ONCE,
        )
        with away_means_unavailable():
            return list(_untold(self._client.send(messages.get(query)).rows))


def _untold(rows: Sequence[messages.Row]) -> Iterator[Untold]:
    for row in rows:
        is_lost = row[RoutingRunColumn.ROUTING_STATUS] == RoutingStatus.UNDONE
        recipient = row.get(
            RoutingRunColumn.PREVIOUS_OWNER if is_lost else RoutingRunColumn.ASSIGNED_SELLER.value
        )
        if recipient is not None:
            yield Untold(
                run_id=row[ROUTING_RUN.primary_id],
                recipient=SellerId(recipient),
                key=RecordKey(row[RoutingRunColumn.RECORD_TYPE], row[RoutingRunColumn.RECORD_ID]),
                record_name=row.get(RoutingRunColumn.NAME) or "",
                reason=row.get(RoutingRunColumn.REASON) or "",
                is_lost=is_lost,
            )
