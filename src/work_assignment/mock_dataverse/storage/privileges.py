"""Privileges: what they are called, which seeded role holds which, and what a principal holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from ..tables.metadata import Catalog, Table
from ..tables.system_columns import USER_OWNED
from ..well_known import (
    DELEGATE_ROLE,
    SALES_MANAGER_ROLE,
    SALESPERSON_ROLE,
    SYSTEM_ADMINISTRATOR_ROLE,
    role_id,
    stable_id,
)


class Depth(IntEnum):
    """How far a privilege reaches; the numbers are those of privilegedepthmask."""

    BASIC = 1
    LOCAL = 2
    DEEP = 4
    GLOBAL = 8

    @property
    def label(self) -> str:
        return self.name.capitalize()


# Access rights as numbers (Learn: AccessRights EnumType).
READ, WRITE, ASSIGN = "Read", "Write", "Assign"
RIGHTS = {
    READ: 1,
    WRITE: 2,
    "Append": 4,
    "AppendTo": 16,
    "Create": 32,
    "Delete": 65_536,
    "Share": 262_144,
    ASSIGN: 524_288,
}
# Rights that only make sense where rows have owners.
_OF_OWNED_ROWS = frozenset({"Share", ASSIGN})
# Needed to send requests on behalf of another user (Learn: Impersonate another user).
ACT_ON_BEHALF = "prvActOnBehalfOfAnotherUser"
# Needed to send notifications inside an app (Learn: Send in-app notifications).
_SEND_NOTIFICATION = "prvSendAppNotification"
# Learn: Miscellaneous privileges.
_BULK_DELETE = "prvBulkDelete"
_SEND_AS_USER = "prvSendAsUser"
# Rules and parties go with what they belong to, and nobody is granted the sight of privileges.
_WITHOUT = frozenset({"calendarrule", "privilege", "activityparty", "principalobjectaccess"})
_USERS = """
    WITH "held" AS (
        SELECT "roleid", 1 AS "own" FROM "systemuserroles" WHERE "systemuserid" = :id
        UNION ALL
        SELECT "teamroles"."roleid", 0 FROM "teammembership"
        JOIN "teamroles" ON "teamroles"."teamid" = "teammembership"."teamid"
        WHERE "teammembership"."systemuserid" = :id
    )
"""
_TEAMS = 'WITH "held" AS (SELECT "roleid" FROM "teamroles" WHERE "teamid" = :id)'
_COUNT = """
    SELECT
        (SELECT COUNT(*) FROM "held"),
        EXISTS (
            SELECT 1 FROM "held"
            JOIN "roleprivileges" AS "granted" ON "granted"."roleid" = "held"."roleid"
            WHERE "granted"."privilegeid" = :privilege
        )
"""
_COUNTS = {"systemuser": _USERS + _COUNT, "team": _TEAMS + _COUNT}
_GRANTED = """
    SELECT "privilegeid", "privilege"."name", MAX("depth"), MAX("own_depth")
    FROM (
        SELECT
            "granted"."privilegeid" AS "privilegeid",
            COALESCE("granted"."privilegedepthmask", 1) AS "depth",
            CASE "own" WHEN 1 THEN COALESCE("granted"."privilegedepthmask", 1) END AS "own_depth"
        FROM "held"
        JOIN "roleprivileges" AS "granted" ON "granted"."roleid" = "held"."roleid"
    )
    JOIN "privilege" USING ("privilegeid")
    GROUP BY "privilegeid"
    ORDER BY "privilege"."name"
"""
_HELD = _USERS + _GRANTED
_DEPTH = """
    SELECT "privilege"."name", MAX(COALESCE("granted"."privilegedepthmask", 1))
    FROM "held"
    JOIN "roleprivileges" AS "granted" ON "granted"."roleid" = "held"."roleid"
    JOIN "privilege" ON "privilege"."privilegeid" = "granted"."privilegeid"
    GROUP BY "privilege"."name"
