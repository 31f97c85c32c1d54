"""Teams and queues as targets of rules: what Dataverse then has, and who is never given anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.features import (
    QUEUE_ITEM,
    Interrupted,
    change,
    define,
    lead,
    owner,
    people,
    put_into_queue,
    queue,
    queues_of,
    role,
    route,
    rows,
    run_of,
    sellers,
    shop,
    team,
    told,
)
from tests.e2e.test_lost_answers import (
    Mishap,
    answer_lost,
    expired_sooner,
    never_arrived,
    unlucky_decider,
)
from tests.e2e.world import World

from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ASSIGNMENT_RULE, QUEUE, TEAM
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider

WEB_FORM = sample_data.row_id("systemuser", sample_data.WEB_FORM_USER)


def giving_to(target: str, *rules: str, settings: str = "{}") -> str:
    """Rules in a row that give to teams or queues."""
    listed = "\n".join(
        f"  - {{name: Rule {number}, segment: All, assign_to: {target}, {rule}}}"
        for number, rule in enumerate(rules, start=1)
    )
    return f"""
settings: {settings}
segments: [{{name: All, record_type: lead}}]
rules:
{listed}
"""


BY_CITY = "match: attributes, seller_filter: {all: [[description, eq, $(address1_city)]]}"


def test_a_team_becomes_the_owner(world: World) -> None:
    people(world)
    nordic = team(world, "Nordic")
    define(world, giving_to("team", "match: list, list: [Nordic]"))
    one = lead(world)
    route(world)
    found = world.lead(one)
    assert (found["_ownerid_value"], found["_owningteam_value"]) == (nordic, nordic)
    assert found["wa_assignmentresult"] == 0
    run = run_of(world, one)
    assert run["_wa_assignedteamid_value"] == nordic
    assert run["_wa_assignedsellerid_value"] is None
    assert (run["wa_previousowner"], run["wa_previousownertype"]) == (WEB_FORM, "systemuser")
    assert run["wa_tellpending"] is False
    assert "assigned to Nordic. Rule 1: Nordic, the only team" in told(world, one)


def test_teams_are_found_by_their_columns_and_the_records_own(world: World) -> None:
    people(world)
    team(world, "Northerners", description="north")
    team(world, "Southerners", description="South")
    define(world, giving_to("team", BY_CITY))
    north, south, nowhere = (
        lead(world, address1_city="North"),
        lead(world, address1_city="south"),
        lead(world),
    )
    route(world)
    assert [owner(world, one) for one in (north, south)] == ["Northerners", "Southerners"]
    assert run_of(world, nowhere)["wa_routingstatus"] == RoutingStatus.NO_TEAM


@pytest.mark.parametrize(
    ("target", "status"),
    [("team", RoutingStatus.SEVERAL_TEAMS), ("queue", RoutingStatus.SEVERAL_QUEUES)],
)
def test_several_that_fit_are_one_too_many_or_any_one_as_the_rule_says(
    world: World, target: str, status: RoutingStatus
) -> None:
    people(world)
    make = team if target == "team" else queue
    ids = {make(world, name, description="Twin") for name in ("First", "Second")}
    define(world, giving_to(target, BY_CITY + ", distribution: none"))
    one = lead(world, address1_city="twin")
    route(world)
    assert run_of(world, one)["wa_routingstatus"] == status
    define(world, giving_to(target, BY_CITY + ", distribution: any one"))
    many = world.create_leads(24, address1_city="twin")
    route(world)
    if target == "team":
        assert {world.lead(each)["_ownerid_value"] for each in many} == ids
    else:
        assert {place for each in many for place in queues_of(world, each)} == ids


def test_an_access_team_is_never_given_a_record(world: World) -> None:
    people(world)
    team(world, "Sharing", description="twin", teamtype=1)
    team(world, "Owning", description="twin")
    define(world, giving_to("team", BY_CITY + ", distribution: none"))
    one = lead(world, address1_city="twin")
    route(world)
    assert owner(world, one) == "Owning"


def test_a_team_needs_an_eligible_role_too(world: World) -> None:
    people(world)
    inside = role(world, "Inside sales", "prvReadLead")
    team(world, "Without", description="twin")
    team(world, "With", description="twin", roles=(inside,))
    settings = "{eligible_roles: [Inside sales]}"
    define(world, giving_to("team", BY_CITY + ", distribution: none", settings=settings))
    one = lead(world, address1_city="twin")
    route(world)
    assert owner(world, one) == "With"
    assert "Without: has none of the eligible security roles" in told(world, one)


def test_a_team_whose_roles_read_no_leads_is_refused_and_the_next_rule_has_its_turn(
    world: World,
) -> None:
    people(world)
    team(world, "Blind", roles=(role(world, "Accounts only", "prvReadAccount"),))
    team(world, "Seeing")
    define(world, giving_to("team", "match: list, list: [Blind]", "match: list, list: [Seeing]"))
    one = lead(world)
    route(world)
    assert owner(world, one) == "Seeing"
    assert "Blind: lacks the privileges to own it" in told(world, one)


def test_a_team_that_is_deleted_meanwhile_makes_room_for_the_next(world: World) -> None:
    people(world)
    gone = team(world, "Gone")
    team(world, "There")
    define(world, giving_to("team", "match: list, list: [Gone]", "match: list, list: [There]"))
    one = lead(world)
    place = shop(world, store=Interrupted)
    assert isinstance(place.outcomes, Interrupted)
    place.outcomes.happening = lambda: world.admin.send(messages.delete(TEAM.entity_set, gone))
    Decider(place).answer()
    assert owner(world, one) == "There"


@pytest.mark.parametrize("count", [1, 3])
def test_a_queue_gets_an_item_and_the_owner_stays(world: World, count: int) -> None:
    people(world)
    partners = queue(world, "Partners")
    define(world, giving_to("queue", "match: list, list: [Partners]"))
    ids = world.create_leads(count)
    route(world)
    for one in ids:
        found = world.lead(one)
        assert (found["_ownerid_value"], found["wa_assignmentresult"]) == (WEB_FORM, 0)
        assert queues_of(world, one) == [partners]
        run = run_of(world, one)
        assert run["_wa_assignedqueueid_value"] == partners
        assert run["wa_routingstatus"] == RoutingStatus.ASSIGNED
        assert "assigned to Partners. Rule 1: Partners, the only queue" in told(world, one)


def test_a_queue_that_is_switched_off_is_none(world: World) -> None:
    people(world)
    off = queue(world, "Off", description="twin")
    define(world, giving_to("queue", BY_CITY))
    change(world, QUEUE, off, {"statecode": 1, "statuscode": 2})
    one = lead(world, address1_city="twin")
    route(world)
    assert run_of(world, one)["wa_routingstatus"] == RoutingStatus.NO_QUEUE


@pytest.mark.parametrize("count", [1, 3])
def test_a_queue_that_is_switched_off_meanwhile_is_passed_over(world: World, count: int) -> None:
    people(world)
    off, on = queue(world, "Off"), queue(world, "On")
    define(world, giving_to("queue", "match: list, list: [Off]", "match: list, list: [On]"))
    ids = world.create_leads(count)
    worker = Decider(shop(world))
    worker.answer()  # it keeps the definitions from now on
    assert [queues_of(world, one) for one in ids] == [[off]] * count
    change(world, QUEUE, off, {"statecode": 1, "statuscode": 2})
    later = world.create_leads(count)
    worker.answer()
    assert [queues_of(world, one) for one in later] == [[on]] * count
    assert any("Off: takes no records" in told(world, one) for one in later)


@pytest.mark.parametrize("count", [1, 3])
def test_a_record_that_waits_in_a_queue_already_stays_or_moves(world: World, count: int) -> None:
    people(world)
    partners, other = queue(world, "Partners"), queue(world, "Other")
    define(world, giving_to("queue", "match: list, list: [Partners]"))
    ids = world.create_leads(count)
    put_into_queue(world, partners, ids[0])
    if count > 1:
        put_into_queue(world, other, ids[1])
    worker = route(world)
    for one in ids:
        assert queues_of(world, one) == [partners]
        assert world.lead(one)["wa_assignmentresult"] == 0
        assert run_of(world, one)["wa_routingstatus"] == RoutingStatus.ASSIGNED
    assert worker.answer().written == 0


def test_a_single_record_is_moved_from_another_queue(world: World) -> None:
    people(world)
    partners, other = queue(world, "Partners"), queue(world, "Other")
    define(world, giving_to("queue", "match: list, list: [Partners]"))
    one = lead(world)
    put_into_queue(world, other, one)
    assert Decider(shop(world)).answer().assigned == 1
    assert queues_of(world, one) == [partners]


def test_what_is_not_for_queues_is_said_and_does_not_stop_the_others(world: World) -> None:
    people(world, "Ada")
    queue(world, "Partners")
    define(
        world,
        f"""
