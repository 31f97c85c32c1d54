"""Owners: who may be one, and the columns that follow the owner (Learn: Assign records)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from ..faults import Fault, bad_request, row_not_found
from ..storage.privileges import READ, may_own, privilege_name
from ..storage.rows import fetch_row
from ..tables.metadata import Catalog, Table

# Rows that Dataverse itself hands to their recipient.
_SENT = frozenset({"appnotification"})


def owner_columns(
    db: sqlite3.Connection, catalog: Catalog, owner_type: str | None, owner_id: str | None
) -> dict[str, Any]:
    """Return ownerid with owninguser, owningteam and owningbusinessunit for a new owner."""
    if owner_type is None or owner_id is None:
        raise bad_request("The owner of a record cannot be cleared.", "0x80040229")
    table = catalog.tables[owner_type]
    owner = fetch_row(db, table, owner_id)
    if owner is None:
        raise row_not_found(owner_type, owner_id)
    if owner_type == "systemuser":
        _check_user(owner)
    elif owner.get("teamtype") == 1:
        raise bad_request("Cannot assign to an access team.", "0x80048340")
    return {
        "ownerid": owner_id,
        "ownerid__type": owner_type,
        "owninguser": owner_id if owner_type == "systemuser" else None,
        "owningteam": owner_id if owner_type == "team" else None,
        "owningbusinessunit": owner["businessunitid"],
    }


def assigned_owner_columns(
    db: sqlite3.Connection,
    catalog: Catalog,
    table: Table,
    owner_type: str | None,
    owner_id: str | None,
) -> dict[str, Any]:
    """Return the columns of an owner whom somebody chose, and who must be able to read the row."""
    columns = owner_columns(db, catalog, owner_type, owner_id)
    kind, chosen = columns["ownerid__type"], columns["ownerid"]
    if table.logical_name not in _SENT and not may_own(db, table, kind, chosen):
        raise Fault(
            403,
            "0x80040231",
            "Target user or team does not hold required privileges. The"
            f" {kind} {chosen} lacks {privilege_name(READ, table)}.",
        )
    return columns


def is_user_owned(table: Table) -> bool:
    return "ownerid" in table.columns


def _check_user(user: Mapping[str, Any]) -> None:
    if user["isdisabled"] or user["businessunitid"] is None:
        raise disabled_user()


def disabled_user() -> Fault:
    return Fault(
        403,
        "0x80040225",
        "The specified user is either disabled or is not a member of any business unit.",
    )
