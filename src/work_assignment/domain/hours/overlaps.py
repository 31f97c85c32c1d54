"""Whether two patterns of hours are worked at the same time, and on which weekdays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import product
from math import lcm

from work_assignment.domain.hours.availability import WorkingHours, local_moment

DAY = timedelta(days=1)
LATEST = date(9999, 12, 30)
_SECONDS_A_DAY = 24 * 60 * 60
_ANY_DAY = date(2000, 1, 1).toordinal()
_YEAR = timedelta(days=366)
_ORDINARY = date(2026, 1, 1)
_MOST_WEEKS_SAMPLED = 4
_LAST_SAMPLED = LATEST - timedelta(days=4)


def shared_days(one: WorkingHours, other: WorkingHours) -> set[int]:
    """The weekdays, in the time zone of `other`, on which an overlap begins; breaks do not count.

    Hours of different time zones are compared in weeks of January and July: that they coincide for
    the days on which one zone has changed its clocks and the other not yet is nobody's mistake.
    """
    if str(one.zone) == str(other.zone):
        return _shared_in_one_zone(one, other)
    return {
        max(start, other_start).astimezone(other.zone).weekday()
        for days in _samples(one, other)
        for (start, end), (other_start, other_end) in product(
            _shifts(one, days), _shifts(other, days)
        )
        if max(start, other_start) < min(end, other_end)
    }


def seconds_into(start: time, at: time) -> int:
    """How many seconds after the start of a shift a time next comes."""
    return (_seconds(at) - _seconds(start)) % _SECONDS_A_DAY


def seconds_until(start: time, end: time) -> int:
    """How many seconds after the start of a shift something ends: never none, but a whole day."""
    return seconds_into(start, end) or _SECONDS_A_DAY


def _seconds(at: time) -> int:
    return (at.hour * 60 + at.minute) * 60 + at.second


def _shared_in_one_zone(one: WorkingHours, other: WorkingHours) -> set[int]:
    found = set()
    for day in one.days:
        for other_day in other.days:
            for apart in (-1, 0, 1):
                if (other_day - day - apart) % 7 == 0:
                    start = _overlap(one, other, apart)
                    if start is not None and _ever_meet(one, day, other, apart):
                        found.add((day + start // _SECONDS_A_DAY) % 7)
    return found


def _overlap(one: WorkingHours, other: WorkingHours, apart: int) -> int | None:
    """Seconds from the midnight of one's day to the overlap with the other's, `apart` days on."""
    start, end = _seconds(one.start), _seconds(one.start) + seconds_until(one.start, one.end)
    other_start = _seconds(other.start) + apart * _SECONDS_A_DAY
    other_end = other_start + seconds_until(other.start, other.end)
    begun = max(start, other_start)
    return begun if begun < min(end, other_end) else None


def _ever_meet(one: WorkingHours, day: int, other: WorkingHours, apart: int) -> bool:
    """Whether there is a date on which one's hours start and, `apart` days on, the other's."""
    spans = ((one, 0), (other, apart))
    firsts = [hours.first_day.toordinal() - moved for hours, moved in spans if hours.first_day]
    lasts = [hours.last_day.toordinal() - moved for hours, moved in spans if hours.last_day]
    first = max(firsts, default=_ANY_DAY)
    last = min(lasts, default=date.max.toordinal() - 1)
    first += (day - date.fromordinal(first).weekday()) % 7
    weeks = lcm(one.every_weeks, other.every_weeks)
    return any(
        one.start_on(date.fromordinal(at)) and other.start_on(date.fromordinal(at + apart))
        for at in range(first, min(last + 1, first + 7 * weeks), 7)
    )


def _samples(one: WorkingHours, other: WorkingHours) -> list[list[date]]:
    """Days of a January and a July in which both are in force, else those where they meet."""
    last = min((hours.last_day for hours in (one, other) if hours.last_day), default=LATEST)
    firsts = [hours.first_day for hours in (one, other) if hours.first_day]
    first = max([min(_ORDINARY, last - _YEAR), *firsts])
    # One round of weeks, and the days by which the dates of two zones and a night shift lie apart.
    weeks = min(lcm(one.every_weeks, other.every_weeks), _MOST_WEEKS_SAMPLED)
    length = timedelta(days=7 * weeks + 4)
    starts = [
        start
        for year in (first.year, first.year + 1)
        for month in (1, 7)
        if year < LATEST.year
        and first <= (start := date(year, month, 5)) < first + _YEAR
        and start + length <= last
    ]
    middle = first + (last - first) // 2
    return [_days_from(start, length) for start in starts or [middle - length // 2]]


def _days_from(start: date, length: timedelta) -> list[date]:
    passed = min(length, _LAST_SAMPLED - start).days
    return [start + number * DAY for number in range(passed)]


def _shifts(hours: WorkingHours, days: Sequence[date]) -> Iterator[tuple[datetime, datetime]]:
    for day in days:
        if hours.start_on(day):
            last = day + DAY if hours.end <= hours.start else day
            start = local_moment(day, hours.start, hours.zone)
            yield start, local_moment(last, hours.end, hours.zone)
