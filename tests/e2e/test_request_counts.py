"""What one webhook costs a warm worker: round trips to Dataverse from bell to owner."""

from __future__ import annotations

import pytest
from tests.e2e.features import create, define, lead, owned_by, owner, people, queue, sellers, shop
from tests.e2e.world import World

from work_assignment.bootstrap import now
from work_assignment.cli import sample_data
from work_assignment.dataverse import messages
from work_assignment.dataverse.names import ACCOUNT
from work_assignment.services.deciding import Decider
from work_assignment.services.events import Event
from work_assignment.services.intake import QUEUE as EVENTS

GATHER_AND_COMMIT = 2
TELL = 1
PLAIN = "match: any"
ACCOUNT_OWNER = (
    "match: attributes, seller_filter: {all: [{related: {table: account, lookup: owninguser, "
    "filter: {all: [[accountid, eq, $(parentaccountid)]]}}}]}"
)
RELATED = "related: {lookup: parentaccountid, filter: {all: [[name, eq, Larkfell]]}}"
DATES = "[createdon, today]"


def definitions(rule: str, condition: str = "[subject, not-null]", settings: str = "{}") -> str:
    return f"""
settings: {settings}
segments: [{{name: All, record_type: lead, filter: {{all: [{condition}]}}}}]
rules: [{{name: R, segment: All, {rule}}}]
{sellers("Ada", "Bea")}
"""


def sent(world: World) -> int:
    app = sample_data.row_id("systemuser", sample_data.APP_USER)
    by_user: dict[str, int] = world.mock.counters.read()["http_requests_by_user"]
    return by_user.get(app, 0)


def costs(world: World, *, rings: bool) -> int:
    """The requests for one lead that goes to Ada."""
    place = shop(world)
    worker = Decider(place)
    worker.answer()
    account = create(world, ACCOUNT, {"name": "Larkfell", **owned_by("Ada")})
    one = lead(world, **messages.bind("parentaccountid", ACCOUNT.entity_set, account))
    if rings:
        created = Event(
            table="lead",
            record_id=one,
            message="Create",
            occurred_at=now(),
            user_id=sample_data.row_id("systemuser", sample_data.WEB_FORM_USER),
            depth=1,
        )
        place.queues.put(EVENTS, created.to_text())
    before = sent(world)
    assert worker.answer().assigned == 1
    after = sent(world)
    assert world.lead(one)["wa_assignmentresult"] == 0
    return after - before


@pytest.mark.parametrize(
    ("rule", "condition", "settings"),
    [
        (PLAIN, "[subject, not-null]", "{}"),
        (PLAIN, DATES, "{evaluation_time_zone: Europe/London}"),
        (PLAIN, RELATED, "{}"),
        (ACCOUNT_OWNER, "[subject, not-null]", "{eligible_roles: [Salesperson]}"),
        (ACCOUNT_OWNER, RELATED, "{round_robin_scope: assignment rule}"),
    ],
    ids=["plain", "dates", "related record rows", "related seller rows", "both"],
)
def test_a_webhook_costs_two_round_trips_whatever_filters_look_at(
    world: World, rule: str, condition: str, settings: str
) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(rule, condition, settings))
    assert costs(world, rings=True) == GATHER_AND_COMMIT + TELL


def test_related_rows_of_a_lead_found_waiting_cost_one_more(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(PLAIN, RELATED))
    assert costs(world, rings=False) == GATHER_AND_COMMIT + 1 + TELL


def test_a_lead_found_waiting_costs_no_more_where_no_filter_looks_at_other_rows(
    world: World,
) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(PLAIN))
    assert costs(world, rings=False) == GATHER_AND_COMMIT + TELL


def test_a_queue_costs_two_round_trips_as_nobody_is_told(world: World) -> None:
    people(world, "Ada", "Bea")
    queue(world, "Partners")
    define(world, definitions("assign_to: queue, match: list, list: [Partners]"))
    assert costs(world, rings=True) == GATHER_AND_COMMIT


def test_many_leads_with_related_rows_cost_no_more_requests_than_blocks(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions(PLAIN, RELATED))
    place = shop(world)
    worker = Decider(place)
    worker.answer()
    account = create(world, ACCOUNT, {"name": "Larkfell"})
    bound = messages.bind("parentaccountid", ACCOUNT.entity_set, account)
    ids = world.create_leads(45, **bound)
    before = sent(world)
    assert worker.answer().assigned == len(ids)
    reads, reserve, commit, settle, tell = 2, 1, 1, 2, 1
    assert sent(world) - before == reads + reserve + commit + settle + tell
    assert {owner(world, one) for one in ids[:4]} == {"Ada", "Bea"}
