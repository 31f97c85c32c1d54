"""Rows for trying things out, created through the Web API: the sample organisation, and users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from work_assignment.bootstrap import connect
from work_assignment.cli.common import Refused
from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import Batch, ChangeSet, ChangeSetResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request
from work_assignment.dataverse.names import (
    ACCOUNT,
    ROLE,
    SYSTEM_USER,
    TEAM,
    TEAM_MEMBERS,
    USER_ROLES,
    TableName,
)
from work_assignment.dataverse.queries import Guid, Query, eq
from work_assignment.samples import ORGANISATION
from work_assignment.settings import Credentials

APP_USER = "work-assignment@apps.example"
"""The application user the app acts as."""
WEB_FORM_USER = "web-form@apps.example"
"""Another application user: who enters leads."""
IMPORT_USER = "data-import@apps.example"
"""Who brings rows in from elsewhere."""
SALESPERSON = "Salesperson"
ADMINISTRATOR = "System Administrator"

_IDS = UUID("6b2d5f0e-5d0a-5c55-9a39-3f7f1f3f8a03")
_TABLES: dict[str, TableName] = {
    table.logical_name: table for table in (SYSTEM_USER, TEAM, ACCOUNT)
}
_FILES = ("users.yaml", "accounts.yaml", "teams.yaml")
_AT_ONCE = 200
_ANYBODY = Credentials()


def row_id(table: str, name: str) -> str:
    """The id that a sample row of this name gets, the same at every run."""
    return str(uuid5(_IDS, f"{table} {name}"))


def fill(url: str, credentials: Credentials = _ANYBODY) -> None:
    """Create the sample organisation and the application users in the mock at `url`."""
    with connect(url, credentials) as client:
        fill_with(client)


def is_filled(url: str, credentials: Credentials = _ANYBODY) -> bool:
    """Whether the sample is there already, as it is in a database file used before."""
    with connect(url, credentials) as client:
        user = row_id("systemuser", APP_USER)
        found = Query(SYSTEM_USER.entity_set, filter=eq(SYSTEM_USER.primary_id, Guid(user)))
        return any(client.rows(found))


def fill_with(client: DataverseClient) -> None:
    """The same through a client that is there already."""
    create_application_users(client)
    for file in _FILES:
        _create_file(client, ORGANISATION / file)


def create_application_users(client: DataverseClient) -> None:
    """Create the app's own user and those who enter records."""
    users = [
        {"domainname": APP_USER, "firstname": "Work", "lastname": "Assignment"},
        {"domainname": WEB_FORM_USER, "firstname": "Web", "lastname": "Form"},
        {"domainname": IMPORT_USER, "firstname": "Data", "lastname": "Import"},
    ]
    rows = [
        {**user, "accessmode": 4, "applicationid": row_id("application", user["domainname"])}
        for user in users
    ]
    create_users(client, rows, role=ADMINISTRATOR)


def create_users(client: DataverseClient, rows: Iterable[Mapping[str, Any]], *, role: str) -> None:
    """Create users under the ids of their domain names, and give each the role."""
    listed = list(rows)
    roles = _role_ids(client)
    write(
        client,
        (
            messages.create(
                SYSTEM_USER.entity_set, row, row_id=row_id("systemuser", row["domainname"])
            )
            for row in listed
        ),
    )
    write(client, (_role_request(row["domainname"], roles[role]) for row in listed))


def write(client: DataverseClient, requests: Iterable[Request]) -> None:
    """Send writes in large change sets; the first refusal is raised."""
    waiting = list(requests)
    for start in range(0, len(waiting), _AT_ONCE):
        change_set = ChangeSet(waiting[start : start + _AT_ONCE])
        (result,) = client.send_batch(Batch([change_set]))
        error = result.error("sample data") if isinstance(result, ChangeSetResult) else None
        if error is not None:
            raise error


def _role_ids(client: DataverseClient) -> dict[str, str]:
    query = Query(ROLE.entity_set, select=("name",))
    return {row["name"]: row[ROLE.primary_id] for row in client.rows(query)}


def _role_request(domain_name: str, role_id: str) -> Request:
    user = row_id("systemuser", domain_name)
    return messages.associate(SYSTEM_USER.entity_set, user, USER_ROLES, ROLE.entity_set, role_id)


def _create_file(client: DataverseClient, path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    table = _TABLES[document["table"]]
    rows: Sequence[Mapping[str, Any]] = document["rows"]
    key = document["key"]
    write(
        client,
        (
            messages.create(
                table.entity_set, columns(row), row_id=row_id(table.logical_name, row[key])
            )
            for row in rows
        ),
    )
    roles = _role_ids(client)
    write(
        client,
        (
            _role_request(row[key], roles[role])
            for row in rows
            for role in row.get("roles", document.get("roles", ()))
        ),
    )
    write(client, (request for row in rows for request in _member_requests(row, row[key])))


def _member_requests(row: Mapping[str, Any], name: str) -> Iterator[Request]:
    team = row_id("team", name)
    for member in row.get("members", ()):
        user = row_id("systemuser", member)
        yield messages.associate(TEAM.entity_set, team, TEAM_MEMBERS, SYSTEM_USER.entity_set, user)


def columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """A sample row's columns, with lookups written `{table: name}` bound by id."""
    made: dict[str, Any] = {}
    for column, value in row.items():
        if column in ("roles", "members"):
            continue
        if isinstance(value, Mapping):
            ((table, name),) = value.items()
            if table not in _TABLES:
                raise Refused(f"the sample data points at a table '{table}' that it does not have")
            target = _TABLES[table]
            made |= messages.bind(column, target.entity_set, row_id(table, name))
        else:
            made[column] = value
    return made
