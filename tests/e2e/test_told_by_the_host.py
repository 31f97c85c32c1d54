"""A host takes notices from their queue: what it can send arrives, what it cannot read is poison."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.channels.receiver import PATH, receiving

from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.cli import sample_data
from work_assignment.cli.demo_world import World
from work_assignment.cli.main import main
from work_assignment.domain.defining.notifications import Channel, Kind
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.deliveries import Delivery
from work_assignment.services.outbox import QUEUE, delivery_text
from work_assignment.services.sweep_requests import carried

ROOT = Path(__file__).parents[2]


def poisoned(queues: SqliteQueues, seconds: float) -> bool:
    """Wait until something is poison."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while queues.length(f"{QUEUE}-poison").visible == 0:
        if time.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True


def test_what_lies_on_the_queue_arrives_or_is_shown_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{tmp_path / 'queues.sqlite'}")
    with receiving() as receiver, World(tmp_path, ROOT) as world:
        dataverse = world.start_mock()
        sample_data.fill(dataverse)
        world.start_host(dataverse, settings={"WA_TEAMS_URL": receiver.url})
        who = SellerId(sample_data.row_id("systemuser", sample_data.APP_USER))
        notice = Delivery(
            "33333333-3333-4333-8333-333333333333",
            *(Channel.TEAMS, Kind.OVERDUE, who, "Nobody got it", "For two days."),
        )
        with closing(SqliteQueues(world.queues_file)) as queues:
            queues.put(QUEUE, carried(delivery_text(notice)))
            queues.put(QUEUE, carried("junk"))
            assert receiver.arrived.wait(30)
            assert poisoned(queues, 30)
        log = (tmp_path / "host.log").read_text()

    assert receiver.paths == [PATH]
    assert b"Nobody got it" in receiver.received[0]
    assert main(["poison", "list", "--url", dataverse]) == 0
    assert "    junk\n    it is no notice to be sent" in capsys.readouterr().out
    assert "Traceback" not in log
    assert "secret-of-ours" not in log
