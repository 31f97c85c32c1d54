"""Sweeps and their undoing on a real mock server, with the app's real stores and the wa command."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.e2e.features import (
    change_user,
    create,
    define,
    lead,
    owner,
    people,
    put_into_queue,
    queue,
    queues_of,
    rows,
    sellers,
    shop,
    team,
)
from tests.e2e.world import World, user_id

from work_assignment.azure_storage.sqlite_lease import SqliteLeases
from work_assignment.cli import sample_data
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import (
    APP_NOTIFICATION,
    LEAD,
    OPPORTUNITY,
    QUEUE_ITEM,
    SWEEP,
    TEAM,
)
from work_assignment.domain.runs.sweeps import Page, Place, Scope
from work_assignment.services.deciding import Decider

WEB = sample_data.row_id("systemuser", sample_data.WEB_FORM_USER)
RULES = """
segments: [{name: All, record_type: lead}]
rules:
  - name: Team
    segment: All
    filter: {all: [[companyname, eq, For the team]]}
    assign_to: team
    match: list
    list: [North]
  - name: Queue
    segment: All
    filter: {all: [[companyname, eq, For the queue]]}
    assign_to: queue
    match: list
    list: [Hot]
  - {name: Anyone, segment: All, match: any, capacity: true}
"""


@dataclass
class Command:
    """The wa command, for the world's environment."""

    capsys: pytest.CaptureFixture[str]

    def text(self, *arguments: str, status: int = 0) -> str:
        """What it prints."""
        self.capsys.readouterr()
        assert main(["sweep", *arguments]) == status
        return self.capsys.readouterr().out

    def json(self, *arguments: str, status: int = 0) -> Any:
        return json.loads(self.text(*arguments, "--json", status=status))

    def refusal(self, *arguments: str) -> str:
        self.capsys.readouterr()
        assert main(["sweep", *arguments]) == 1
        said = self.capsys.readouterr().err
        assert said.count("\n") == 1
        return said


