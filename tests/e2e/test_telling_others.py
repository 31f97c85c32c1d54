"""Who had a record before and who follows it hear of it once, in their language and as they wish."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
import yaml
from tests.e2e.features import change, change_user, create, define, owned_by, people, sellers
from tests.e2e.world import World, user_id, user_name, workshop

from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import (
    APP_NOTIFICATION,
    USER_SETTINGS,
    WORK_ITEM_STATE,
    WORKLIST_SETTING,
)
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.recipient_store import RecipientStore
from work_assignment.domain.defining.notifications import Kind, Language
from work_assignment.domain.errors import Unavailable
from work_assignment.domain.records import SellerId
from work_assignment.domain.runs.outcomes import Notice
from work_assignment.domain.runs.recipients import Recipient
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.ports import Recipients
from work_assignment.services.workshop import Workshop
from work_assignment.settings import Credentials

GERMAN, AUSTRIAN, BULGARIAN, FRENCH = 1031, 3079, 1026, 1036
LARGE = f"""
segments:
  - {{name: Large, record_type: lead, allow_move_in: true, filter: {{all: [[budgetamount, ge, 500]]}}}}
  - {{name: Others, record_type: lead}}
rules:
  - {{name: For Ben, segment: Large, match: list, list: [ben@team.example]}}
  - {{name: For Ada, segment: Others, match: list, list: [ada@team.example]}}
{sellers("Ada", "Ben")}
"""


class Story:
    """An organisation with Ada and Ben, and a worker that knows what is known of them."""

    def __init__(self, world: World, place: Workshop) -> None:
        self.world = world
        self.place = place

    def leads_of_ada(self, count: int) -> list[str]:
        ids = self.world.create_leads(count, budgetamount=10)
        Decider(self.place).answer()
        self.forget()
        return sorted(ids, key=lambda one: str(self.world.lead(one)["lastname"]))

    def forget(self) -> None:
        for row in self.world.admin.rows(Query(APP_NOTIFICATION.entity_set)):
            gone = messages.delete(APP_NOTIFICATION.entity_set, row["appnotificationid"])
            self.world.admin.send(gone)

    def budgets_rise(self, ids: Sequence[str]) -> None:
        for one in ids:
            self.world.update_lead(one, {"budgetamount": 900})
            event = Event(
                table="lead",
                record_id=one,
                message="Update",
                occurred_at=now() + timedelta(seconds=5),
                user_id=sample_data.row_id("systemuser", sample_data.WEB_FORM_USER),
                depth=1,
                columns=frozenset({"budgetamount"}),
            )
            self.place.queues.put(EVENTS, event.to_text())

    def route(self, **changes: Any) -> None:
        Decider(replace(self.place, **changes)).answer()

    def minutes_pass(self, minutes: int = 5, **changes: Any) -> None:
        """The timer's bell, that much later."""
        clock = {"clock": lambda: now() + timedelta(minutes=minutes)}
        Decider(replace(self.place, **(clock | changes))).answer(thorough=True)

    def told(self, name: str) -> list[str]:
        rows = self.world.admin.rows(Query(APP_NOTIFICATION.entity_set))
        return sorted(row["title"] for row in rows if row["_ownerid_value"] == user_id(name))

    def bodies(self, name: str) -> list[str]:
        rows = self.world.admin.rows(Query(APP_NOTIFICATION.entity_set))
        return [row["body"] for row in rows if row["_ownerid_value"] == user_id(name)]

    def pending(self) -> list[str]:
        return [run["wa_tellothers"] for run in self.world.runs() if run["wa_tellothers"]]


@contextmanager
def at_work(world: World, *names: str, **options: Any) -> Iterator[Story]:
    people(world, "Ada", "Ben", "Eve", *names)
    define(world, LARGE)
    app = Credentials(token=f"user:{sample_data.APP_USER}")
    with connect(world.mock.url, app) as client:
        place = workshop(world.mock.url, world.folder / "queues.sqlite", **options)
        yield Story(world, replace(place, recipients=RecipientStore(client)))


