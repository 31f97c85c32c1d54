"""Sellers' rows, runs and notifications in memory, written by change sets as Dataverse does it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from work_assignment.dataverse import batches, mapping
from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult, PartResult
from work_assignment.dataverse.errors import DataverseError
from work_assignment.dataverse.messages import Request, Response
from work_assignment.dataverse.retry import RetryPolicy
from work_assignment.domain.defining.rounds import EVERYWHERE, Turn
from work_assignment.domain.records import RecordKey, SellerId
from work_assignment.domain.runs.facts import Reservation, SellerRow
from work_assignment.domain.runs.outcomes import Notice, Settlement

BLOCK = "the block"
EXPIRY = datetime(2026, 3, 6, 10, tzinfo=UTC)
ROOT = "http://there/api/data/v9.2/"
_ROW = re.compile(r"(\w+)\(([0-9a-f-]{36})\)")
_IDS = UUID("2c1f7a4e-90d5-4b43-8f7e-0c1d2e3f4a5b")

Refusal: TypeAlias = tuple[int, str, str]
"""Status, code and message."""
LOCKED: Refusal = (400, "0x80044151", "SQL timeout expired.")
NOT_ALLOWED: Refusal = (403, "0x80040220", "Principal user is missing a privilege.")
DISABLED: Refusal = (403, "0x80040225", "The specified user is disabled.")


def row_id(kind: str, number: int) -> str:
    """An id that says nothing, but in the order of the numbers."""
    return f"{number:08x}" + str(uuid5(_IDS, f"{kind} {number}"))[8:]


def seller(number: int) -> SellerId:
    return SellerId(row_id("user", number))


@dataclass
class FakeOrganization:
    """`refuse` says why a write is refused, if it is; `fail` what becomes of a batch as a whole.

    `names_no_part` leaves out which request of a change set it was.
    """

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    notifications: list[str] = field(default_factory=list)
    refuse: Callable[[Request], Refusal | None] = lambda request: None
    fail: Callable[[int], DataverseError | None] = lambda number: None
    names_no_part: bool = False
    requests: int = 0
    _version: int = 1

    def add_seller(self, number: int, records: int = 0, **columns: Any) -> SellerRow:
        """A seller on whose row the block has reserved so many records."""
        turns = {row_id(f"record of {number}", n): Turn(5, EVERYWHERE) for n in range(records)}
        share = Reservation(BLOCK, records, EXPIRY, turns, {EVERYWHERE: 4})
        self.rows[row_id("row", number)] = {
            "wa_sellerid": row_id("row", number),
            "_wa_systemuserid_value": seller(number),
            "wa_orderstamp": 5,
            "wa_reservations": mapping.reservations_text((share,) if records else ()),
            "@odata.etag": 'W/"1"',
        } | columns
        return self.row(number)

    def row(self, number: int) -> SellerRow:
        """A seller's row as it stands."""
        return mapping.seller_row_from_row(self.rows[row_id("row", number)])

    @property
    def unsettled(self) -> list[int]:
        """The sellers on whose rows the block still has a share."""
        rows = map(mapping.seller_row_from_row, self.rows.values())
        return [number for number, row in enumerate(rows) if row.reservations]

    @property
    def to_be_told_later(self) -> set[str]:
        """The runs that are marked."""
        return {run for run, row in self.runs.items() if row.get("wa_tellpending")}

    # the client's part

    def send(self, request: Request) -> Response:
        (answer,) = self.send_batch(Batch([request]))
        assert isinstance(answer, Response)
        return answer

    def rows_of(self, request: Request) -> list[dict[str, Any]]:
        if request.path.startswith("wa_sellers"):
            return list(self.rows.values())
        assert request.path.startswith("wa_routingruns"), request.path
        return [{"wa_routingrunid": run} for run in self.runs][:1]

    def send_batch(self, batch: Batch, *, retry: RetryPolicy | None = None) -> list[PartResult]:
        self.requests += 1
        batches.encode(batch, ROOT, "id")
        error = self.fail(self.requests)
        if error is not None:
            raise error
        return list(self._answers(batch.parts))

    def _answers(self, parts: Sequence[Request | ChangeSet]) -> Iterator[PartResult]:
        for part in parts:
            if isinstance(part, Request):
                body = {"value": self.rows_of(part)}
                yield Response(200, {}, json.dumps(body).encode())
            else:
                yield self._change(part.requests)

    def _change(self, requests: Sequence[Request]) -> ChangeSetResult:
        for index, request in enumerate(requests):
            refusal = self.refuse(request) or self._stale(request)
            if refusal is not None:
                status, code, message = refusal
                body = json.dumps({"error": {"code": code, "message": message}}).encode()
                place = None if self.names_no_part else index
                return ChangeSetResult((), Response(status, {}, body), place)
        return ChangeSetResult(tuple(map(self._write, requests)))

    def _stale(self, request: Request) -> Refusal | None:
        table, of_row = target(request)
        there = {"wa_sellers": self.rows, "wa_routingruns": self.runs}.get(table)
        if there is None:
            return None
        if of_row not in there:
            return (404, "0x80040217", f"{table} With Id = {of_row} Does Not Exist")
        version = request.headers["If-Match"]
        stale = version not in ("*", there[of_row].get("@odata.etag"))
        return (412, "0x80060882", "The version has changed.") if stale else None

    def _write(self, request: Request) -> Response:
        table, of_row = target(request)
        if table == "appnotifications":
            self.notifications.append(of_row)
            return Response(204)
        self._version += 1
        etag = {"@odata.etag": f'W/"{self._version}"'}
        changes: Any = request.body
        (self.rows if table == "wa_sellers" else self.runs)[of_row] |= changes | etag
        return Response(200, {}, json.dumps(etag).encode())


def target(request: Request) -> tuple[str, str]:
    """The table and the row that a write is about."""
    found = _ROW.match(request.path)
    assert found is not None
    return found[1], found[2]


def is_about(request: Request, table: str, *row_ids: str) -> bool:
    found, of_row = target(request)
    return found == table and (not row_ids or of_row in row_ids)


def given(organization: FakeOrganization, sellers: int, records: int = 1) -> list[SellerRow]:
    """So many sellers with so many committed records each; their rows as last written."""
    for number in range(sellers):
        organization.add_seller(number, records)
        for run in runs_of(number, records):
            organization.runs[run] = {}
    return [organization.row(number) for number in range(sellers)]


def runs_of(number: int, records: int) -> list[str]:
    """The run rows of what a seller was given."""
    return [row_id(f"run of {number}", n) for n in range(records)]


def notice(number: int, records: int = 1) -> Notice:
    """What a seller is told of what the block brought her."""
    return Notice(
        id=row_id("notice", number),
        recipient=seller(number),
        title=f"{records} new leads",
        body="",
        records=(RecordKey("lead", row_id("record", number)),),
        block_runs=tuple(runs_of(number, records)),
    )


def everything_committed(sellers: int, records: int = 1) -> Settlement:
    """All that the sellers' shares were for."""
    spent = {row_id(f"record of {s}", n) for s in range(sellers) for n in range(records)}
    return Settlement(frozenset(spent), {seller(number): records for number in range(sellers)})


class Time:
    """Time that passes when somebody sleeps, and when a request takes its time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def date(self) -> datetime:
        return EXPIRY + timedelta(seconds=self.now)
