"""Who a request acts as: the system administrator, or the user that a token names."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from ..caller import Caller
from ..faults import Fault, not_emulated
from ..storage.rows import fetch_row, find_ids
from ..tables.metadata import Catalog
from ..tables.values import is_guid
from ..well_known import ADMINISTRATOR_ID, ORGANIZATION_ID, ORGANIZATION_NAME
from ..writing.owners import disabled_user

_IMPERSONATION = ("mscrmcallerid", "callerobjectid")
_NAMED_USER = "user:"


def caller_of(db: sqlite3.Connection, catalog: Catalog, headers: Mapping[str, str]) -> Caller:
    """Return the caller; any token acts as the administrator unless it is `user:<id or name>`."""
    refuse_impersonation(headers)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.startswith(_NAMED_USER):
        return _caller(db, catalog, ADMINISTRATOR_ID)
    named = token.removeprefix(_NAMED_USER).strip()
    if is_guid(named):
        return _caller(db, catalog, named.lower())
    found = find_ids(db, catalog.tables["systemuser"], {"domainname": named}, limit=1)
    if not found:
        raise _unknown_user()
    return _caller(db, catalog, found[0])


def refuse_impersonation(headers: Mapping[str, str]) -> None:
    for name in _IMPERSONATION:
        if name in headers:
            raise not_emulated(f"impersonation (the header {name})")


def _caller(db: sqlite3.Connection, catalog: Catalog, user_id: str) -> Caller:
    user: Mapping[str, Any] | None = fetch_row(db, catalog.tables["systemuser"], user_id)
    if user is None:
        raise _unknown_user()
    if user["isdisabled"]:
        raise disabled_user()
    return Caller(
        user_id=user_id,
        business_unit_id=user["businessunitid"],
        organization_id=ORGANIZATION_ID,
        organization_name=ORGANIZATION_NAME,
        aad_object_id=user["azureactivedirectoryobjectid"] or user_id,
    )


def _unknown_user() -> Fault:
    return Fault(403, "0x80072560", "The user is not a member of the organization.")
