"""Records that change segment or owner again and again: how often they did, and when that is too often."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from work_assignment.domain.defining.policy import FlapLimit
from work_assignment.domain.records import Owner
from work_assignment.domain.statuses import RoutingStatus

_SAY_NOTHING = (RoutingStatus.ASSIGNED_BY_HAND, RoutingStatus.UNDONE)


def is_a_change(
    status: RoutingStatus,
    *,
    segment: tuple[str | None, str | None],
    owner: tuple[Owner | None, Owner | None],
    was_settled: bool,
    is_by_hand: bool,
) -> bool:
    """Whether an outcome gave a record another segment or owner by rules alone.

    `segment` and `owner` are those before and after it. A first segment or owner is no change,
    however often it was tried, nor is what a person chose, asked for or undid.
    """
    if is_by_hand or status in _SAY_NOTHING:
        return False
    before, after = segment
    if before != after and (was_settled or before is not None):
        return True
    return status is RoutingStatus.ASSIGNED and was_settled and owner[0] != owner[1]


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
