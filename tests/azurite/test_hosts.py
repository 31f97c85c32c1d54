"""Two hosts on one Azure Storage and one mock Dataverse, as processes of their own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from azure.storage.blob import BlobClient, BlobLeaseClient
from tests.azurite.server import Azurite

from work_assignment.azure_storage.azure_account import API_VERSION
from work_assignment.azure_storage.azure_leases import CONTAINER
from work_assignment.azure_storage.azure_queues import AzureQueues
from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.cli.apply import apply_folder
from work_assignment.cli.demo_world import World
from work_assignment.cli.webhooks import sync_with
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import LEAD, ROUTING_RUN, RoutedColumn, RoutingRunColumn
from work_assignment.dataverse.queries import Query
from work_assignment.samples import DEFINITIONS
from work_assignment.services.deciding import LEASE
from work_assignment.services.intake import QUEUE
from work_assignment.settings import Credentials

ROOT = Path(__file__).parents[2]
PATIENCE = 45.0
# A queue message that a dead host held comes again after ten minutes, its leases after one.
ALL_IS_FREE_AGAIN = timedelta(minutes=11)


class TwoHosts:
    """A mock with the sample organisation, and two hosts; the webhooks go to the first one."""

    def __init__(self, world: World, azurite: Azurite) -> None:
        self.world = world
        self.storage = azurite.account().connection_string
        self.dataverse = world.start_mock()
        sample_data.fill(self.dataverse)
        self.admin = connect(self.dataverse, Credentials())
        apply_folder(self.admin, DEFINITIONS)
        settings = {"AzureWebJobsStorage": self.storage, "WA_BELL_SCHEDULE": "*/2 * * * * *"}
        self.first, _ = (
            world.start_host(self.dataverse, name=name, settings=settings)
            for name in ("first", "second")
        )
        sync_with(self.admin, self.first, world.function_key)

    def create_leads(self, count: int) -> None:
        lead = {"lastname": "Curtis", "address1_country": "France", "leadsourcecode": 8}
        with self.web_form() as form:
            sample_data.write(form, [messages.create(LEAD.entity_set, lead) for _ in range(count)])

    def create_leads_little_by_little(self, count: int) -> None:
        for _ in range(count // 5):
            self.create_leads(5)

    def web_form(self) -> DataverseClient:
        return connect(self.dataverse, Credentials(token=f"user:{sample_data.WEB_FORM_USER}"))

    def decided(self) -> int:
        leads = self.admin.rows(Query(LEAD.entity_set, select=(RoutedColumn.ASSIGNMENT_RESULT,)))
        return sum(lead[RoutedColumn.ASSIGNMENT_RESULT] is not None for lead in leads)

    def outcomes(self) -> list[int]:
        """How many outcomes each record has, counted by what is written: rows, and tries of one."""
        runs = self.admin.rows(Query(ROUTING_RUN.entity_set))
        counts = Counter[str]()
        for run in runs:
            counts[run[RoutingRunColumn.RECORD_ID]] += run[RoutingRunColumn.ATTEMPTS]
        return sorted(counts.values())

    def queued(self) -> int:
        with closing(AzureQueues(self.storage)) as queues:
            length = queues.length(QUEUE)
        return length.visible + length.hidden


@pytest.fixture
def hosts(tmp_path: Path, azurite: Azurite) -> Iterator[TwoHosts]:
    with World(tmp_path, ROOT) as world:
        hosts = TwoHosts(world, azurite)
        yield hosts
        hosts.admin.close()


def within(seconds: float, found: Callable[[], bool]) -> bool:
    """Ask again until it is so or the time is over."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_what_a_killed_host_left_the_other_does_and_each_lead_gets_one_outcome(
    hosts: TwoHosts, azurite: Azurite
) -> None:
    with ThreadPoolExecutor(1) as form:
        creating = form.submit(hosts.create_leads_little_by_little, 30)
        assert within(PATIENCE, lambda: hosts.decided() >= 5)
        hosts.world.kill("first")
        creating.result()
    hosts.create_leads_little_by_little(30)  # the webhooks of these find nobody
    azurite.be_ahead(ALL_IS_FREE_AGAIN)
    assert within(PATIENCE, lambda: hosts.decided() == 60)
    assert within(PATIENCE, lambda: hosts.queued() == 0)
    assert hosts.outcomes() == [1] * 60


@contextmanager
def breaking(lease: BlobLeaseClient) -> Iterator[list[bool]]:
    """Take a lease away from whoever holds it, again and again; tells of each time it did."""
    ended, broken = threading.Event(), list[bool]()

    def run() -> None:
        while not ended.wait(0.2):
            try:
                lease.break_lease(0)
                broken.append(True)
            except Exception:  # nobody holds it just now
                broken.append(False)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield broken
    finally:
        ended.set()
        thread.join()


def test_a_decider_that_loses_its_lease_in_the_middle_decides_nothing_twice(
    hosts: TwoHosts,
) -> None:
    blob = BlobClient.from_connection_string(
        hosts.storage, CONTAINER, LEASE, api_version=API_VERSION
    )
    with blob, breaking(BlobLeaseClient(blob)) as broken:
        hosts.create_leads_little_by_little(60)
        assert within(PATIENCE, lambda: hosts.decided() == 60)
    assert any(broken)
    assert within(PATIENCE, lambda: hosts.queued() == 0)
    assert hosts.outcomes() == [1] * 60


TICKING = """
    import os
    from pathlib import Path

    import azure.functions as func

    app = func.FunctionApp()

    @app.timer_trigger("timer", "* * * * * *")
    def tick(timer: func.TimerRequest) -> None:
        with (Path(__file__).parent / "ticks").open("a") as file:
            file.write(f"{os.getpid()}\\n")
"""


def ticking_hosts(world: World, storage: str) -> None:
    settings = {"AzureWebJobsStorage": storage}
    for name in ("first", "second"):
        world.start_host("http://127.0.0.1:9", name=name, settings=settings)


def test_a_timer_fires_once_though_two_hosts_run_and_goes_on_when_one_is_killed(
    tmp_path: Path, azurite: Azurite
) -> None:
    (tmp_path / "function_app.py").write_text(dedent(TICKING))
    (tmp_path / "host.json").write_text((ROOT / "host.json").read_text())
    ticks = tmp_path / "ticks"

    def count() -> int:
        return len(ticks.read_text().splitlines()) if ticks.exists() else 0

    with World(tmp_path, tmp_path) as world:
        ticking_hosts(world, azurite.account().connection_string)
        assert within(PATIENCE, lambda: count() > 0)
        before, started = count(), time.monotonic()
        assert within(PATIENCE, lambda: count() >= before + 8)
        fired, seconds = count() - before, time.monotonic() - started
        assert fired <= seconds + 2, "every second once; with two that do not look it is twice"

        world.kill("first")
        azurite.be_ahead(ALL_IS_FREE_AGAIN)
        killed_at = count()
        assert within(PATIENCE, lambda: count() >= killed_at + 3)
