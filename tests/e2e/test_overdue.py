"""Records that nobody got in time, on the mock's time: the manager is told once, and `wa` says so."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from time import monotonic
from typing import Any

import pytest
import requests
from tests.e2e.features import change, change_user, create, run_of, shop
from tests.e2e.test_request_counts import sent
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.names import (
    APP_NOTIFICATION,
    LEAD,
    OPPORTUNITY,
    ROUTING_RUN,
    SEGMENT,
)
from work_assignment.dataverse.overdue_store import OverdueStore
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.recipient_store import RecipientStore
from work_assignment.dataverse.watch_store import WatchStore
from work_assignment.domain.defining.notifications import Notifications
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.runs.overdue import DueRun, Marks, Surroundings
from work_assignment.local_host.mock_clock import MockClock, reader
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.outbox import NO_OUTBOX
from work_assignment.services.overdue import Escalation
from work_assignment.settings import Credentials

START = datetime(2046, 3, 7, 9, 0, tzinfo=UTC)  # definitions are activated by the real clock
TWO_HOURS = timedelta(hours=2)
SECOND = timedelta(seconds=1)
NOBODY_HAS_ROOM = {"Ada": 0, "Ines": 0, "Otto": 0}
DEFINITIONS = """
segments:
  - {name: Big, record_type: lead, priority: 1, manager: otto@team.example, allow_move_in: true,
     filter: {all: [[numberofemployees, ge, 500]]}}
  - {name: Everything, record_type: lead, priority: 2, manager: ines@team.example}
rules:
  - {name: Big ones, segment: Big, match: any, capacity: true, created_within_hours: 6}
  - {name: Fresh ones, segment: Everything, match: any, capacity: true, created_within_hours: 2}
"""


class Day:
    """An organization on virtual time, and the app's parts that go by it."""

    def __init__(self, world: World, definitions: str = DEFINITIONS) -> None:
        self.world = world
        self.clock = MockClock(reader(world.mock.url), kept_for=0)
        self._open = ExitStack()
        self.set_time(START)
        world.settle_in(NOBODY_HAS_ROOM, definitions)
        self.pass_time(timedelta(minutes=1))

    def close(self) -> None:
        self._open.close()

    def set_time(self, at: datetime) -> None:
        body = {"now": at.isoformat(), "frozen": True}
        requests.put(f"{self.world.mock.url}/__mock/time", json=body, timeout=10).raise_for_status()

    def pass_time(self, by: timedelta) -> None:
        body = {"seconds": by.total_seconds()}
        address = f"{self.world.mock.url}/__mock/time/advance"
        requests.post(address, json=body, timeout=10).raise_for_status()
        until = monotonic() + 10
        while now() < self.clock():  # as commands have it
            assert monotonic() < until

    def route(self) -> None:
        Decider(replace(shop(self.world), clock=self.clock)).answer()

    def changes(self, lead_id: str, mode: str = "on", **columns: Any) -> None:
        """A lead is changed, and we hear of it."""
        self.world.update_lead(lead_id, columns)
        place = replace(shop(self.world, mode=mode), clock=self.clock)
        event = Event(
            table="lead",
            record_id=lead_id,
            message="Update",
            occurred_at=self.clock(),
            user_id=user_id("Ada"),
            depth=1,
            columns=frozenset(columns),
        )
        place.queues.put(EVENTS, event.to_text())
        Decider(place).answer()

    def worker(self, store: Callable[[DataverseClient], OverdueStore] = OverdueStore) -> Escalation:
        """The timer's chore, as a process of its own has it."""
        token = Credentials(token=f"user:{sample_data.APP_USER}")
        client = self._open.enter_context(connect(self.world.mock.url, token))
        return Escalation(
            store(client), RecipientStore(client), NO_OUTBOX, Notifications, self.clock, mode="on"
        )

    def told(self, name: str) -> list[str]:
        rows = self.world.admin.rows(Query(APP_NOTIFICATION.entity_set))
        return [row["title"] for row in rows if row["_ownerid_value"] == user_id(name)]

    def overdue(self) -> list[bool]:
        runs = sorted(self.world.runs(), key=lambda run: run["versionnumber"])
        assert all(run["wa_escalateon"] is None for run in runs)
        return [run["wa_overdue"] for run in runs]


