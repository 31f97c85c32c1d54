"""Checks from the rows alone that what a benchmark timed was also right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.routing.mock_process import MockProcess
from work_assignment.bootstrap import connect
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import (
    LEAD,
    ROUTING_RUN,
    SELLER,
    RoutedColumn,
    RoutingRunColumn,
    SellerColumn,
)
from work_assignment.dataverse.queries import Query, ne
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.settings import Credentials

OWNER = "_ownerid_value"
Row = Mapping[str, Any]


class WrongResult(AssertionError):
    """The work is done, and it is not right."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of leads: how many have an owner, and why the others have none."""

    assigned: int
    unassigned: Mapping[str, int]

    @property
    def records(self) -> int:
        return self.assigned + sum(self.unassigned.values())


def outcomes(mock: MockProcess, expected: int) -> Outcomes:
    """Check that so many leads have one outcome each and that nobody has too many; say which."""
    with connect(mock.url, Credentials()) as admin:
        decided = {row[LEAD.primary_id]: row for row in admin.rows(_DECIDED)}
        runs = _runs(admin)
        if len(decided) != expected:
            raise WrongResult(f"{len(decided)} leads have an outcome, {expected} should")
        _check_runs(decided, runs)
        _check_room(decided.values(), _rows(admin, SELLER.entity_set, *_OF_SELLERS))
    statuses = Counter(run[RoutingRunColumn.ROUTING_STATUS] for run in runs)
    assigned = statuses.pop(RoutingStatus.ASSIGNED, 0)
    reasons = {RoutingStatus(status).reason: count for status, count in statuses.most_common()}
    return Outcomes(assigned, reasons)


_DECIDED = Query(
    LEAD.entity_set,
    select=(OWNER,),
    filter=ne(RoutedColumn.ASSIGNMENT_RESULT, None),
)
_OF_SELLERS = (
    SellerColumn.SYSTEM_USER.value,
    SellerColumn.MAX_CAPACITY,
    SellerColumn.OPEN_COUNT,
    SellerColumn.RESERVATIONS,
)


def _runs(admin: DataverseClient) -> list[Row]:
    return _rows(
        admin,
        ROUTING_RUN.entity_set,
        RoutingRunColumn.RECORD_ID,
        RoutingRunColumn.ROUTING_STATUS,
        RoutingRunColumn.ASSIGNED_SELLER.value,
    )


def _rows(admin: DataverseClient, entity_set: str, *columns: str) -> list[Row]:
    return list(admin.rows(Query(entity_set, select=columns)))


def _check_runs(decided: Mapping[str, Row], runs: Iterable[Row]) -> None:
    """Each lead has one row of the run log, and the owner that it names."""
    logged = Counter(run[RoutingRunColumn.RECORD_ID] for run in runs)
    twice = [record for record, count in logged.items() if count > 1]
    if twice or logged.keys() != decided.keys():
        missing = len(decided.keys() - logged.keys())
        raise WrongResult(f"{missing} leads have no row in the run log, {len(twice)} have several")
    for run in runs:
        if run[RoutingRunColumn.ROUTING_STATUS] == RoutingStatus.ASSIGNED:
            lead_id = run[RoutingRunColumn.RECORD_ID]
            if decided[lead_id][OWNER] != run[RoutingRunColumn.ASSIGNED_SELLER.value]:
                raise WrongResult(f"lead {lead_id} is not owned by whom the run log names")


def _check_room(leads: Iterable[Row], sellers: Iterable[Row]) -> None:
    """Nobody is above capacity, and the sellers' own rows know how many each has.

    Before they were decided, all leads belonged to the web form.
    """
    owned = Counter(row[OWNER] for row in leads)
    for row in sellers:
        seller = row[SellerColumn.SYSTEM_USER.value]
        has, room = owned[seller], row[SellerColumn.MAX_CAPACITY]
        if has > room:
            raise WrongResult(f"seller {seller} has {has} leads and room for {room}")
        if row[SellerColumn.OPEN_COUNT] not in (None, has):
            raise WrongResult(f"seller {seller} has {has} leads, her row says otherwise")
        if row[SellerColumn.RESERVATIONS] not in (None, "", "[]"):
            raise WrongResult(f"shares are still reserved for seller {seller}")
