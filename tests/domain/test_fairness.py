"""Fair shares over many days: two equal sellers, one record a day, absences in between."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from tests.domain.cases import NOW, lead, owner_of, rule, seller

from work_assignment.domain.deciding.assigner import Assigner
from work_assignment.domain.deciding.definitions import define
from work_assignment.domain.defining.rules import AssignmentRule, Distribution
from work_assignment.domain.defining.sellers import Standing
from work_assignment.domain.hours.availability import Calendar, Interval

DAY = timedelta(days=1)
BY_LOAD = [Distribution.LOAD_BALANCING, Distribution.BEST_OVERALL]
DISTRIBUTIONS = [Distribution.ROUND_ROBIN, *BY_LOAD]


def month(by: AssignmentRule, *, away_on: range = range(0)) -> Counter[str]:
    """How many records each has after a record a day for 30 days, none of which is closed.

    Ana is away on some of the days, counted from 0.
    """
    off = [Interval(NOW + DAY * day, NOW + DAY * (day + 1)) for day in away_on]
    everyone = [seller("ana", 90, calendar=Calendar(time_off=tuple(off))), seller("ben", 90)]
    made = define([], [by], everyone)
    standings = {who.id: Standing(who.id) for who in everyone}
    for day in range(30):
        at = NOW + DAY * day
        (decision,) = Assigner(made, standings, at=at).decide_all([lead(created_at=at)])
        assert owner_of(decision) != "ana" or day not in away_on
        for standing in standings.values():
            standing.open_records, standing.taken = standing.open_records + standing.taken, 0
    return Counter({who: standing.open_records for who, standing in standings.items()})


def by_hours(distribution: Distribution, *, uses_capacity: bool) -> AssignmentRule:
    return rule(
        segment_id=None,
        distribution=distribution,
        uses_capacity=uses_capacity,
        available_within=timedelta(hours=12),
    )


@pytest.mark.parametrize("uses_capacity", [False, True])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_two_equal_sellers_get_fifteen_each(
    distribution: Distribution, uses_capacity: bool
) -> None:
    by = by_hours(distribution, uses_capacity=uses_capacity)

    assert month(by) == {"ana": 15, "ben": 15}


@pytest.mark.parametrize("uses_capacity", [False, True])
@pytest.mark.parametrize("away_on", [range(3, 4), range(7, 10), range(10, 15), range(8, 18)])
@pytest.mark.parametrize("distribution", BY_LOAD)
def test_so_they_do_by_load_with_an_absence_in_between(
    distribution: Distribution, away_on: range, uses_capacity: bool
) -> None:
    by = by_hours(distribution, uses_capacity=uses_capacity)

    assert month(by, away_on=away_on) == {"ana": 15, "ben": 15}


@pytest.mark.parametrize(("length", "ana"), [(1, 15), (3, 14), (5, 13)])
def test_round_robin_makes_up_for_one_record_of_an_absence(length: int, ana: int) -> None:
    """The longest wait comes first, once: afterwards they take turns as before."""
    by = by_hours(Distribution.ROUND_ROBIN, uses_capacity=False)

    for start in range(4, 20):
        given = month(by, away_on=range(start, start + length))
        assert given == {"ana": ana, "ben": 30 - ana}
