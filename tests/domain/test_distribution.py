"""Who comes first among the sellers that are left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cases import NOW, decided, lead, owner_of, rule, seller

from work_assignment.domain.distribution import Candidate, bucket_of, rank
from work_assignment.domain.rules import Distribution
from work_assignment.domain.sellers import Seller
from work_assignment.domain.working_times import read_calendar

ROUND_ROBIN, LOAD_BALANCING = Distribution.ROUND_ROBIN, Distribution.LOAD_BALANCING


def candidate(name: str, *, bucket: int = 0, room: int = 10, turn: int = 0) -> Candidate:
    return Candidate(seller(name), bucket, room, turn)


def order(distribution: Distribution, *candidates: Candidate) -> list[str]:
    return [entry.seller.id for entry in rank(candidates, distribution).order]


def test_round_robin_takes_the_longest_wait_first() -> None:
    candidates = [candidate("a", turn=3), candidate("b", turn=1), candidate("c", turn=2)]

    assert order(ROUND_ROBIN, *candidates) == ["b", "c", "a"]


def test_never_assigned_comes_before_all_and_ids_break_ties() -> None:
    candidates = [candidate("c"), candidate("a", turn=1), candidate("b")]

    assert order(ROUND_ROBIN, *candidates) == ["b", "c", "a"]


def test_load_balancing_takes_the_most_room_even_below_nothing() -> None:
    candidates = [candidate("a", room=-3), candidate("b", room=-1), candidate("c", room=-2)]

    assert order(LOAD_BALANCING, *candidates) == ["b", "c", "a"]


def test_a_tie_in_load_balancing_goes_by_round_robin() -> None:
    candidates = [
        candidate("a", room=5, turn=9),
        candidate("b", room=5, turn=4),
        candidate("c", room=4, turn=1),
    ]

    assert order(LOAD_BALANCING, *candidates) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("hours", "bucket"),
    [(0, 0), (1 / 3600, 1), (1, 1), (24, 1), (24.01, 2), (48, 2), (96.5, 5), (120, 5)],
)
def test_buckets_are_stretches_of_24_hours_from_now(hours: float, bucket: int) -> None:
    assert bucket_of(NOW, NOW + timedelta(hours=hours)) == bucket


def works_in(name: str, hours: float, **changes: object) -> Seller:
    off = [{"from": "2026-01-01T00:00:00Z", "to": (NOW + timedelta(hours=hours)).isoformat()}]
    return Seller(seller(name).id, name, 50, calendar=read_calendar(None, off, name))


def test_who_works_sooner_comes_first_whatever_the_room() -> None:
    now, soon, later = seller("now", 1), works_in("soon", 5), works_in("later", 30)
    by = rule(distribution=LOAD_BALANCING, available_within=timedelta(hours=48))

    assert owner_of(decided(lead(), [by], [later, soon, now])) == "now"
    assert owner_of(decided(lead(), [by], [later, soon])) == "soon"
    assert owner_of(decided(lead(), [by], [later])) == "later"


@pytest.mark.parametrize("day", range(6))
def test_only_who_works_now_is_balanced_by_load(day: int) -> None:
    hours = day * 24 - 1 if day else 0
    roomy, rested = works_in("roomy", hours), works_in("rested", hours)
    by = rule(distribution=LOAD_BALANCING, available_within=timedelta(hours=120))
    standing: dict[str, Any] = {"roomy": {"turn": 2}, "rested": {"turn": 1, "open_records": 9}}

    decision = decided(lead(), [by], [roomy, rested], **standing)

    assert owner_of(decision) == ("roomy" if day == 0 else "rested")


def test_the_window_ends_to_the_second() -> None:
    by = rule(available_within=timedelta(hours=24))

    assert owner_of(decided(lead(), [by], [works_in("ana", 24)])) == "ana"
    assert decided(lead(), [by], [works_in("ana", 24 + 1 / 3600)]).trace.rules[0].ranking is None


def test_capacity_goes_before_availability() -> None:
    full, later = seller("full", 0), works_in("later", 30)
    by = rule(uses_capacity=True, available_within=timedelta(hours=48))

    assert owner_of(decided(lead(), [by], [full, later])) == "later"


def test_without_a_window_nobodys_hours_have_a_say() -> None:
    assert owner_of(decided(lead(), [rule()], [works_in("ana", 500), works_in("ben", 1)])) == "ana"
