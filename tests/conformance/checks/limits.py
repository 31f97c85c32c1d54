"""Checks of the service protection limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ..world import World
from .asking import ask

_BURST = "x-ms-ratelimit-burst-remaining-xrm-requests"


def request_limit(world: World) -> None:
    """The request after the last allowed one is told how long to wait."""
    ask(world, "MOCK PUT limits", body={"enabled": True, "requests": 3}, answers=200)
    for _ in range(3):
        ask(world, "GET WhoAmI", answers=200)
    ask(
        world,
        "GET WhoAmI",
        answers=429,
        error="0x80072322",
        header={"Retry-After": "~^\\d+$"},
        message="Number of requests exceeded the limit of 3 over time window of 300 seconds.",
    )


def concurrency_limit(world: World) -> None:
    """Of requests at once, those over the limit are refused."""
    ask(world, "MOCK PUT limits", body={"enabled": True, "concurrent": 2}, answers=200)
    ask(world, "MOCK PUT latency", body={"request_ms": 400}, answers=200)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(world, "GET WhoAmI", answers=[200, 429]), range(6)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused, "nobody was refused"
    error = refused[0].json()["error"]
    assert error["code"] == "0x80072326", error
    assert "Number of concurrent requests exceeded the limit of 2" in error["message"], error


def remaining_requests(world: World) -> None:
    """Each request leaves less."""
    ask(world, "MOCK PUT limits", body={"enabled": True}, answers=200)
    left = [int(ask(world, "GET WhoAmI", answers=200).headers[_BURST]) for _ in range(3)]
    assert left[0] > left[1] > left[2], left
