"""Records of a demonstration: sent in as others would, and followed through the run log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import requests

from work_assignment.cli import sample_data
from work_assignment.cli.demo_organisations import TABLES, Incoming
from work_assignment.dataverse import fetch, messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import FORMATTED_VALUE, Prefer, Row
from work_assignment.dataverse.names import (
    ROUTING_RUN,
    SELLER,
    SETTING,
    RoutingRunColumn,
    SellerColumn,
    SettingColumn,
)
from work_assignment.dataverse.queries import Query, desc, eq

PATIENCE = 60.0
"""Seconds without any new outcome before a demonstration gives up."""
_GLANCE = 0.1
_NEWEST = 200
_NAMES = Prefer(annotations=(FORMATTED_VALUE,))


@dataclass(frozen=True, slots=True)
class Routed:
    """A record's outcome; `owner` is empty when nobody has it.

    `seconds` is the time from sending to outcome, where it was watched.
    """

    table: str
    name: str
    owner: str
    reason: str
    seconds: float | None = None
    story: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """A seller's open records and how many she may have."""

    name: str
    open_records: int
    capacity: int


def send_one(client: DataverseClient, incoming: Incoming) -> None:
    """Create one record, as a web form would."""
    client.send(messages.create(incoming.table.entity_set, incoming.columns, row_id=incoming.id))


def send_all(client: DataverseClient, incoming: Sequence[Incoming]) -> None:
    """Create many records, as an import would."""
    sample_data.write(
        client,
        (
            messages.create(record.table.entity_set, record.columns, row_id=record.id)
            for record in incoming
        ),
    )


def wait_for_one(
    client: DataverseClient, incoming: Incoming, check: Callable[[], None]
) -> Routed | None:
    """Wait for a record's first outcome; None when none comes in time."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        query = Query(ROUTING_RUN.entity_set, filter=eq(RoutingRunColumn.RECORD_ID, incoming.id))
        rows = client.send(messages.get(query, prefer=_NAMES)).rows
        if rows:
            return _routed(rows[0], time.monotonic() - started, incoming.story)
        check()
        time.sleep(_GLANCE)
    return None


def wait_for_all(client: DataverseClient, count: int, check: Callable[[], None]) -> Iterator[int]:
    """Yield how many records have an outcome, until all have or nothing moves any more."""
    seen, moved = 0, time.monotonic()
    while True:
        done = _count_runs(client)
        if done > seen:
            seen, moved = done, time.monotonic()
        yield seen
        if seen >= count or time.monotonic() - moved > PATIENCE:
            return
        check()
        time.sleep(_GLANCE * 5)


def _count_runs(client: DataverseClient) -> int:
    question = fetch.count_by(
        ROUTING_RUN.logical_name,
        RoutingRunColumn.ROUTING_STATUS,
        counted=ROUTING_RUN.primary_id,
    )
    rows = client.fetch_rows(ROUTING_RUN.entity_set, question)
    return sum(int(row["rows"]) for row in rows)


def outcomes(client: DataverseClient, incoming: Sequence[Incoming]) -> list[Routed]:
    """The outcome of each record that has one."""
    wanted = {record.id for record in incoming}
    query = Query(ROUTING_RUN.entity_set, orderby=(RoutingRunColumn.DECIDED_ON,))
    found: dict[str, Routed] = {}
    for row in client.rows(query, prefer=_NAMES):
        if row[RoutingRunColumn.RECORD_ID] in wanted:
            found[row[RoutingRunColumn.RECORD_ID]] = _routed(row)
    return list(found.values())


def newcomers(client: DataverseClient, seen: set[str]) -> list[Routed]:
    """Outcomes that are not among those seen, which they join."""
    newest_first = (desc(RoutingRunColumn.DECIDED_ON),)
    query = Query(ROUTING_RUN.entity_set, orderby=newest_first, top=_NEWEST)
    rows = client.send(messages.get(query, prefer=_NAMES)).rows
    new = [row for row in reversed(rows) if row[ROUTING_RUN.primary_id] not in seen]
    seen.update(row[ROUTING_RUN.primary_id] for row in new)
    return [_routed(row) for row in new]


def _routed(row: Row, seconds: float | None = None, story: str = "") -> Routed:
    lookup = RoutingRunColumn.ASSIGNED_SELLER
    return Routed(
        str(row[RoutingRunColumn.RECORD_TYPE]),
        str(row.get(RoutingRunColumn.NAME) or row[RoutingRunColumn.RECORD_ID]),
        str(row.get(f"{lookup.value}@{FORMATTED_VALUE}") or ""),
        str(row.get(RoutingRunColumn.REASON) or ""),
        seconds,
        story,
    )


def loads(client: DataverseClient) -> list[Load]:
    """Every seller's load, the fullest first."""
    counts: dict[str, int] = {}
    for table in TABLES.values():
        question = fetch.count_by(
            table.logical_name,
            "ownerid",
            counted=table.primary_id,
            filter_=fetch.all_of(fetch.Condition("statecode", "eq", (0,))),
        )
        for row in client.fetch_rows(table.entity_set, question):
            counts[row["value"]] = counts.get(row["value"], 0) + row["rows"]
    sellers = client.rows(
        Query(
            SELLER.entity_set,
            select=(SellerColumn.NAME, SellerColumn.MAX_CAPACITY, SellerColumn.SYSTEM_USER.value),
        )
    )
    default = _default_capacity(client)
    listed = [
        Load(
            row[SellerColumn.NAME],
            counts.get(row[SellerColumn.SYSTEM_USER.value], 0),
            default
            if row.get(SellerColumn.MAX_CAPACITY) is None
            else row[SellerColumn.MAX_CAPACITY],
        )
        for row in sellers
    ]
    return sorted(listed, key=lambda load: (-load.open_records, load.name))


def _default_capacity(client: DataverseClient) -> int:
    rows = client.rows(Query(SETTING.entity_set, select=(SettingColumn.DEFAULT_CAPACITY,)))
    return next((row.get(SettingColumn.DEFAULT_CAPACITY) or 0 for row in rows), 0)


def requests_of(client: DataverseClient, user_id: str) -> int:
    """HTTP requests that one user has sent to the mock so far."""
    address = urljoin(client.root, "/__mock/counters")
    counters = requests.get(address, timeout=10).json()
    return int(counters["http_requests_by_user"].get(user_id, 0))
