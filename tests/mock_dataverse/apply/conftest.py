"""A mock with a few leads, accounts and contacts whose groups the tests speak of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        api = Api(running)
        _fill(api)
        api.close()
        yield running


@pytest.fixture
def api(server: MockServer) -> Iterator[Api]:
    client = Api(server)
    yield client
    client.close()


def _fill(api: Api) -> None:
    """Ada's Contoso has two leads, Bo's Fabrikam one, and one lead has no account."""
    ada = api.create("contacts", firstname="Ada", lastname="Byron")
    bo = api.create("contacts", firstname="Bo", lastname="Li")
    accounts = [
        api.create("accounts", name=name, **{"primarycontactid@odata.bind": f"/contacts({person})"})
        for name, person in (("Contoso", ada), ("Fabrikam", bo))
    ]
    for subject, source, amount, employees, account in (
        ("Chairs", 2, 1000.5, 10, 0),
        ("chairs", 2, 2000, 15, 0),
        ("Tables", 1, None, 20, 1),
        ("Lamps", None, 10, None, None),
    ):
        bind = {} if account is None else f"/accounts({accounts[account]})"
        api.create(
            "leads",
            subject=subject,
            lastname="x",
            leadsourcecode=source,
            estimatedamount=amount,
            numberofemployees=employees,
            **({"parentaccountid@odata.bind": bind} if bind else {}),
        )
