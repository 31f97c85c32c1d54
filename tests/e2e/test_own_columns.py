"""A column of one's own for the owner, one for the score, and a many-to-many table of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.features import (
    change,
    create,
    define,
    lead,
    owner,
    people,
    route,
    rulebook,
    run_of,
    sellers,
    shop,
    told,
)
from tests.e2e.own_columns import HANDLER, write_own_columns
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import connect
from work_assignment.cli import sample_data, webhooks
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ACCOUNT, LEAD, SYSTEM_USER
from work_assignment.dataverse.queries import Query
from work_assignment.dataverse.webhook_store import WebhookStore
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.mock_dataverse.server import MockServer
from work_assignment.packaged_solution import product_solution
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.webhook_registration import registered
from work_assignment.settings import Credentials
from work_assignment.solvers.on_demand import FlowSolverOnDemand

WEB_FORM = sample_data.row_id("systemuser", sample_data.WEB_FORM_USER)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    solutions = [product_solution(), write_own_columns(tmp_path / "own")]
    with MockServer(solutions=solutions) as mock, connect(mock.url, Credentials()) as admin:
        yield World(mock, admin, tmp_path)


def definitions(*names: str, settings: str, rule: str = "match: any", **more: object) -> str:
    return f"""
settings: {settings}
segments: [{{name: All, record_type: lead}}]
rules: [{{name: Anyone, segment: All, {rule}}}]
{sellers(*names, **more)}
"""


HANDLED = f"{{owner_column: {HANDLER}, record_types: [lead]}}"


def handler(world: World, lead_id: str) -> str | None:
    found = world.lead(lead_id)["_new_handlerid_value"]
    assert found is None or isinstance(found, str)
    return found


def handled_by(name: str) -> dict[str, str]:
    return messages.bind("new_HandlerId", SYSTEM_USER.entity_set, user_id(name))


def updated(lead_id: str, *columns: str) -> str:
    """The event of an update that somebody has made."""
    return Event(
        table="lead",
        record_id=lead_id,
        message="Update",
        occurred_at=datetime.now(UTC) + timedelta(seconds=5),
        user_id=WEB_FORM,
        depth=1,
        columns=frozenset(columns),
    ).to_text()


@pytest.mark.parametrize("count", [1, 3])
def test_the_result_goes_to_the_owner_column_and_the_owner_stays(world: World, count: int) -> None:
    people(world, "Ada")
    define(world, definitions("Ada", settings=HANDLED))
    ids = world.create_leads(count)
    route(world)
    for one in ids:
        assert handler(world, one) == user_id("Ada")
        assert world.lead(one)["_ownerid_value"] == WEB_FORM
        run = run_of(world, one)
        assert run["_wa_assignedsellerid_value"] == user_id("Ada")
        assert run["wa_previousowner"] is None
        assert run["wa_tellpending"] is False


def test_who_was_in_the_owner_column_before_is_logged(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", settings=HANDLED))
    one = lead(world, **handled_by("Bea"))
    route(world)
    run = run_of(world, one)
    assert handler(world, one) == user_id("Ada")
    assert (run["wa_previousowner"], run["wa_previousownertype"]) == (user_id("Bea"), "systemuser")


def test_capacity_is_counted_by_the_owner_column(world: World) -> None:
    people(world, "Ada", "Bea")
    text = definitions(
        "Ada", "Bea", settings=HANDLED, rule="match: any, capacity: true", max_capacity=2
    )
    define(world, text)
    with world.as_user("ada@team.example") as client:
        for number in range(3):  # Ada owns them, and Bea handles the first
            handled = handled_by("Bea") if number == 0 else {}
            row = {"subject": "Old", "lastname": "Old", "wa_assignmentresult": 0, **handled}
            client.send(messages.create(LEAD.entity_set, row))
    ids = world.create_leads(4)
    route(world)
    handlers = [handler(world, one) for one in ids]
    assert handlers.count(user_id("Ada")) == 2
    assert handlers.count(user_id("Bea")) == 1
    assert handlers.count(None) == 1


def test_a_handler_chosen_by_hand_is_left_and_a_change_of_owner_is_no_choice(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", settings=HANDLED))
    chosen, other = lead(world), lead(world)
    change(world, LEAD, chosen, handled_by("Bea"))
    world.assign(other, "Bea")
    place = shop(world)
    place.queues.put(EVENTS, updated(chosen, HANDLER))
    place.queues.put(EVENTS, updated(other, "ownerid"))
    report = Decider(place).answer()
    assert (report.by_hand, report.assigned) == (1, 1)
    assert handler(world, chosen) == user_id("Bea")
    assert handler(world, other) == user_id("Ada")
    assert run_of(world, chosen)["wa_routingstatus"] == RoutingStatus.ASSIGNED_BY_HAND


def test_webhooks_watch_the_owner_column(world: World) -> None:
    people(world, "Ada")
    define(world, definitions("Ada", settings=HANDLED))
    webhooks.sync_with(world.admin, "https://app.example", "key")
    found = registered(WebhookStore(world.admin))
    assert found is not None
    columns = {step.row.name: step.row.columns for step in found.steps}
    assert columns["Work Assignment: Update of lead"] == (HANDLER, "ownerid", "statecode")


def test_a_record_type_without_the_owner_column_is_not_routed_and_that_is_said(
    world: World,
) -> None:
    people(world, "Ada")
    define(
        world,
        f"""
