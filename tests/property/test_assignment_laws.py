"""Laws of sharing out that hold for whatever sellers there are and wherever they stand."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cases import (
    NOW,
    away,
    decided,
    decided_all,
    definitions,
    lead,
    leads,
    owners,
    rule,
    seller,
    standings,
)

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.decisions import Assigned, Decision
from work_assignment.domain.deciding.distribution import Candidate, Ranking
from work_assignment.domain.deciding.explanations import to_data
from work_assignment.domain.defining.rules import AssignmentRule, Distribution, SellerMatch
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.records import SellerId
from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver

NAMES = ("ana", "ben", "cem", "dora", "eve")
POOLS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 6), min_size=1).map(
    lambda capacities: [seller(name, room) for name, room in sorted(capacities.items())]
)
IN_TURN = (Distribution.ROUND_ROBIN, Distribution.LOAD_BALANCING)
DISTRIBUTIONS = st.sampled_from((*IN_TURN, Distribution.BEST_OVERALL))
STANDINGS = st.dictionaries(
    st.sampled_from(NAMES),
    st.fixed_dictionaries(
        {
            "open_records": st.integers(0, 7),
            "reserved": st.integers(0, 3),
            "turn": st.integers(0, 5),
        }
    ),
)


@st.composite
def rule_sets(draw: st.DrawFn, distributions: Any = DISTRIBUTIONS) -> list[AssignmentRule]:
    """Up to three rules, each for some of the sellers."""
    return [
        rule(
            f"R{number}",
            order=number,
            match=SellerMatch(listed=tuple(map(SellerId, draw(st.sets(st.sampled_from(NAMES)))))),
            distribution=draw(distributions),
            uses_capacity=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 3)))
    ]


def block(
    count: int, rules: list[AssignmentRule], everyone: list[Seller], standing: dict[str, Any]
) -> list[Decision]:
    solver = OrToolsFlowSolver()
    return decided_all(leads(count), rules, everyone, solver=solver, standing=standing)


def room(who: Seller, standing: dict[str, Any]) -> int:
    """What a seller can take before anything is given."""
    return standings([who], **standing)[who.id].room(who.max_capacity)


@given(st.integers(0, 25), POOLS, DISTRIBUTIONS, STANDINGS)
def test_no_seller_is_given_more_than_she_has_room_for(
    count: int, everyone: list[Seller], distribution: Distribution, standing: dict[str, Any]
) -> None:
    by = rule(uses_capacity=True, distribution=distribution)

    given_to = Counter(owners(block(count, [by], everyone, standing)))

    for who in everyone:
        assert given_to[who.id] <= max(room(who, standing), 0)


@given(st.integers(0, 25), POOLS, DISTRIBUTIONS, STANDINGS)
def test_nobody_is_refused_while_there_is_room(
    count: int, everyone: list[Seller], distribution: Distribution, standing: dict[str, Any]
) -> None:
    by = rule(uses_capacity=True, distribution=distribution)

    decisions = owners(block(count, [by], everyone, standing))

    total = sum(max(room(who, standing), 0) for who in everyone)
    assert sum(owner is not None for owner in decisions) == min(count, total)


@given(st.integers(0, 40), st.integers(1, 5), st.booleans(), st.sampled_from([None, 1, 48]))
def test_round_robin_stays_within_one_in_an_undisturbed_pool(
    count: int, number_of_sellers: int, uses_capacity: bool, hours: int | None
) -> None:
    everyone = [seller(name, 100) for name in NAMES[:number_of_sellers]]
    within = None if hours is None else timedelta(hours=hours)
    by = rule(uses_capacity=uses_capacity, available_within=within)

    decisions = owners(block(count, [by], everyone, {}))

    for so_far in range(1, count + 1):
        given_to = Counter(decisions[:so_far])
        counts = [given_to[who.id] for who in everyone]
        assert max(counts) - min(counts) <= 1


@given(st.integers(0, 40), POOLS, STANDINGS)
def test_with_capacity_only_who_is_full_falls_behind_in_round_robin(
    count: int, everyone: list[Seller], standing: dict[str, Any]
) -> None:
    """Whatever the turns are at first, after a whole round they are even."""
    by = rule(uses_capacity=True)
    given_to: Counter[str | None] = Counter()
    for owner in owners(block(count, [by], everyone, standing)):
        given_to[owner] += 1
        for who in everyone:
            behind = given_to[who.id] < max(given_to[w.id] for w in everyone) - 1
            assert not behind or given_to[who.id] >= room(who, standing)


@given(
    st.lists(st.integers(0, 3), max_size=15),
    st.integers(1, 4),
    st.sets(st.sampled_from(NAMES)),
)
def test_round_robin_stays_within_one_over_many_blocks_among_those_who_work(
    blocks: list[int], number_of_sellers: int, absent: set[str]
) -> None:
    everyone = [
        away(name, 200, 100) if name in absent else seller(name, 100)
        for name in NAMES[:number_of_sellers]
    ]
    standing = standings(everyone)
    made = definitions([rule(available_within=timedelta(hours=1))], everyone)
    given_to: Counter[str | None] = Counter()

    for count in blocks:
        decisions = Assigner(made, standing, at=NOW).decide_all(leads(count))
        given_to.update(owners(decisions))
        for kept in standing.values():
            kept.open_records, kept.taken = kept.open_records + kept.taken, 0

    present = [who.id for who in everyone if who.id not in absent]
    counts = [given_to[who] for who in present]
    assert max(counts, default=0) - min(counts, default=0) <= 1
    assert all(given_to[who] == 0 for who in absent)
    assert given_to[None] == (0 if present else sum(blocks))


@given(st.integers(1, 20), POOLS, STANDINGS, st.booleans())
def test_load_balancing_never_picks_a_fuller_seller(
    count: int, everyone: list[Seller], standing: dict[str, Any], uses_capacity: bool
) -> None:
    by = rule(distribution=Distribution.LOAD_BALANCING, uses_capacity=uses_capacity)
    rooms = {str(who.id): room(who, standing) for who in everyone}

    for decision in block(count, [by], everyone, standing):
        if isinstance(decision, Assigned):
            assert rooms[decision.recipient.id] == max(rooms.values())
            rooms[decision.recipient.id] -= 1
        else:
            assert uses_capacity
            assert max(rooms.values()) <= 0


@given(st.integers(1, 12), POOLS, rule_sets(st.sampled_from(IN_TURN)), STANDINGS)
def test_best_overall_never_assigns_fewer_than_one_after_the_other(
    count: int, everyone: list[Seller], rules: list[AssignmentRule], standing: dict[str, Any]
) -> None:
    together = [
        rule(
            by.name,
            order=by.order,
            match=by.match,
            uses_capacity=by.uses_capacity,
            distribution=Distribution.BEST_OVERALL,
        )
        for by in rules
    ]

    in_turn = block(count, rules, everyone, standing)
    best = block(count, together, everyone, standing)

    assert len(assigned(best)) >= len(assigned(in_turn))


def assigned(decisions: list[Decision]) -> list[Assigned]:
    return [decision for decision in decisions if isinstance(decision, Assigned)]


@given(POOLS, rule_sets(st.sampled_from(IN_TURN)), STANDINGS)
def test_a_record_is_decided_the_same_alone_and_as_the_first_of_a_block(
    everyone: list[Seller], rules: list[AssignmentRule], standing: dict[str, Any]
) -> None:
    first = block(3, rules, everyone, standing)[0]

    assert block(1, rules, everyone, standing) == [first]
    assert to_data(decided(lead(), rules, everyone, **standing)) == to_data(first)


@given(st.integers(1, 12), POOLS, rule_sets(st.sampled_from(IN_TURN)), STANDINGS)
def test_the_rule_that_decided_is_the_first_that_found_somebody(
    count: int, everyone: list[Seller], rules: list[AssignmentRule], standing: dict[str, Any]
) -> None:
    for decision in block(count, rules, everyone, standing):
        found = [tried for tried in decision.trace.rules if tried.ranking is not None]
        if isinstance(decision, Assigned):
            assert [tried.rule for tried in found] == [decision.rule]
            assert decision.trace.rules[-1].rule is decision.rule
        else:
            assert not found


@given(st.integers(1, 12), POOLS, rule_sets(st.sampled_from(IN_TURN)), STANDINGS)
def test_the_order_told_is_that_of_ranking_everybody_anew(
    count: int, everyone: list[Seller], rules: list[AssignmentRule], standing: dict[str, Any]
) -> None:
    """Lines keep their order while several rules give to the same sellers."""
    stands = standings(everyone, **standing)
    for decision in block(count, rules, everyone, standing):
        if not isinstance(decision, Assigned):
            continue
        by = decision.rule
        entries = [
            Candidate(who, 0, stood.room(who.max_capacity), stood.turn, stood.load)
            for who, stood in zip(everyone, stands.values(), strict=True)
            if who.id in (by.match.listed or ())
            and (not by.uses_capacity or stood.room(who.max_capacity) > 0)
        ]
        expected = Ranking(by.distribution, tuple(in_order(entries, by.distribution)))
        assert decision.trace.rules[-1].ranking == expected
        assert expected.chosen.seller is decision.recipient
        stands[SellerId(decision.recipient.id)].take(decision.turn, NOW)


def in_order(entries: list[Candidate], distribution: Distribution) -> list[Candidate]:
    by_wait = sorted(entries, key=lambda entry: (entry.turn, entry.seller.id))
    if distribution is Distribution.ROUND_ROBIN:
        return by_wait
    return sorted(by_wait, key=lambda entry: entry.room, reverse=True)
