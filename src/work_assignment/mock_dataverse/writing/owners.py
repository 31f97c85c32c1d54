"""Owners: who may be one, and the columns that follow the owner (Learn: Assign records)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..faults import Fault, bad_request, row_not_found
from ..storage.privileges import ASSIGN, READ, privilege_id, privilege_name, standing
from ..storage.rows import fetch_values
from ..tables.metadata import Catalog, Table

# Rows that Dataverse itself hands to their recipient.
_SENT = frozenset({"appnotification"})
_ASKED_OF = {
    "systemuser": ("businessunitid", "isdisabled"),
    "team": ("businessunitid", "teamtype"),
}


@dataclass(slots=True)
class OwnerRules:
    """How strict an organization is about owners.

    Dataverse gives no record to who has no role at all. Many small set-ups have no roles, so this
    is off until somebody switches it on.
    """

    owners_need_roles: bool = False


def owner_columns(
    db: sqlite3.Connection, catalog: Catalog, owner_type: str | None, owner_id: str | None
) -> dict[str, Any]:
    """Return ownerid with owninguser, owningteam and owningbusinessunit for a new owner."""
    if owner_type is None or owner_id is None:
        raise bad_request("The owner of a record cannot be cleared.", "0x80040229")
    owner = fetch_values(db, catalog.tables[owner_type], owner_id, _ASKED_OF[owner_type])
    if owner is None:
        raise row_not_found(owner_type, owner_id)
    if owner_type == "systemuser":
        _check_user(owner)
    elif owner["teamtype"] == 1:
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
    rules: OwnerRules,
) -> dict[str, Any]:
    """Return the columns of an owner whom somebody chose, and who must be able to read the row."""
    columns = owner_columns(db, catalog, owner_type, owner_id)
    if table.logical_name not in _SENT:
        _check_roles(db, table, columns["ownerid__type"], columns["ownerid"], rules)
    return columns


def check_assigner(db: sqlite3.Connection, table: Table, user_id: str) -> None:
    """Refuse a caller none of whose roles lets her assign rows of a table."""
    found = standing(db, table, ASSIGN, "systemuser", user_id)
    if table.logical_name in _SENT or found.is_granted or not found.roles:
        return
    name = privilege_name(ASSIGN, table)
    raise Fault(
        403,
        "0x80040220",
        f"Principal user (Id={user_id}, type=8, roleCount={found.roles}) is missing {name}"
        f" privilege (Id={privilege_id(name)}) on OTC={table.object_type_code} for entity"
        f" '{table.logical_name}' (LocalizedName='{table.label}').",
    )


def is_user_owned(table: Table) -> bool:
    return "ownerid" in table.columns


def _check_roles(
    db: sqlite3.Connection, table: Table, kind: str, owner_id: str, rules: OwnerRules
) -> None:
    found = standing(db, table, READ, kind, owner_id)
    if not found.roles and rules.owners_need_roles:
        raise _without_roles(kind)
    if found.roles and not found.is_granted:
        raise Fault(
            403,
            "0x80040231",
            "Target user or team does not hold required privileges. The"
            f" {kind} {owner_id} lacks {privilege_name(READ, table)}.",
        )


def _check_user(user: Mapping[str, Any]) -> None:
    if user["isdisabled"] or user["businessunitid"] is None:
        raise disabled_user()


def disabled_user() -> Fault:
    return Fault(
        403,
        "0x80040225",
        "The specified user is either disabled or is not a member of any business unit.",
    )


def _without_roles(kind: str) -> Fault:
    who = "user" if kind == "systemuser" else "team"
    return Fault(403, "0x80042f09", f"The {who} has not been assigned any roles.")
