"""Records that change segment or owner again and again: how often they did, and when that is too often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.statuses import RoutingStatus


@dataclass(frozen=True, slots=True)
class Step:
    """What one run of a record's history says of its way.

    `has_moved` says that it got another segment or owner than it had, `is_by_hand` that a person
    asked for it or undid it.
    """

    at: datetime
    status: RoutingStatus
    has_moved: bool
    is_by_hand: bool


def changes_in(history: Iterable[Step]) -> tuple[datetime, ...]:
    """When rules changed a record's segment or owner, by its whole history, oldest first.

    Finding it a first owner is no change, however often that was tried, nor is what a person asked
    for; after an assignment was undone the next one is a first one again.
    """
    found: list[datetime] = []
    had_owner = False
    for step in history:
        if had_owner and step.has_moved and not step.is_by_hand:
            found.append(step.at)
        if step.status is RoutingStatus.UNDONE:
            had_owner = False
        elif step.status in (RoutingStatus.ASSIGNED, RoutingStatus.ASSIGNED_BY_HAND):
            had_owner = True
    return tuple(found)


def too_often(changed_at: Iterable[datetime], limit: FlapLimit | None, at: datetime) -> str:
    """How often a record was moved lately, in words, where that is as often as it may be; or nothing."""
    if limit is None:
        return ""
    lately = sum(change > at - limit.within for change in changed_at)
    if lately < limit.moves:
        return ""
    changes = "1 change" if lately == 1 else f"{lately} changes"
    hours = limit.within.total_seconds() / 3600
    return f"{changes} of segment or owner within {hours:g} hours"