def speaks(world: World, name: str, language: int) -> None:
    change(world, USER_SETTINGS, user_id(name), {"uilanguageid": language})


def follow(world: World, name: str, lead_id: str) -> None:
    row = {
        "wa_name": f"{user_id(name)} {lead_id}",
        "wa_recordtype": "lead",
        "wa_recordid": lead_id,
        "wa_followed": True,
    }
    create(world, WORK_ITEM_STATE, row | owned_by(name))


def refuse_once(world: World, text: str) -> None:
    """Refuse the next notification with a text in it."""
    said = {"status": 403, "code": "0x80040220", "message": "No."}
    match = {"inner": True, "table": "appnotification", "body": text}
    rule = {"match": match, "times": 1, "do": said}
    requests.post(f"{world.mock.url}/__mock/faults", json=rule, timeout=10).raise_for_status()


def mute(world: World, name: str, kinds: str) -> str:
    row = {"wa_name": user_id(name), "wa_mutednotifications": kinds}
    return create(world, WORKLIST_SETTING, row | owned_by(name))


def test_a_change_of_the_budget_tells_both_sellers_in_their_languages(world: World) -> None:
    with at_work(world) as story:
        speaks(world, "Ada", GERMAN)
        speaks(world, "Ben", BULGARIAN)
        story.budgets_rise(story.leads_of_ada(1))
        story.route()
        assert story.told("Ada") == ["Nicht mehr bei Ihnen: Person 0"]
        assert story.bodies("Ada") == [
            "Zuständig ist jetzt Ben Seller wegen des Wechsels in das Segment „Large“."
        ]
        assert story.told("Ben") == ["Нов потенциален клиент: Person 0"]
        assert story.bodies("Ben") == [
            "Възложено ви е по правило „For Ben“ на сегмент „Large“."  # noqa: RUF001 - it is Bulgarian
        ]
        assert story.pending() == []


def test_what_a_block_moves_is_told_to_each_once(world: World) -> None:
    with at_work(world) as story:
        speaks(world, "Ada", FRENCH)
        ids = story.leads_of_ada(5)
        follow(world, "Eve", ids[0])
        follow(world, "Eve", ids[1])
        follow(world, "Ben", ids[2])
        story.budgets_rise(ids)
        story.route()
        assert story.told("Ada") == ["D’autres ont reçu 5 de vos prospects"]  # noqa: RUF001 - it is French
        assert story.told("Ben") == ["5 leads were assigned to you"]
        assert story.told("Eve") == ["2 leads that you follow have changed"]
        assert story.pending() == []
        story.minutes_pass()
        assert len(story.told("Ada") + story.told("Ben") + story.told("Eve")) == 3


def test_a_new_lead_is_told_to_its_new_owner_and_to_who_follows_it(world: World) -> None:
    with at_work(world) as story:
        (one,) = world.create_leads(1, budgetamount=10)
        follow(world, "Eve", one)
        story.route()
        assert story.told("Ada") == ["New lead: Person 0"]
        assert story.bodies("Eve") == [
            "It now belongs to Ada Seller, as it fell into segment “Others”."
        ]
        rows = world.admin.rows(Query(APP_NOTIFICATION.entity_set))
        assert {row["_ownerid_value"] for row in rows} == {user_id("Ada"), user_id("Eve")}


class Dies(OutcomeStore):
    """A worker that does not live to tell, before it has told anybody or after."""

    after: bool = False

    def tell_others(self, notices: Sequence[Notice], others: Any) -> None:
        if self.after:
            super().tell_others(notices, others)
        raise Unavailable("killed")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("count", [1, 4])
