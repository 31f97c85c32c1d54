"""Lines say what they are about, and a session says in one line what it did."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest
from tests.services.world import World

from work_assignment.domain.records import RecordKey
from work_assignment.services import telemetry
from work_assignment.services.ports import RunReport

LOG = telemetry.logger("work_assignment.tests")


@pytest.fixture(autouse=True)
def at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "work_assignment")


def metrics(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of figures, read as a query reads them."""
    return [
        json.loads(line.removeprefix("metrics "))
        for line in caplog.messages
        if line.startswith("metrics ")
    ]


def test_a_line_ends_with_what_it_is_about(caplog: pytest.LogCaptureFixture) -> None:
    with telemetry.session("decider", sweep="s1"):
        telemetry.note(block="b1")
        LOG.info("%d%% done", 50, record="lead/r1", run="u1")

    assert caplog.messages == ["50% done [sweep=s1 block=b1 record=lead/r1 run=u1]"]
    assert vars(caplog.records[0])["wa_block"] == "b1"


def test_outside_of_a_session_a_line_is_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    telemetry.note(block="b1")
    LOG.info("100% of nothing")

    assert caplog.messages == ["100% of nothing"]


def test_no_id_can_break_the_line(caplog: pytest.LogCaptureFixture) -> None:
    LOG.info("it was %s", "so", record="a b]\n%s")

    assert caplog.messages == ["it was so [record=a_b___s]"]


def test_a_session_tells_its_figures_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    sent = {"requests": 7, "throttled": 0}
    with telemetry.session("decider", lambda: sent, monotonic=lambda: now[0]) as figures:
        assert telemetry.count("taken", 3) == 3
        for took in (1.5, 0.5):
            with telemetry.timed("gather"):
                now[0] += took
        telemetry.count_unassigned("NO_CAPACITY")
        telemetry.count("assigned", 2)
        sent = {"requests": 10, "throttled": 1}
        figures.report(RunReport(waited={RecordKey("lead", "1")}, rounds=2))

    assert metrics(caplog) == [
        {
            "kind": "decider",
            "seconds": 2.0,
            "decided": 3,
            "assigned": 2,
            "held": 1,
            "rounds": 2,
            "taken": 3,
            "unassigned": {"NO_CAPACITY": 1},
            "phases": {"gather": 2.0},
            "sent": {"requests": 3, "throttled": 1},
        }
    ]


def test_figures_are_told_although_the_work_failed(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        with telemetry.session("decider"), telemetry.timed("commit"):
            telemetry.count("taken")
            raise ValueError("Dataverse is away")

    with pytest.raises(ValueError, match="away"):
        fail()

    (told,) = metrics(caplog)
    assert told["taken"] == 1
    assert "commit" in told["phases"]


def test_an_idle_bell_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    with telemetry.session("decider") as figures, telemetry.timed("gather"):
        figures.report(RunReport(rounds=1))

    assert caplog.messages == []


def test_sessions_of_two_threads_do_not_mix(caplog: pytest.LogCaptureFixture) -> None:
    both = threading.Barrier(2, timeout=10)

    def work(name: str, times: int) -> None:
        with telemetry.session(name):
            for _ in range(times):
                telemetry.count("taken")
            both.wait()
            LOG.info("done", block=name)

    threads = [threading.Thread(target=work, args=pair) for pair in (("one", 3), ("two", 5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {(told["kind"], told["taken"]) for told in metrics(caplog)} == {("one", 3), ("two", 5)}


def test_deciding_says_of_each_record_its_block_and_run(caplog: pytest.LogCaptureFixture) -> None:
    world = World(capacity=1)
    (key, *_) = world.create_many(5)

    with telemetry.session("decider") as figures:
        figures.report(world.decider().answer())

    (run,) = [logged.run for logged in world.organization.runs_of(key)]
    (line,) = [line for line in caplog.messages if f"run={run.id}" in line]
    assert line.endswith(
        f"[block={run.block} record=lead/{key.id} run={run.id}]".replace(" 1", "_1")
    )
    (told,) = metrics(caplog)
    assert (told["taken"], told["decided"], told["assigned"]) == (5, 5, 3)
    assert told["unassigned"] == {"NO_CAPACITY": 2}
    assert {"gather", "decide", "reserve", "commit", "settle"} <= told["phases"].keys()
