"""Rows for the applications that may sign in, so that a strict organization lets somebody in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from ...requests.exchanges import Request
from ...requests.sessions import Organization, Session
from ...storage.rows import find_ids
from ...well_known import ADMINISTRATOR_ID, SYSTEM_ADMINISTRATOR_ROLE, role_id
from ..routing import answer
from ..users import FoundBy, find_caller

_ROOT = "http://localhost/api/data/v9.2/"


def ensure_application_users(organization: Organization, client_ids: Iterable[str]) -> None:
    """Create a system administrator for each application that has no user yet."""
    users = organization.store.catalog.tables["systemuser"]
    with organization.store.reading() as db:
        administrator = find_caller(db, FoundBy.ID, ADMINISTRATOR_ID)
        missing = [
            client_id
            for client_id in client_ids
            if not find_ids(db, users, {"applicationid": client_id}, limit=1)
        ]
    if administrator is None:
        return
    session = Session(organization, administrator)
    for client_id in missing:
        user = {
            "applicationid": client_id,
            "firstname": "#",
            "lastname": f"Application {client_id[:8]}",
            "domainname": f"{client_id}@application.mock.example",
        }
        created = answer(session, _post("systemusers", user)).entity
        role = {"@odata.id": f"{_ROOT}roles({role_id(SYSTEM_ADMINISTRATOR_ROLE)})"}
        if created is not None:
            path = f"systemusers({created.row_id})/systemuserroles_association/$ref"
            answer(session, _post(path, role))


def _post(path: str, body: Mapping[str, object]) -> Request:
    headers = {"content-type": "application/json"}
    return Request("POST", path, {}, headers, json.dumps(body).encode(), _ROOT)
