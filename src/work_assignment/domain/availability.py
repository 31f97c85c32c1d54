"""Working hours and time off: the first working moment after another, in any time zone.

A pattern of working hours is written in local time; intervals are computed in UTC, day by local
day, so that the days of a daylight-saving change have 23 or 25 hours as they do for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Hours on some weekdays (Monday is 0) in a time zone.

    An end at or before the start is on the next day; breaks lie between the two.
    """

    days: frozenset[int]
    start: time
    end: time
    zone: tzinfo
    breaks: tuple[tuple[time, time], ...] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open stretch of time, `start` included and `end` not; both are aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a seller works. Without hours she always does, but for her time off."""

    hours: tuple[WorkingHours, ...] = ()
    time_off: tuple[Interval, ...] = ()

    def first_working_moment(self, at: datetime, within: timedelta) -> datetime | None:
        """The first moment from `at` to `at + within` at which the seller works, or None."""
        limit = at + within
        away = sorted(self.time_off, key=lambda interval: interval.start)
        for working in self._working_intervals(at, limit):
            moment = _first_outside(max(working.start, at), away)
            if moment < working.end and moment <= limit:
                return moment
        return None

    def _working_intervals(self, at: datetime, limit: datetime) -> Iterator[Interval]:
        if not self.hours:
            yield Interval(at, limit + _MINUTE)
            return
        found = [
            interval
            for hours in self.hours
            for interval in _intervals(hours, at, limit)
            if interval.end > at
        ]
        yield from sorted(found, key=lambda interval: interval.start)


ALWAYS_WORKING = Calendar()


def _first_outside(moment: datetime, away: Sequence[Interval]) -> datetime:
    for interval in away:
        if interval.start <= moment < interval.end:
            moment = interval.end
    return moment


def _intervals(hours: WorkingHours, at: datetime, limit: datetime) -> Iterator[Interval]:
    day = at.astimezone(hours.zone).date() - _DAY
    last = limit.astimezone(hours.zone).date()
    while day <= last:
        if day.weekday() in hours.days:
            yield from _intervals_of_day(hours, day)
        day += _DAY


def _intervals_of_day(hours: WorkingHours, day: date) -> Iterator[Interval]:
    start = hours.start
    opened = _moment(day, start, start, hours.zone)
    closed = _closing(day, start, hours.end, hours.zone)
    for pause_from, pause_to in sorted(
        hours.breaks, key=lambda pause: (pause[0] < start, pause[0])
    ):
        pause_start = min(_moment(day, start, pause_from, hours.zone), closed)
        if opened < pause_start:
            yield Interval(opened, pause_start)
        opened = max(opened, _moment(day, start, pause_to, hours.zone))
    if opened < closed:
        yield Interval(opened, closed)


def _closing(day: date, start: time, end: time, zone: tzinfo) -> datetime:
    return _local(day + _DAY if end <= start else day, end, zone, closing=True)


def _moment(day: date, start: time, at: time, zone: tzinfo) -> datetime:
    """When a time of a shift first comes: one earlier than the shift's start is after midnight."""
    return _local(day + _DAY if at < start else day, at, zone, closing=False)


def _local(day: date, at: time, zone: tzinfo, *, closing: bool) -> datetime:
    """Local time as UTC. A repeated hour counts from its first to its last minute; a skipped time
    means the moment the clocks jump.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    earlier, later = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if earlier <= later:
        return later if closing else earlier
    return _jump(later, earlier, zone)


def _jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    offset = before.astimezone(zone).utcoffset()
    while after - before > _MINUTE:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(second=0, microsecond=0)
