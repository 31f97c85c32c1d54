"""While the app's notifications are refused nobody gets the same e-mail or card time and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import yaml
from tests.e2e.features import define
from tests.e2e.test_overdue import TWO_HOURS, Day
from tests.e2e.test_telling_others import LARGE, Kept, Story, at_work, follow
from tests.e2e.world import World, user_id, workshop

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data
from work_assignment.dataverse.overdue_store import OverdueStore
from work_assignment.dataverse.recipient_store import RecipientStore
from work_assignment.domain.defining.notifications import Channel, Kind, Notifications
from work_assignment.services.outbox import NO_OUTBOX
from work_assignment.services.overdue import Escalation
from work_assignment.settings import Credentials

WAYS = ["app", "teams"]


@pytest.fixture
def story(world: World) -> Iterator[Story]:
    with at_work(world) as story:
        document = yaml.safe_load(LARGE)
        document["settings"] = {"notifications": {"assigned": WAYS, "moved": WAYS}}
        define(world, yaml.safe_dump(document))
        yield story


@pytest.fixture
def day(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    monkeypatch.setenv("DATAVERSE_URL", world.mock.url)
    monkeypatch.setenv("WA_CLOCK", "mock")
    made = Day(world)
    yield made
    made.close()


def refuse(world: World, text: str) -> None:
    """Refuse notifications with a text in them from now on."""
    said = {"status": 403, "code": "0x80040220", "message": "No."}
    match = {"inner": True, "table": "appnotification", "body": text}
    rule = {"match": match, "times": None, "do": said}
    requests.post(f"{world.mock.url}/__mock/faults", json=rule, timeout=10).raise_for_status()


def refuse_no_more(world: World) -> None:
    requests.delete(f"{world.mock.url}/__mock/faults", timeout=10).raise_for_status()


def another_process(story: Story) -> dict[str, Any]:
    """What a worker has that remembers nothing."""
    place = workshop(story.world.mock.url, story.world.folder / "queues.sqlite")
    return {"outcomes": place.outcomes, "facts": place.facts}


@pytest.mark.parametrize("count", [1, 3])
def test_a_new_owner_gets_one_card_however_long_the_app_is_refused(
    story: Story, count: int
) -> None:
    refuse(story.world, "title")
    story.world.create_leads(count, budgetamount=10)
    outbox = Kept()
    story.route(outbox=outbox)
    for minutes in (5, 20, 40):
        story.minutes_pass(minutes, outbox=outbox, **another_process(story))
    assert story.told("Ada") == []
    assert [notice.recipient for notice in outbox.notices] == [user_id("Ada")]
    refuse_no_more(story.world)
    story.minutes_pass(60, outbox=outbox, **another_process(story))
    assert story.told("Ada") == [outbox.notices[0].title]
    assert len(outbox.notices) == 1
    assert not any(run["wa_tellpending"] for run in story.world.runs())


@pytest.mark.parametrize("count", [1, 3])
def test_whose_it_was_gets_one_card_and_who_follows_it_another(story: Story, count: int) -> None:
    ids = story.leads_of_ada(count)
    for one in ids:
        follow(story.world, "Eve", one)
    refuse(story.world, "title")
    outbox = Kept()
    story.budgets_rise(ids)
    story.route(outbox=outbox)
    for minutes in (15, 30, 45):
        story.minutes_pass(minutes, outbox=outbox, **another_process(story))
    moved = [notice for notice in outbox.notices if notice.kind is Kind.MOVED]
    assert {notice.recipient for notice in moved} == {user_id("Ada"), user_id("Eve")}
    assert len(moved) == 2
    refuse_no_more(story.world)
    story.minutes_pass(90, outbox=outbox, **another_process(story))
    assert (len(story.told("Ada")), len(story.told("Eve")), len(outbox.notices)) == (1, 1, 3)
    assert story.pending() == []


def test_one_sellers_refusal_has_nobody_told_twice_by_the_other_ways(story: Story) -> None:
    first, *others = story.leads_of_ada(4)
    refuse(story.world, user_id("Ben"))
    outbox = Kept()
    story.budgets_rise([first, others[0]])
    story.world.create_leads(2, budgetamount=10)
    story.route(outbox=outbox)
    story.minutes_pass(5, outbox=outbox, **another_process(story))
    assert story.told("Ben") == []
    given = [notice.recipient for notice in outbox.notices if notice.kind is Kind.ASSIGNED]
    assert sorted(given) == sorted([user_id("Ada"), user_id("Ben")])


def test_an_overdue_lead_makes_one_card_however_long_the_app_is_refused(day: Day) -> None:
    day.world.create_leads(2)
    day.route()
    refuse(day.world, "title")
    outbox, ways = Kept(), frozenset({Channel.APP, Channel.TEAMS})
    app = Credentials(token=f"user:{sample_data.APP_USER}")
    with connect(day.world.mock.url, app) as client:

        def look(after: timedelta) -> int:
            day.pass_time(after)
            return Escalation(
                OverdueStore(client),
                RecipientStore(client),
                outbox,
                lambda: Notifications({Kind.OVERDUE: ways}),
                day.clock,
                mode="on",
            ).look()

        waits = [TWO_HOURS + timedelta(seconds=1), *[timedelta(minutes=10)] * 2]
        assert [look(after) for after in waits] == [2, 2, 2]
        assert (day.told("Ines"), len(outbox.notices)) == ([], 1)
        refuse_no_more(day.world)
        assert [look(after) for after in waits[1:]] == [2, 0]
    assert day.told("Ines") == ["2 leads of segment “Everything” found nobody in time"]
    assert [notice.recipient for notice in outbox.notices] == [user_id("Ines")]


def test_a_manager_of_quiet_hours_hears_when_they_end(day: Day) -> None:
    day.world.create_leads(1)
    day.route()
    begin = day.clock() + timedelta(hours=5)
    app = Credentials(token=f"user:{sample_data.APP_USER}")
    with connect(day.world.mock.url, app) as client:

        def look(after: timedelta) -> int:
            day.pass_time(after)
            return Escalation(
                OverdueStore(client),
                RecipientStore(client),
                NO_OUTBOX,
                Notifications,
                day.clock,
                mode="on",
                quiet_until=lambda who, at: begin if begin > at else None,
            ).look()

        assert [look(timedelta(hours=after)) for after in (3, 1)] == [0, 0]
        assert (day.told("Ines"), [run["wa_overdue"] for run in day.world.runs()]) == ([], [False])
        assert [look(timedelta(hours=after)) for after in (2, 1)] == [1, 0]
    assert (len(day.told("Ines")), day.overdue()) == (1, [True])
