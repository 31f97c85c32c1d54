"""The mock's own routes: what they answer to what is wrong."""

from __future__ import annotations

import pytest
import requests
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.serving.admin import Admin


def test_an_unknown_route_and_a_wrong_method_are_said(admin: Admin) -> None:
    assert admin.refused("GET", "nothing") == (404, "There is no route /__mock/nothing.")
    answer = admin.send("PATCH", "time")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, PUT")
    assert "does not take PATCH" in answer.json()["error"]


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '{"seconds": NaN}', "\xff"])
def test_a_body_that_is_no_json_is_refused(api: Api, body: str) -> None:
    url = f"{api.server.url}/__mock/time/advance"
    answer = requests.post(url, data=body.encode("latin-1"), timeout=20)
    assert answer.status_code == 400
    assert "no JSON" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PUT", "time", {}, "'now', 'frozen' or both"),
        ("PUT", "time", {"now": "2026-03-01T12:00:00"}, "'now' must be a time with its offset"),
        ("PUT", "time", {"now": "0001-01-01T00:00:00+14:00"}, "'now' must be a time"),
        ("PUT", "time", {"now": "1500-01-01T00:00:00Z"}, "'now' must lie between 1900"),
        ("PUT", "time", {"frozen": "yes"}, "'frozen' must be true or false"),
        ("PUT", "time", {"time": 1}, "unknown member 'time'"),
        ("PUT", "time", [1], "must be a JSON object"),
        ("POST", "time/advance", {}, "'seconds'"),
        ("POST", "time/advance", {"seconds": True}, "'seconds' must be a number"),
        ("POST", "time/advance", {"seconds": 9e10}, "'seconds' must lead to between"),
        ("PUT", "latency", {"request_ms": -1}, "'request_ms' must be a number of at least 0"),
        ("PUT", "latency", {"seed": 1.5}, "'seed' must be a whole number"),
        ("PUT", "limits", {"requests": 0}, "'requests' must be a whole number of at least 1"),
        ("PUT", "limits", {"window_s": 0}, "'window_s'"),
        ("PUT", "limits", {"dop_hint": "4"}, "'dop_hint'"),
        ("POST", "throttle", {"limit": "speed"}, "no limit 'speed'"),
        ("POST", "faults", [], "1 to 1000 rules"),
        ("POST", "faults", [None], "Rule 1 must be a JSON object"),
        ("POST", "faults", {}, "Rule 1 needs the member 'do'"),
        ("POST", "faults", {"do": {}}, "needs 'status', 'drop' or 'delay_ms'"),
        ("POST", "faults", {"do": {"status": 200}}, "'status' must be a whole number"),
        ("POST", "faults", {"do": {"drop": "later"}}, "'before' or 'after'"),
        ("POST", "faults", {"do": {"drop": "after", "status": 500}}, "'status' says nothing"),
        ("POST", "faults", {"do": {"delay_ms": 1, "code": "x"}}, "'code' says nothing"),
        (
            "POST",
            "faults",
            {"do": {"status": 500, "headers": {"A": "b\r\nC: d"}}},
            "no HTTP header",
        ),
        ("POST", "faults", {"do": {"status": 500, "headers": []}}, "'headers' must be"),
        ("POST", "faults", {"do": {"status": 500}, "nth": 0}, "'nth'"),
        ("POST", "faults", {"do": {"status": 500}, "nth": 1, "times": 2}, "without 'skip'"),
        ("POST", "faults", {"do": {"status": 500}, "probability": 2}, "'probability'"),
        ("POST", "faults", {"do": {"status": 500}, "match": {"path": "("}}, "regular expression"),
        ("POST", "faults", {"do": {"status": 500}, "match": {"table": "led"}}, "no table 'led'"),
        (
            "POST",
            "faults",
            {"do": {"status": 500, "body": "x"}, "match": {"inner": True}},
            "inside a batch",
        ),
        ("POST", "faults", {"do": {"drop": "after", "code": "x"}}, "'code' says nothing beside"),
        ("POST", "faults", {"do": {"delay_ms": 1, "retry_after": 5}}, "'retry_after' says"),
        ("POST", "faults", {"do": {"status": 500, "body": "x", "code": "y"}}, "beside 'body'"),
        ("POST", "faults", {"do": {"status": 500}, "seed": 5}, "without 'probability'"),
        ("POST", "faults", {"do": {"status": 500}, "nth": 1, "probability": 0.5}, "for certain"),
        ("POST", "faults", {"do": {"status": 500, "nth": 2}}, "'nth' belongs beside 'match'"),
        ("POST", "faults", {"do": {"status": 500}, "table": "lead"}, "'table' belongs in 'match'"),
        ("POST", "faults", {"status": 500}, "'status' belongs in 'do'"),
        ("POST", "faults", {"do": {"status": 500}, "often": 1}, "unknown member 'often'"),
        ("POST", "faults", {"do": {"status": 500}, "match": {"method": "FOO"}}, "method 'FOO'"),
        ("POST", "faults", {"do": {"status": 500}, "match": {"message": "Nope"}}, "'Nope'"),
        (
            "POST",
            "faults",
            {"do": {"status": 500}, "match": {"path": "(a+)+$"}},
            "'(a+)+$' repeats",
        ),
        ("POST", "clients", {"id": "x", "secret": "y"}, "'id' must be a guid"),
        ("POST", "clients", {"id": "x"}, "needs the member 'secret'"),
        ("POST", "tokens", {}, "either 'user' or 'application'"),
        ("POST", "tokens", {"user": 1}, "'user' must be a text"),
    ],
)
def test_a_wrong_value_is_named_and_changes_nothing(
    admin: Admin, method: str, path: str, body: object, words: str
) -> None:
    status, message = admin.refused(method, path, body)
    assert status == 400
    assert words in message
    assert admin.json("GET", "faults") == []
    assert admin.json("GET", "time")["virtual"] is False


def test_unknown_users_and_faults_are_404(admin: Admin) -> None:
    for path, body in (
        ("tokens", {"user": "nobody@x"}),
        ("throttle", {"user": "nobody@x"}),
        ("faults", {"do": {"status": 500}, "match": {"user": "nobody@x"}}),
    ):
        assert admin.refused("POST", path, body) == (404, "There is no user 'nobody@x'.")
    assert admin.refused("DELETE", "faults/7") == (404, "There is no fault 7.")
    assert admin.refused("DELETE", "faults/x")[0] == 404