def test_whoever_dies_between_commit_and_telling_is_followed_by_somebody_who_tells_once(
    world: World, count: int, *, after: bool
) -> None:
    with at_work(world, store=Dies) as story:
        alive = workshop(world.mock.url, world.folder / "queues.sqlite").outcomes
        ids = story.leads_of_ada(count)
        follow(world, "Eve", ids[0])
        assert isinstance(story.place.outcomes, Dies)
        story.place.outcomes.after = after
        story.budgets_rise(ids)
        story.route()
        assert len(story.pending()) == (0 if after else count)
        before = story.told("Ada")
        story.minutes_pass(1, outcomes=alive)
        assert story.told("Ada") == before
        for _ in range(2):
            story.minutes_pass(5, outcomes=alive)
            said = "No longer yours: Person 0" if count == 1 else "4 of your leads went to others"
            assert story.told("Ada") == [said]
            assert story.told("Eve") == ["Update on Person 0"]
        assert story.pending() == []


def test_what_was_told_and_put_away_is_not_told_again_for_somebody_else(world: World) -> None:
    with at_work(world) as story:
        (one,) = story.leads_of_ada(1)
        follow(world, "Eve", one)
        refuse_once(world, user_id("Eve"))
        story.budgets_rise([one])
        story.route()
        assert (len(story.told("Ada")), story.told("Eve")) == (1, [])
        assert story.pending() == [user_id("Eve")]
        story.forget()
        story.minutes_pass(5)
        assert story.told("Eve") == []
        story.minutes_pass(15)
        assert (story.told("Ada"), story.told("Eve")) == ([], ["Update on Person 0"])


