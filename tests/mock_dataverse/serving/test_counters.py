"""Counters and latency: what a piece of work cost, and how long it is made to take."""

from __future__ import annotations

import time

from tests.mock_dataverse.core.client import Api
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.serving.latency import Latency, LatencySettings
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID


def test_operations_are_counted_by_kind_and_requests_by_how_they_ended(
    api: Api, admin: Admin
) -> None:
    admin.json("POST", "counters/reset")
    api.get("WhoAmI")
    lead = api.create("leads")
    api.get(f"leads({lead})")
    api.patch(f"leads({lead})", {"subject": "x"})
    api.post("leads/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": []})
    api.get("EntityDefinitions?$select=LogicalName&$filter=LogicalName eq 'lead'")
    api.get("Leads")
    api.get("anything/at/all")
    counters = admin.json("GET", "counters")
    assert counters["operations_by_kind"] == {
        "CreateMultiple lead": 1,
        "GET EntityDefinitions": 1,
        "GET lead": 1,
        "GET other": 2,
        "PATCH lead": 1,
        "POST lead": 1,
        "WhoAmI": 1,
    }
    assert counters["http_requests_by_method"] == {"GET": 5, "POST": 2, "PATCH": 1}
    assert counters["errors_by_status"]["404"] == 2
    assert counters["http_requests"] == counters["inner_operations"] == 8
    assert counters["http_requests_by_user"] == {ADMINISTRATOR_ID: 8}
    assert counters["execution_ms"] > 0


def test_the_inner_requests_of_a_batch_are_counted_one_by_one(api: Api, admin: Admin) -> None:
    admin.json("POST", "counters/reset")
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET leads HTTP/1.1\r\n\r\n\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    api.send("POST", "$batch", data=f"{part * 3}--b--", headers=headers)
    counters = admin.json("GET", "counters")
    assert (counters["http_requests"], counters["inner_operations"]) == (1, 3)
    assert counters["operations_by_kind"] == {"GET lead": 3}


def test_the_mocks_own_routes_are_not_counted(admin: Admin) -> None:
    admin.json("POST", "counters/reset")
    admin.json("GET", "health")
    assert admin.json("GET", "counters")["http_requests"] == 0


def test_latency_makes_each_request_wait(api: Api, admin: Admin) -> None:
    admin.json("POST", "counters/reset")
    admin.json("PUT", "latency", {"request_ms": 30, "operation_ms": 20})
    started = time.perf_counter()
    api.get("WhoAmI")
    assert time.perf_counter() - started >= 0.05
    assert admin.json("GET", "counters")["execution_ms"] >= 50
    assert admin.json("DELETE", "latency")["request_ms"] == 0


def test_latency_grows_with_the_operations_and_its_jitter_follows_the_seed() -> None:
    latency = Latency()
    assert latency.seconds(100) == 0
    latency.configure(LatencySettings(request_ms=20, operation_ms=5))
    assert latency.seconds(10) == 0.07
    runs = []
    for seed in (1, 1, 2):
        latency.configure(LatencySettings(jitter_ms=100, seed=seed))
        runs.append([latency.seconds(1) for _ in range(20)])
    assert runs[0] == runs[1] != runs[2]
    assert all(0 <= wait <= 0.1 for wait in runs[0])
