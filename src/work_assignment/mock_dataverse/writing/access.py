"""What a user or team may do with a row: by roles and how deep they reach, and by shares."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..storage.privileges import RIGHTS, Depth, depths_of, privilege_name
from ..tables.metadata import Table
from .owners import OwnerRules, is_user_owned
from .references import Reference
from .shares import Share

_ALL = sum(RIGHTS.values())
_TEAMS_OF = 'SELECT "teamid" FROM "teammembership" WHERE "systemuserid" = ?'
_UNIT_OF = {
    "systemuser": 'SELECT "businessunitid" FROM "systemuser" WHERE "systemuserid" = ?',
    "team": 'SELECT "businessunitid" FROM "team" WHERE "teamid" = ?',
}
_UNITS_BELOW = """
    WITH RECURSIVE "below" ("id") AS (
        SELECT ?
        UNION
        SELECT "businessunit"."businessunitid" FROM "businessunit"
        JOIN "below" ON "businessunit"."parentbusinessunitid" = "below"."id"
    )
    SELECT EXISTS (SELECT 1 FROM "below" WHERE "id" = ?)
"""


def access_of(
    db: sqlite3.Connection,
    table: Table,
    row: Mapping[str, Any],
    principal: Reference,
    shares: Iterable[Share],
    rules: OwnerRules,
) -> int:
    """Add up the rights of a principal on a row, as numbers of AccessRights.

    An owner without any role may do everything, unless the organization wants owners to have roles.
    """
    own = {principal.row_id, *_teams(db, principal)}
    shared = 0
    for share in shares:
        if share.principal_id in own:
            shared |= share.rights
    kind = principal.table.logical_name
    depths = depths_of(db, kind, principal.row_id)
    if depths is None:
        owns = not rules.owners_need_roles and row.get("ownerid") in own
        return _ALL if owns else shared
    granted = 0
    for right, bit in RIGHTS.items():
        depth = depths.get(privilege_name(right, table))
        # A share is worth nothing to who lacks the privilege (Learn: Share records).
        if depth is not None and _reaches(db, table, row, principal, own, depth):
            granted |= bit
        elif depth is not None:
            granted |= shared & bit
    return granted


def _teams(db: sqlite3.Connection, principal: Reference) -> Iterator[str]:
    if principal.table.logical_name == "systemuser":
        for found in db.execute(_TEAMS_OF, (principal.row_id,)).fetchall():
            yield found[0]


def _reaches(
    db: sqlite3.Connection,
    table: Table,
    row: Mapping[str, Any],
    principal: Reference,
    own: set[str],
    depth: Depth,
) -> bool:
    """Tell whether a privilege of this depth covers a row."""
    if not is_user_owned(table) or depth is Depth.GLOBAL or row["ownerid"] in own:
        return True
    if depth is Depth.BASIC:
        return False
    found = db.execute(_UNIT_OF[principal.table.logical_name], (principal.row_id,)).fetchone()
    unit = found[0] if found is not None else None
    if depth is Depth.LOCAL:
        return bool(row["owningbusinessunit"] == unit)
    return bool(db.execute(_UNITS_BELOW, (unit, row["owningbusinessunit"])).fetchone()[0])
