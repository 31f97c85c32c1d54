"""Settings that change what becomes of a record, and segments that are paused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.e2e.features import (
    define,
    lead,
    owner,
    people,
    route,
    run_of,
    sellers,
    shop,
    told,
)
from tests.e2e.world import World, user_id

from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import LEAD
from work_assignment.domain.statuses import RoutingStatus, SegmentationStatus
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS

WEB_FORM = sample_data.row_id("systemuser", sample_data.WEB_FORM_USER)


def definitions(*names: str, settings: str = "{}", rule: str = "match: any") -> str:
    return f"""
settings: {settings}
segments: [{{name: All, record_type: lead}}]
rules: [{{name: Anyone, segment: All, {rule}}}]
{sellers(*names)}
"""


def made_by(world: World, name: str) -> str:
    """A lead that a seller enters for herself."""
    with world.as_user(f"{name.lower()}@team.example") as client:
        row = {"subject": "Own", "lastname": "Own"}
        return str(client.send(messages.create(LEAD.entity_set, row)).entity_id)


def updated(world: World, lead_id: str, *columns: str) -> Event:
    """The event of an update a moment after now."""
    return Event(
        table="lead",
        record_id=lead_id,
        message="Update",
        occurred_at=datetime.now(UTC) + timedelta(minutes=3),
        user_id=WEB_FORM,
        depth=1,
        columns=frozenset(columns),
    )


def test_what_a_seller_makes_for_herself_stays_with_her_where_that_is_wished(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", "Bea", settings="{keep_self_created: true}"))
    own, other = made_by(world, "Ada"), lead(world)
    worker = route(world)
    assert (owner(world, own), owner(world, other)) == ("Ada", "Bea")
    found, run = world.lead(own), run_of(world, own)
    assert found["wa_assignmentresult"] == 0
    assert found["_wa_segmentid_value"] is not None
    assert run["wa_routingstatus"] == RoutingStatus.ASSIGNED_BY_HAND
    assert run["wa_tellpending"] is False
    assert "its creator keeps it" in told(world, own)
    place = shop(world)
    place.queues.put(EVENTS, updated(world, own, "subject").to_text())
    assert worker.answer().written == 0
    assert Decider(place).answer().written == 0
    assert owner(world, own) == "Ada"


def test_what_a_seller_makes_for_herself_counts_as_received(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", "Bea"))
    first = min("Ada", "Bea", key=user_id)
    other = "Bea" if first == "Ada" else "Ada"
    own = made_by(world, first)
    route(world)
    assert owner(world, own) == other


def test_who_is_no_seller_keeps_nothing(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Bea", settings="{keep_self_created: true}"))
    own = made_by(world, "Ada")
    route(world)
    assert owner(world, own) == "Bea"


def test_a_paused_segment_takes_records_and_gives_them_when_they_change_once_it_is_active(
    world: World,
) -> None:
    people(world, "Ada")
    text = definitions("Ada")
    define(world, text.replace("record_type: lead}", "record_type: lead, state: paused}"))
    one = lead(world)
    worker = route(world)
    found, run = world.lead(one), run_of(world, one)
    assert (found["_ownerid_value"], found["wa_assignmentresult"]) == (WEB_FORM, 1)
    assert found["_wa_segmentid_value"] is not None
    assert run["wa_routingstatus"] == RoutingStatus.RULES_OFF_FOR_SEGMENT
    assert run["wa_segmentationstatus"] == SegmentationStatus.SUCCESSFUL
    assert "the segment is paused" in told(world, one)
    define(world, text)
    assert worker.answer().written == 0  # a failed record comes back by an event or a sweep
    place = shop(world)
    place.queues.put(EVENTS, updated(world, one, "subject").to_text())
    assert Decider(place).answer().assigned == 1
    assert owner(world, one) == "Ada"
    assert [run["wa_segmentationstatus"] for run in world.runs()].count(
        SegmentationStatus.MATCHED_PREVIOUS_SEGMENT
    ) == 1
