"""Settings of the mock: what is left out stays, numbers as they were given, back to the start."""

from __future__ import annotations

import json

import pytest
from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.serving.latency import LatencySettings
from work_assignment.mock_dataverse.storage.row_locks import LockSettings

REMAINING = "x-ms-ratelimit-burst-remaining-xrm-requests"
SETTINGS = ("limits", "latency", "locks", "rules", "webhooks", "faults", "clients")


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("latency", {"request_ms": 1, "seed": 7}, {"jitter_ms": 0.5}),
        ("locks", {"write_latency_ms": 3}, {"timeout_ms": 20000}),
        ("webhooks", {"delay_ms": 50}, {"retry_delay_ms": 10}),
        ("limits", {"requests": 500, "enabled": False}, {"window_s": 60, "enabled": False}),
    ],
)
def test_what_a_put_leaves_out_stays(
    admin: Admin, path: str, first: dict[str, float], second: dict[str, float]
) -> None:
    before = admin.json("GET", path)
    admin.json("PUT", path, first)
    after = admin.json("PUT", path, second)
    assert {name: after[name] for name in first | second} == first | second
    admin.json("PUT", path, {name: before[name] for name in first | second})


def test_a_time_that_stands_still_does_so_at_another_moment_too(admin: Admin) -> None:
    admin.json("PUT", "time", {"frozen": True})
    assert admin.json("PUT", "time", {"now": "2026-03-01T12:00:00Z"})["frozen"] is True
    assert admin.json("PUT", "time", {"frozen": False})["now"].startswith("2026-03-01T12:00")


@pytest.mark.parametrize(
    ("body", "is_enabled"),
    [
        ({}, False),
        ({"dop_hint": None}, False),
        ({"dop_hint": 9}, False),
        ({"requests": 50}, True),
        ({"requests": 50, "enabled": False}, False),
        ({"dop_hint": 9, "window_s": 1}, True),
    ],
)
def test_limits_are_enforced_once_one_is_named_but_not_for_a_hint(
    admin: Admin, body: dict[str, object], is_enabled: bool
) -> None:
    assert admin.json("PUT", "limits", body)["enabled"] is is_enabled


def test_a_hint_alone_leaves_enforced_limits_as_they_are(api: Api, admin: Admin) -> None:
    admin.json("PUT", "limits", {"requests": 50})
    left = int(api.get("WhoAmI").headers[REMAINING])
    assert admin.json("PUT", "limits", {"dop_hint": None})["enabled"] is True
    assert int(api.get("WhoAmI").headers[REMAINING]) == left - 1


def test_whole_numbers_are_told_without_a_point(admin: Admin) -> None:
    admin.json("PUT", "limits", {"execution_ms": 1_200_000, "window_s": 300.0, "enabled": False})
    admin.json("PUT", "latency", {"request_ms": 0, "jitter_ms": 0.5})
    for path, words in (
        ("limits", '"execution_ms": 1200000, "concurrent": 52, "window_s": 300,'),
        ("latency", '"request_ms": 0, "operation_ms": 0, "jitter_ms": 0.5,'),
        ("locks", '"write_latency_ms": 0, "timeout_ms": 10000,'),
        ("webhooks", '"timeout_ms": 60000, "retry_delay_ms": 1000,'),
    ):
        assert words in admin.send("GET", path).text


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PUT", "webhooks", {"delay_ms": 1e9}, "'delay_ms' must be a number of at least 0 and at"
         " most 86400000, not 1000000000"),
        ("PUT", "limits", {"window_s": 0.05}, "of at least 0.1 and at most 86400, not 0.05."),
        ("PUT", "limits", {"enabled": None}, "'enabled' must be true or false, not null."),
        ("PUT", "time", {"now": "0001-01-01T00:00:00Z"},
         "The body: 'now' must lie between 1900-01-01 and 2999-12-31, not '0001-01-01T00:00:00Z'."),
        ("PUT", "time", {"now": "9999-12-31T23:59:59-14:00"}, "not '9999-12-31T23:59:59-14:00'."),
        ("POST", "time/advance", {"seconds": -1e11},
         "The body: 'seconds' must lead to between 1900-01-01 and 2999-12-31, not -100000000000."),
        ("POST", "reset", {"settings": "all"}, "'settings' must be true or false, not 'all'."),
    ],
)  # fmt: skip
def test_limits_and_values_in_errors_are_written_in_full(
    admin: Admin, method: str, path: str, body: object, words: str
) -> None:
    status, message = admin.refused(method, path, body)
    assert status == 400
    assert words in message


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "webhooks/log?sice=3",
         "There is no query parameter 'sice' here; known are since, table."),
        ("GET", "health?x=1", "There is no query parameter 'x' here; GET health takes none."),
        ("POST", "reset?to=empty",
         "There is no query parameter 'to' here; POST reset takes none."),
    ],
)  # fmt: skip
def test_an_unknown_query_parameter_is_refused_by_name(
    admin: Admin, api: Api, method: str, path: str, message: str
) -> None:
    account = api.create("accounts", name="Stays")
    assert admin.refused(method, path) == (400, message)
    assert api.get(f"accounts({account})").status_code == 200


