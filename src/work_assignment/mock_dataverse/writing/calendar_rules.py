"""Writes the rules of a calendar, which exist only as its whole collection."""

from __future__ import annotations

import sqlite3

from ..faults import bad_request
from ..storage.rows import RawRow, delete_row, fetch_row, find_ids
from .payloads import Payload
from .references import Reference
from .writes import WriteContext, Writes

RULES = "calendar_calendar_rules"
_KEPT = ("createdon", "createdby")


def write_children(
    writes: Writes,
    db: sqlite3.Connection,
    parent: Reference,
    payload: Payload,
    context: WriteContext,
) -> None:
    """Replace a calendar's rules by those of a request; without any in it they stay."""
    if RULES not in payload.children:
        return
    table = writes.catalog.tables["calendarrule"]
    before: dict[str, RawRow] = {}
    for rule_id in find_ids(db, table, {"calendarid": parent.row_id}):
        before[rule_id] = fetch_row(db, table, rule_id) or {}
        delete_row(db, table, rule_id)
    for rule in payload.children[RULES]:
        if rule.values.get("innercalendarid") == parent.row_id:
            raise bad_request("A calendar cannot be the inner calendar of its own rules.")
        earlier = before.get(rule.row_id or "", {})
        kept = {name: earlier[name] for name in _KEPT if name in earlier}
        placed = rule.with_values({"calendarid": parent.row_id, **kept})
        writes.insert(db, table, placed, context)
