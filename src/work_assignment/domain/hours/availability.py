"""When a seller works: patterns of hours, what outranks them, and time off, in any time zone.

A pattern is written in local time; its stretches are worked out in UTC, day by local day, so that
the days of a daylight-saving change have 23 or 25 hours as they do for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial

from work_assignment.domain.hours.business_time import (
    MICROSECOND,
    Stretch,
    Timeline,
    instant,
    merged,
    moment,
    without,
)

_DAY = timedelta(days=1)
_MINUTE = 60_000_000
EVERY_DAY = frozenset(range(7))
MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Hours on some weekdays (Monday is 0) in a time zone, from a first day to a last one.

    An end at or before the start is on the next day; breaks lie between the two. `every_weeks`
    counts weeks from Monday and `every_days` days, from `first_day`, which they need if above 1.
    """

    days: frozenset[int]
    start: time
    end: time
    zone: tzinfo
    breaks: tuple[tuple[time, time], ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    every_weeks: int = 1
    every_days: int = 1

    def start_on(self, day: date) -> bool:
        """Whether the hours of that local day belong to the pattern."""
        if day.weekday() not in self.days or (self.last_day is not None and day > self.last_day):
            return False
        if self.first_day is None:
            return True
        passed = (day - self.first_day).days
        weeks = (passed + self.first_day.weekday()) // 7
        return passed >= 0 and passed % self.every_days == 0 and weeks % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open stretch of time, `start` included and `end` not; both are aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """Rules that outrank a calendar's hours and the overrides before them.

    Where `replaced` falls nothing weaker counts. Then `hours` are worked, and of all that stands
    so far the `free` hours and the time off are not.
    """

    hours: tuple[WorkingHours, ...] = ()
    replaced: tuple[WorkingHours, ...] = ()
    free: tuple[WorkingHours, ...] = ()
    time_off: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a seller works: her hours, what outranks them (the strongest last), then time off.

    Where no rule has any hours she always works, but for what is replaced, free or off.
    """

    hours: tuple[WorkingHours, ...] = ()
    time_off: tuple[Interval, ...] = ()
    overrides: tuple[Override, ...] = ()
    _timeline: Timeline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        layers = (Override(self.hours), *self.overrides, Override(time_off=self.time_off))
        object.__setattr__(self, "_timeline", Timeline(partial(_work, layers)))

    def first_working_moment(self, at: datetime, within: timedelta) -> datetime | None:
        """The first moment from `at` to `at + within` at which the seller works, or None."""
        asked = instant(at)
        found = self._timeline.first(asked, asked + within // MICROSECOND)
        if found is None:
            return None
        return at if found == asked else moment(found)

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much she works from one moment to another; less than nothing if `end` is earlier."""
        begun, ended = instant(start), instant(end)
        if begun > ended:
            return -self.working_time(end, start)
        return timedelta(microseconds=self._timeline.worked(begun, ended))

    def add_working_time(self, start: datetime, duration: timedelta) -> datetime | None:
        """The earliest moment by which she has worked that long since `start`.

        None when years go by in which she does not work at all.
        """
        if duration < timedelta(0):
            raise ValueError(f"working time to add cannot be less than nothing: {duration}")
        if not duration:
            return start
        found = self._timeline.reached(instant(start), duration // MICROSECOND)
        return None if found is None else moment(found)


def local_moment(day: date, at: time, zone: tzinfo) -> datetime:
    """When a local time first comes, in UTC; one that is skipped means when the clocks jump."""
    return moment(_instant(day, at, zone, closing=False))


def _work(layers: tuple[Override, ...], start: int, end: int) -> list[Stretch]:
    """The stretches that are worked between two instants, and more around them."""
    always = not any(layer.hours for layer in layers)
    work: list[Stretch] = [(start, end)] if always else []
    for layer in layers:
        work = without(work, _stretches(layer.replaced, start, end))
        if layer.hours:
            work = merged([*work, *_stretches(layer.hours, start, end)])
        work = without(work, _stretches(layer.free, start, end))
        work = without(work, _between(layer.time_off, start, end))
    return work


def _between(intervals: Iterable[Interval], start: int, end: int) -> list[Stretch]:
    stretches = ((instant(interval.start), instant(interval.end)) for interval in intervals)
    return merged((a, b) for a, b in stretches if a < b and a < end and start < b)


def _stretches(patterns: Iterable[WorkingHours], start: int, end: int) -> list[Stretch]:
    return merged(
        stretch
        for hours in patterns
        for day in _days(hours, moment(start), moment(end))
        for stretch in _stretches_of_day(hours, day)
    )


def _days(hours: WorkingHours, start: datetime, end: datetime) -> Iterator[date]:
    """The days whose hours may fall between two moments."""
    day = start.astimezone(hours.zone).date() - _DAY
    last = end.astimezone(hours.zone).date()
    if hours.first_day is not None:
        day = max(day, hours.first_day)
    if hours.last_day is not None:
        last = min(last, hours.last_day)
    while day <= last:
        if hours.start_on(day):
            yield day
        day += _DAY


def _stretches_of_day(hours: WorkingHours, day: date) -> Iterator[Stretch]:
    start, zone = hours.start, hours.zone
    opened = _instant(day, start, zone, closing=False)
    closed = _instant(_day_of_end(day, start, hours.end), hours.end, zone, closing=True)
    for pause_from, pause_to in sorted(
        hours.breaks, key=lambda pause: (pause[0] < start, pause[0])
    ):
        pause_day = day + _DAY if pause_from < start else day
        pause_start = min(_instant(pause_day, pause_from, zone, closing=False), closed)
        if opened < pause_start:
            yield opened, pause_start
        pause_day = _day_of_end(day, start, pause_to)
        opened = max(opened, _instant(pause_day, pause_to, zone, closing=False))
    if opened < closed:
        yield opened, closed


def _day_of_end(day: date, start: time, end: time) -> date:
    """The day on which hours or a break end that belong to a shift starting on `day`."""
    return day + _DAY if end <= start else day


def _instant(day: date, at: time, zone: tzinfo, *, closing: bool) -> int:
    """Local time as an instant. A repeated hour counts from its first to its last minute; a skipped
    time means the moment the clocks jump.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    earlier, later = instant(local), instant(local.replace(fold=1))
    if earlier > later:
        return _jump(later, earlier, zone)
    if not closing or earlier == later:
        return earlier
    # At the very start of a repeated hour nothing of it is left to be worked again.
    before = moment(later - 1).astimezone(zone).replace(tzinfo=None)
    return later if before < local.replace(tzinfo=None) else earlier


def _jump(before: int, after: int, zone: tzinfo) -> int:
    """The instant of the jump between two; clocks jump at a whole minute."""
    offset = moment(before).astimezone(zone).utcoffset()
    before, after = before // _MINUTE, -(-after // _MINUTE)
    while after - before > 1:
        middle = (before + after) // 2
        if moment(middle * _MINUTE).astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after * _MINUTE


ALWAYS_WORKING = Calendar()
