"""The rows of a table that changed: by change tracking, or by when they were modified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.connections import path_below
from work_assignment.dataverse.errors import BadRequest, DataverseError, NotFound
from work_assignment.dataverse.fetch import LONGEST_PAGE
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import Prefer, Request, Row
from work_assignment.dataverse.names import Common
from work_assignment.dataverse.queries import Query, ge
from work_assignment.dataverse.schemas import definition_request
from work_assignment.dataverse.unavailable import PASSING, away_means_unavailable
from work_assignment.domain.errors import Refused
from work_assignment.domain.runs.changes import ChangedRow, ChangePage, ChangeTable, LinkLost

_DELETED = "$deletedEntity"
_GONE = 410


class ChangeStore:
    """Reads pages of what changed. Links are Dataverse's own and are followed as they are."""

    def __init__(self, client: DataverseClient, *, page_size: int = LONGEST_PAGE) -> None:
        self._client = client
        self._prefer = Prefer(page_size=page_size)

    def table(self, name: str) -> ChangeTable | None:
        """A table as it is defined now; None when there is no such table. Raises Refused."""
        about = definition_request(
            name, options={"$select": "EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled"}
        )
        of_times = {
            "$select": "LogicalName",
            "$filter": f"LogicalName eq '{Common.MODIFIED_ON}'"
            f" or LogicalName eq '{Common.MODIFIED_BY.column}'",
        }
        with _ours():
            try:
                row = self._client.send(about).json
            except NotFound:
                return None
            times = self._client.send(definition_request(name, "/Attributes", of_times)).rows
        return ChangeTable(
            name,
            row["EntitySetName"],
            row["PrimaryIdAttribute"],
            tracks_changes=bool(row["ChangeTrackingEnabled"]),
            has_times=len(times) == 2,
        )

    def whole(self, table: ChangeTable) -> ChangePage:
        """The first page of all rows; behind the last stands the token of a later look."""
        query = Query(table.entity_set, select=_columns(table))
        return self._page(table, Request("GET", messages.get(query).path, self._headers(table)))

    def modified(self, table: ChangeTable, since: datetime) -> ChangePage:
        """The first page of what was modified at a moment or later, oldest first."""
        query = Query(
            table.entity_set,
            select=_columns(table),
            filter=ge(Common.MODIFIED_ON, since.replace(microsecond=0)),
            orderby=(Common.MODIFIED_ON, table.primary_id),
        )
        return self._page(table, messages.get(query, prefer=self._prefer))

    def further(self, table: ChangeTable, link: str) -> ChangePage:
        """What a link leads to. Raises LinkLost for one that is not good any more."""
        path = path_below(self._client.root, link)
        if path is None:
            raise LinkLost("it is a link to another environment")
        request = Request("GET", path, self._headers(table))
        with away_means_unavailable():
            try:
                return self._read(table, request)
            except (BadRequest, NotFound) as exc:
                raise LinkLost(str(exc)) from exc
            except PASSING:
                raise
            except DataverseError as exc:
                if exc.status == _GONE:
                    raise LinkLost(str(exc)) from exc
                raise Refused(str(exc)) from exc

    def _headers(self, table: ChangeTable) -> dict[str, str]:
        return self._prefer.headers(*(("odata.track-changes",) if table.tracks_changes else ()))

    def _page(self, table: ChangeTable, request: Request) -> ChangePage:
        with _ours():
            return self._read(table, request)

    def _read(self, table: ChangeTable, request: Request) -> ChangePage:
        body = self._client.send(request).json
        rows = tuple(_changed(row, table) for row in messages.rows_in(body))
        return ChangePage(rows, body.get("@odata.nextLink"), body.get("@odata.deltaLink"))


def _columns(table: ChangeTable) -> tuple[str, ...]:
    return (
        table.primary_id,
        *((Common.MODIFIED_ON, Common.MODIFIED_BY.value) if table.has_times else ()),
    )


def _changed(row: Row, table: ChangeTable) -> ChangedRow:
    if str(row.get("@odata.context", "")).endswith(_DELETED):
        return ChangedRow(str(row["id"]).lower(), is_deleted=True)
    at, by = row.get(Common.MODIFIED_ON), row.get(Common.MODIFIED_BY.value)
    return ChangedRow(
        str(row[table.primary_id]).lower(),
        moment(at) if at else None,
        str(by).lower() if by else None,
    )


@contextmanager
def _ours() -> Iterator[None]:
    """Say in the words of the services' ports that Dataverse is away, or refuses for good."""
    with away_means_unavailable():
        try:
            yield
        except PASSING:
            raise
        except DataverseError as exc:
            raise Refused(str(exc)) from exc
