"""Whose turn it is: sweeps that may have records in common go one after the other. Pure.

Everybody looks before a sweep is taken up, and once more after its row says that it was: of two who
take theirs up at the same moment at least one then sees the other, and steps back. What was begun is
not overtaken, and of what waits the one that was asked for first comes next, so that nobody waits for
each other and nobody for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.domain.runs.sweeps import Sweep, SweepStatus, overlaps
from work_assignment.services.sweep_keeping import DEAD_AFTER

TURN = timedelta(seconds=15)
"""When a sweep that waits for another one looks again."""
WAITS_FOR = "It waits for "
_JUST_NOW = TURN / 2


class NotItsTurn(WorkAssignmentError):
    """Another sweep of the same records comes first; `is_noted` says that the row tells so by us.

    Where another message has it wait, this one need not come again.
    """

    def __init__(self, before: Sweep, *, is_noted: bool) -> None:
        super().__init__(waiting_for(before))
        self.before = before
        self.is_noted = is_noted


def waiting_for(before: Sweep) -> str:
    """What a sweep's row says that waits for another one."""
    return f"{WAITS_FOR}'{before.name or before.id}' ({before.id}), which is {before.status.value}"


def before(sweep: Sweep, going_on: Iterable[Sweep]) -> Sweep | None:
    """The sweep that has to end before this one may go on, if there is one.

    Nobody waits for one whose row was not written for so long that nobody can be at it.
    """
    found = (other for other in going_on if other.id != sweep.id and _comes_first(other, sweep))
    return min(found, key=_asked, default=None)


def _comes_first(other: Sweep, sweep: Sweep) -> bool:
    if other.idle >= DEAD_AFTER or not overlaps(other, sweep):
        return False
    if sweep.status is SweepStatus.IN_PROGRESS:
        has_begun = other.status is SweepStatus.IN_PROGRESS
        return has_begun and (bool(other.cursor.worker) or _asked(other) < _asked(sweep))
    is_new = not sweep.version  # whatever there is was asked for earlier
    return is_new or other.status is SweepStatus.IN_PROGRESS or _asked(other) < _asked(sweep)


def _asked(sweep: Sweep) -> tuple[float, str]:
    return (sweep.asked_at or sweep.started_at).timestamp(), sweep.id


def stepped_back(sweep: Sweep, taken: Sweep, first: Sweep) -> Sweep:
    """The row of a sweep that was just taken up, as it was before, and why."""
    return replace(
        sweep,
        version=taken.version,
        cursor=replace(sweep.cursor, worker=""),
        message=waiting_for(first),
    )


def is_waiting(sweep: Sweep) -> bool:
    """Whether its row says that it waits for another one."""
    return sweep.message.startswith(WAITS_FOR)


def is_told_just_now(sweep: Sweep) -> bool:
    """Whether another message has just had it wait: one that comes again is enough."""
    return is_waiting(sweep) and sweep.idle < _JUST_NOW
