"""What holds for queue items however they are made: a record lies in one queue at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from ..faults import Fault, bad_request
from ..storage.rows import RawRow, fetch_row, find_ids
from ..tables.metadata import Catalog, Table
from ..tables.standard_tables.scheduling import QUEUE_ENABLED

ITEMS = "queueitem"
OPEN = 0


def is_queue_enabled(table: Table) -> bool:
    """Tell whether rows of a table can be put into queues."""
    return table.logical_name in QUEUE_ENABLED


def active_item(db: sqlite3.Connection, catalog: Catalog, table: str, row_id: str) -> RawRow | None:
    """Return the one active item that a record has, in whichever queue."""
    items = catalog.tables[ITEMS]
    values = {"objectid": row_id, "objectid__type": table, "statecode": OPEN}
    for item_id in find_ids(db, items, values, limit=1):
        return fetch_row(db, items, item_id)
    return None


def check_new_item(
    db: sqlite3.Connection, catalog: Catalog, table: Table, row: Mapping[str, Any]
) -> None:
    """Refuse a second active item of a record; rows of other tables pass."""
    if table.logical_name != ITEMS or row["objectid"] is None or row["statecode"] != OPEN:
        return
    if active_item(db, catalog, row["objectid__type"], row["objectid"]) is not None:
        raise already_queued(row["objectid__type"], row["objectid"])


def already_queued(table: str, row_id: str) -> Fault:
    return bad_request(
        f"An active queue item exists already for the {table} {row_id}; AddToQueue moves it when"
        " its SourceQueue is named.",
        "0x80040526",
    )
