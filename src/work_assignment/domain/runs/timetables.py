"""What is due by the schedules of segments: which of them were in force, and what each asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from work_assignment.domain.defining.schedules import Schedule
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.records import SegmentId

RUNNING = ("active", "paused")
"""The states of a segment in which its times come due; paused, there is nothing to run then."""


@dataclass(frozen=True, slots=True)
class SegmentTimes:
    """A segment with its schedule; `fault` says why one that is there cannot be used.

    `changed_at` is when the row was last written, or the settings whose time zone it takes, and
    `newest_due` what its newest scheduled sweep was due at. `manager` is a name for people.
    """

    id: SegmentId
    name: str
    record_type: str
    priority: int | None
    state: str
    changed_at: datetime
    schedule: Schedule | None = None
    fault: DefinitionError | None = None
    manager: str | None = None
    newest_due: datetime | None = None

    @property
    def in_force(self) -> Schedule | None:
        """The schedule that its records are tried by, if there is one."""
        return self.schedule if self.state in RUNNING else None


@dataclass(frozen=True, slots=True)
class Timetable:
    """All segments with their schedules, and what the settings say of sweeps.

    `limit` is of records in a scheduled sweep; ended sweeps are there for `kept_for`.
    """

    segments: tuple[SegmentTimes, ...]
    limit: int | None
    kept_for: timedelta


@dataclass(frozen=True, slots=True)
class InForce:
    """A schedule, or none, that a segment has since a moment."""

    schedule: Schedule | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A time that has come, and how many came before it for which nothing ran."""

    at: datetime
    left_out: int


def in_force(segment: SegmentTimes, known: InForce | None) -> tuple[InForce, ...]:
    """What is in force of a segment, and before it what was when somebody changed it.

    `known` is what was in force at the last look. Without it a schedule counts from its newest
    sweep on, and one without any from the last change: that is when it may have been set.
    """
    now = segment.in_force
    if known is None:
        return (InForce(now, segment.newest_due or segment.changed_at),)
    if known.schedule == now:
        return (known,)
    return (known, InForce(now, max(segment.changed_at, known.since)))


def due(stretches: Sequence[InForce], after: datetime, until: datetime) -> Due | None:
    """The newest time that came after one moment and up to another.

    A time that came while an older schedule was in force is due by that one.
    """
    ends = [*(stretch.since for stretch in stretches[1:]), until]
    newest, count = None, 0
    for stretch, end in zip(stretches, ends, strict=True):
        if stretch.schedule is None:
            continue
        for at in stretch.schedule.moments(max(after, stretch.since), min(end, until)):
            newest, count = at, count + 1
    return None if newest is None else Due(newest, count - 1)