def turn_everything(admin: Admin) -> None:
    for path, body in (
        ("limits", {"requests": 5, "dop_hint": None}),
        ("latency", {"request_ms": 2, "seed": 3}),
        ("locks", {"enabled": False, "timeout_ms": 50}),
        ("rules", {"owners_need_roles": True}),
        ("webhooks", {"paused": True, "delay_ms": 5, "seed": 9}),
        ("time", {"now": "2026-03-01T12:00:00Z", "frozen": True}),
    ):
        admin.json("PUT", path, body)
    admin.fault({"status": 503}, times=None, match={"table": "lead"})
    admin.json("POST", "clients", {"id": "11111111-2222-4333-8444-555555555555", "secret": "x"})


def test_a_reset_returns_settings_only_when_told() -> None:
    with MockServer(locks=LockSettings(enabled=True, write_latency=0.001)) as server:
        server.controls.latency.configure(LatencySettings(request_ms=1))
        server.keep_settings()
        admin, api = Admin(server), Api(server)
        before = {path: admin.json("GET", path) for path in SETTINGS}
        turn_everything(admin)
        api.get("WhoAmI")
        turned = {path: admin.json("GET", path) for path in SETTINGS}
        assert all(turned[path] != before[path] for path in SETTINGS)
        admin.json("POST", "reset")
        assert {path: admin.json("GET", path) for path in SETTINGS} == turned
        assert admin.json("GET", "time")["virtual"] is True
        assert admin.json("GET", "counters")["http_requests"] == 1
        assert admin.json("POST", "reset", {"settings": True}) == {"reset": True}
        assert {path: admin.json("GET", path) for path in SETTINGS} == before
        assert admin.json("GET", "time")["virtual"] is False
        assert admin.json("GET", "counters")["http_requests"] == 0
        admin.close()
        api.close()


def test_a_reset_forgets_refusals_and_what_was_used_up_only_with_the_settings(
    api: Api, admin: Admin
) -> None:
    admin.json("PUT", "limits", {"requests": 1})
    assert [api.get("WhoAmI").status_code for _ in range(2)] == [200, 429]
    admin.json("POST", "throttle", {"next": 5})
    admin.json("POST", "reset")
    assert api.get("WhoAmI").status_code == 429
    assert admin.json("GET", "limits")["forced"] == 4
    admin.json("POST", "reset", {"settings": True})
    answer = api.get("WhoAmI")
    assert (answer.status_code, answer.headers[REMAINING]) == (200, "5999")
    assert admin.json("GET", "limits")["forced"] == 0


def test_a_second_throttle_replaces_the_first(admin: Admin) -> None:
    admin.json("POST", "throttle", {"next": 5})
    assert admin.json("POST", "throttle", {"next": 2})["forced"] == 2
    assert json.loads(admin.send("POST", "throttle", {"next": 0}).text)["forced"] == 0
