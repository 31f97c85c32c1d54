"""Laws of assignment that hold for whatever sellers, rules and records there are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cases import NOW, decided, definitions, lead, rule, seller, standings

from work_assignment.domain.assignment import decide_block
from work_assignment.domain.decisions import Assigned, Decision
from work_assignment.domain.explanations import to_data
from work_assignment.domain.records import SellerId
from work_assignment.domain.rules import AssignmentRule, Distribution, SellerMatch
from work_assignment.domain.sellers import Seller

NAMES = ("ana", "ben", "cem", "dora", "eve")
POOLS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 6), min_size=1).map(
    lambda capacities: [seller(name, room) for name, room in sorted(capacities.items())]
)
DISTRIBUTIONS = st.sampled_from(Distribution)
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
def rule_sets(draw: st.DrawFn) -> list[AssignmentRule]:
    """Up to three rules, each for some of the sellers."""
    return [
        rule(
            f"R{number}",
            order=number,
            match=SellerMatch(listed=tuple(map(SellerId, draw(st.sets(st.sampled_from(NAMES)))))),
            distribution=draw(DISTRIBUTIONS),
            uses_capacity=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 3)))
    ]


def block(
    count: int, rules: list[AssignmentRule], everyone: list[Seller], standing: dict[str, Any]
) -> list[Decision]:
    return decide_block(
        [lead(number) for number in range(count)],
        definitions(rules, everyone),
        standings(everyone, **standing),
        at=NOW,
        since={},
    )


def owners(decisions: list[Decision]) -> list[str | None]:
    return [d.seller.id if isinstance(d, Assigned) else None for d in decisions]


@given(st.integers(0, 25), POOLS, DISTRIBUTIONS, STANDINGS)
def test_no_seller_is_given_more_than_she_has_room_for(
    count: int, everyone: list[Seller], distribution: Distribution, standing: dict[str, Any]
) -> None:
    by = rule(uses_capacity=True, distribution=distribution)

    given_to = Counter(owners(block(count, [by], everyone, standing)))

    for who in everyone:
        stood = standing.get(who.id, {"open_records": 0, "reserved": 0})
        room = who.max_capacity - stood["open_records"] - stood["reserved"]
        assert given_to[who.id] <= max(room, 0)


@given(st.integers(0, 25), POOLS, DISTRIBUTIONS)
def test_nobody_is_refused_while_there_is_room(
    count: int, everyone: list[Seller], distribution: Distribution
) -> None:
    by = rule(uses_capacity=True, distribution=distribution)

    decisions = owners(block(count, [by], everyone, {}))

    room = sum(who.max_capacity for who in everyone)
    assert sum(owner is not None for owner in decisions) == min(count, room)


@given(st.integers(0, 12), POOLS, rule_sets(), STANDINGS, st.randoms())
def test_the_order_of_sellers_and_rules_in_the_input_is_irrelevant(
    count: int,
    everyone: list[Seller],
    rules: list[AssignmentRule],
    standing: dict[str, Any],
    chance: Any,
) -> None:
    shuffled, turned = everyone.copy(), rules.copy()
    chance.shuffle(shuffled)
    chance.shuffle(turned)

    assert owners(block(count, rules, everyone, standing)) == owners(
        block(count, turned, shuffled, standing)
    )


@given(st.integers(0, 40), st.integers(1, 5), st.booleans())
def test_round_robin_stays_within_one_in_an_undisturbed_pool(
    count: int, number_of_sellers: int, uses_capacity: bool
) -> None:
    everyone = [seller(name, 100) for name in NAMES[:number_of_sellers]]
    decisions = owners(block(count, [rule(uses_capacity=uses_capacity)], everyone, {}))

    for so_far in range(1, count + 1):
        given_to = Counter(decisions[:so_far])
        counts = [given_to[who.id] for who in everyone]
        assert max(counts) - min(counts) <= 1


@given(st.integers(1, 20), POOLS, STANDINGS)
def test_load_balancing_never_picks_a_seller_with_less_room(
    count: int, everyone: list[Seller], standing: dict[str, Any]
) -> None:
    by = rule(distribution=Distribution.LOAD_BALANCING)
    room = {
        who.id: who.max_capacity
        - sum(standing.get(who.id, {}).get(key, 0) for key in ("open_records", "reserved"))
        for who in everyone
    }

    for decision in block(count, [by], everyone, standing):
        assert isinstance(decision, Assigned)
        assert room[decision.seller.id] == max(room.values())
        room[decision.seller.id] -= 1


@given(POOLS, rule_sets(), STANDINGS)
def test_a_record_is_decided_the_same_alone_and_as_the_first_of_a_block(
    everyone: list[Seller], rules: list[AssignmentRule], standing: dict[str, Any]
) -> None:
    first = block(3, rules, everyone, standing)[0]

    assert block(1, rules, everyone, standing) == [first]
    alone = decided(lead(0), rules, everyone, **standing)
    assert to_data(alone) == to_data(first)


@given(st.integers(1, 12), POOLS, rule_sets(), STANDINGS)
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


@given(st.integers(1, 12), POOLS, rule_sets(), STANDINGS)
def test_every_seller_is_either_ranked_or_dropped_with_a_reason(
    count: int, everyone: list[Seller], rules: list[AssignmentRule], standing: dict[str, Any]
) -> None:
    for decision in block(count, rules, everyone, standing):
        for tried in decision.trace.rules:
            ranked = [entry.seller.id for entry in tried.ranking.order] if tried.ranking else []
            dropped = [entry.seller.id for entry in tried.dropped]
            assert sorted(ranked + dropped) == [who.id for who in everyone]
            assert all(entry.why for entry in tried.dropped)
