"""Who comes first among the sellers that are left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cases import NOW, away, decided, decided_all, lead, owner_of, rule, seller

from work_assignment.domain.deciding.distribution import bucket_of
from work_assignment.domain.defining.rules import Distribution

ROUND_ROBIN, LOAD_BALANCING = Distribution.ROUND_ROBIN, Distribution.LOAD_BALANCING


def order(distribution: Distribution, **sellers: dict[str, int]) -> list[str]:
    """Sellers as they are told to stand, of so much room and with such turns."""
    everyone = [seller(name, stands.get("room", 10)) for name, stands in sellers.items()]
    standing = {name: {"turn": stands.get("turn", 0)} for name, stands in sellers.items()}
    by = rule(distribution=distribution)
    (decision,) = decided_all([lead()], [by], everyone, standing=standing)
    ranking = decision.trace.rules[0].ranking
    assert ranking is not None
    assert owner_of(decision) == ranking.chosen.seller.id
    return [entry.seller.id for entry in ranking.order]


def test_round_robin_takes_the_longest_wait_first() -> None:
    told = order(ROUND_ROBIN, a={"turn": 3}, b={"turn": 1}, c={"turn": 2})

    assert told == ["b", "c", "a"]


def test_never_assigned_comes_before_all_and_ids_break_ties() -> None:
    assert order(ROUND_ROBIN, c={}, a={"turn": 1}, b={}) == ["b", "c", "a"]


def test_load_balancing_takes_the_most_room_even_below_nothing() -> None:
    told = order(LOAD_BALANCING, a={"room": -3}, b={"room": -1}, c={"room": -2})

    assert told == ["b", "c", "a"]


def test_a_tie_in_load_balancing_goes_by_round_robin() -> None:
    told = order(
        LOAD_BALANCING,
        a={"room": 5, "turn": 9},
        b={"room": 5, "turn": 4},
        c={"room": 4, "turn": 1},
    )

    assert told == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("hours", "bucket"),
    [(0, 0), (1 / 3600, 1), (1, 1), (24, 1), (24.01, 2), (48, 2), (96.5, 5), (120, 5)],
)
def test_buckets_are_stretches_of_24_hours_from_now(hours: float, bucket: int) -> None:
    assert bucket_of(NOW, NOW + timedelta(hours=hours)) == bucket


def test_who_works_sooner_comes_first_whatever_the_room() -> None:
    now, soon, later = seller("now", 1), away("soon", 5), away("later", 30)
    by = rule(distribution=LOAD_BALANCING, available_within=timedelta(hours=48))

    assert owner_of(decided(lead(), [by], [later, soon, now])) == "now"
    assert owner_of(decided(lead(), [by], [later, soon])) == "soon"
    assert owner_of(decided(lead(), [by], [later])) == "later"


@pytest.mark.parametrize("day", range(6))
def test_only_who_works_now_is_balanced_by_load(day: int) -> None:
    hours = day * 24 - 1 if day else 0
    roomy, rested = away("roomy", hours), away("rested", hours)
    by = rule(distribution=LOAD_BALANCING, available_within=timedelta(hours=120))
    standing: dict[str, Any] = {"roomy": {"turn": 2}, "rested": {"turn": 1, "open_records": 9}}

    decision = decided(lead(), [by], [roomy, rested], **standing)

    assert owner_of(decision) == ("roomy" if day == 0 else "rested")


def test_the_window_ends_to_the_second() -> None:
    by = rule(available_within=timedelta(hours=24))

    assert owner_of(decided(lead(), [by], [away("ana", 24)])) == "ana"
    assert decided(lead(), [by], [away("ana", 24 + 1 / 3600)]).trace.rules[0].ranking is None


def test_capacity_goes_before_availability() -> None:
    full, later = seller("full", 0), away("later", 30)
    by = rule(uses_capacity=True, available_within=timedelta(hours=48))

    assert owner_of(decided(lead(), [by], [full, later])) == "later"


def test_without_a_window_nobodys_hours_have_a_say() -> None:
    assert owner_of(decided(lead(), [rule()], [away("ana", 500), away("ben", 1)])) == "ana"
