"""Folders applied to a mock over HTTP, and what its rows then say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from work_assignment import samples
from work_assignment.dataverse import messages
from work_assignment.dataverse.auth import StaticToken
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.configuration_store import ConfigurationStore
from work_assignment.dataverse.names import SYSTEM_USER, TableName
from work_assignment.dataverse.queries import Query, eq
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.packaged_solution import product_solution
from work_assignment.services.configuration.applying import AppliedReport, apply
from work_assignment.services.configuration.comparison import plan
from work_assignment.services.configuration.folder import Forms

USER_COLUMNS = (
    "domainname",
    "firstname",
    "lastname",
    "internalemailaddress",
    "jobtitle",
    "address1_city",
    "address1_country",
)


@contextmanager
def running(solutions: Sequence[Path] = ()) -> Iterator[DataverseClient]:
    """A client on a mock with the product's solution and these, and the users of the sample."""
    with (
        MockServer(solutions=[product_solution(), *solutions]) as server,
        DataverseClient(server.url, StaticToken("any")) as client,
    ):
        users = yaml.safe_load((samples.ORGANISATION / "users.yaml").read_text("utf-8"))["rows"]
        for user in users:
            columns = {name: user[name] for name in USER_COLUMNS if name in user}
            client.send(messages.create(SYSTEM_USER.entity_set, columns))
        yield client


def applied(forms: Forms, client: DataverseClient, *, force: bool = False) -> AppliedReport:
    store = ConfigurationStore(client)
    return apply(plan(forms, store), store, force=force)


def created(client: DataverseClient, table: TableName, columns: Mapping[str, Any]) -> str:
    """Create a row; gives its id."""
    request = messages.create(table.entity_set, columns, returning=(table.primary_id,))
    return str(client.send(request).json[table.primary_id])


def only(client: DataverseClient, table: TableName, column: str, value: str) -> dict[str, Any]:
    """The only row that has a value."""
    (row,) = client.rows(Query(table.entity_set, filter=eq(column, value)))
    return row
