"""Laws of decisions under definitions with everything switched on."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.worlds import WORLDS, World

from work_assignment.domain.deciding.decisions import (
    Assigned,
    Decision,
    Held,
    RuleTried,
    Unassigned,
    Unchanged,
)
from work_assignment.domain.deciding.distribution import Candidate
from work_assignment.domain.deciding.explanations import sentences, summary, to_data
from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.rules import Distribution
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.statuses import IMPORTANCE, RoutingStatus, SegmentationStatus

every_world = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def gist(decision: Decision) -> tuple[Any, ...]:
    """What a decision comes to, without how it came about."""
    match decision:
        case Assigned():
            how: tuple[Any, ...] = (decision.rule.name, decision.owner, decision.turn)
        case Held():
            return decision.record.id, "held", decision.rule.name
        case Unassigned(rule=rule, status=status, detail=detail):
            how = (rule and rule.name, status, detail)
        case Unchanged(status=status, detail=detail):
            how = (status, detail)
    segment = decision.segment and decision.segment.name
    return (decision.record.id, type(decision).__name__, decision.segmentation, segment, *how)


@every_world
@given(WORLDS)
def test_without_a_trace_the_decisions_and_where_sellers_stand_are_the_same(world: World) -> None:
    traced, plain = world.standings(), world.standings()

    told = world.assigner(standings=traced).decide_all(world.records)
    untold = world.assigner(standings=plain, is_traced=False).decide_all(world.records)

    assert list(map(gist, told)) == list(map(gist, untold))
    assert traced == plain
    assert all(decision.trace.rules == () for decision in untold)


@every_world
@given(WORLDS, st.randoms(use_true_random=True))
def test_the_order_of_the_input_is_irrelevant(world: World, chance: Any) -> None:
    as_given = world.decide()
    shuffled = world.shuffled(chance).decide()

    assert list(map(gist, shuffled)) == list(map(gist, as_given))
    assert list(map(to_data, shuffled)) == list(map(to_data, as_given))


@every_world
@given(WORLDS)
def test_every_record_is_decided_once_the_oldest_first(world: World) -> None:
    decided = [decision.record for decision in world.decide()]

    assert decided == sorted(world.records, key=lambda record: (record.created_at, record.id))


@every_world
@given(WORLDS)
def test_rules_that_keep_to_capacity_never_give_more_than_there_is_room_for(world: World) -> None:
    given_to: Counter[str] = Counter()
    for decision in sorted(
        (d for d in world.decide() if isinstance(d, Assigned) and isinstance(d.recipient, Seller)),
        key=lambda assigned: assigned.turn,
    ):
        who = decision.recipient.id
        given_to[who] += decision.owner != decision.record.owner
        if decision.rule.uses_capacity:
            stood = world.standing.get(who, {})
            load = stood.get("open_records", 0) + stood.get("reserved", 0) + given_to[who]
            assert isinstance(decision.recipient, Seller)
            assert load <= decision.recipient.max_capacity


@every_world
@given(WORLDS)
def test_every_record_given_has_a_turn_of_its_own_and_fills_a_place(world: World) -> None:
    """But for the one that goes back to the seller who owns it: it fills a place already."""
    standings = world.standings()
    given_out = [
        decision
        for decision in world.assigner(standings=standings).decide_all(world.records)
        if isinstance(decision, Assigned) and isinstance(decision.recipient, Seller)
    ]

    assert len({decision.turn for decision in given_out}) == len(given_out)
    for who, standing in standings.items():
        hers = [decision for decision in given_out if decision.recipient.id == who]
        assert standing.taken == sum(d.owner != d.record.owner for d in hers)
        assert standing.turn >= max((decision.turn for decision in hers), default=0)


@every_world
@given(WORLDS)
def test_the_last_line_of_the_explanation_agrees_with_the_decision(world: World) -> None:
    for decision in world.decide():
        data = json.loads(json.dumps(to_data(decision)))
        *_, last = sentences(data)

        assert last == f"Outcome: {summary(decision)}"
        assert says(decision) in last
        assert chosen_in(data) == (
            decision.recipient.name if isinstance(decision, Assigned) else None
        )


def says(decision: Decision) -> str:
    """What the last line of an explanation must name."""
    match decision:
        case Assigned(rule=rule, recipient=recipient):
            return f"{rule.name}: {recipient.name}, "
        case Held(rule=rule):
            return f"{rule.name}: waits"
        case Unassigned(segmentation=SegmentationStatus.NO_MATCHING_SEGMENT):
            return "No matching segments"
        case Unassigned(status=status, rule=rule):
            return status.reason + (f" ({rule.name})" if rule else "")
        case Unchanged(segmentation=segmentation, status=status):
            return segmentation.reason if status is None else status.reason


def chosen_in(data: dict[str, Any]) -> str | None:
    """Who gets the record as the rules of a stored explanation tell it."""
    if not data["rules"]:
        return None
    last = data["rules"][-1]
    if "order" in last:
        name = last["order"][0]["name"]
        assert isinstance(name, str)
        return name
    if "reason" in last or "failed" in last or "passed over" in last:
        return None
    words = data["outcome"].removeprefix(f"{last['name']}: ").split(",")[0]
    return words if words in last["matching"] else None


@every_world
@given(WORLDS)
def test_the_trace_ends_with_what_decided(world: World) -> None:
    for decision in world.decide():
        rules, segments = decision.trace.rules, decision.trace.segments
        assert all(not tried.matched for tried in segments[:-1])
        assert all(tried.status is not RoutingStatus.ASSIGNED for tried in rules[:-1])
        if isinstance(decision, Assigned):
            assert rules[-1].rule is decision.rule
            assert rules[-1].status is RoutingStatus.ASSIGNED
            assert segments[-1].segment is decision.segment
        if isinstance(decision, Held):
            assert rules[-1].rule is decision.rule
            assert rules[-1].status is RoutingStatus.IN_PROGRESS
        orders = [(tried.rule.order, tried.rule.name) for tried in rules]
        assert orders == sorted(set(orders))


@every_world
@given(WORLDS)
def test_an_unassigned_record_has_the_most_important_of_its_failures(world: World) -> None:
    for decision in world.decide():
        if isinstance(decision, Unassigned) and decision.status in IMPORTANCE:
            tried = [entry.status for entry in decision.trace.rules]
            expected = min(tried, key=IMPORTANCE.index, default=RoutingStatus.NO_RULE)
            assert decision.status is expected


@every_world
@given(WORLDS)
def test_everybody_is_either_in_the_order_or_dropped_with_a_reason(world: World) -> None:
    everyone = sorted(who.id for who in world.sellers)
    for decision in world.decide():
        for tried in decision.trace.rules:
            is_told = tried.applied and not tried.note.startswith("its sellers get others")
            if is_told and tried.rule.target is Target.SELLERS:
                assert sorted(named(tried)) == everyone
                assert all(entry.why for entry in tried.dropped)


def named(tried: RuleTried) -> list[str]:
    ranking = tried.ranking
    ranked = [] if ranking is None else [*ranking.order, *ranking.later]
    return [*(entry.seller.id for entry in ranked), *(out.seller.id for out in tried.dropped)]


@every_world
@given(WORLDS)
def test_the_chosen_one_is_the_first_of_a_ranking_by_what_the_rule_says(world: World) -> None:
    for decision in world.decide():
        if not isinstance(decision, Assigned) or decision.trace.rules[-1].ranking is None:
            continue
        ranking, by = decision.trace.rules[-1].ranking, decision.rule.distribution
        chosen = ranking.chosen
        assert chosen.seller is decision.recipient
        if decision.trace.rules[-1].note:
            continue
        is_best = by is Distribution.BEST_OVERALL
        used = by if is_best or chosen.bucket == 0 else Distribution.ROUND_ROBIN
        assert ranking.distribution is used
        keys = [key(used, entry) for entry in ranking.order]
        assert keys == sorted(keys)
        assert all(entry.bucket > chosen.bucket for entry in ranking.later)


def key(used: Distribution, entry: Candidate) -> tuple[int, int, int, str]:
    """What candidates are ordered by, the least first."""
    levels = {
        Distribution.ROUND_ROBIN: (0, 0),
        Distribution.LOAD_BALANCING: (-entry.room, 0),
        Distribution.BEST_OVERALL: (entry.load, entry.bucket),
    }
    return *levels[used], entry.turn, entry.seller.id