@pytest.fixture
def day(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    monkeypatch.setenv("DATAVERSE_URL", world.mock.url)
    monkeypatch.setenv("WA_CLOCK", "mock")
    made = Day(world)
    yield made
    made.close()


def test_the_manager_is_told_once_when_nobody_got_a_lead_in_time(day: Day) -> None:
    (lead,) = day.world.create_leads(1)
    day.route()
    due_at = datetime.fromisoformat(run_of(day.world, lead)["wa_dueon"])
    assert due_at == day.clock() + TWO_HOURS
    worker = day.worker()
    day.pass_time(TWO_HOURS)
    assert (worker.look(), day.told("Ines")) == (0, [])

    day.pass_time(SECOND)
    assert (worker.look(), worker.look(), day.worker().look()) == (1, 0, 0)
    (title,) = day.told("Ines")
    assert "Everything" in title
    assert (day.told("Otto"), day.overdue()) == ([], [True])


def test_tries_after_that_tell_nothing_new(day: Day) -> None:
    day.world.create_leads(1)
    day.route()
    day.pass_time(TWO_HOURS + SECOND)
    worker = day.worker()
    worker.look()
    (lead,) = (row["leadid"] for row in day.world.leads())
    for description in ("once more", "and again"):
        day.pass_time(SECOND)
        day.changes(lead, description=description, numberofemployees=3)
        assert worker.look() == 0
    assert [run["wa_dueon"] for run in day.world.runs()] == ["2046-03-07T11:01:00Z"] * 2
    assert (len(day.told("Ines")), day.overdue()) == (1, [True, True])


def test_health_counts_the_records_that_became_overdue_within_its_day(day: Day) -> None:
    def counted(since: datetime) -> int | None:
        return WatchStore(day.world.admin, "none").glance(since).overdue

    leads = day.world.create_leads(2)
    day.route()
    assert counted(START) == 0
    day.pass_time(TWO_HOURS + SECOND)
    day.worker().look()
    day.changes(leads[0], description="once more")
    day.worker().look()
    assert len(day.overdue()) == 3
    assert (counted(START), counted(START + timedelta(hours=3))) == (2, 0)


def test_several_leads_are_one_notification(day: Day) -> None:
    day.world.create_leads(3)
    day.route()
    day.pass_time(TWO_HOURS + SECOND)

    assert day.worker().look() == 3
    (title,) = day.told("Ines")
    assert "3" in title


@pytest.mark.parametrize(
    "happens",
    [
        lambda world, lead: world.update_lead(lead, {"statecode": 2, "statuscode": 4}),
        lambda world, lead: world.assign(lead, "Ada"),
        lambda world, lead: world.admin.send(messages.delete(LEAD.entity_set, lead)),
    ],
    ids=["closed", "assigned by hand", "deleted"],
)
def test_nobody_is_told_of_a_lead_that_is(
    day: Day, happens: Callable[[World, str], object], request: pytest.FixtureRequest
) -> None:
    (lead,) = day.world.create_leads(1)
    day.route()
    happens(day.world, lead)
    if "by hand" in request.node.name:
        day.changes(lead, wa_assignmentresult=0)
    day.pass_time(TWO_HOURS + SECOND)

    assert day.worker().look() == 0
    assert (day.told("Ines"), any(day.overdue())) == ([], False)


def test_a_lead_that_moved_is_due_by_its_new_segment_and_told_of_to_its_manager(day: Day) -> None:
    (lead,) = day.world.create_leads(1)
    day.route()
    day.pass_time(TWO_HOURS + SECOND)
    worker = day.worker()
    worker.look()
    day.changes(lead, numberofemployees=900)
    assert worker.look() == 0

    day.pass_time(timedelta(hours=4))
    assert worker.look() == 1
    assert (len(day.told("Ines")), len(day.told("Otto"))) == (1, 1)


def test_two_workers_at_once_tell_once(day: Day) -> None:
    day.world.create_leads(3)
    day.route()
    day.pass_time(TWO_HOURS + SECOND)
    both_have_looked = Barrier(2, timeout=30)

    class Meeting(OverdueStore):
        def look(self, runs: Sequence[DueRun]) -> Surroundings:
            found = super().look(runs)
            both_have_looked.wait()
            return found

    threads = [Thread(target=day.worker(Meeting).look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(day.told("Ines")) == 1
    assert day.overdue() == [True, True, True]


def test_a_worker_that_was_overtaken_does_not_tell_of_what_another_has_told(day: Day) -> None:
    day.world.create_leads(2)
    day.pass_time(timedelta(minutes=1))
    day.world.create_leads(1)
    day.route()
    day.pass_time(TWO_HOURS - timedelta(minutes=1) + SECOND)
    other = day.worker()

    class Overtaken(OverdueStore):
        def look(self, runs: Sequence[DueRun]) -> Surroundings:
            found = super().look(runs)
            assert len(runs) == 2
            day.pass_time(timedelta(minutes=1))
            assert other.look() == 3
            return found

    worker = day.worker(Overtaken)
    worker.look()
    assert worker.look() == 0
    (title,) = day.told("Ines")
    assert "3" in title


def test_a_worker_that_dies_before_or_after_it_writes_tells_once(day: Day) -> None:
    class Dying(OverdueStore):
        writes = False

        def mark(self, marks: Sequence[Marks]) -> list[DueRun]:
            if self.writes:
                super().mark(marks)
            raise Unavailable("the worker is gone")

    class DyingLater(Dying):
        writes = True

    day.world.create_leads(2)
    day.route()
    day.pass_time(TWO_HOURS + SECOND)
    for store, told in ((Dying, 0), (DyingLater, 1)):
        with pytest.raises(Unavailable):
            day.worker(store).look()
        assert len(day.told("Ines")) == told
    assert day.worker().look() == 0
    assert (len(day.told("Ines")), day.overdue()) == (1, [True, True])


def test_a_manager_who_left_is_named_in_the_log_and_the_record_is_marked(
    day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    day.world.create_leads(1)
    day.route()
    change_user(day.world, "Ines", isdisabled=True)
    day.pass_time(TWO_HOURS + SECOND)

    with caplog.at_level(logging.WARNING, "work_assignment.services.overdue"):
        assert day.worker().look() == 1
    assert f"user {user_id('Ines')}, who manages their segment, is disabled" in caplog.text
    assert (day.told("Ines"), day.overdue()) == ([], [True])


def test_a_segment_without_manager_has_its_records_marked(day: Day) -> None:
    everything = next(
        row["wa_segmentid"]
        for row in day.world.admin.rows(Query(SEGMENT.entity_set))
        if row["wa_name"] == "Everything"
    )
    change(day.world, SEGMENT, everything, {"wa_ManagerId@odata.bind": None})
    day.world.create_leads(1)
    day.route()
    day.pass_time(TWO_HOURS + SECOND)

    assert day.worker().look() == 1
    assert day.overdue() == [True]


def test_a_dry_run_says_when_it_would_be_due_and_escalates_nothing(day: Day) -> None:
    (lead,) = day.world.create_leads(1)
    day.changes(lead, mode="dry-run", description="new")
    run = run_of(day.world, lead)
    assert (run["wa_dueon"], run["wa_escalateon"]) == ("2046-03-07T11:01:00Z", None)

    day.pass_time(TWO_HOURS + SECOND)
    assert (day.worker().look(), day.told("Ines")) == (0, [])


def test_looking_costs_one_request_and_telling_few_however_many(day: Day) -> None:
    day.world.create_leads(120)
    day.route()
    worker = day.worker()
    before = sent(day.world)
    worker.look()
    idle = sent(day.world) - before
    day.pass_time(TWO_HOURS + SECOND)
    before = sent(day.world)

    assert worker.look() == 120
    assert (idle, sent(day.world) - before) == (1, 5)


def test_rows_that_cannot_be_understood_are_marked_and_keep_nobody_waiting(day: Day) -> None:
    odd = {"wa_escalateon": START, "wa_dueon": START, "wa_recordversion": "1", "wa_mode": "on"}
    for table, record in (("lead", "no id"), ("no table", user_id("Ada")), ("wa_gone", "")):
        columns = {"wa_recordtype": table, "wa_recordid": record, "wa_name": "Odd"}
        create(day.world, ROUTING_RUN, odd | columns)
    day.world.create_leads(1)
    day.route()
    day.pass_time(TWO_HOURS + SECOND)

    assert day.worker().look() == 1
    assert (len(day.told("Ines")), sorted(day.overdue())) == (1, [False, False, False, True])


def wa(world: World, *command: str) -> int:
    return main([*command, "--url", world.mock.url])


def test_wa_says_how_long_there_is_and_then_that_it_is_overdue(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    (lead,) = day.world.create_leads(1)
    day.route()
    day.pass_time(timedelta(minutes=40))
    capsys.readouterr()
    assert wa(day.world, "explain", "lead", lead) == 0
    assert "Assignment due in 1 h 20 min, at 2046-03-07 11:01:00 UTC" in capsys.readouterr().out
    assert wa(day.world, "unassigned") == 0
    header, row, why, row_id, *rest = capsys.readouterr().out.splitlines()
    assert "due in 1 h 20 min" in row
    assert why == "    Eligible sellers don't have capacity, last tried 40 min ago"
    assert row_id == f"    {lead}, belongs to Web Form"
    assert max(map(len, (header, row, why))) <= 100
    assert header.split()[0] == "record"
    assert "1 record, which is all." in rest
    assert any("raise capacities" in line for line in rest)

    day.pass_time(TWO_HOURS)
    wa(day.world, "explain", "lead", lead)
    assert "Assignment overdue since 2046-03-07 11:01:00 UTC" in capsys.readouterr().out
    wa(day.world, "unassigned", "--json")
    answer = json.loads(capsys.readouterr().out)
    (told,) = answer["records"]
    assert (answer["count"], told["is_overdue"], told["attempts"]) == (1, True, 1)
    assert told["waiting_seconds"] == 9600


def listed(
    world: World, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int | None, bool, list[str]]:
    """What is counted, whether there is more, and the names."""
    capsys.readouterr()
    assert wa(world, "unassigned", "--json", *options) == 0
    answer = json.loads(capsys.readouterr().out)
    return answer["count"], answer["is_more"], [entry["name"] for entry in answer["records"]]


def test_what_nobody_has_is_listed_oldest_first_by_segment_type_and_whether_it_is_overdue(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    day.world.create_leads(1, firstname="Old")
    day.pass_time(timedelta(hours=1))
    day.world.create_leads(1, firstname="Big", numberofemployees=900)
    day.pass_time(timedelta(minutes=1))
    day.world.create_leads(1, firstname="New")
    day.route()
    create(day.world, OPPORTUNITY, {"name": "Not routed", "wa_assignmentresult": 1})
    names = [f"{first} Person 0" for first in ("Old", "Big", "New")]

    assert listed(day.world, capsys) == (3, False, names)
    assert listed(day.world, capsys, "--limit", "2") == (3, True, names[:2])
    assert listed(day.world, capsys, "--segment", "big") == (1, False, [names[1]])
    assert listed(day.world, capsys, "--segment", "default") == (0, False, [])
    assert listed(day.world, capsys, "--record-type", "lead", "--limit", "3")[2] == names
    assert listed(day.world, capsys, "--overdue") == (0, False, [])
    day.pass_time(timedelta(hours=1))
    assert listed(day.world, capsys, "--overdue") == (1, False, names[:1])
    day.pass_time(timedelta(hours=1, minutes=1))
    assert listed(day.world, capsys, "--overdue", "--limit", "1") == (None, True, names[:1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--segment", "Bigg"], "there is no segment 'Bigg'; did you mean 'Big'?"),
        (["--record-type", "leed"], "there is no record type 'leed'; did you mean 'lead'?"),
    ],
)
def test_a_segment_or_type_that_is_not_there_is_refused_with_the_nearest(
    day: Day, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert wa(day.world, "unassigned", *options) == 1
    assert capsys.readouterr().err == f"wa unassigned: {said}\n"


def test_a_limit_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["unassigned", "--limit", "0"])
    assert ended.value.code == 2
    assert "'0' is no number of records" in capsys.readouterr().err


def test_an_organization_where_nobody_waits_says_so(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert wa(day.world, "unassigned") == 0
    assert capsys.readouterr().out == "Nobody waits for an owner.\n"
    day.world.create_leads(1)
    day.route()
    capsys.readouterr()
    assert wa(day.world, "unassigned", "--overdue", "--segment", "big") == 0
    said = "No such record waits for an owner (segment 'big', overdue).\n"
    assert capsys.readouterr().out == said


def test_listing_costs_the_same_few_requests_for_many_records(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    day.world.create_leads(120)
    day.route()

    def requests_so_far() -> int:
        return sum(day.world.mock.counters.read()["http_requests_by_user"].values())

    def cost(limit: str) -> int:
        before = requests_so_far()
        wa(day.world, "unassigned", "--limit", limit)
        return requests_so_far() - before

    assert (cost("10"), cost("200")) == (5, 5)
    assert "120 records, which is all." in capsys.readouterr().out