settings: {{record_types: [lead, opportunity]}}
segments: [{{name: All, record_type: lead}}, {{name: Deals, record_type: opportunity}}]
rules: [{{name: Anyone, segment: All, match: any}}, {{name: Deals, segment: Deals, match: any}}]
{sellers("Ada")}
""",
    )
    (setting,) = world.admin.rows(Query("wa_settings"))
    changes = {"wa_ownercolumn": HANDLER}
    world.admin.send(messages.update("wa_settings", setting["wa_settingid"], changes, version="*"))
    world.admin.send(messages.create("opportunities", {"name": "Deal"}))
    one = lead(world)
    assert [str(fault) for fault in rulebook(world).faults] == [
        f"record type opportunity is not routed: the table lacks {HANDLER}"
    ]
    route(world)
    assert handler(world, one) == user_id("Ada")


def test_the_highest_scores_are_given_where_there_is_not_room_for_all(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world,
        definitions(
            "Ada",
            "Bea",
            settings="{score_column: new_score, record_types: [lead]}",
            rule="match: any, distribution: best overall, capacity: true",
            max_capacity=12,
        ),
    )
    (row, *_) = world.seller_rows()
    world.change_seller(row["wa_sellerid"], {"wa_maxcapacity": 13})
    ids = {score: lead(world, new_score=score) for score in range(30)}
    place = replace(shop(world), solver=FlowSolverOnDemand())
    report = Decider(place).answer()
    assert (report.assigned, report.unassigned) == (25, 5)
    out = {score for score, one in ids.items() if world.lead(one)["wa_assignmentresult"] == 1}
    assert out == {0, 1, 2, 3, 4}
    for score in out:
        run = run_of(world, ids[score])
        assert run["wa_routingstatus"] == RoutingStatus.NO_CAPACITY
        assert "30 records, room for 25" in run["wa_reason"]
        assert "30 records, room for 25" in told(world, ids[score])
    loads = world.owned(["Ada", "Bea"])
    assert sorted(loads.values()) == [12, 13]


def test_a_lead_goes_by_a_many_to_many_table_of_ones_own(world: World) -> None:
    people(world, "Ada", "Bea")
    define(
        world,
        f"""
segments:
  - name: Wanted
    record_type: lead
    filter:
      all:
        - related:
            table: new_lead_account
            lookup: leadid
            filter: {{all: [{{related: {{lookup: accountid, filter: {{all: [[name, eq, Larkfell]]}}}}}}]}}
  - {{name: Others, record_type: lead}}
rules:
  - {{name: For Ada, segment: Wanted, match: list, list: [ada@team.example]}}
  - {{name: For Bea, segment: Others, match: list, list: [bea@team.example]}}
{sellers("Ada", "Bea")}
""",
    )
    larkfell = create(world, ACCOUNT, {"name": "Larkfell"})
    interested, other = lead(world), lead(world)
    ours = (LEAD.entity_set, interested, "new_lead_account")
    world.admin.send(messages.associate(*ours, ACCOUNT.entity_set, larkfell))
    assert rulebook(world).faults == ()
    route(world)
    assert [owner(world, interested), owner(world, other)] == ["Ada", "Bea"]
