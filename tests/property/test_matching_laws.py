"""Laws of best overall that hold for whatever demands and sellers there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from work_assignment.domain.matching.best_overall import Choice, Demand, Matching, Seat, match
from work_assignment.domain.records import SellerId
from work_assignment.solvers.min_cost_flow import OrToolsFlowSolver

NAMES = tuple(map(SellerId, ("ana", "ben", "cem", "dora")))
LEVELS = range(4)
Problem = tuple[list[Demand], list[Seat]]
Given = Sequence[Sequence[SellerId | None]]


@st.composite
def problems(draw: st.DrawFn, sellers: int = 4, most: int = 12, demands: int = 4) -> Problem:
    """Demands with names of their own, and seats, full, roomy and without limit."""
    names = NAMES[: draw(st.integers(1, sellers))]
    choice = st.builds(
        Choice, st.sampled_from(names), st.sampled_from(LEVELS), st.sampled_from(LEVELS)
    )
    choices = st.lists(choice, unique_by=lambda entry: entry.seller_id, max_size=len(names))
    sizes = draw(st.lists(st.integers(0, most // 2), min_size=1, max_size=demands))
    while sum(sizes) > most:
        sizes.pop()
    asked = [
        Demand(
            f"D{number}",
            tuple(draw(choices)),
            tuple(draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))),
        )
        for number, size in enumerate(sizes)
    ]
    room = st.one_of(st.none(), st.integers(-1, 4))
    seats = [
        Seat(name, draw(st.integers(0, 5)), draw(room), draw(st.integers(0, 3))) for name in names
    ]
    return asked, seats


def matching_of(problem: Problem) -> Matching:
    return match(*problem, OrToolsFlowSolver())


def placed(given: Given) -> Counter[SellerId]:
    return Counter(owner for owners in given for owner in owners if owner is not None)


def has_room(seat: Seat, count: int) -> bool:
    return seat.room is None or count <= max(seat.room, 0)


def merit(problem: Problem, given: Given) -> tuple[object, ...]:
    """What is wished for, the weightiest first; the least is the best."""
    demands, seats = problem
    tiers: Counter[int] = Counter()
    buckets: Counter[int] = Counter()
    scores: list[float] = []
    for demand, owners in zip(demands, given, strict=True):
        by_seller = {choice.seller_id: choice for choice in demand.choices}
        for score, owner in zip(demand.scores, owners, strict=True):
            if owner is not None:
                scores.append(float(score))
                tiers[by_seller[owner].tier] += 1
                buckets[by_seller[owner].bucket] += 1
    counts = placed(given)
    line = sorted(seats, key=lambda seat: (seat.turn, seat.seller_id))
    return (
        -len(scores),
        [-score for score in sorted(scores, reverse=True)],
        [-tiers[level] for level in LEVELS],
        sum((seat.load + counts[seat.seller_id]) ** 2 for seat in seats),
        [-buckets[level] for level in LEVELS],
        [-counts[seat.seller_id] for seat in line],
    )


def all_ways(problem: Problem) -> Iterator[Given]:
    demands, seats = problem
    options = [
        (None, *(choice.seller_id for choice in demand.choices))
        for demand in demands
        for _ in demand.scores
    ]
    for way in product(*options):
        counts = Counter(owner for owner in way if owner is not None)
        if all(has_room(seat, counts[seat.seller_id]) for seat in seats):
            records = iter(way)
            yield [[next(records) for _ in demand.scores] for demand in demands]


def one_by_one(problem: Problem) -> int:
    """How many a seller-by-seller way places: each record to who has the most room."""
    demands, seats = problem
    rooms = {seat.seller_id: 1000 if seat.room is None else seat.room for seat in seats}
    count = 0
    for demand in demands:
        for _ in demand.scores:
            best = max((c.seller_id for c in demand.choices), key=rooms.__getitem__, default=None)
            if best is not None and rooms[best] > 0:
                rooms[best] -= 1
                count += 1
    return count


@settings(max_examples=400, deadline=None)
@given(problems(sellers=3, most=5, demands=3))
def test_no_other_way_is_better(problem: Problem) -> None:
    assert merit(problem, matching_of(problem).given) == min(
        merit(problem, way) for way in all_ways(problem)
    )


@settings(deadline=None)
@given(problems(most=30))
def test_everybody_gets_only_what_she_may_take_and_has_room_for(problem: Problem) -> None:
    given = matching_of(problem).given

    for demand, owners in zip(problem[0], given, strict=True):
        assert len(owners) == len(demand.scores)
        assert set(owners) <= {None, *(choice.seller_id for choice in demand.choices)}
    assert all(has_room(seat, placed(given)[seat.seller_id]) for seat in problem[1])


@settings(deadline=None)
@given(problems(most=30))
def test_never_fewer_than_one_by_one(problem: Problem) -> None:
    assert placed(matching_of(problem).given).total() >= one_by_one(problem)


@settings(deadline=None)
@given(problems(most=30))
def test_inside_a_demand_nobody_is_passed_over_for_a_lower_or_later_equal_score(
    problem: Problem,
) -> None:
    for demand, owners in zip(problem[0], matching_of(problem).given, strict=True):
        in_order = sorted(range(len(owners)), key=lambda at: (-demand.scores[at], at))
        served = [owners[at] is not None for at in in_order]

        assert served == sorted(served, reverse=True)


@settings(deadline=None)
@given(problems(most=30), st.randoms())
def test_the_order_of_demands_choices_and_seats_does_not_matter(
    problem: Problem, dice: Random
) -> None:
    demands, seats = problem
    shuffled = [
        Demand(d.label, tuple(dice.sample(d.choices, len(d.choices))), d.scores)
        for d in dice.sample(demands, len(demands))
    ]

    straight = matching_of(problem)
    mixed = matching_of((shuffled, dice.sample(seats, len(seats))))

    assert mixed.bottlenecks == straight.bottlenecks
    assert {d.label: owners for d, owners in zip(shuffled, mixed.given, strict=True)} == {
        d.label: owners for d, owners in zip(demands, straight.given, strict=True)
    }


@settings(deadline=None)
@given(problems(most=30))
def test_bottlenecks_account_for_every_record_left_out(problem: Problem) -> None:
    demands, seats = problem
    matching = matching_of(problem)
    by_label = {d.label: (d, owners) for d, owners in zip(demands, matching.given, strict=True)}
    rooms = {seat.seller_id: max(seat.room or 0, 0) for seat in seats}
    named: list[str] = []

    for bottleneck in matching.bottlenecks:
        members = [by_label[label] for label in bottleneck.labels]
        named += bottleneck.labels
        assert bottleneck.records == sum(len(demand.scores) for demand, _ in members)
        assert set(bottleneck.sellers) == {
            c.seller_id for demand, _ in members for c in demand.choices
        }
        assert bottleneck.room == sum(rooms[who] for who in bottleneck.sellers)
        out = sum(owners.count(None) for _, owners in members)
        assert out == bottleneck.records - bottleneck.room > 0

    assert len(named) == len(set(named))
    assert all(None not in owners for label, (_, owners) in by_label.items() if label not in named)


@settings(deadline=None)
@given(problems(most=12, demands=4))
def test_no_part_of_a_bottleneck_leaves_as_many_out_as_the_whole(problem: Problem) -> None:
    demands, seats = problem
    by_label = {demand.label: demand for demand in demands}
    rooms = {seat.seller_id: max(seat.room or 0, 0) for seat in seats}

    for bottleneck in matching_of(problem).bottlenecks:
        for kept in product((False, True), repeat=len(bottleneck.labels)):
            part = [
                by_label[label] for label, keep in zip(bottleneck.labels, kept, strict=True) if keep
            ]
            sellers = {choice.seller_id for demand in part for choice in demand.choices}
            asked = sum(len(demand.scores) for demand in part)
            lacking = asked - sum(rooms[who] for who in sellers)
            assert all(kept) or lacking < bottleneck.records - bottleneck.room
