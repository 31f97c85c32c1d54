"""A mock with a few accounts, contacts and leads that the queries of the tests speak of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from tests.mock_dataverse.core.client import Api

from work_assignment.mock_dataverse.server import MockServer

Ask: TypeAlias = Callable[..., list[dict[str, Any]]]


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


@pytest.fixture
def leads(api: Api) -> Ask:
    """Answer a query on leads with its rows."""

    def ask(sql: str, **headers: str) -> list[dict[str, Any]]:
        answer = api.get("leads", params={"sql": sql}, headers=headers)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["value"]
        return rows

    return ask


def _fill(api: Api) -> None:
    """Contoso with two leads and a contact, Fabrikam with one lead, and a lead without account."""
    contoso, fabrikam = (api.create("accounts", name=name) for name in ("Contoso", "Fabrikam"))
    contact = {"parentcustomerid_account@odata.bind": f"/accounts({contoso})"}
    api.create("contacts", firstname="Ada", lastname="Byron", **contact)
    for subject, employees, amount, mail, close, account in (
        ("Chairs", 10, 1000.5, True, "2026-03-01", contoso),
        ("Ärger", 20, 2000, False, "2026-03-31", contoso),
        ("O'Hara -- 100%", 30, None, False, None, fabrikam),
        ("chairs again", None, 10, True, None, None),
    ):
        bind = {"parentaccountid@odata.bind": f"/accounts({account})"} if account else {}
        api.create(
            "leads",
            subject=subject,
            lastname="x",
            numberofemployees=employees,
            estimatedamount=amount,
            donotemail=mail,
            estimatedclosedate=close,
            **bind,
        )
