"""Views of a table, saved by the system or by a user, executed by their ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.server import MockServer

FETCH = (
    "<fetch version='1.0' mapping='logical'><entity name='account'><attribute name='name'/>"
    "<order attribute='name'/><filter><condition attribute='statecode' operator='eq' value='0'/>"
    "</filter></entity></fetch>"
)
NOBODY = "00000000-0000-0000-0000-00000000ffff"


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with MockServer() as server:
        client = Api(server)
        parent = client.create("accounts", name="Parent")
        for name in ("Zeta", "Alpha"):
            client.create(
                "accounts", name=name, **{"parentaccountid@odata.bind": f"accounts({parent})"}
            )
        yield client
        client.close()


def _saved(api: Api, kind: str = "savedqueries", fetch: str = FETCH) -> str:
    return api.create(
        kind, name="Open ones", fetchxml=fetch, returnedtypecode="account", querytype=0
    )


@pytest.mark.parametrize(
    ("kind", "option"), [("savedqueries", "savedQuery"), ("userqueries", "userQuery")]
)
def test_a_view_is_executed_by_its_id(api: Api, kind: str, option: str) -> None:
    body = api.row(f"accounts?{option}={_saved(api, kind)}")
    assert body["@odata.context"].endswith("$metadata#accounts(name,accountid)")
    assert [row["name"] for row in body["value"]] == ["Alpha", "Parent", "Zeta"]
    assert body["value"][0]["@odata.etag"].startswith('W/"')


def test_an_organization_has_views_from_the_start(api: Api) -> None:
    found = api.row("savedqueries?$select=name,savedqueryid&$filter=name eq 'Active Accounts'")
    (view,) = found["value"]
    names = [row["name"] for row in api.row(f"accounts?savedQuery={view['savedqueryid']}")["value"]]
    assert names == ["Alpha", "Parent", "Zeta"]
    for view in api.row("savedqueries?$filter=isdefault eq true")["value"]:
        entity_set = {"opportunity": "opportunities"}.get(
            view["returnedtypecode"], f"{view['returnedtypecode']}s"
        )
        assert "value" in api.row(f"{entity_set}?savedQuery={view['savedqueryid']}")


def test_a_view_is_applied_to_the_rows_of_another_row(api: Api) -> None:
    (parent,) = api.row("accounts?$filter=name eq 'Parent'&$select=accountid")["value"]
    path = f"accounts({parent['accountid']})/account_parent_account"
    for asked in (f"savedQuery={_saved(api)}", f"fetchXml={FETCH}"):
        names = [row["name"] for row in api.row(f"{path}?{asked}")["value"]]
        assert names == ["Alpha", "Zeta"]


def test_a_view_is_read_page_by_page(api: Api) -> None:
    prefer = {"Prefer": "odata.maxpagesize=2"}
    first = api.get(f"accounts?savedQuery={_saved(api)}", headers=prefer).json()
    assert [row["name"] for row in first["value"]] == ["Alpha", "Parent"]
    second = api.get(first["@odata.nextLink"], headers=prefer).json()
    assert [row["name"] for row in second["value"]] == ["Zeta"]
    assert "@odata.nextLink" not in second


def test_a_wrong_view_is_refused_by_name(api: Api) -> None:
    view = _saved(api)
    assert_fault(api.get("accounts?savedQuery=x"), 400, "0x80060888", "'x' of savedQuery")
    assert_fault(api.get(f"accounts?userQuery={NOBODY}"), 404, "0x80040217", "userquery With Id")
    assert_fault(api.get(f"leads?savedQuery={view}"), 400, "0x80060888", "'account' rows")
    beside = api.get(f"accounts?savedQuery={view}&$select=name")
    assert_fault(beside, 400, "0x80060888", "'$select' cannot be combined with savedQuery")
    broken = _saved(api, fetch="<fetch><entity/></fetch>")
    assert_fault(api.get(f"accounts?savedQuery={broken}"), 400, "0x80040203", "'name'")
