"""A record that moves and stays with its owner: a choice that we hear of only then counts all the same."""

from __future__ import annotations

from datetime import datetime

from tests.e2e.features import change, define, lead, owner, people, shop
from tests.e2e.test_moves import a_lead_of_bea, definitions, grows
from tests.e2e.world import World, user_id

from work_assignment.bootstrap import now
from work_assignment.cli import sample_data
from work_assignment.dataverse.names import LEAD
from work_assignment.domain.records import Owner
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS

STAYS = ", allow_move_in: true, reassign_on_move: false"


def chosen(lead_id: str, name: str, at: datetime) -> Event:
    """A person had given the lead to somebody."""
    return Event(
        table="lead",
        record_id=lead_id,
        message="Update",
        occurred_at=at,
        user_id=sample_data.row_id("systemuser", sample_data.WEB_FORM_USER),
        depth=1,
        columns=frozenset({"ownerid"}),
        owner=Owner("systemuser", user_id(name)),
    )


def give(world: World, lead_id: str, name: str) -> datetime:
    at = now()
    bound = {"ownerid@odata.bind": f"/systemusers({user_id(name)})"}
    change(world, LEAD, lead_id, bound)
    return at


def hear(world: World, event: Event) -> None:
    place = shop(world)
    place.queues.put(EVENTS, event.to_text())
    Decider(place).answer()


def statuses(world: World) -> list[int]:
    runs = sorted(world.runs(), key=lambda run: int(run["versionnumber"]))
    return [run["wa_routingstatus"] for run in runs]


def test_a_choice_before_our_assignment_counts_although_the_record_moved_since(
    world: World,
) -> None:
    people(world, "Ada", "Bea", "Cem")
    define(world, definitions(STAYS))
    one = lead(world, numberofemployees=10)
    at = give(world, one, "Cem")
    Decider(shop(world)).answer()
    assert owner(world, one) == "Bea"
    grows(world, one)
    assert statuses(world) == [RoutingStatus.ASSIGNED, RoutingStatus.RULES_OFF_FOR_SEGMENT]

    hear(world, chosen(one, "Cem", at))

    assert owner(world, one) == "Cem"
    assert statuses(world)[-1] == RoutingStatus.ASSIGNED_BY_HAND


def test_a_choice_after_our_assignment_is_noted_although_the_record_moved_since(
    world: World,
) -> None:
    people(world, "Ada", "Bea", "Cem")
    define(world, definitions(STAYS))
    one = a_lead_of_bea(world)
    world.wait_for_the_next_second()
    at = give(world, one, "Cem")
    grows(world, one)
    assert statuses(world) == [RoutingStatus.ASSIGNED, RoutingStatus.RULES_OFF_FOR_SEGMENT]

    hear(world, chosen(one, "Cem", at))

    assert owner(world, one) == "Cem"
    assert statuses(world)[-1] == RoutingStatus.ASSIGNED_BY_HAND
