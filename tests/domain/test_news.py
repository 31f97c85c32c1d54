"""Who is told of a record besides its new owner."""

from __future__ import annotations

from typing import Any

import pytest

from work_assignment.domain.records import Owner, RecordKey, SegmentId, SellerId
from work_assignment.domain.runs.news import Change, Role, others_to_tell

ADA, BEN, EVE = (Owner("systemuser", name) for name in ("ada", "ben", "eve"))
TEAM, QUEUE = Owner("team", "team"), Owner("queue", "queue")


def told(**facts: Any) -> tuple[str, ...]:
    usual: dict[str, Any] = {
        "owner": BEN,
        "previous_owner": ADA,
        "has_moved": True,
        "was_settled": True,
        "followers": (),
    }
    return others_to_tell(**(usual | facts))


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
        ({"owner": QUEUE, "has_moved": False}, set()),
        ({"owner": QUEUE}, {"ada"}),
        ({"owner": QUEUE, "previous_owner": None, "followers": ("eve",)}, {"eve"}),
    ],
)
def test_who_had_it_and_who_follows_it_are_told_once_each(
    facts: dict[str, Any], people: set[str]
) -> None:
    assert len(told(**facts)) == len(people)
    assert set(told(**facts)) == people


def test_before_all_who_follow_a_record_stands_whose_it_was() -> None:
    crowd = [SellerId(f"aaa {number:03}") for number in range(300)]
    assert told(followers=reversed(crowd)) == ("ada", *crowd)


def test_what_is_put_into_a_queue_stays_with_its_owner_who_hears_of_the_segment_alone() -> None:
    (news,) = Change(
        run_id="run",
        block="block",
        key=RecordKey("lead", "1"),
        others=frozenset({SellerId("ada")}),
        owner=QUEUE,
        previous_owner=ADA,
        segment_id=SegmentId("large"),
    ).news()
    assert (news.role, news.stays, news.has_moved) == (Role.KEPT, True, True)
