"""A health answer tells each part's own trouble, and comes in time whatever hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.services.fakes import NOW, Clock

from work_assignment.azure_storage.sqlite_notes import SqliteNotes
from work_assignment.azure_storage.sqlite_queues import SqliteQueues
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.sweeps import Counts, Sweep, SweepStatus
from work_assignment.domain.runs.watching import FailedJobs, Glance
from work_assignment.services.asked import Asked
from work_assignment.services.health import DATAVERSE_KEPT, About, Health
from work_assignment.services.seen import BELL, WEBHOOK, Seen


class Dataverse:
    """Shows what it is told to, and counts the looks."""

    def __init__(self) -> None:
        self.looks: list[datetime] = []
        self.show: Callable[[], Glance] = Glance

    def glance(self, since: datetime) -> Glance:
        self.looks.append(since)
        return self.show()


class Scene:
    """An app with real queues and a Dataverse that tests play."""

    def __init__(self, file: Path) -> None:
        self.clock = Clock()
        self.queues = SqliteQueues(file, clock=self.clock)
        self.dataverse = Dataverse()
        self.notes = SqliteNotes(file)
        self.seen = Seen(self.notes, self.clock, monotonic=self.clock.monotonic)
        self.monotonic = 0.0
        about = About("on", "1.2.3", lambda: {"circuit": "closed"})
        self.health = Health(self.queues, self.dataverse, self.clock, about, self.seen, patience=5)

    def check(self) -> dict[str, Any]:
        return self.health.check().data


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path / "queues.sqlite")
    with closing(scene.queues), closing(scene.notes):
        yield scene


def test_queues_are_measured_with_their_poison_and_the_age_of_the_oldest(scene: Scene) -> None:
    scene.queues.put("wa-events", "one")
    scene.clock.advance(timedelta(seconds=90))
    scene.queues.put("wa-events", "two")
    scene.queues.receive("wa-events", limit=1, hidden_for=timedelta(minutes=5))
    scene.queues.put("wa-sweeps-poison", "three")

    data = scene.check()

    assert data["status"] == "well"
    assert data["oldest_event"] == {"at": "2026-03-04T09:00:00+00:00", "seconds": 90}
    lengths = {name: queue["length"] for name, queue in data["storage"]["queues"].items()}
    assert lengths == {
        "wa-events": 2,
        "wa-events-poison": 0,
        "wa-bell": 0,
        "wa-bell-poison": 0,
        "wa-sweeps": 0,
        "wa-sweeps-poison": 1,
        "wa-notices": 0,
        "wa-notices-poison": 0,
    }


def test_what_dataverse_shows_is_told(scene: Scene) -> None:
    sweep = Sweep(
        id="5", name="Nightly", status=SweepStatus.SUCCEEDED, started_at=NOW, counts=Counts(9, 7, 2)
    )
    jobs = FailedJobs(3, newest="0x80050205: refused", newest_step="Create of lead", newest_at=NOW)
    scene.dataverse.show = lambda: Glance(sweep, NOW, jobs)

    data = scene.check()

    assert data["last_sweep"] == {
        "id": "5",
        "name": "Nightly",
        "status": "succeeded",
        "started": "2026-03-04T09:00:00+00:00",
        "ended": None,
        "records": 9,
        "succeeded": 7,
        "failed": 2,
    }
    assert data["last_outcome"] == "2026-03-04T09:00:00+00:00"
    assert data["failed_jobs"] == {
        "hours": 24,
        "count": 3,
        "is_more": False,
        "newest": "2026-03-04T09:00:00+00:00",
        "message": "0x80050205: refused",
    }
    assert scene.dataverse.looks == [NOW - timedelta(days=1)]


def test_mode_version_and_circuit_are_told(scene: Scene) -> None:
    data = scene.check()

    assert (data["mode"], data["version"], data["dataverse"]["circuit"]) == (
        "on",
        "1.2.3",
        "closed",
    )


def test_what_another_process_heard_and_did_is_told(scene: Scene) -> None:
    other = Seen(scene.notes, scene.clock, monotonic=scene.clock.monotonic)
    other.webhook()
    scene.clock.advance(timedelta(minutes=1))
    other.bell()

    data = scene.check()

    assert data["last_webhook"] == "2026-03-04T09:00:00+00:00"
    assert data["last_bell_answered"] == "2026-03-04T09:01:00+00:00"


def test_a_burst_of_webhooks_is_noted_once_in_ten_seconds(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(scene.notes, "write", lambda name, text: written.append(text))

    for _ in range(21):
        scene.seen.webhook()
        scene.clock.advance(timedelta(seconds=1))

    assert [text[11:19] for text in written] == ["09:00:00", "09:00:10", "09:00:20"]


def test_a_note_that_cannot_be_written_stops_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(name: str, text: str) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(scene.notes, "write", broken)

    scene.seen.bell()

    assert "last-bell could not be noted" in caplog.text
    assert scene.seen.last(BELL) is None


def test_a_note_that_is_no_moment_is_none(scene: Scene) -> None:
    scene.notes.write(WEBHOOK, "yesterday")

    assert scene.seen.last(WEBHOOK) is None


def test_a_dataverse_that_is_away_leaves_the_queues_told(scene: Scene) -> None:
    def away() -> Glance:
        raise Unavailable("the circuit is open")

    scene.queues.put("wa-events", "one")
    scene.dataverse.show = away

    checkup = scene.health.check()

    assert not checkup.is_well
    assert checkup.data["status"] == "unwell"
    assert checkup.data["dataverse"]["trouble"] == "the circuit is open"
    assert checkup.data["storage"]["ok"]
    assert checkup.data["oldest_event"]["seconds"] == 0


def test_a_storage_that_is_away_leaves_dataverse_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(queue: str) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(scene.queues, "length", broken)
    scene.dataverse.show = lambda: Glance(decided_at=NOW)

    checkup = scene.health.check()

    assert not checkup.is_well
    assert checkup.data["storage"]["trouble"] == "disk full"
    assert checkup.data["dataverse"]["ok"]
    assert checkup.data["last_outcome"] == "2026-03-04T09:00:00+00:00"


def test_what_of_dataverse_may_not_be_read_is_said_and_no_sickness(scene: Scene) -> None:
    scene.dataverse.show = lambda: Glance(troubles=("asyncoperations: access denied",))

    checkup = scene.health.check()

    assert checkup.is_well
    assert checkup.data["failed_jobs"] is None
    assert checkup.data["dataverse"]["trouble"] == "asyncoperations: access denied"


def test_a_dataverse_that_hangs_is_waited_for_no_longer_than_that_and_asked_once(
    scene: Scene,
) -> None:
    answers = threading.Event()

    def hang() -> Glance:
        answers.wait(60)
        return Glance()

    scene.dataverse.show = hang
    health = Health(
        scene.queues, scene.dataverse, scene.clock, About("on", "1"), scene.seen, patience=0.2
    )
    first, second = health.check(), health.check()
    answers.set()

    assert not first.is_well
    assert first.data["dataverse"]["trouble"].startswith("no answer for 0.")
    assert second.data["storage"]["ok"]
    assert len(scene.dataverse.looks) == 1


def test_probes_that_come_often_ask_dataverse_seldom() -> None:
    now = [0.0]
    looks: list[float] = []
    asked = Asked(lambda: looks.append(now[0]), kept_for=DATAVERSE_KEPT, monotonic=lambda: now[0])

    for at in (0.0, 1.0, 9.9, 10.0, 19.0, 20.5):
        now[0] = at
        assert asked.begin()(at + 30).trouble == ""

    assert looks == [0.0, 10.0, 20.5]