@pytest.fixture
def wa(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("DATAVERSE_URL", world.mock.url)
    monkeypatch.setenv("DATAVERSE_TOKEN", f"user:{sample_data.APP_USER}")
    monkeypatch.setenv("AzureWebJobsStorage", f"sqlite:{world.folder / 'queues.sqlite'}")
    monkeypatch.delenv("WA_MODE", raising=False)
    return Command(capsys)


@pytest.fixture
def twelve(world: World) -> list[str]:
    """Three sellers, a team and a queue, and twelve leads that wait."""
    people(world, "Ada", "Bea", "Cy")
    team(world, "North", "Ada")
    queue(world, "Hot")
    define(world, RULES + sellers("Ada", "Bea", "Cy", max_capacity=5))
    return [
        *world.create_leads(8),
        *world.create_leads(2, companyname="For the team"),
        *world.create_leads(2, companyname="For the queue"),
    ]


def results(world: World) -> Counter[int | None]:
    return Counter(row["wa_assignmentresult"] for row in world.leads())


def test_a_sweep_gives_what_waits_to_sellers_a_team_and_a_queue(
    world: World, wa: Command, twelve: list[str]
) -> None:
    done = wa.json()

    assert done["assigned"] == done["sweep"]["total"] == 12
    assert results(world) == {0: 12}
    owners = Counter(owner(world, one) for one in twelve)
    assert sorted(owners.pop(name) for name in ("Ada", "Bea", "Cy")) == [2, 3, 3]
    assert owners == {"North": 2, "Web": 2}
    assert sum(len(queues_of(world, one)) for one in twelve) == 2
    (row,) = rows(world, SWEEP)
    assert (row["statecode"], row["statuscode"]) == (1, 2)
    assert (row["wa_totalrecords"], row["wa_recordssucceededcount"]) == (12, 12)
    assert {run["_wa_sweepid_value"] for run in world.runs()} == {row["wa_sweepid"]}
    assert {run["wa_requestsource"] for run in world.runs()} == {2}


def test_undoing_brings_back_all_that_did_not_change(
    world: World, wa: Command, twelve: list[str]
) -> None:
    sweep_id = wa.json()["sweep"]["id"]
    with_sellers = [one for one in twelve if owner(world, one) in ("Ada", "Bea", "Cy")]
    reassigned, edited, closed, gone, *untouched = with_sellers
    world.assign(reassigned, "Ada" if owner(world, reassigned) != "Ada" else "Bea")
    world.update_lead(edited, {"subject": "Called them"})
    world.update_lead(closed, {"statecode": 2, "statuscode": 4})
    world.admin.send(messages.delete(LEAD.entity_set, gone))
    kept = {one: world.lead(one) for one in (reassigned, edited, closed)}
    losers = {owner(world, one) for one in untouched}
    notices = len(rows(world, APP_NOTIFICATION))
    world.wait_for_the_next_second()

    shown = wa.json("undo", sweep_id, "--dry-run")
    assert results(world)[1] == 0
    done = wa.json("undo", sweep_id)

    assert shown["came_back"] == done["came_back"]
    assert len(done["came_back"]) == 8
    assert {entry["record"]["id"]: entry["why"] for entry in done["left"]} == {
        reassigned: "reassigned since",
        edited: "changed since",
        closed: "closed since",
        gone: "gone",
    }
    for one in [*untouched, *(set(twelve) - set(with_sellers))]:
        row = world.lead(one)
        assert (row["_ownerid_value"], row["wa_assignmentresult"]) == (WEB, 1)
        assert row["_wa_segmentid_value"] is None
        assert queues_of(world, one) == []
    for one, before in kept.items():
        assert world.lead(one) == before
    assert len(rows(world, APP_NOTIFICATION)) == notices + len(losers)
    (row,) = rows(world, SWEEP)
    assert (row["wa_undone"], row["wa_undonecount"], row["statuscode"]) == (True, 8, 2)


def test_a_second_undo_changes_nothing_and_the_next_sweep_takes_them_up_again(
    world: World, wa: Command, twelve: list[str]
) -> None:
    sweep_id = wa.json()["sweep"]["id"]
    world.wait_for_the_next_second()
    assert len(wa.json("undo", sweep_id)["came_back"]) == 12
    before = (world.leads(), world.runs(), rows(world, SWEEP), rows(world, APP_NOTIFICATION))

    again = wa.json("undo", sweep_id)

    assert (again["came_back"], again["came_back_before"], again["left"]) == ([], 12, [])
    after = (world.leads(), world.runs(), rows(world, SWEEP), rows(world, APP_NOTIFICATION))
    assert after == before
    Decider(shop(world)).answer(thorough=True)
    assert world.leads() == before[0]
    world.wait_for_the_next_second()
    assert wa.json()["assigned"] == 12
    assert sum(len(queues_of(world, one)) for one in twelve) == 2


def test_the_texts_say_what_became_of_the_records(
    world: World, wa: Command, twelve: list[str]
) -> None:
    define(world, RULES + sellers("Ada", max_capacity=5))
    first, *others = wa.text().splitlines()
    assert first.startswith("Sweep of everything, 20")
    assert ": succeeded in " in first
    assert others[:4] == [
        "  records     12",
        "  assigned     9",
        "  unassigned   3",
        "    3  Eligible sellers don't have capacity (Anyone)",
    ]
    sweep_id = others[-1].removeprefix("  id: ")
    assert world.lead(twelve[0])["wa_assignmentresult"] == 0
    world.update_lead(twelve[0], {"subject": "Called them"})
    world.wait_for_the_next_second()

    would = wa.text("undo", sweep_id, "--dry-run").splitlines()
    came = wa.text("undo", sweep_id).splitlines()

    assert would[0].endswith(": 8 records would come back")
    assert came[0].endswith(": 8 records came back")
    name = world.lead(twelve[0])["fullname"]
    assert would[1:] == came[1:] == [f"  1 record left, changed since: {name}"]
    heads, line, *details = wa.text("list").splitlines()
    assert heads.split()[:4] == ["began", "(UTC)", "took", "trigger"]
    assert line.partition("by hand")[2].split() == ["succeeded", "12", "9", "3", "8"]
    assert details[-1].strip() == f"id: {sweep_id}"
    wa.capsys.readouterr()
    main(["explain", "lead", twelve[2]])
    story = wa.capsys.readouterr().out
    assert "assigned to Ada Seller. Anyone: Ada Seller" in story
    assert "back with Web Form. Assignment undone: the sweep that had assigned it was" in story
    assert story.count("(Sweep of everything, 20") == 2


def test_history_is_swept_on_purpose_only_and_by_segment(world: World, wa: Command) -> None:
    people(world, "Ada")
    old = [lead(world) for _ in range(2)]
    world.wait_for_the_next_second()
    define(
        world,
        "segments: [{name: Big, record_type: lead, filter: {all: [[subject, eq, Big]]}}]\n"
        "rules: [{name: Big ones, segment: Big, match: any}]\n" + sellers("Ada"),
    )
    new = lead(world)
    assert Decider(shop(world)).answer().unassigned == 1
    assert wa.json("--segment", "Big")["sweep"]["total"] == 0
    assert wa.json("--segment", "default", "--record-type", "lead")["sweep"]["total"] == 1
    assert results(world) == {None: 2, 1: 1}

    done = wa.json("--since", "2020-01-01", "--limit", "2")

    assert done["unassigned"] == {"No matching segments": 2}
    assert done["sweep"]["since"] == "2020-01-01"
    assert {world.lead(one)["wa_assignmentresult"] for one in (*old, new)} == {1}
    assert "2999-01-01 is in the future" in wa.refusal("--since", "2999-01-01")


def test_a_segment_takes_new_leads_that_fall_into_it(world: World, wa: Command) -> None:
    people(world, "Ada")
    define(
        world,
        "segments: [{name: Big, record_type: lead, filter: {all: [[subject, eq, Big]]}}]\n"
        "rules: [{name: Big ones, segment: Big, match: any}]\n" + sellers("Ada"),
    )
    world.wait_for_the_next_second()
    big, small = lead(world, subject="Big"), lead(world, subject="Small")

    assert wa.json("--segment", "Big")["assigned"] == 1
    assert world.lead(big)["_ownerid_value"] == user_id("Ada")
    assert world.lead(small)["wa_assignmentresult"] is None

    assert wa.json("--segment", "default", "--record-type", "lead")["sweep"]["total"] == 1
    assert world.lead(small)["wa_assignmentresult"] == 1


def test_pages_follow_one_another_over_several_record_types(world: World, wa: Command) -> None:
    people(world, "Ada")
    define(
        world,
        "rules:\n- {name: Leads, record_type: lead, segment: default, match: any}\n"
        "- {name: Deals, record_type: opportunity, segment: default, match: any}\n"
        + sellers("Ada", max_capacity=100),
    )
    deals = [create(world, OPPORTUNITY, {"name": f"Deal {number}"}) for number in range(3)]
    leads = world.create_leads(4)
    facts = shop(world).facts
    book = facts.rulebook()
    known = book.definitions
    scope = Scope({kind: known.in_scope_since(kind) for kind in known.record_types})
    found: list[str] = []
    after: dict[str, Place] = {}
    while (page := facts.gather_page(book, Page(scope, after, 2))).waiting:
        after |= page.reached
        found += [current.record.id for current in page.waiting]
    assert len(found) == len(set(found)) == 7
    assert set(found) == {*leads, *deals}


def test_previous_owners_who_cannot_take_records_are_named(
    world: World, wa: Command, twelve: list[str]
) -> None:
    people_left = create(world, TEAM, {"name": "Gone"})
    world.assign(twelve[0], "Cy")
    world.update_lead(twelve[2], messages.bind("ownerid", TEAM.entity_set, people_left))
    sweep_id = wa.json()["sweep"]["id"]
    change_user(world, "Cy", isdisabled=True)
    world.admin.send(messages.delete(TEAM.entity_set, people_left))
    world.wait_for_the_next_second()

    left = wa.json("undo", sweep_id)["left"]

    cannot = {entry["record"]["id"]: entry["detail"] for entry in left}
    assert cannot == {twelve[0]: "is disabled", twelve[2]: "does not exist any more"}


def test_a_record_moved_to_another_queue_or_picked_is_left_there(
    world: World, wa: Command, twelve: list[str]
) -> None:
    sweep_id = wa.json()["sweep"]["id"]
    picked, moved = (one for one in twelve if queues_of(world, one))
    item = next(row for row in rows(world, QUEUE_ITEM) if row["_objectid_value"] == picked)
    body = {
        "SystemUser": {
            "systemuserid": user_id("Bea"),
            "@odata.type": "Microsoft.Dynamics.CRM.systemuser",
        },
        "RemoveQueueItem": False,
    }
    pick = messages.bound_action(QUEUE_ITEM.entity_set, item["queueitemid"], "PickFromQueue", body)
    world.admin.send(pick)
    other = next(row for row in rows(world, QUEUE_ITEM) if row["_objectid_value"] == moved)
    remove = messages.bound_action(
        QUEUE_ITEM.entity_set, other["queueitemid"], "RemoveFromQueue", {}
    )
    world.admin.send(remove)
    cold = queue(world, "Cold")
    put_into_queue(world, cold, moved)
    world.wait_for_the_next_second()

    done = wa.json("undo", sweep_id)

    assert {entry["record"]["id"] for entry in done["left"]} == {picked, moved}
    assert queues_of(world, moved) == [cold]
    assert owner(world, picked) == "Bea"


def test_whoever_swept_the_app_can_undo_it(
    world: World, wa: Command, monkeypatch: pytest.MonkeyPatch, twelve: list[str]
) -> None:
    with monkeypatch.context() as as_admin:
        as_admin.delenv("DATAVERSE_TOKEN")
        sweep_id = wa.json()["sweep"]["id"]
    world.wait_for_the_next_second()

    assert len(wa.json("undo", sweep_id)["came_back"]) == 12


def test_a_worker_that_is_at_it_is_waited_for_and_then_named(
    world: World, wa: Command, monkeypatch: pytest.MonkeyPatch, twelve: list[str]
) -> None:
    monkeypatch.setattr("work_assignment.services.leasing.PATIENCE", timedelta(0))
    leases = SqliteLeases(world.folder / "queues.sqlite")
    lease = leases.acquire("decider")
    assert lease is not None
    assert "another worker is deciding" in wa.refusal()
    assert rows(world, SWEEP) == []
    leases.release(lease)
    leases.close()
    assert wa.json()["assigned"] == 12