settings: {{record_types: [lead, account]}}
segments: [{{name: All, record_type: lead}}, {{name: Accounts, record_type: account}}]
rules:
  - {{name: Leads, segment: All, match: any}}
  - {{name: Accounts, segment: Accounts, match: any}}
{sellers("Ada")}
""",
    )
    (rule,) = (row for row in rows(world, ASSIGNMENT_RULE) if row["wa_name"] == "Accounts")
    to_queues = {"wa_distributeto": 2, "wa_distributiontype": 4}
    change(world, ASSIGNMENT_RULE, rule["wa_assignmentruleid"], to_queues)
    world.admin.send(messages.create("accounts", {"name": "Larkfell"}))
    one = lead(world)
    route(world)
    assert owner(world, one) == "Ada"
    (run,) = (run for run in world.runs() if run["wa_recordtype"] == "account")
    assert run["wa_routingstatus"] == RoutingStatus.SERVER_ISSUE
    assert "not enabled for queues" in run["wa_reason"]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("mishap", [answer_lost, never_arrived])
def test_a_lost_answer_leaves_one_item_and_one_outcome(
    world: World, tmp_path: Path, mishap: Mishap, count: int
) -> None:
    people(world)
    partners = queue(world, "Partners")
    define(world, giving_to("queue", "match: list, list: [Partners]"))
    ids = world.create_leads(count)
    worker = unlucky_decider(world, tmp_path / "queues.sqlite", "AddToQueue", mishap)
    for _ in range(5):
        report = worker.answer(thorough=True)
        if not (expired_sooner(world) or report.away or report.held):
            break
    for one in ids:
        assert queues_of(world, one) == [partners]
        assert run_of(world, one)["wa_routingstatus"] == RoutingStatus.ASSIGNED
    assert len(rows(world, QUEUE_ITEM)) == count