"""
_DEPTHS = {"systemuser": _USERS + _DEPTH, "team": _TEAMS + _DEPTH}


@dataclass(frozen=True, slots=True)
class Privilege:
    """One privilege of the organization with the seeded roles that hold it, and how deep."""

    privilege_id: str
    name: str
    access_right: int
    held_by: dict[str, Depth]


@dataclass(frozen=True, slots=True)
class HeldPrivilege:
    """A privilege of a user, as deep as all her roles reach and as deep as her own ones do.

    `own_depth` is None when she has it through a team only.
    """

    privilege_id: str
    name: str
    depth: Depth
    own_depth: Depth | None


_ACTS_ON_BEHALF = dict.fromkeys(
    (role_id(SYSTEM_ADMINISTRATOR_ROLE), role_id(DELEGATE_ROLE)), Depth.GLOBAL
)
_ADMINISTRATORS = {role_id(SYSTEM_ADMINISTRATOR_ROLE): Depth.GLOBAL}
_OF_NO_TABLE = {
    ACT_ON_BEHALF: _ACTS_ON_BEHALF,
    _SEND_NOTIFICATION: _ADMINISTRATORS,
    _BULK_DELETE: _ADMINISTRATORS,
    _SEND_AS_USER: _ADMINISTRATORS,
}


def privilege_name(right: str, table: Table) -> str:
    """Name a privilege: `prvReadLead`; all activities share theirs."""
    return f"prv{right}{'Activity' if table.is_activity else table.schema_name}"


@lru_cache(maxsize=8192)
def privilege_id(name: str) -> str:
    return stable_id("privilege", name)


def all_privileges(catalog: Catalog) -> Iterator[Privilege]:
    """Yield the privileges that no table has, then each privilege of the tables once."""
    for name, holders in _OF_NO_TABLE.items():
        yield Privilege(privilege_id(name), name, 0, holders)
    seen = set()
    for table in catalog:
        for privilege in privileges_of(table):
            if privilege.name not in seen:
                seen.add(privilege.name)
                yield privilege


def privileges_of(table: Table) -> Iterator[Privilege]:
    """Yield the privileges of one table; activities have theirs in common."""
    if table.is_intersect or table.logical_name in _WITHOUT:
        return
    is_owned = table.ownership == USER_OWNED
    for right, number in RIGHTS.items():
        if is_owned or right not in _OF_OWNED_ROWS:
            name = privilege_name(right, table)
            held_by = _seeded_holders(right, is_owned=is_owned)
            yield Privilege(privilege_id(name), name, number, held_by)


def _seeded_holders(right: str, *, is_owned: bool) -> dict[str, Depth]:
    holders = {role_id(SYSTEM_ADMINISTRATOR_ROLE): Depth.GLOBAL}
    if right == READ or is_owned:
        holders[role_id(SALES_MANAGER_ROLE)] = Depth.DEEP
        holders[role_id(SALESPERSON_ROLE)] = Depth.LOCAL if right == READ else Depth.BASIC
    return holders


def holds_privilege(db: sqlite3.Connection, user_id: str, name: str) -> bool:
    """Tell whether one of a user's roles, or of her teams', grants a privilege."""
    values = {"id": user_id, "privilege": privilege_id(name)}
    return bool(db.execute(_COUNTS["systemuser"], values).fetchone()[1])


@dataclass(frozen=True, slots=True)
class Standing:
    """How many roles a user or team has, and whether one of them grants a privilege."""

    roles: int
    is_granted: bool


def standing(
    db: sqlite3.Connection, table: Table, right: str, principal_type: str, principal_id: str
) -> Standing:
    """Look up what the roles of a user, with those of her teams, or of a team say of a right."""
    values = {"id": principal_id, "privilege": privilege_id(privilege_name(right, table))}
    roles, granted = db.execute(_COUNTS[principal_type], values).fetchone()
    return Standing(roles, bool(granted))


def depths_of(
    db: sqlite3.Connection, principal_type: str, principal_id: str
) -> dict[str, Depth] | None:
    """Map the privileges of a user or team to how deep they reach; None without any role."""
    values = {"id": principal_id, "privilege": ""}
    if not db.execute(_COUNTS[principal_type], values).fetchone()[0]:
        return None
    rows = db.execute(_DEPTHS[principal_type], {"id": principal_id})
    return {name: Depth(depth) for name, depth in rows}


def privileges_of_user(db: sqlite3.Connection, user_id: str) -> list[HeldPrivilege]:
    """List what a user holds, by name: each privilege as deep as her roles and teams reach."""
    return [
        HeldPrivilege(row[0], row[1], Depth(row[2]), Depth(row[3]) if row[3] else None)
        for row in db.execute(_HELD, {"id": user_id})
    ]
