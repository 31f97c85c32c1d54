"""Faults on request: answers, delays and cut connections for the requests that match."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault, unique
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

BATCH = {"Content-Type": "multipart/mixed; boundary=b"}


def part(subject: str, number: int) -> str:
    return (
        "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {number}\r\n\r\nPOST leads HTTP/1.1\r\nContent-Type: application/json\r\n"
        f'\r\n{{"subject":"{subject}"}}\r\n'
    )


def change_set(api: Api, subject: str, size: int = 3) -> requests.Response:
    inner = "".join(part(subject, number) for number in range(1, size + 1))
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{inner}--c--\r\n--b--\r\n"
    return api.send("POST", "$batch", data=body.encode(), headers=BATCH)


def count(api: Api, subject: str) -> int:
    found: int = api.row(f"leads?$filter=subject eq '{subject}'&$count=true")["@odata.count"]
    return found


def states(admin: Admin) -> list[tuple[int, int, int | None]]:
    return [(s["seen"], s["hits"], s["left"]) for s in admin.json("GET", "faults")]


def test_the_nth_request_that_matches_gets_the_fault_and_nothing_is_done(
    api: Api, admin: Admin
) -> None:
    subject = unique("third")
    admin.fault(
        {"status": 503, "code": "0x80044151", "message": "Busy.", "retry_after": 7},
        match={"method": "POST", "table": "lead"},
        nth=3,
    )
    answers = [api.post("leads", {"subject": subject}) for _ in range(4)]
    assert [a.status_code for a in answers] == [204, 204, 503, 204]
    assert_fault(answers[2], 503, "0x80044151", "Busy.")
    assert answers[2].headers["Retry-After"] == "7"
    assert answers[2].headers["REQ_ID"] == answers[2].headers["x-ms-service-request-id"]
    assert count(api, subject) == 3
    assert states(admin) == [(3, 1, 0)]


def test_a_fault_can_come_several_times_or_without_end(api: Api, admin: Admin) -> None:
    admin.fault({"status": 429}, match={"path": "^WhoAmI"}, skip=1, times=2)
    admin.fault({"status": 500, "headers": {"x-own": "1"}}, match={"path": "Retrieve"}, times=None)
    assert [api.get("WhoAmI").status_code for _ in range(4)] == [200, 429, 429, 200]
    answers = [api.get("RetrieveVersion") for _ in range(3)]
    assert [(a.status_code, a.headers["x-own"]) for a in answers] == [(500, "1")] * 3
    assert states(admin) == [(3, 2, 0), (3, 3, None)]
    first, second = (state["id"] for state in admin.json("GET", "faults"))
    assert admin.send("DELETE", f"faults/{second}").status_code == 204
    assert api.get("RetrieveVersion").status_code == 200
    assert [state["id"] for state in admin.json("GET", "faults")] == [first]


@pytest.mark.parametrize(
    "match",
    [
        {"user": ADMINISTRATOR_ID, "message": "WhoAmI"},
        {"user": "admin@mock.example", "method": "get", "path": "AmI$"},
    ],
)
def test_a_rule_can_name_users_and_messages(api: Api, admin: Admin, match: dict[str, Any]) -> None:
    user = api.create("systemusers", firstname="Other")
    admin.fault({"status": 500}, match=match)
    other = Api(api.server, f"user:{user}")
    assert other.get("WhoAmI").status_code == 200
    other.close()
    assert api.get("RetrieveVersion").status_code == 200
    assert api.get("WhoAmI").status_code == 500


def test_a_rule_can_look_into_the_body(api: Api, admin: Admin) -> None:
    subject = unique("body")
    admin.fault({"status": 500}, match={"body": subject}, times=None)
    assert api.post("leads", {"subject": "another"}).status_code == 204
    assert api.post("leads", {"subject": subject}).status_code == 500
    assert change_set(api, subject).status_code == 500
    assert count(api, subject) == 0


def test_a_gateway_may_answer_with_something_that_is_no_json(api: Api, admin: Admin) -> None:
    admin.fault({"status": 502, "body": "<html>Bad Gateway</html>"})
    answer = api.get("WhoAmI")
    assert (answer.status_code, answer.text) == (502, "<html>Bad Gateway</html>")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_request_can_be_carried_out_and_still_be_answered_with_a_fault(
    api: Api, admin: Admin
) -> None:
    subject = unique("after")
    admin.fault({"status": 504, "after": True}, match={"method": "POST"})
    assert api.post("leads", {"subject": subject}).status_code == 504
    assert count(api, subject) == 1


@pytest.mark.parametrize(("moment", "rows"), [("before", 0), ("after", 1)])
def test_a_connection_can_be_cut_before_or_after_the_commit(
    api: Api, admin: Admin, moment: str, rows: int
) -> None:
    subject = unique(moment)
    admin.fault({"drop": moment}, match={"method": "POST", "table": "lead"})
    with pytest.raises(requests.ConnectionError):
        api.post("leads", {"subject": subject})
    assert count(api, subject) == rows
    assert admin.json("GET", "counters")["errors_by_status"] == {"dropped": 1}


def test_a_whole_batch_can_be_lost_after_its_commit(api: Api, admin: Admin) -> None:
    subject = unique("lost")
    admin.fault({"drop": "after"}, match={"path": r"\$batch"})
    with pytest.raises(requests.ConnectionError):
        change_set(api, subject)
    assert count(api, subject) == 3


def test_a_fault_inside_a_change_set_takes_the_whole_set_along(api: Api, admin: Admin) -> None:
    subject = unique("inner")
    admin.fault({"status": 429, "retry_after": 3}, match={"inner": True, "table": "lead"}, nth=2)
    assert api.post("leads", {"subject": subject}).status_code == 204  # is no part of a batch
    answer = change_set(api, subject)
    assert "HTTP/1.1 429" in answer.text
    assert "Retry-After: 3" in answer.text
    assert count(api, subject) == 1
    assert change_set(api, subject).status_code == 200
    assert count(api, subject) == 4


def test_a_connection_cut_inside_a_change_set_leaves_nothing(api: Api, admin: Admin) -> None:
    subject = unique("cut")
    admin.fault({"drop": "before"}, match={"inner": True}, nth=3)
    with pytest.raises(requests.ConnectionError):
        change_set(api, subject)
    assert count(api, subject) == 0
    assert change_set(api, subject).status_code == 200


def test_a_delay_comes_before_whatever_else(api: Api, admin: Admin) -> None:
    admin.fault({"delay_ms": 60})
    admin.fault({"delay_ms": 60, "status": 503})
    for status in (200, 503):
        started = time.perf_counter()
        assert api.get("WhoAmI").status_code == status
        assert time.perf_counter() - started >= 0.06


def test_random_faults_are_the_same_for_the_same_seed(api: Api, admin: Admin) -> None:
    runs = []
    for seed in (5, 5, 6):
        admin.send("DELETE", "faults")
        admin.fault({"status": 500}, probability=0.5, seed=seed)
        runs.append([api.get("WhoAmI").status_code for _ in range(24)])
    assert runs[0] == runs[1] != runs[2]
    assert 3 < runs[0].count(500) < 21


def test_the_token_endpoint_can_fail_too(api: Api, admin: Admin) -> None:
    url = f"{api.server.url}/common/oauth2/v2.0/token"
    admin.fault({"status": 503}, match={"path": "oauth2/v2.0/token$"})
    assert requests.post(url, data={"grant_type": "x"}, timeout=20).status_code == 503
    assert requests.post(url, data={"grant_type": "x"}, timeout=20).status_code == 400


def test_rules_are_shown_as_they_were_given(admin: Admin) -> None:
    rules: list[dict[str, Any]] = [
        {
            "match": {"method": "post", "table": "lead", "user": "admin@mock.example"},
            "nth": 3,
            "do": {"status": 503, "retry_after": 5, "message": "Busy.", "headers": {"x-own": "1"}},
        },
        {"skip": 1, "times": 4, "do": {"delay_ms": 0, "status": 502, "body": "<html>"}},
        {"probability": 0.5, "seed": 7, "match": {"path": "^leads"}, "do": {"drop": "after"}},
    ]
    ids = admin.json("POST", "faults", rules)["ids"]
    counts = [{"seen": 0, "hits": 0, "left": left} for left in (1, 4, None)]
    assert admin.json("GET", "faults") == [
        {"id": known, **rule, **count}
        for known, rule, count in zip(ids, rules, counts, strict=True)
    ]
