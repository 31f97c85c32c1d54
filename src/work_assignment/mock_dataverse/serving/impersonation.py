"""Requests on behalf of another user (Learn: Impersonate another user using the Web API)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from ..caller import Caller
from ..faults import Fault, bad_request, row_not_found
from ..requests.sessions import Session
from ..storage.privileges import ACT_ON_BEHALF, holds_privilege
from ..tables.values import is_guid
from .users import FoundBy, find_caller, no_member

# As Microsoft writes them; a request's headers are looked up in lower case.
_BY_OBJECT_ID = "CallerObjectId"
_BY_USER_ID = "MSCRMCallerID"


def impersonated(db: sqlite3.Connection, caller: Caller, headers: Mapping[str, str]) -> Caller:
    """Return the user whom the headers name, with the real caller as her delegate.

    With both headers the one that Microsoft prefers wins, the object id.
    """
    for header, found_by in ((_BY_OBJECT_ID, FoundBy.OBJECT_ID), (_BY_USER_ID, FoundBy.ID)):
        named = headers.get(header.lower(), "").strip()
        if named:
            return _acting_as(db, caller, _user_id(header, named), found_by)
    return caller


def impersonating(session: Session, headers: Mapping[str, str]) -> Session:
    """Return the session of one request of a batch, which may name a user of its own."""
    if not any(headers.get(header.lower()) for header in (_BY_OBJECT_ID, _BY_USER_ID)):
        return session
    with session.reading() as db:
        return replace(session, caller=impersonated(db, session.caller, headers))


def _acting_as(db: sqlite3.Connection, caller: Caller, named: str, found_by: FoundBy) -> Caller:
    real = caller.real_user_id
    if not holds_privilege(db, real, ACT_ON_BEHALF):
        raise Fault(
            403, "0x8004a110", "User does not have the privilege to act on behalf another user."
        )
    user = find_caller(db, found_by, named)
    if user is None:
        raise row_not_found("systemuser", named) if found_by is FoundBy.ID else no_member()
    return replace(user, delegate_id=None if user.user_id == real else real)


def _user_id(header: str, named: str) -> str:
    if not is_guid(named):
        raise bad_request(f"The header {header} needs the id of a user, not '{named}'.")
    return named.lower()
