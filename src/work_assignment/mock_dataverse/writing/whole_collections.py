"""Collections that exist only with their parent and are written as a whole."""

from __future__ import annotations

import sqlite3

from ..tables.standard_tables.activity_parties import PARTIES_OF
from . import calendar_rules
from .parties import replace_parties
from .payloads import Payload
from .references import Reference
from .writes import WriteContext, Writes


def write_whole_collections(
    writes: Writes,
    db: sqlite3.Connection,
    parent: Reference,
    payload: Payload,
    context: WriteContext,
) -> None:
    """Replace the collections that a request holds; what it leaves out stays."""
    calendar_rules.write_children(writes, db, parent, payload, context)
    parties = PARTIES_OF.get(parent.table.logical_name)
    if parties is not None and parties in payload.children:
        given = payload.children[parties]
        replace_parties(db, writes.catalog, parent.table, parent.row_id, given)
