"""Whoever could not be told at once is told later, and nobody waits for those who never can be."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.dataverse.fake_organization import Time
from tests.e2e.features import change_user, shop
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import connect, now
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.batches import Batch
from work_assignment.dataverse.names import APP_NOTIFICATION, ROUTING_RUN, SYSTEM_USER
from work_assignment.dataverse.outcome_store import OutcomeStore
from work_assignment.dataverse.queries import Query
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider
from work_assignment.services.telling import late_notice
from work_assignment.settings import Credentials

NOBODY = "99999999-9999-4999-8999-999999999999"
LONG_AGO = timedelta(hours=2)


def run_number(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def log_runs(world: World, first: int, count: int, **columns: Any) -> None:
    """Runs of which somebody is still to be told, as a worker that died leaves them."""
    rows = [
        messages.upsert(
            ROUTING_RUN.entity_set,
            run_number(number),
            {
                "wa_name": f"Lead {number}",
                "wa_recordtype": "lead",
                "wa_recordid": run_number(number),
                "wa_recordversion": "1",
                "wa_block": run_number(number),
                "wa_decidedon": now() - LONG_AGO + timedelta(seconds=number),
                "wa_tellpending": True,
                "wa_reason": "because",
            }
            | columns,
        )
        for number in range(first, first + count)
    ]
    world.admin.send_batch(Batch(rows))


def lost(owner: str) -> dict[str, Any]:
    return {
        "wa_routingstatus": RoutingStatus.UNDONE,
        "wa_previousowner": owner,
        "wa_previousownertype": "systemuser",
    }


def given(name: str, **columns: Any) -> dict[str, Any]:
    owner = messages.bind("wa_AssignedSellerId", SYSTEM_USER.entity_set, user_id(name))
    return {"wa_routingstatus": RoutingStatus.ASSIGNED, **owner, **columns}


@contextmanager
def store(world: World, time: Time | None = None) -> Iterator[OutcomeStore]:
    app = Credentials(token=f"user:{sample_data.APP_USER}")
    with connect(world.mock.url, app) as client:
        yield OutcomeStore(client, dict, now, monotonic=time or Time())


def tell_the_untold(outcomes: OutcomeStore) -> None:
    """What the timer does each minute."""
    outcomes.tell([late_notice(entry) for entry in outcomes.untold(before=now(), now=now())])


def titles(world: World, name: str) -> list[str]:
    rows = world.admin.rows(Query(APP_NOTIFICATION.entity_set))
    return sorted(row["title"] for row in rows if row["_ownerid_value"] == user_id(name))


def marked(world: World) -> int:
    return sum(bool(run["wa_tellpending"]) for run in world.runs())


def refuse(world: World, text: str, status: int, code: str) -> None:
    """Refuse notifications with a text in them."""
    said = {"status": status, "code": code, "message": "No."}
    match = {"inner": True, "table": "appnotification", "body": text}
    rule = {"match": match, "times": None, "do": said}
    requests.post(f"{world.mock.url}/__mock/faults", json=rule, timeout=10).raise_for_status()


def refuse_no_more(world: World) -> None:
    requests.delete(f"{world.mock.url}/__mock/faults", timeout=10).raise_for_status()


def test_sixty_takings_back_from_a_disabled_seller_keep_nobody_waiting(world: World) -> None:
    world.settle_in({"Ada": 9, "Bea": 9})
    log_runs(world, 1, 60, **lost(user_id("Ada")))
    log_runs(world, 61, 1, **given("Bea"))
    log_runs(world, 62, 1, **lost(user_id("Bea")))
    change_user(world, "Ada", isdisabled=True)
    with store(world) as outcomes:
        tell_the_untold(outcomes)
        assert titles(world, "Bea") == ["New lead: Lead 61", "No longer yours: Lead 62"]
        assert marked(world) == 60
        change_user(world, "Ada", isdisabled=False)
        tell_the_untold(outcomes)
        tell_the_untold(outcomes)
    assert (len(titles(world, "Ada")), marked(world)) == (60, 0)


@pytest.mark.parametrize("who", [NOBODY, "no id at all"])
def test_sixty_takings_back_from_somebody_who_is_gone_are_forgotten(
    world: World, who: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.settle_in({"Bea": 9})
    log_runs(world, 1, 60, **lost(who))
    log_runs(world, 61, 1, **given("Bea"))
    with store(world) as outcomes, caplog.at_level(logging.WARNING):
        tell_the_untold(outcomes)
        assert titles(world, "Bea") == ["New lead: Lead 61"]
        tell_the_untold(outcomes)
    assert marked(world) == 0
    assert [line.getMessage() for line in caplog.records] == [
        "nobody is told of 50 runs: the recipients are gone",
        "nobody is told of 10 runs: the recipients are gone",
    ]


def test_one_recipients_refusal_does_not_keep_others_from_being_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.settle_in({"Ada": 9, "Bea": 9})
    log_runs(world, 1, 55, **given("Ada"))
    log_runs(world, 56, 2, **given("Bea"))
    refuse(world, user_id("Ada"), 400, "0x80040265")
    time = Time()
    with store(world, time) as outcomes, caplog.at_level(logging.ERROR):
        tell_the_untold(outcomes)
        assert "50 notifications are sent later, the first to user" in caplog.text
        tell_the_untold(outcomes)
        tell_the_untold(outcomes)
        assert (len(caplog.records), titles(world, "Ada")) == (1, [])
        assert titles(world, "Bea") == ["New lead: Lead 56", "New lead: Lead 57"]
        refuse_no_more(world)
        time.now += 3600
        tell_the_untold(outcomes)
        tell_the_untold(outcomes)
    assert (len(titles(world, "Ada")), marked(world)) == (55, 0)


@pytest.mark.parametrize("code", ["0x80042f09", "0x80040231"], ids=["no roles", "may not own it"])
def test_a_seller_who_may_have_no_notifications_is_not_tried_for_ever(
    world: World, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.settle_in({"Ada": 9, "Bea": 9})
    log_runs(world, 1, 3, **given("Ada"))
    log_runs(world, 4, 1, **given("Bea"))
    refuse(world, user_id("Ada"), 403, code)
    with store(world) as outcomes, caplog.at_level(logging.ERROR):
        tell_the_untold(outcomes)
    assert (titles(world, "Ada"), titles(world, "Bea")) == ([], ["New lead: Lead 4"])
    assert marked(world) == 0
    assert [line.levelno for line in caplog.records] == [logging.ERROR]


def test_where_all_notifications_are_refused_nothing_is_lost_and_one_line_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.settle_in({"Ada": 9, "Bea": 9})
    log_runs(world, 1, 4, **given("Ada"))
    log_runs(world, 5, 4, **given("Bea"))
    refuse(world, "title", 403, "0x80040220")
    time = Time()
    with store(world, time) as outcomes, caplog.at_level(logging.ERROR):
        tell_the_untold(outcomes)
        assert (marked(world), len(caplog.records)) == (8, 1)
        refuse_no_more(world)
        time.now += 3600
        tell_the_untold(outcomes)
    assert (marked(world), len(titles(world, "Ada")), len(titles(world, "Bea"))) == (0, 4, 4)


def test_what_a_block_brought_a_seller_is_told_together_once_one_of_its_runs_is_marked(
    world: World,
) -> None:
    world.settle_in({"Ada": 9, "Bea": 9})
    block = {"wa_block": run_number(1), "wa_tellpending": False}
    log_runs(world, 1, 4, **given("Ada", **block))
    log_runs(world, 5, 2, **given("Bea", **block))
    log_runs(world, 7, 1, **given("Ada", **block | {"wa_tellpending": True}))
    log_runs(world, 8, 1, **given("Ada"))
    with store(world) as outcomes:
        tell_the_untold(outcomes)
        assert titles(world, "Ada") == ["5 leads were assigned to you", "New lead: Lead 8"]
        assert (titles(world, "Bea"), marked(world)) == ([], 0)


def test_a_decider_whose_app_may_notify_nobody_loses_no_news(world: World) -> None:
    world.settle_in({"Ada": 3, "Bea": 3})
    world.create_leads(6)
    refuse(world, "title", 403, "0x80040220")
    place = shop(world)
    assert Decider(place).answer().assigned == 6
    assert [row["wa_reservations"] for row in world.seller_rows()] == [None, None]
    assert (titles(world, "Ada"), titles(world, "Bea"), marked(world)) == ([], [], 2)
    refuse_no_more(world)
    with store(world) as outcomes:
        later = now() + timedelta(minutes=5)
        outcomes.tell([late_notice(entry) for entry in outcomes.untold(before=later, now=later)])
    assert titles(world, "Ada") == titles(world, "Bea") == ["3 leads were assigned to you"]
    assert marked(world) == 0
