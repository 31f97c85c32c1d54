"""What every request and answer of the Web API has in common: versions, formats, ids, links, URLs."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.requests.exchanges import LONGEST_URL

ALL_ANNOTATIONS = {"Prefer": 'odata.include-annotations="*"'}


def test_the_ids_of_a_request_come_back(api: Api) -> None:
    answer = api.get("WhoAmI", headers={"x-ms-client-request-id": "11-22"})
    assert answer.headers["x-ms-client-request-id"] == "11-22"
    refused = api.get("nothing")
    assert refused.headers["REQ_ID"] == refused.headers["x-ms-service-request-id"]
    assert "x-ms-client-request-id" not in refused.headers
    assert api.get("WhoAmI").headers["x-ms-service-request-id"] != refused.headers["REQ_ID"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_batch_is_only_posted(api: Api, method: str) -> None:
    answer = api.send(method, "$batch")
    words = f"The requested resource does not support http method '{method}'."
    assert_fault(answer, 405, "0x8004023b", words)
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "headers",
    [
        {"OData-Version": "4.0", "OData-MaxVersion": "4.0"},
        {"OData-MaxVersion": "4.01"},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"Accept": "application/json;odata.metadata=minimal;odata.streaming=true"},
        {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
        {"Accept": "APPLICATION/JSON; charset=utf-8"},
    ],
)
def test_headers_that_clients_send_are_taken(api: Api, headers: dict[str, str]) -> None:
    answer = api.get("leads?$top=1", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        ({"OData-Version": "3.0"}, 400, "odata-version"),
        ({"OData-Version": "4.01"}, 400, "odata-version"),
        ({"OData-Version": "new"}, 400, "'new'"),
        ({"OData-MaxVersion": "3.0"}, 400, "odata-maxversion"),
        ({"Accept": "text/html"}, 415, "'text/html'"),
        ({"Accept": "application/atom+xml, text/plain"}, 415, "MIME type"),
        ({"Accept": "application/json;odata.metadata=full"}, 501, "odata.metadata=full"),
        ({"Accept": "application/json; IEEE754Compatible=true"}, 501, "IEEE754Compatible"),
        ({"Host": "evil/../x"}, 400, "Host"),
        ({"Host": "a b"}, 400, "Host"),
    ],
)
def test_headers_that_cannot_be_met_are_refused(
    api: Api, headers: dict[str, str], status: int, word: str
) -> None:
    assert_fault(api.get("leads", headers=headers), status, "0x80060888", word)


def test_metadata_is_left_out_of_rows_and_batches_on_request(api: Api) -> None:
    account = api.create("accounts", name="Bare")
    task = {"regardingobjectid_account_task@odata.bind": f"/accounts({account})"}
    api.create("tasks", subject="Call", **task)
    bare = {"Accept": "application/json;odata.metadata=none"}
    path = f"accounts({account})?$select=name&$expand=Account_Tasks($select=subject)"
    answer = api.get(path, headers=bare)
    assert answer.headers["Content-Type"] == "application/json; odata.metadata=none"
    row = answer.json()
    assert list(row) == ["name", "accountid", "Account_Tasks", "Account_Tasks@odata.nextLink"]
    assert set(row["Account_Tasks"][0]) == {"subject", "activityid", "_regardingobjectid_value"}
    page = api.get(
        "accounts?$select=name&$count=true", headers={**bare, "Prefer": "odata.maxpagesize=1"}
    ).json()
    assert page.keys() - {"@odata.nextLink"} == {"@odata.count", "value"}
    reference = api.get(f"accounts({account})/owninguser/$ref", headers=bare).json()
    assert list(reference) == ["@odata.id"]


def test_a_count_may_be_asked_for_as_text(api: Api) -> None:
    answer = api.get("leads/$count", headers={"Accept": "text/plain"})
    assert (answer.status_code, answer.text.lstrip("\ufeff").isdecimal()) == (200, True)


@pytest.mark.parametrize("option", ["$skip=5", "$search=x", "$format=json", "$SELECT=subject"])
def test_options_that_dataverse_does_not_have_are_refused(api: Api, option: str) -> None:
    assert_fault(api.get(f"leads?{option}"), 400, "0x80060888", option.partition("=")[0])


def test_error_details_follow_the_preference(api: Api) -> None:
    for path in ("Leads", "leads?$top=1&$top=2", "leads?$filter=nope eq 1"):
        error = api.get(path, headers=ALL_ANNOTATIONS).json()["error"]
        details = [name for name in error if name.startswith("@Microsoft.PowerApps.CDS.")]
        assert len(details) == 4
        assert error["@Microsoft.PowerApps.CDS.InnerError.Message"] == error["message"]
        assert set(api.get(path).json()["error"]) == {"code", "message"}


def of_length(api: Api, length: int) -> str:
    start = f"{api.root}leads?$top=1&$filter=subject eq '"
    return f"{start}{'x' * (length - len(start) - 1)}'".replace(" ", "+")


@pytest.mark.parametrize(
    "prefer",
    ["odata.include-annotations=*", 'odata.include-annotations="*",odata.maxpagesize=none'],
)
def test_error_details_follow_the_preference_however_it_is_written(api: Api, prefer: str) -> None:
    error = api.get("leads(1)", headers={"Prefer": prefer}).json()["error"]
    assert error["@Microsoft.PowerApps.CDS.ErrorDetails.HttpStatusCode"] == "400"


def test_a_url_is_taken_up_to_its_limit_and_not_beyond(api: Api) -> None:
    assert len(of_length(api, LONGEST_URL)) == LONGEST_URL
    assert api.get(of_length(api, LONGEST_URL)).status_code == 200
    assert_fault(api.get(of_length(api, LONGEST_URL + 1)), 414, "0x80060888", "too long")


@pytest.mark.parametrize("path", ["leads", "WhoAmI", "leads/$count", ""])
def test_head_is_get_without_its_body(api: Api, path: str) -> None:
    head, get = api.send("HEAD", path), api.get(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == get.headers[name]


def test_options_says_what_is_allowed(api: Api) -> None:
    answer = api.send("OPTIONS", "leads")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Allow"] == "OPTIONS,GET,HEAD,POST"
    wrong = api.put("leads", {})
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "OPTIONS,GET,HEAD,POST")


def test_links_follow_the_host_and_not_what_proxies_say(api: Api) -> None:
    forwarded = {
        "Host": "crm.example:8080",
        "X-Forwarded-Host": "other.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=other.example;proto=https",
    }
    root = "http://crm.example:8080/api/data/v9.2/"
    created = requests.post(f"{api.root}leads", json={}, headers=forwarded, timeout=20)
    assert created.headers["OData-EntityId"].startswith(f"{root}leads(")
    api.create("leads")
    forwarded["Prefer"] = "odata.maxpagesize=1"
    page = api.get("leads?$select=subject", headers=forwarded)
    assert page.json()["@odata.nextLink"].startswith(f"{root}leads?")
    assert page.headers["Preference-Applied"] == "odata.maxpagesize=1"


def test_the_root_is_found_with_and_without_its_slash_and_no_other_path_is(api: Api) -> None:
    place = urlsplit(api.root)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    for path, status in (
        ("/api/data/v9.2", 200),
        ("/api/data/v9.2/", 200),
        ("/api/data/v9.1/", 200),
        ("/api/data/v8.2/", 404),
        ("/api/data", 404),
        ("/API/data/v9.2/", 404),
        ("/", 404),
        ("/favicon.ico", 404),
    ):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (path, answer.status) == (path, status)
        answer.read()
    connection.close()
