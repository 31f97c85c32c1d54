"""One record's story in lines: from where and from whom it moved, and what asked for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from work_assignment.domain.runs.outcomes import RequestSource
from work_assignment.domain.runs.stories import LoggedRun, RecordNow, story
from work_assignment.domain.statuses import RoutingStatus

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
RECORD = RecordNow("Curtis", "Bea", is_open=True)
MOVED = LoggedRun(
    decided_at=NOW,
    last_attempt_at=NOW,
    attempts=1,
    mode="on",
    status=RoutingStatus.ASSIGNED,
    reason="Rule 'Big': Bea's turn",
    segment="Big",
    rule="Big",
    owner="Bea",
    explanation={},
    previous_segment="Small",
    previous_owner="Ada",
    was_settled=True,
    changes_owner=True,
    source=RequestSource.UPDATED,
)


def told(run: LoggedRun) -> list[str]:
    """What is said below the run's own line."""
    return list(story(RECORD, [run]))[3:]


def test_a_story_says_from_where_to_where_and_from_whom_to_whom_a_record_moved() -> None:
    assert told(MOVED) == [
        "  moved from Small (Ada) to Big (Bea)",
        "  looked at because the record was updated",
    ]


def test_where_only_the_segment_changed_it_says_with_whom_the_record_stays() -> None:
    stays = replace(MOVED, status=RoutingStatus.NO_CAPACITY, owner=None, changes_owner=False)
    assert told(stays)[0] == "  moved from Small to Big, stays with Ada"


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (replace(MOVED, previous_segment=None), "  moved from default (Ada) to Big (Bea)"),
        (replace(MOVED, segment=None), "  moved from Small (Ada) to default (Bea)"),
        (replace(MOVED, previous_segment="Big"), "  moved from Big (Ada) to Big (Bea)"),
    ],
    ids=["out of default", "into default", "to another seller"],
)
def test_the_default_segment_is_named_and_so_is_one_that_stays(run: LoggedRun, said: str) -> None:
    assert told(run)[0] == said


@pytest.mark.parametrize(
    "run",
    [
        replace(MOVED, previous_segment=None, was_settled=False),
        replace(MOVED, previous_segment="Big", was_settled=False),
        replace(MOVED, previous_segment="Big", changes_owner=False),
    ],
    ids=["its first owner", "its first owner after a failure", "the same again"],
)
def test_what_had_no_place_before_or_keeps_it_is_no_move(run: LoggedRun) -> None:
    assert told(run) == ["  looked at because the record was updated"]


@pytest.mark.parametrize("status", [RoutingStatus.ASSIGNED_BY_HAND, RoutingStatus.UNDONE])
def test_what_a_person_did_speaks_for_itself(status: RoutingStatus) -> None:
    assert told(replace(MOVED, status=status, source=RequestSource.BY_HAND)) == []


@pytest.mark.parametrize("source", RequestSource)
def test_every_source_is_told_in_words(source: RequestSource) -> None:
    assert told(replace(MOVED, source=source))[1].startswith("  looked at because ")
