"""Service protection limits: what is refused, with which words, and what is left."""

from __future__ import annotations

import threading
import time

import pytest
import requests
from tests.mock_dataverse.core.client import Api, assert_fault
from tests.mock_dataverse.serving.admin import Admin

from work_assignment.mock_dataverse.faults import Fault
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.mock_dataverse.serving.protection import LimitSettings, ServiceProtection
from work_assignment.mock_dataverse.well_known import ADMINISTRATOR_ID

REMAINING = "x-ms-ratelimit-burst-remaining-xrm-requests"
TIME_LEFT = "x-ms-ratelimit-time-remaining-xrm-requests"
REQUESTS = "Number of requests exceeded the limit of {} over time window of {} seconds."


class HandClock:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limited(
    clock: HandClock, requests: int, *, window_s: float = 300, concurrent: int = 52
) -> ServiceProtection:
    protection = ServiceProtection(clock)
    protection.configure(
        LimitSettings(requests=requests, window_s=window_s, concurrent=concurrent, enabled=True)
    )
    return protection


def ask(protection: ServiceProtection, user: str = "u") -> int | None:
    """Send one request; return the seconds to wait if it is refused."""
    try:
        with protection.admitted(user):
            return None
    except Fault as fault:
        return int(fault.headers["Retry-After"])


def test_what_remains_counts_down_also_while_nothing_is_enforced(api: Api) -> None:
    first, second = api.get("WhoAmI").headers, api.get("nothing").headers
    assert int(first[REMAINING]) - int(second[REMAINING]) == 1
    assert 0 < float(second[TIME_LEFT].replace(",", "")) <= 1200
    assert first["x-ms-dop-hint"] == "4"


def test_requests_beyond_the_limit_are_429_for_that_user_alone(api: Api, admin: Admin) -> None:
    other = Api(api.server, f"user:{api.create('systemusers', firstname='Other')}")
    admin.json("PUT", "limits", {"requests": 3, "window_s": 60})
    assert [api.get("WhoAmI").headers[REMAINING] for _ in range(3)] == ["2", "1", "0"]
    answer = api.get("WhoAmI")
    assert_fault(answer, 429, "0x80072322", REQUESTS.format(3, 60))
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert other.get("WhoAmI").status_code == 200
    other.close()


def test_a_limit_passes_when_its_window_has_gone_by(api: Api, admin: Admin) -> None:
    admin.json("PUT", "limits", {"requests": 1, "window_s": 0.5})
    assert api.get("WhoAmI").status_code == 200
    assert api.get("WhoAmI").status_code == 429
    deadline = time.monotonic() + 10
    while api.get("WhoAmI").status_code == 429:
        assert time.monotonic() < deadline


def test_a_batch_is_one_request_whose_whole_time_counts(api: Api, admin: Admin) -> None:
    admin.json("PUT", "limits", {"requests": 100, "execution_ms": 80, "dop_hint": None})
    admin.json("PUT", "latency", {"operation_ms": 20})
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET WhoAmI HTTP/1.1\r\n\r\n\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = api.send("POST", "$batch", data=part * 5 + "--b--", headers=headers)
    assert (answer.headers[REMAINING], answer.headers[TIME_LEFT]) == ("99", "0.00")
    assert "x-ms-dop-hint" not in answer.headers
    words = "exceeded limit of 80 milliseconds over time window of 300 seconds."
    assert_fault(api.get("WhoAmI"), 429, "0x80072321", "Combined execution time", words)


def test_too_many_requests_at_once_are_refused(api: Api, admin: Admin) -> None:
    admin.json("PUT", "limits", {"concurrent": 2})
    admin.fault({"delay_ms": 1500}, match={"message": "WhoAmI"}, times=2)
    threads = [threading.Thread(target=_who_am_i, args=(api,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while (answer := api.get("RetrieveVersion")).status_code == 200:
        assert time.monotonic() < deadline
    words = "Number of concurrent requests exceeded the limit of 2."
    assert_fault(answer, 429, "0x80072326", words)
    for thread in threads:
        thread.join()
    assert api.get("RetrieveVersion").status_code == 200


def _who_am_i(api: Api) -> None:
    client = Api(api.server)
    assert client.get("WhoAmI").status_code == 200
    client.close()


@pytest.mark.parametrize(
    ("limit", "code", "words"),
    [
        ("requests", "0x80072322", REQUESTS.format(6000, 300)),
        ("execution_time", "0x80072321", "limit of 1,200,000 milliseconds over time window of 300"),
        ("concurrent", "0x80072326", "concurrent requests exceeded the limit of 52."),
    ],
)
def test_refusals_can_be_ordered(api: Api, admin: Admin, limit: str, code: str, words: str) -> None:
    ordered = {"next": 2, "retry_after": 9, "limit": limit, "user": ADMINISTRATOR_ID}
    assert admin.json("POST", "throttle", ordered)["forced"] == 2
    for _ in range(2):
        answer = api.get("WhoAmI")
        assert_fault(answer, 429, code, words)
        assert answer.headers["Retry-After"] == "9"
    assert api.get("WhoAmI").status_code == 200


def test_who_keeps_pushing_is_told_to_wait_longer() -> None:
    clock = HandClock()
    protection = limited(clock, requests=2, window_s=60)
    assert [ask(protection) for _ in range(2)] == [None, None]
    clock.now += 40
    first, second, third, *others = (ask(protection) or 0 for _ in range(9))
    assert 20 <= first < second < third
    assert max(others) == 60
    clock.now += 62
    assert [ask(protection) for _ in range(2)] == [None, None]
    clock.now += 40
    assert ask(protection) == first


def test_the_window_slides() -> None:
    clock = HandClock()
    protection = limited(clock, requests=3, window_s=60)
    for _ in range(3):
        assert ask(protection) is None
        clock.now += 15
    wait = ask(protection)
    assert wait is not None
    assert 14 <= wait <= 17
    clock.now += wait
    assert ask(protection) is None
    assert ask(protection) is not None


def test_new_limits_forget_what_was_counted_but_not_what_is_running() -> None:
    clock = HandClock()
    protection = limited(clock, requests=5, concurrent=1)
    with protection.admitted("u"):
        protection.configure(LimitSettings(enabled=True, requests=5, concurrent=1))
        assert ask(protection) is not None
    assert ask(protection) is None
    assert protection.remaining("u").requests == 4
    assert protection.remaining("nobody").requests == 5


def test_all_answers_tell_what_is_left_and_how_many_at_once(api: Api, admin: Admin) -> None:
    assert admin.send("POST", "throttle", {"next": 1}).status_code == 200
    answers = [
        api.get("WhoAmI"),
        api.get("WhoAmI", headers={"Authorization": "Bearer user:nobody@x"}),
        api.send("OPTIONS", "leads"),
        api.send("GET", "leads?$format=xml"),
        api.send("POST", "$batch", data=b"x", headers={"Content-Type": "text/plain"}),
    ]
    assert [answer.status_code for answer in answers[:3]] == [429, 403, 200]
    with MockServer(auth=True) as strict:
        answers.append(requests.get(f"{strict.url}/api/data/v9.2/WhoAmI", timeout=20))
    assert answers[-1].status_code == 401
    for answer in answers:
        assert int(answer.headers[REMAINING]) > 0
        assert answer.headers[TIME_LEFT]
        assert answer.headers["x-ms-dop-hint"] == "4"
