"""Explanations of decisions among very many sellers fit into the column that holds them."""

from __future__ import annotations

import json

import pytest
from tests.e2e.features import define, lead, owner, people, route, run_of, sellers, told
from tests.e2e.world import World

from work_assignment.services import recording

COUNT = 200
NAMES = [f"Seller{number:03}" for number in range(COUNT)]


@pytest.fixture
def crowded(world: World) -> World:
    """Two hundred sellers, of whom the first rule drops all."""
    people(world, *NAMES)
    define(
        world,
        f"""
segments: [{{name: All, record_type: lead}}]
rules:
  - name: Nobody
    segment: All
    match: attributes
    seller_filter: {{all: [[address1_city, eq, $(address1_city)], [jobtitle, not-null]]}}
  - {{name: Anyone, segment: All, match: any, capacity: true}}
{sellers(*NAMES)}
""",
    )
    return world


def test_two_hundred_sellers_are_all_named(crowded: World) -> None:
    one = lead(crowded, address1_city="London")
    route(crowded)
    data = json.loads(run_of(crowded, one)["wa_explanation"])
    nobody, anyone = data["rules"]
    assert (len(nobody["dropped"]), len(anyone["order"])) == (COUNT, COUNT)


@pytest.mark.parametrize(("length", "named"), [(20_000, 100), (4_000, 10), (1_200, 1)])
def test_a_column_too_short_for_all_names_some_and_counts_the_others(
    crowded: World, monkeypatch: pytest.MonkeyPatch, length: int, named: int
) -> None:
    monkeypatch.setattr(recording, "_EXPLANATION_LENGTH", length)
    one = lead(crowded, address1_city="London")
    route(crowded)
    text = run_of(crowded, one)["wa_explanation"]
    assert len(text) <= length
    nobody, anyone = json.loads(text)["rules"]
    assert (len(nobody["dropped"]), len(anyone["order"])) == (named, named)
    said = told(crowded, one)
    assert said.count(f"  {COUNT - named} more are left out here") == 2
    assert f"Outcome: Anyone: {owner(crowded, one)} Seller, longest wait of 200" in said


def test_at_the_very_least_the_outcome_is_kept(
    crowded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_EXPLANATION_LENGTH", 300)
    one = lead(crowded, address1_city="London")
    route(crowded)
    data = json.loads(run_of(crowded, one)["wa_explanation"])
    assert data["outcome"].startswith("Anyone: ")
    assert data["cut"] is True
