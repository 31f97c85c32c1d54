"""The users of the organization, found by what a request knows of them."""

from __future__ import annotations

import sqlite3
from enum import Enum

from ..caller import Caller
from ..faults import Fault
from ..storage.schema import quoted
from ..well_known import ORGANIZATION_ID, ORGANIZATION_NAME
from ..writing.owners import disabled_user


class FoundBy(Enum):
    """The columns that name one user."""

    ID = "systemuserid"
    DOMAIN_NAME = "domainname"
    APPLICATION = "applicationid"
    OBJECT_ID = "azureactivedirectoryobjectid"


# Of several rows for one application the oldest that is enabled counts.
_STATEMENTS = {
    found_by: " ".join(
        (
            'SELECT "systemuserid", "businessunitid", "azureactivedirectoryobjectid", "isdisabled"',
            'FROM "systemuser" WHERE',
            quoted(found_by.value),
            '= ? ORDER BY "isdisabled", "createdon" LIMIT 1',
        )
    )
    for found_by in FoundBy
}


def find_caller(db: sqlite3.Connection, found_by: FoundBy, value: str) -> Caller | None:
    """Return the user as a caller; None if there is no such user, a fault if she is disabled."""
    row = db.execute(_STATEMENTS[found_by], (value,)).fetchone()
    if row is None:
        return None
    if row["isdisabled"]:
        raise disabled_user()
    return Caller(
        user_id=row["systemuserid"],
        business_unit_id=row["businessunitid"],
        organization_id=ORGANIZATION_ID,
        organization_name=ORGANIZATION_NAME,
        aad_object_id=row["azureactivedirectoryobjectid"] or row["systemuserid"],
    )


def no_member() -> Fault:
    """403: a valid sign-in of somebody whom the organization does not know."""
    return Fault(403, "0x80072560", "The user is not a member of the organization.")
