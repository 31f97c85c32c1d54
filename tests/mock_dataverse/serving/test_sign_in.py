"""Signing in: the token endpoint, the tokens, and an organization that insists on them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.serving.entra.applications import (
    DEFAULT_CLIENT_ID,
    DEFAULT_SECRET,
)
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID, TENANT_ID

CLIENT_ID, SECRET = "11111111-2222-4333-8444-555555555555", "pass:word/ü"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(auth=True, clients={CLIENT_ID.upper(): SECRET}) as running:
        yield running


def form(server: MockServer, **changes: str | None) -> dict[str, str]:
    values: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "scope": f"{server.url}/.default",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def ask(server: MockServer, data: Any, version: str = "v2.0/", **options: Any) -> requests.Response:
    url = f"{server.url}/{TENANT_ID}/oauth2/{version}token"
    return requests.post(url, data=data, timeout=20, **options)


def token(server: MockServer) -> str:
    issued: str = ask(server, form(server)).json()["access_token"]
    return issued


def claims(issued: str) -> dict[str, Any]:
    middle = issued.split(".")[1]
    decoded: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))
    )
    return decoded


def who(server: MockServer, issued: str | None, **options: Any) -> requests.Response:
    client = Api(server, issued)
    answer = client.get("WhoAmI", **options)
    client.close()
    return answer


def test_a_user_made_for_an_application_is_not_a_person(server: MockServer) -> None:
    client = Api(server, token(server))
    application = "66666666-2222-4333-8444-555555555555"
    user_id = client.create("systemusers", applicationid=application, firstname="Robot")
    user = client.row(f"systemusers({user_id})")
    assert user["accessmode"] == 4
    assert user["azureactivedirectoryobjectid"] is not None
    person = client.row(f"systemusers({client.create('systemusers', lastname='Person')})")
    assert (person["accessmode"], person["azureactivedirectoryobjectid"]) == (0, None)
    client.close()


def test_an_application_gets_a_token_and_is_its_own_user(server: MockServer) -> None:
    answer = ask(server, form(server))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3599)
    said = claims(body["access_token"])
    assert (said["aud"], said["appid"], said["tid"]) == (server.url, CLIENT_ID, TENANT_ID)
    client = Api(server, body["access_token"])
    user = client.row(
        f"systemusers({client.row('WhoAmI')['UserId']})?$expand=systemuserroles_association($select=name)"
    )
    assert (user["applicationid"], user["accessmode"]) == (CLIENT_ID, 4)
    assert user["azureactivedirectoryobjectid"] == said["oid"]
    assert [role["name"] for role in user["systemuserroles_association"]] == [
        "System Administrator"
    ]
    client.close()


def test_the_older_endpoint_takes_a_resource_and_answers_in_texts(server: MockServer) -> None:
    resource = f"{server.url.replace('127.0.0.1', 'localhost')}/"
    data = form(server, scope=None, resource=resource)
    body = ask(server, data, version="").json()
    assert (body["expires_in"], body["resource"]) == ("3599", resource)
    assert int(body["expires_on"]) - int(body["not_before"]) == 3599
    assert who(server, body["access_token"]).status_code == 200


def test_id_and_secret_may_come_by_basic_authentication(server: MockServer) -> None:
    data = form(server, client_id=None, client_secret=None)
    quoted = requests.compat.quote(SECRET, safe="")
    auth = base64.b64encode(f"{CLIENT_ID}:{quoted}".encode()).decode()
    headers = {"Authorization": f"Basic {auth}"}
    assert ask(server, data, headers=headers).status_code == 200
    broken = ask(server, data, headers={"Authorization": "Basic !"})
    assert broken.json()["error_codes"] == [900144]


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"client_id": DEFAULT_CLIENT_ID}, 400, "unauthorized_client", 700016),
        ({"client_secret": DEFAULT_SECRET}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000216),
        ({"client_secret": None, "client_assertion": "x"}, 501, "invalid_client", 700027),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"scope": "https://crm.example"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://crm.example/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_what_is_wrong_is_told_as_entra_tells_it(
    server: MockServer, changes: dict[str, str | None], status: int, error: str, number: int
) -> None:
    answer = ask(server, form(server, **changes), headers={"client-request-id": "mine"})
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["correlation_id"] == "mine"
    assert {"timestamp", "trace_id", "error_uri"} <= set(body)


def test_a_body_that_is_no_form_and_a_wrong_method_are_refused(server: MockServer) -> None:
    assert ask(server, json.dumps(form(server))).json()["error_codes"] == [900023]
    broken = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(server, b"grant_type=%FF", headers=broken).json()["error_codes"] == [900023]
    answer = requests.get(f"{server.url}/{TENANT_ID}/oauth2/v2.0/token", timeout=20)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_the_discovery_documents_lead_to_the_endpoint_and_the_keys(server: MockServer) -> None:
    import jwt

    place = f"{server.url}/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration"
    found = requests.get(place, timeout=20).json()
    assert found["token_endpoint"] == f"{server.url}/contoso.onmicrosoft.com/oauth2/v2.0/token"
    issued = requests.post(found["token_endpoint"], data=form(server), timeout=20).json()
    keys = jwt.PyJWKSet.from_dict(requests.get(found["jwks_uri"], timeout=20).json())
    text = issued["access_token"]
    key = keys[jwt.get_unverified_header(text)["kid"]]
    assert jwt.decode(text, key, algorithms=["RS256"], audience=server.url)["appid"] == CLIENT_ID
    other = requests.get(f"{server.url}/common/discovery/instance", timeout=20)
    assert (other.status_code, other.json()["error"]) == (400, "invalid_instance")


@pytest.mark.parametrize("path", ["WhoAmI", "leads", "nothing", "$batch"])
def test_without_a_token_of_its_own_nothing_is_answered(server: MockServer, path: str) -> None:
    for sent in (None, "any", f"user:{ADMINISTRATOR_ID}", "a.b.c", token(server)[:-4] + "AAAA"):
        client = Api(server, sent)
        answer = client.get(path)
        assert_fault(answer, 401, "0x8004a100")
        challenge = answer.headers["WWW-Authenticate"]
        login = f"{server.url}/{TENANT_ID}/oauth2/authorize"
        assert challenge == f"Bearer authorization_uri={login}, resource_id={server.url}/"
        client.close()


def test_a_token_expires_by_the_organizations_clock(server: MockServer, admin: Admin) -> None:
    issued = token(server)
    assert who(server, issued).status_code == 200
    admin.json("POST", "time/advance", {"seconds": 3600})
    assert_fault(who(server, issued), 401, "0x8004a101", "expired")
    assert who(server, token(server)).status_code == 200


def test_a_token_for_another_address_does_not_count(server: MockServer, admin: Admin) -> None:
    issued = admin.token(application=CLIENT_ID, audience="https://other.crm.example")
    assert_fault(who(server, issued), 401, "0x8004a100", "https://other.crm.example")
    elsewhere = who(server, token(server), headers={"Host": "crm.example"})
    assert elsewhere.status_code == 401


def test_an_application_without_a_user_is_no_member(server: MockServer, admin: Admin) -> None:
    other = "AAAAAAAA-0000-4000-8000-000000000001"
    admin.json("POST", "clients", {"id": other, "secret": "s"})
    data = form(server, client_id=other, client_secret="s")
    issued = ask(server, data).json()["access_token"]
    assert_fault(who(server, issued), 403, "0x80072560", "not a member of the organization")
    administrator = Api(server, token(server))
    user = administrator.create("systemusers", applicationid=other, firstname="Added")
    assert who(server, issued).json()["UserId"] == user
    administrator.patch(f"systemusers({user})", {"isdisabled": True})
    assert_fault(who(server, issued), 403, "0x80040225")
    administrator.close()


def test_a_token_can_be_made_for_any_user(server: MockServer, admin: Admin) -> None:
    named = admin.token(user="admin@mock.example", expires_in=60)
    assert who(server, named).json()["UserId"] == ADMINISTRATOR_ID
    assert claims(named)["exp"] - claims(named)["iat"] == 60
    assert who(server, named, headers={"Host": "crm.example"}).status_code == 200


def test_without_auth_own_tokens_count_and_others_are_the_administrator() -> None:
    with MockServer() as server:
        routes, api = Admin(server), Api(server)
        assert routes.json("GET", "clients")["clients"] == [DEFAULT_CLIENT_ID]
        user = api.create("systemusers", firstname="Own")
        assert who(server, routes.token(user=user)).json()["UserId"] == user
        data = form(server, client_id=DEFAULT_CLIENT_ID, client_secret=DEFAULT_SECRET)
        issued = ask(server, data).json()["access_token"]
        assert_fault(who(server, issued), 403, "0x80072560")
        assert who(server, "a.b.c").json()["UserId"] == ADMINISTRATOR_ID
        routes.close()
        api.close()
