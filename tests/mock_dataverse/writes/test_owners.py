"""Who may be given records, and who may give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault, unique

from work_assignment.mock_dataverse.well_known import (
    ADMINISTRATOR_ID,
    SALESPERSON_ROLE,
    role_id,
)


def user(api: Api, *roles: str) -> str:
    made = api.create("systemusers", firstname="Ana")
    for role in roles:
        path = f"systemusers({made})/systemuserroles_association/$ref"
        assert api.post(path, {"@odata.id": f"roles({role})"}).ok
    return made


def role(api: Api, *privileges: str) -> str:
    made = api.create("roles", name=unique("role"))
    granted = []
    for name in privileges:
        (row,) = api.row(f"privileges?$filter=name eq '{name}'")["value"]
        granted.append({"PrivilegeId": row["privilegeid"], "Depth": "Global"})
    path = f"roles({made})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
    assert api.post(path, {"Privileges": granted}).ok
    return made


@pytest.fixture
def as_user(api: Api) -> Iterator[Any]:
    clients: list[Api] = []

    def client(user_id: str) -> Api:
        clients.append(Api(api.server, token=f"user:{user_id}"))
        return clients[-1]

    yield client
    for made in clients:
        made.close()


def give(api: Api, lead: str, owner: str) -> requests.Response:
    return api.patch(f"leads({lead})", {"ownerid@odata.bind": f"/systemusers({owner})"})


def test_whose_roles_do_not_let_her_assign_gives_nothing_away(api: Api, as_user: Any) -> None:
    reader, ben = user(api, role(api, "prvReadLead", "prvWriteLead")), user(api)
    client, lead = as_user(reader), api.create("leads")
    words = (
        f"Principal user (Id={reader}, type=8, roleCount=1)",
        "missing prvAssignLead privilege",
    )
    assert_fault(give(client, lead, ben), 403, "0x80040220", *words, "OTC=4 for entity 'lead'")
    created = client.post("leads", {"ownerid@odata.bind": f"/systemusers({ben})"})
    assert_fault(created, 403, "0x80040220", "prvAssignLead")
    assert api.row(f"leads({lead})")["_ownerid_value"] == ADMINISTRATOR_ID


def test_she_may_keep_what_is_hers_and_name_its_owner(api: Api, as_user: Any) -> None:
    reader = user(api, role(api, "prvReadLead"))
    client = as_user(reader)
    lead = client.create("leads", **{"ownerid@odata.bind": f"/systemusers({reader})"})
    assert give(client, lead, reader).status_code == 204


def test_a_salesperson_and_who_has_no_role_assign(api: Api, as_user: Any) -> None:
    lead, ben = api.create("leads"), user(api)
    for caller in (user(api, role_id(SALESPERSON_ROLE)), user(api)):
        assert give(as_user(caller), lead, ben).status_code == 204
        assert give(api, lead, ADMINISTRATOR_ID).status_code == 204


def test_an_organization_may_want_owners_to_have_roles(own_api: Api) -> None:
    rules = f"{own_api.server.url}/__mock/rules"
    assert requests.get(rules, timeout=10).json() == {"owners_need_roles": False}
    nobody, seller = user(own_api), user(own_api, role_id(SALESPERSON_ROLE))
    team, lead = own_api.create("teams", name=unique("team")), own_api.create("leads")
    assert give(own_api, lead, nobody).status_code == 204
    answer = requests.put(rules, json={"owners_need_roles": True}, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"owners_need_roles": True})
    assert give(own_api, lead, seller).status_code == 204
    refused = give(own_api, lead, nobody)
    assert_fault(refused, 403, "0x80042f09", "user has not been assigned any roles")
    refused = own_api.patch(f"leads({lead})", {"ownerid@odata.bind": f"/teams({team})"})
    assert_fault(refused, 403, "0x80042f09", "team has not been assigned any roles")
    assert own_api.row(f"leads({lead})")["_ownerid_value"] == seller
    wrong = requests.put(rules, json={"owners_need_roles": 1}, timeout=10)
    assert (wrong.status_code, "owners_need_roles" in wrong.json()["error"]) == (400, True)
