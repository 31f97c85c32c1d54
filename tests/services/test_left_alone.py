"""What was moved too often is left alone for a while, and then looked at again by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.domain.cases import condition, listed, rule, segment
from tests.services.world import ANA, BEN, CEM, World

from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.records import RecordKey, SegmentId
from work_assignment.domain.statuses import RoutingStatus
from work_assignment.services.deciding import Decider

BIG = segment(
    "Big",
    priority=1,
    allow_move_in=True,
    filter=condition({"all": [["revenue", "ge", 1000]]}),
)
SMALL = segment("Small", priority=2, allow_move_in=True)
RULES = [
    rule("Ana's", segment_id=SegmentId("segment Big"), match=listed("ana")),
    rule("Ben's", segment_id=SegmentId("segment Small"), match=listed("ben")),
]


def moved_too_often() -> tuple[World, Decider, RecordKey]:
    """A lead that is big, small and big again, twice within an hour, of which two count."""
    world = World(rules=RULES, segments=[BIG, SMALL])
    definitions = world.organization.rulebook.definitions
    policy = replace(definitions.policy, flap_limit=FlapLimit(2, timedelta(hours=1)))
    world.organization.rulebook = replace(
        world.organization.rulebook, definitions=replace(definitions, policy=policy)
    )
    decider = world.decider()
    key = world.create(1, columns={"revenue": 1})
    decider.answer()
    for revenue in (1000, 2, 3000):
        world.clock.advance(timedelta(minutes=5))
        world.update(key, columns={"revenue": revenue})
        decider.answer()
    return world, decider, key


def test_at_the_limit_it_stays_where_it_is() -> None:
    world, _, key = moved_too_often()

    assert world.owner(key) == BEN
    assert world.statuses(key)[-1] is RoutingStatus.LEFT_ALONE


def test_once_the_time_has_passed_it_goes_where_it_belongs_without_another_event() -> None:
    world, decider, key = moved_too_often()

    world.clock.advance(timedelta(minutes=50))
    decider.answer(thorough=True)
    assert world.owner(key) == BEN
    world.clock.advance(timedelta(minutes=11))
    decider.answer(thorough=True)

    assert world.owner(key) == ANA


def test_a_fresh_process_finds_it_too() -> None:
    world, _, key = moved_too_often()
    world.clock.advance(timedelta(hours=1, minutes=30))

    decider = Decider(replace(world.shop()))
    decider.answer(thorough=True)

    assert world.owner(key) == ANA


def test_whom_a_person_chose_before_it_was_routed_keeps_a_record_that_changes_later() -> None:
    world = World(rules=RULES, segments=[BIG, SMALL])
    key = world.create(1, columns={"revenue": 1})
    world.give_by_hand(key, CEM)
    world.decider().answer()
    world.clock.advance(timedelta(minutes=10))
    world.update(key, columns={"revenue": 2000})

    world.decider().answer()

    record = world.organization.records[key].record
    assert (world.owner(key), record.segment_id) == (CEM, SegmentId("segment Big"))