def test_each_is_spared_the_kinds_that_she_does_not_want(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with at_work(world) as story:
        mute(world, "Ada", "Moved , taken  back, weather")
        mute(world, "Ben", "moved,overdue")
        story.budgets_rise(story.leads_of_ada(2))
        with caplog.at_level(logging.WARNING):
            story.route()
            story.minutes_pass()
        assert (story.told("Ada"), story.told("Ben")) == ([], ["2 leads were assigned to you"])
        assert story.pending() == []
        (line,) = [r.getMessage() for r in caplog.records if "mute" in r.getMessage()]
        assert "the first 'weather'; there are: assigned, moved, taken back, overdue" in line


def test_who_wants_no_assignments_told_leaves_no_mark_behind(world: World) -> None:
    with at_work(world) as story:
        mute(world, "Ada", "assigned")
        world.create_leads(1, budgetamount=10)
        story.route()
        world.create_leads(3, budgetamount=10)
        story.route()
        assert world.owned(["Ada"]) == {"Ada": 4}
        assert story.told("Ada") == []
        assert not any(run["wa_tellpending"] for run in world.runs())


def test_a_seller_may_write_her_own_wishes_and_nobody_elses_count(world: World) -> None:
    with at_work(world) as story:
        row = mute(world, "Ada", "assigned")
        with world.as_user("ada@team.example") as ada:
            ada.send(
                messages.update(
                    WORKLIST_SETTING.entity_set, row, {"wa_mutednotifications": None}, version="*"
                )
            )
        story.budgets_rise(story.leads_of_ada(1))
        story.route()
        assert story.told("Ada") == ["No longer yours: Person 0"]


class Without:
    """Recipients, of whom one is not there any more."""

    def __init__(self, recipients: Recipients, missing: str) -> None:
        self._recipients = recipients
        self._missing = missing

    def of(self, ids: Collection[SellerId]) -> Mapping[SellerId, Recipient]:
        return self._recipients.of([who for who in ids if who != self._missing])


@pytest.mark.parametrize("how", ["disabled", "gone"])
def test_a_previous_owner_who_left_is_waited_for_by_nobody(
    world: World, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with at_work(world) as story:
        ids = story.leads_of_ada(3)
        follow(world, "Eve", ids[0])
        story.budgets_rise(ids)
        recipients: Recipients = story.place.recipients
        if how == "disabled":
            change_user(world, "Ada", isdisabled=True)
        else:
            recipients = Without(recipients, user_id("Ada"))
        with caplog.at_level(logging.WARNING):
            story.route(recipients=recipients)
        assert (story.told("Ada"), story.told("Eve")) == ([], ["Update on Person 0"])
        assert story.told("Ben") == ["3 leads were assigned to you"]
        assert story.pending() == []
        assert f"user {user_id('Ada')} is not told" in caplog.text


def off_until_later(name: str) -> dict[str, Any]:
    """A seller who works for an hour each day, from two hours on."""
    begin, end = ((now() + timedelta(hours=hours)).strftime("%H:%M") for hours in (2, 3))
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    hours = {"days": days, "from": begin, "to": end, "time_zone": "UTC"}
    return {"user": user_name(name), "working_hours": [hours]}


def with_quiet_hours(*names: str) -> str:
    """The same definitions, but some work later, and nobody is disturbed before."""
    document = yaml.safe_load(LARGE)
    others = [entry for entry in document["sellers"] if entry["user"] not in map(user_name, names)]
    document["sellers"] = [*map(off_until_later, names), *others]
    document["settings"] = {"notifications": {"quiet_hours": True}}
    for rule in document["rules"]:
        rule["available_within_hours"] = 24
    return yaml.safe_dump(document)


@pytest.mark.parametrize("count", [1, 3])
def test_nobody_is_disturbed_before_her_working_hours_begin(world: World, count: int) -> None:
    with at_work(world) as story:
        ids = story.leads_of_ada(count)
        follow(world, "Eve", ids[0])
        define(world, with_quiet_hours("Ada", "Ben"))
        story.budgets_rise(ids)
        story.route()
        assert world.owned(["Ben"]) == {"Ben": count}
        for minutes in (0, 5, 60):
            story.minutes_pass(minutes)
            assert (story.told("Ada"), story.told("Ben")) == ([], [])
            assert story.told("Eve") == ["Update on Person 0"]
        story.forget()
        for minutes in (125, 150):
            story.minutes_pass(minutes)
            assert (len(story.told("Ada")), len(story.told("Ben"))) == (1, 1)
            assert story.told("Eve") == []
        assert story.pending() == []
        assert not any(run["wa_tellpending"] for run in world.runs())


class Kept:
    """An outbox that keeps what is put into it."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def put(self, notices: Sequence[Notice]) -> None:
        self.notices += notices


def test_what_is_not_told_in_the_app_goes_the_other_ways_alone(world: World) -> None:
    with at_work(world) as story:
        speaks(world, "Ada", AUSTRIAN)
        ids = story.leads_of_ada(2)
        document = yaml.safe_load(LARGE)
        document["settings"] = {"notifications": {"moved": ["teams"], "assigned": ["app", "teams"]}}
        define(world, yaml.safe_dump(document))
        outbox = Kept()
        story.budgets_rise(ids)
        story.route(outbox=outbox)
        assert (story.told("Ada"), story.told("Ben")) == ([], ["2 leads were assigned to you"])
        assert [(n.kind, n.recipient, n.language, n.title) for n in outbox.notices] == [
            (Kind.ASSIGNED, user_id("Ben"), Language.ENGLISH, "2 leads were assigned to you"),
            (Kind.MOVED, user_id("Ada"), Language.GERMAN, "2 Ihrer Leads gingen an andere"),
        ]
        assert story.pending() == []


def test_many_followed_records_cost_one_more_request(world: World) -> None:
    with at_work(world) as story:
        ids = story.leads_of_ada(2)
        for number in range(60):
            follow(world, "Eve", f"00000000-0000-4000-8000-{number:012}")
        follow(world, "Eve", ids[1])
        story.budgets_rise(ids)
        story.route()
        assert story.told("Eve") == ["Update on Person 1"]
        assert story.told("Ada") == ["2 of your leads went to others"]
