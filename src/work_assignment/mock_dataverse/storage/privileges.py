"""Privileges: what they are called, which seeded role holds which, and what a principal holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from ..tables.metadata import Catalog, Table
from ..tables.system_columns import USER_OWNED
from ..well_known import (
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
_RIGHTS = {READ: 1, WRITE: 2, ASSIGN: 524_288}
# Rules go with their calendar, and nobody is granted the sight of privileges.
_WITHOUT = frozenset({"calendarrule", "privilege"})
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


def privilege_name(right: str, table: Table) -> str:
    """Name a privilege: `prvReadLead`; all activities share theirs."""
    return f"prv{right}{'Activity' if table.is_activity else table.schema_name}"


def privilege_id(name: str) -> str:
    return stable_id("privilege", name)


def all_privileges(catalog: Catalog) -> Iterator[Privilege]:
    """Yield each privilege of the tables once."""
    seen = set()
    for table in catalog:
        if table.is_intersect or table.logical_name in _WITHOUT:
            continue
        for right, number in _RIGHTS.items():
            name = privilege_name(right, table)
            is_owned = table.ownership == USER_OWNED
            if name not in seen and (is_owned or right != ASSIGN):
                seen.add(name)
                held_by = _seeded_holders(right, is_owned=is_owned)
                yield Privilege(privilege_id(name), name, number, held_by)


def _seeded_holders(right: str, *, is_owned: bool) -> dict[str, Depth]:
    holders = {role_id(SYSTEM_ADMINISTRATOR_ROLE): Depth.GLOBAL}
    if right == READ or is_owned:
        holders[role_id(SALES_MANAGER_ROLE)] = Depth.DEEP
        holders[role_id(SALESPERSON_ROLE)] = Depth.LOCAL if right == READ else Depth.BASIC
    return holders


def may_own(db: sqlite3.Connection, table: Table, owner_type: str, owner_id: str) -> bool:
    """Tell whether the roles of a user or team let her read this table.

    Who has no role at all may: many small set-ups have none, and they work.
    """
    values = {"id": owner_id, "privilege": privilege_id(privilege_name(READ, table))}
    roles, reads = db.execute(_COUNTS[owner_type], values).fetchone()
    return bool(reads) or not roles


def privileges_of_user(db: sqlite3.Connection, user_id: str) -> list[HeldPrivilege]:
    """List what a user holds, by name: each privilege as deep as her roles and teams reach."""
    return [
        HeldPrivilege(row[0], row[1], Depth(row[2]), Depth(row[3]) if row[3] else None)
        for row in db.execute(_HELD, {"id": user_id})
    ]
