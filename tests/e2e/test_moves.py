"""Records that have their owner move to another segment when they change, where that is wished."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.e2e.features import change, define, lead, owner, people, rows, sellers, shop, told
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import now
from work_assignment.cli import sample_data
from work_assignment.dataverse.names import SEGMENT
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS
from work_assignment.services.ports import RunReport

WEB_FORM = sample_data.row_id("systemuser", sample_data.WEB_FORM_USER)


def definitions(more: str = "") -> str:
    """Big leads are Ada's and others Bea's; `more` says how big ones are let in."""
    return f"""
segments:
  - {{name: Big, record_type: lead, filter: {{all: [[numberofemployees, ge, 500]]}}{more}}}
  - {{name: Others, record_type: lead}}
rules:
  - {{name: For Ada, segment: Big, match: list, list: [ada@team.example]}}
  - {{name: For Bea, segment: Others, match: list, list: [bea@team.example]}}
{sellers("Ada", "Bea")}
"""


def a_lead_of_bea(world: World) -> str:
    one = lead(world, numberofemployees=10)
    Decider(shop(world)).answer()
    assert owner(world, one) == "Bea"
    return one


def grows(world: World, lead_id: str, employees: int = 900) -> RunReport:
    """The lead becomes a big one, or another one, and we hear of it."""
    world.update_lead(lead_id, {"numberofemployees": employees})
    place = shop(world)
    event = Event(
        table="lead",
        record_id=lead_id,
        message="Update",
        occurred_at=now() + timedelta(seconds=5),
        user_id=WEB_FORM,
        depth=1,
        columns=frozenset({"numberofemployees"}),
    )
    place.queues.put(EVENTS, event.to_text())
    report = Decider(place).answer()
    assert place.queues.receive(EVENTS, limit=1, hidden_for=timedelta(minutes=1)) == []
    return report


def segment_ids(world: World) -> dict[str, str]:
    return {row["wa_name"]: row["wa_segmentid"] for row in rows(world, SEGMENT)}


def test_a_record_stays_where_it_is_unless_moving_in_is_allowed(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions())
    one = a_lead_of_bea(world)
    assert grows(world, one).written == 0
    assert owner(world, one) == "Bea"
    assert len(world.runs()) == 1


def test_a_record_that_moves_gets_a_new_owner_and_both_are_logged(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(", allow_move_in: true"))
    one = a_lead_of_bea(world)
    assert grows(world, one).assigned == 1
    found, segments = world.lead(one), segment_ids(world)
    assert (found["_ownerid_value"], found["wa_assignmentresult"]) == (user_id("Ada"), 0)
    assert found["_wa_segmentid_value"] == segments["Big"]
    (run,) = (run for run in world.runs() if run["_wa_assignedsellerid_value"] == user_id("Ada"))
    assert run["wa_previousowner"] == user_id("Bea")
    assert run["_wa_previoussegmentid_value"] == segments["Others"]
    assert run["wa_segmentationstatus"] == SegmentationStatus.SUCCESSFUL
    assert grows(world, one).written == 0  # it is there now
    assert len(world.runs()) == 2


def test_a_record_may_move_without_changing_hands(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(", allow_move_in: true, reassign_on_move: false"))
    one = a_lead_of_bea(world)
    grows(world, one)
    found = world.lead(one)
    assert (found["_ownerid_value"], found["wa_assignmentresult"]) == (user_id("Bea"), 0)
    assert found["_wa_segmentid_value"] == segment_ids(world)["Big"]
    assert RoutingStatus.RULES_OFF_FOR_SEGMENT in {run["wa_routingstatus"] for run in world.runs()}
    assert "Rules won't run for this segment" in told(world, one)


def test_a_change_that_moves_nothing_leaves_no_trace(world: World) -> None:
    people(world, "Ada", "Bea")
    filter_ = ", allow_move_in: true"
    define(world, definitions(filter_).replace("ge, 500", "ge, 5000"))
    one = a_lead_of_bea(world)
    assert grows(world, one).written == 0
    assert len(world.runs()) == 1


@pytest.mark.parametrize("broken", ["<filter", "<filter><condition attribute='colour'/></filter>"])
def test_a_segment_that_cannot_be_used_takes_no_record_from_its_owner(
    world: World, broken: str
) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(", allow_move_in: true"))
    one = a_lead_of_bea(world)
    change(world, SEGMENT, segment_ids(world)["Big"], {"wa_filter": broken})
    assert grows(world, one).written == 0
    found = world.lead(one)
    assert (found["_ownerid_value"], found["wa_assignmentresult"]) == (user_id("Bea"), 0)


def test_explaining_a_moved_lead_names_both_segments_and_owners_in_one_request_more(
    world: World,
) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(", allow_move_in: true"))
    one = a_lead_of_bea(world)
    grows(world, one)
    before = world.mock.counters.read()["http_requests"]
    said = told(world, one)
    requests = world.mock.counters.read()["http_requests"] - before
    assert re.search(r"^  moved from Others \(Bea.*\) to Big \(Ada.*\)$", said, re.M)
    assert "looked at because the record was updated" in said
    assert requests <= 4  # the table, the record, its runs, and who the web form is
