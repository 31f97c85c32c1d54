"""wa route on a real mock server: records looked at again by hand, routed anew, and all of it undone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from tests.e2e.features import define, lead, owner, people, rows, sellers, shop
from tests.e2e.world import World, user_id

from work_assignment.cli import sample_data
from work_assignment.cli.main import main
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import LEAD, SEGMENT, SWEEP
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus
from work_assignment.services.deciding import Decider

UNKNOWN = "00000000-0000-4000-8000-00000000dead"
DEFINITIONS = f"""
segments:
  - name: Big
    record_type: lead
    filter: {{all: [[numberofemployees, ge, 500]]}}
    allow_move_in: true
  - {{name: Others, record_type: lead}}
rules:
  - {{name: For Ada, segment: Big, match: list, list: [ada@team.example]}}
  - {{name: For Bea, segment: Others, match: list, list: [bea@team.example]}}
{sellers("Ada", "Bea")}
"""


@dataclass
class Command:
    """The wa command, for the world's environment."""

    capsys: pytest.CaptureFixture[str]

    def text(self, *arguments: str, status: int = 0) -> str:
        self.capsys.readouterr()
        assert main(list(arguments)) == status
        return self.capsys.readouterr().out

    def json(self, *arguments: str, status: int = 0) -> Any:
        return json.loads(self.text(*arguments, "--json", status=status))

    def refusal(self, *arguments: str) -> str:
        self.capsys.readouterr()
        assert main(list(arguments)) == 1
        return self.capsys.readouterr().err

    def misuse(self, *arguments: str) -> str:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert ended.value.code == 2
        return self.capsys.readouterr().err


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
def small(world: World) -> list[str]:
    """Three leads of Bea's, who has those that are not big."""
    people(world, "Ada", "Bea")
    define(world, DEFINITIONS)
    found = [lead(world, numberofemployees=10) for _ in range(3)]
    Decider(shop(world)).answer()
    assert {owner(world, one) for one in found} == {"Bea"}
    return found


def segments(world: World) -> dict[str, str]:
    return {row["wa_name"]: row["wa_segmentid"] for row in rows(world, SEGMENT)}


def grow(world: World, one: str) -> None:
    """The lead becomes a big one, and nobody hears of it."""
    world.update_lead(one, {"numberofemployees": 900})


def runs_of(world: World, one: str, sweep_id: str) -> list[dict[str, Any]]:
    found = [run for run in world.runs() if run["wa_recordid"] == one]
    return [run for run in found if run["_wa_sweepid_value"] == sweep_id]


def test_records_that_are_named_move_and_each_is_told_of(
    world: World, wa: Command, small: list[str]
) -> None:
    moved, stays, _ = small
    grow(world, moved)

    done = wa.json("route", "lead", moved, stays)

    told = {entry["id"]: entry for entry in done["records"]}
    assert (told[moved]["segment_before"], told[moved]["segment"]) == ("Others", "Big")
    assert (told[moved]["owner_before"], told[moved]["owner"]) == ("Bea Seller", "Ada Seller")
    assert told[stays]["segment_before"] == told[stays]["segment"] == "Others"
    assert told[stays]["owner"] == "Bea Seller"
    assert (done["assigned"], done["unchanged"]) == (1, 1)
    row = world.lead(moved)
    assert (row["_ownerid_value"], row["wa_assignmentresult"]) == (user_id("Ada"), 0)
    assert row["_wa_segmentid_value"] == segments(world)["Big"]
    (run,) = runs_of(world, moved, done["sweep"]["id"])
    assert (run["wa_requestsource"], run["wa_segmentationstatus"]) == (4, 1)
    assert run["_wa_previoussegmentid_value"] == segments(world)["Others"]
    assert run["wa_previousowner"] == user_id("Bea")
    (answer,) = runs_of(world, stays, done["sweep"]["id"])
    assert answer["wa_requestsource"] == 4
    assert answer["wa_segmentationstatus"] == SegmentationStatus.MATCHED_PREVIOUS_SEGMENT


def test_the_text_says_what_came_of_each_and_how_to_undo_it(
    world: World, wa: Command, small: list[str]
) -> None:
    moved, stays, _ = small
    grow(world, moved)

    text = wa.text("route", "lead", moved, stays)

    assert "Others -> Big, Bea Seller -> Ada Seller\n  For Ada: Ada Seller" in text
    assert "stays in Others, stays with Bea Seller" in text
    assert text.splitlines()[-1].startswith("to undo it: wa sweep undo ")


def test_asking_twice_writes_two_answers_and_changes_nothing(
    world: World, wa: Command, small: list[str]
) -> None:
    before = world.lead(small[0])

    first, second = (wa.json("route", "lead", small[0])["sweep"]["id"] for _ in range(2))

    assert world.lead(small[0]) == before
    assert [len(runs_of(world, small[0], each)) for each in (first, second)] == [1, 1]


def test_routed_by_force_a_record_goes_by_the_rules_whoever_has_it(
    world: World, wa: Command, small: list[str]
) -> None:
    one = small[0]
    world.assign(one, "Ada")
    assert owner(world, one) == "Ada"
    looked_at = wa.json("route", "lead", one)
    assert owner(world, one) == "Ada"
    assert looked_at["unchanged"] == 1

    done = wa.json("route", "lead", one, "--force")

    assert owner(world, one) == "Bea"
    assert done["records"][0]["owner_before"] == "Ada Seller"
    (run,) = runs_of(world, one, done["sweep"]["id"])
    assert (run["wa_requestsource"], run["wa_routingstatus"]) == (5, RoutingStatus.ASSIGNED)
    assert run["_wa_previoussegmentid_value"] == segments(world)["Others"]


