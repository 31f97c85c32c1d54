"""Each rule with a round of its own: turns are kept by rule, given back, and even under two workers."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from tests.e2e.features import Interrupted, define, lead, owner, people, route, rows, sellers, shop
from tests.e2e.test_two_workers import assert_everything_is_right, run_workers
from tests.e2e.world import World, user_id

from work_assignment.dataverse.names import ASSIGNMENT_RULE
from work_assignment.services.deciding import Decider

NAMES = ("Ada", "Bea", "Cy")


def definitions(*names: str, scope: str = "assignment rule") -> str:
    return f"""
settings: {{round_robin_scope: {scope}}}
segments:
  - {{name: Web, record_type: lead, filter: {{all: [[leadsourcecode, eq, 8]]}}}}
  - {{name: Fair, record_type: lead, filter: {{all: [[leadsourcecode, eq, 7]]}}}}
rules:
  - {{name: Web, segment: Web, match: any}}
  - {{name: Fair, segment: Fair, match: any}}
{sellers(*names)}
"""


WEB, FAIR = 8, 7


def stamps(world: World) -> dict[str, dict[str, int]]:
    """Order stamps by seller and rule's name."""
    rules = {row["wa_assignmentruleid"]: row["wa_name"] for row in rows(world, ASSIGNMENT_RULE)}
    names = {user_id(name): name for name in NAMES}
    return {
        names[row["_wa_systemuserid_value"]]: {
            rules[rule]: stamp for rule, stamp in json.loads(row["wa_rulestamps"] or "{}").items()
        }
        for row in world.seller_rows()
    }


def test_each_rule_has_a_round_of_its_own_that_outlives_the_worker(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", "Bea"))
    first = owner_of_next(world, WEB)
    second = owner_of_next(world, FAIR)
    assert second == first  # it was nobody's turn yet in this rule
    assert owner_of_next(world, WEB) != first
    assert owner_of_next(world, FAIR) != first
    assert {name: set(found) for name, found in stamps(world).items()} == {
        "Ada": {"Web", "Fair"},
        "Bea": {"Web", "Fair"},
    }


def owner_of_next(world: World, source: int) -> str:
    one = lead(world, leadsourcecode=source)
    route(world)
    return owner(world, one)


def test_with_one_round_for_all_rules_the_same_leads_alternate(world: World) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", "Bea", scope="organization"))
    assert owner_of_next(world, WEB) != owner_of_next(world, FAIR)


@pytest.mark.parametrize("known", [False, True], ids=["first turns", "later turns"])
def test_a_turn_that_came_to_nothing_is_given_back(world: World, known: bool) -> None:
    people(world, "Ada", "Bea")
    define(world, definitions("Ada", "Bea"))
    if known:
        for _ in range(2):
            owner_of_next(world, WEB)
    before = stamps(world)
    ids = world.create_leads(2, leadsourcecode=WEB)
    place = shop(world, store=Interrupted)
    assert isinstance(place.outcomes, Interrupted)
    closed = {"statecode": 2, "statuscode": 4}
    place.outcomes.happening = lambda: world.update_lead(ids[1], closed)
    Decider(place).answer()
    lucky = owner(world, ids[0])
    unlucky = "Bea" if lucky == "Ada" else "Ada"
    assert stamps(world)[unlucky].get("Web", 0) == before[unlucky].get("Web", 0)
    assert stamps(world)[lucky]["Web"] > before[lucky].get("Web", 0)
    assert owner_of_next(world, WEB) == unlucky


def test_two_workers_keep_every_round_within_one(world: World) -> None:
    people(world, *NAMES)
    define(world, definitions(*NAMES))
    counts = {WEB: 61, FAIR: 44}
    for source, count in counts.items():
        world.create_leads(count, leadsourcecode=source)
    run_workers(world, 2, 9)
    assert_everything_is_right(world, NAMES)
    for source, count in counts.items():
        owned = Counter(
            row["_ownerid_value"] for row in world.leads() if row["leadsourcecode"] == source
        )
        assert sum(owned.values()) == count
        assert max(owned.values()) - min(owned.values()) <= 1
