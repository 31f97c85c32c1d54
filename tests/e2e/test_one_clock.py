"""A host and its app on the clock of the mock: timers see jumps, and decisions are made by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.common import Refused
from work_assignment.cli.demo_world import World
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.names import LEAD, ROUTING_RUN, RoutingRunColumn
from work_assignment.dataverse.queries import Query
from work_assignment.samples import DEFINITIONS
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
CLOCK = {"WA_CLOCK": "mock", "WA_BELL_SCHEDULE": "0 0 * * * *"}
LATE = datetime(2031, 5, 6, 7, 58, tzinfo=UTC)


class OneClock:
    """A mock, whose time the test sets, and a host on it without webhooks."""

    def __init__(self, world: World, admin: DataverseClient, url: str) -> None:
        self.world = world
        self.admin = admin
        self.url = url

    def set(self, now: datetime) -> None:
        body = {"now": now.isoformat(), "frozen": True}
        requests.put(f"{self.url}/__mock/time", json=body, timeout=10).raise_for_status()

    def create_lead(self) -> None:
        row = {"lastname": "Curtis", "address1_country": "France", "leadsourcecode": 8}
        with connect(self.url, Credentials(token=f"user:{sample_data.WEB_FORM_USER}")) as form:
            form.send(messages.create(LEAD.entity_set, row))

    def runs(self) -> list[dict[str, Any]]:
        return list(self.admin.rows(Query(ROUTING_RUN.entity_set)))


@pytest.fixture
def one_clock(tmp_path: Path) -> Iterator[OneClock]:
    with World(tmp_path, ROOT) as world:
        url = world.start_mock()
        with connect(url, Credentials()) as admin:
            here = OneClock(world, admin, url)
            here.set(LATE - timedelta(days=1))
            sample_data.fill_with(admin)
            apply_folder(admin, DEFINITIONS)
            here.set(LATE)
            world.start_host(url, settings=CLOCK)
            yield here


def within(seconds: float, found: Callable[[], object]) -> bool:
    """Look until it is so or the time is over."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            return False
    return True


def test_a_jump_rings_the_timer_at_once_and_what_waits_is_decided_at_the_mocks_time(
    one_clock: OneClock,
) -> None:
    one_clock.create_lead()
    assert one_clock.runs() == []
    later = LATE + timedelta(hours=1)
    one_clock.set(later)
    assert within(20, one_clock.runs)
    (run,) = one_clock.runs()
    assert moment(run[RoutingRunColumn.DECIDED_ON]) == later


def test_a_host_without_a_mock_behind_it_does_not_start_on_its_clock(tmp_path: Path) -> None:
    with World(tmp_path, ROOT) as world, pytest.raises(Refused) as refused:
        world.start_host("http://127.0.0.1:9", settings=CLOCK)
    assert "WA_CLOCK is 'mock', but this is no mock that runs" in str(refused.value)