def test_what_cannot_be_looked_at_is_named_with_its_reason(
    world: World, wa: Command, small: list[str]
) -> None:
    closed, moved, _ = small
    world.update_lead(closed, {"statecode": 2, "statuscode": 4})
    grow(world, moved)

    done = wa.json("route", "lead", closed, UNKNOWN, moved, status=1)

    whys = {entry["id"]: entry.get("not_looked_at") for entry in done["records"]}
    assert whys == {closed: "it is closed", UNKNOWN: "it does not exist", moved: None}
    assert done["not_looked_at"] == {"it is closed": 1, "it does not exist": 1}
    assert owner(world, moved) == "Ada"


def test_a_segment_is_looked_at_and_only_what_moves_is_written(
    world: World, wa: Command, small: list[str]
) -> None:
    grow(world, small[1])
    before = len(world.runs())

    done = wa.json("route", "--segment", "Others")

    assert (done["assigned"], done["unchanged"], done["sweep"]["total"]) == (1, 2, 3)
    assert len(world.runs()) == before + 1
    assert [owner(world, one) for one in small] == ["Bea", "Ada", "Bea"]
    again = wa.json("route", "lead", "--segment", "Others")
    assert (again["assigned"], again["unchanged"]) == (0, 2)
    assert len(world.runs()) == before + 1


def test_what_stays_as_it_is_costs_no_request_of_its_own(
    world: World, wa: Command, small: list[str]
) -> None:
    few = wa.json("route", "--segment", "Others")
    for _ in range(40):
        lead(world, numberofemployees=10)
    Decider(shop(world)).answer()

    many = wa.json("route", "--segment", "Others")

    assert (few["unchanged"], many["unchanged"]) == (3, 43)
    assert many["requests"] == few["requests"]


@pytest.mark.parametrize("how", [(), ("--force",)])
def test_undone_owner_segment_and_result_are_what_they_were(
    world: World, wa: Command, small: list[str], how: tuple[str, ...]
) -> None:
    one = small[0]
    grow(world, one)
    sweep_id = wa.json("route", "lead", one, *how)["sweep"]["id"]
    assert owner(world, one) == "Ada"
    world.wait_for_the_next_second()

    done = wa.json("sweep", "undo", sweep_id)

    assert done["came_back_count"] == 1
    row = world.lead(one)
    assert (row["_ownerid_value"], row["wa_assignmentresult"]) == (user_id("Bea"), 0)
    assert row["_wa_segmentid_value"] == segments(world)["Others"]


def test_a_record_that_lost_its_owner_by_force_gets_its_result_back(
    world: World, wa: Command, small: list[str]
) -> None:
    define(world, DEFINITIONS.replace("[bea@team.example]", "[ada@team.example]", 1))
    one = small[0]
    define(
        world,
        DEFINITIONS.replace("name: For Bea,", "name: For Bea, filter: {all: [[subject, eq, No]]},"),
    )
    done = wa.json("route", "lead", one, "--force")
    assert done["unassigned"]
    assert world.lead(one)["wa_assignmentresult"] == 1
    world.wait_for_the_next_second()

    undone = wa.json("sweep", "undo", done["sweep"]["id"])

    assert undone["came_back_count"] == 1
    row = world.lead(one)
    assert (row["_ownerid_value"], row["wa_assignmentresult"]) == (user_id("Bea"), 0)
    assert row["_wa_segmentid_value"] == segments(world)["Others"]


def test_wrong_usage_says_what_is_missing(world: World, wa: Command, small: list[str]) -> None:
    assert "name records by their type and ids" in wa.misuse("route", "lead")
    assert "name records by their type and ids" in wa.misuse("route", "--force")
    assert "--limit is for many records" in wa.misuse("route", "lead", small[0], "--limit", "2")
    assert "--record-type" in wa.misuse("route", "lead", small[0], "--record-type", "account")
    assert "is not the id of a record" in wa.misuse("route", "lead", "nonsense")
    assert "did you mean 'lead'?" in wa.refusal("route", "leed", small[0])
    assert rows(world, SWEEP) == []


def test_a_record_that_is_named_twice_is_routed_once_and_undoing_is_offered_for_what_was_written(
    world: World, wa: Command, small: list[str]
) -> None:
    moved, stays, _ = small
    grow(world, moved)

    first = wa.text("route", "lead", moved, moved.upper())
    nothing = wa.text("route", "lead", stays)

    assert "to undo it: wa sweep undo " in first
    assert "to undo it" not in nothing
    names = {row["wa_name"].partition(",")[0] for row in rows(world, SWEEP)}
    assert names == {"Re-segmentation of one lead"}


def test_a_record_that_is_deleted_afterwards_is_left_by_its_undoing(
    world: World, wa: Command, small: list[str]
) -> None:
    one = small[0]
    grow(world, one)
    sweep_id = wa.json("route", "lead", one)["sweep"]["id"]
    world.admin.send(messages.delete(LEAD.entity_set, one))

    done = wa.json("sweep", "undo", sweep_id)

    assert [entry["why"] for entry in done["left"]] == ["gone"]
