"""Who is told of a record besides its new owner."""

from __future__ import annotations

from typing import Any

import pytest

from work_assignment.domain.records import Owner, SellerId
from work_assignment.domain.runs.news import MOST_OTHERS, others_to_tell

ADA, BEN, EVE = (Owner("systemuser", name) for name in ("ada", "ben", "eve"))
TEAM = Owner("team", "team")


def told(**facts: Any) -> set[str]:
    usual: dict[str, Any] = {
        "owner": BEN,
        "previous_owner": ADA,
        "has_moved": True,
        "was_settled": True,
        "followers": (),
    }
    return set(others_to_tell(**(usual | facts)))


@pytest.mark.parametrize(
    ("facts", "people"),
    [
        ({}, {"ada"}),
        ({"has_moved": False}, {"ada"}),
        ({"was_settled": False}, set()),
        ({"owner": None}, {"ada"}),
        ({"owner": ADA}, {"ada"}),
        ({"owner": None, "has_moved": False}, set()),
        ({"owner": ADA, "has_moved": False, "followers": ("eve",)}, set()),
        ({"previous_owner": TEAM}, set()),
        ({"previous_owner": None}, set()),
        ({"followers": ("eve", "ben", "ada")}, {"ada", "eve"}),
        ({"followers": ("eve",), "was_settled": False}, {"eve"}),
        ({"owner": TEAM, "followers": ("ben",)}, {"ada", "ben"}),
    ],
)
def test_who_had_it_and_who_follows_it_are_told_once_each(
    facts: dict[str, Any], people: set[str]
) -> None:
    assert told(**facts) == people


def test_a_record_that_hundreds_follow_is_told_to_some_of_them() -> None:
    crowd = [SellerId(f"user {number}") for number in range(300)]
    assert len(told(followers=crowd)) == MOST_OTHERS
