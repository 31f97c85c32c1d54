"""Parents that would make a row lie below itself, and are refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from ..conditions.comparisons import quoted, select
from ..faults import Fault
from ..tables.metadata import Table

# Learn, "Web service error codes": AccountLoopBeingCreated. Other tables' loops are let be, since
# nothing tells which of them Dataverse looks for.
_PARENTS = {"account": "parentaccountid"}


def check_parent(
    db: sqlite3.Connection, table: Table, before: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    """Refuse a new parent of a row that is the row itself or lies below it."""
    column = _PARENTS.get(table.logical_name)
    parent = changes.get(column) if column is not None else None
    if column is None or parent is None or parent == before[column]:
        return
    name, key = quoted(table.logical_name), quoted(table.primary_id)
    step = select(quoted(column), f"{name}, above", f"{key} = above.id")
    above = f"WITH RECURSIVE above(id) AS (VALUES (?) UNION {step})"
    statement = f"{above} {select('1', 'above', 'id = ?')}"
    if db.execute(statement, (parent, before[table.primary_id])).fetchone() is not None:
        raise Fault(
            400,
            "0x80040507",
            "Creating this parental association would create a loop in Accounts hierarchy:"
            f" '{column}' cannot be {parent}.",
        )
