"""Working hours and time off as written in definitions, read into calendars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from math import lcm

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.hours.availability import (
    MIDNIGHT,
    Calendar,
    Interval,
    WorkingHours,
    local_moment,
)
from work_assignment.domain.hours.time_zones import time_zone, time_zone_names

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOURS_KEYS = (
    "days",
    "from",
    "to",
    "breaks",
    "time_zone",
    "first_day",
    "last_day",
    "every_weeks",
)
_OFF_KEYS = ("from", "to", "time_zone")
_MINUTES_A_DAY = 24 * 60
_MOST_WEEKS = 52
_DAY = timedelta(days=1)
_ANY_DAY = date(2000, 1, 1).toordinal()
_EARLIEST, _LATEST = date(1900, 1, 1), date(9999, 12, 30)


def read_calendar(hours: object, time_off: object, where: str) -> Calendar:
    """Read both lists; None is an empty one. Raises DefinitionError with `where` and the place."""
    found: list[WorkingHours] = []
    for number, entry in enumerate(_listed(hours, where, "working_hours"), 1):
        place = f"{where}, working_hours {number}"
        found.append(_read_hours(entry, place))
        check_overlap(found[:-1], found[-1], place)
    off = enumerate(_listed(time_off, where, "time_off"), 1)
    return Calendar(
        tuple(found),
        tuple(_read_time_off(entry, f"{where}, time_off {number}") for number, entry in off),
    )


def read_time_zone(name: object, where: str) -> tzinfo:
    """The time zone of an IANA or a Windows name."""
    zone = time_zone(name) if isinstance(name, str) else None
    if zone is None:
        known = nearest(str(name), time_zone_names())
        raise DefinitionError(where, f"there is no time zone {name!r}", known)
    return zone


def check_overlap(earlier: Sequence[WorkingHours], hours: WorkingHours, where: str) -> None:
    """Refuse hours that are worked at the same time as others of the same time zone.

    Hours in different time zones are not compared: which of them coincide changes over the year.
    """
    for other in earlier:
        if str(other.zone) == str(hours.zone):
            days = _shared_days(other, hours)
            if days:
                word = WEEKDAYS[min(days)]
                raise DefinitionError(where, f"they overlap with others on {word}")


def _shared_days(one: WorkingHours, other: WorkingHours) -> set[int]:
    """The weekdays on which an overlap begins."""
    found = set()
    for day in one.days:
        for other_day in other.days:
            for apart in (-1, 0, 1):
                if (other_day - day - apart) % 7 == 0:
                    start = _overlap(one, other, apart)
                    if start is not None and _ever_meet(one, day, other, apart):
                        found.add((day + start // _MINUTES_A_DAY) % 7)
    return found


def _overlap(one: WorkingHours, other: WorkingHours, apart: int) -> int | None:
    """Minutes from the midnight of one's day to the overlap with the other's, `apart` days on."""
    start, end = _minutes(one.start), _minutes(one.start) + _into_day(one.start, one.end)
    other_start = _minutes(other.start) + apart * _MINUTES_A_DAY
    other_end = other_start + _into_day(other.start, other.end)
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


def _listed(entries: object, where: str, key: str) -> Sequence[object]:
    if entries is None:
        return ()
    if not isinstance(entries, list):
        raise DefinitionError(where, f"{key} is a list")
    return entries


def _keys(entry: object, allowed: Sequence[str], where: str) -> Mapping[str, object]:
    if not isinstance(entry, Mapping):
        raise DefinitionError(where, f"needs the keys {', '.join(allowed)}")
    for key in entry:
        if key not in allowed:
            raise DefinitionError(where, f"there is no key '{key}'", nearest(str(key), allowed))
    return entry


def _read_hours(entry: object, where: str) -> WorkingHours:
    keys = _keys(entry, _HOURS_KEYS, where)
    start, end = _clock(keys.get("from"), where, "from"), _clock(keys.get("to"), where, "to")
    if start == end:
        raise DefinitionError(where, "from and to are the same time")
    hours = WorkingHours(
        days=_days(keys.get("days"), where),
        start=start,
        end=end,
        zone=read_time_zone(keys.get("time_zone", "UTC"), where),
        breaks=_breaks(keys.get("breaks"), start, end, where),
        first_day=_date(keys.get("first_day"), where, "first_day"),
        last_day=_date(keys.get("last_day"), where, "last_day"),
        every_weeks=_weeks(keys.get("every_weeks", 1), where),
    )
    _check_span(hours, where)
    return hours


def _check_span(hours: WorkingHours, where: str) -> None:
    if hours.every_weeks > 1 and hours.first_day is None:
        raise DefinitionError(where, "every_weeks needs a first_day to count the weeks from")
    if hours.first_day and hours.last_day and hours.last_day < hours.first_day:
        raise DefinitionError(where, "last_day comes before first_day")


def _days(days: object, where: str) -> frozenset[int]:
    if not isinstance(days, list) or not days:
        raise DefinitionError(where, f"days is a list of {', '.join(WEEKDAYS)}")
    for day in days:
        if day not in WEEKDAYS:
            raise DefinitionError(where, f"there is no day {day!r}", nearest(str(day), WEEKDAYS))
    return frozenset(WEEKDAYS.index(day) for day in days)


def _weeks(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_WEEKS:
        raise DefinitionError(
            where, f"every_weeks is a whole number from 1 to {_MOST_WEEKS}, not {value!r}"
        )
    return value


def _breaks(breaks: object, start: time, end: time, where: str) -> tuple[tuple[time, time], ...]:
    return tuple(_read_breaks(breaks, start, end, where))


def _read_breaks(breaks: object, start: time, end: time, where: str) -> Iterator[tuple[time, time]]:
    for pause in _listed(breaks, where, "breaks"):
        if not isinstance(pause, list) or len(pause) != 2:
            raise DefinitionError(where, 'a break is ["12:00", "13:00"]')
        pause_from, pause_to = (_clock(text, where, "a break") for text in pause)
        into = _into_day(start, pause_from)
        if not into < _into_day(start, pause_to) <= _into_day(start, end):
            raise DefinitionError(
                where, f"the break {pause[0]} - {pause[1]} does not lie within the hours"
            )
        yield pause_from, pause_to


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _into_day(start: time, at: time) -> int:
    """How many minutes after the start of a shift a time next comes."""
    return (_minutes(at) - _minutes(start)) % _MINUTES_A_DAY


def _clock(text: object, where: str, key: str) -> time:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise DefinitionError(where, f'{key} is a time such as "08:00", not {text!r}')
    return time(int(found[1]), int(found[2]))


def _date(value: object, where: str, key: str) -> date | None:
    if value is None:
        return None
    found = _whole_day(value)
    if found is None:
        raise DefinitionError(where, f"{key} is a date such as 2026-03-02, not {value!r}")
    return found


def _whole_day(value: object) -> date | None:
    """The date that a value is, or None: a moment is none."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, date) or isinstance(value, datetime) or value < _EARLIEST:
        return None
    return min(value, _LATEST)


def _read_time_off(entry: object, where: str) -> Interval:
    keys = _keys(entry, _OFF_KEYS, where)
    zone = read_time_zone(keys.get("time_zone", "UTC"), where)
    start = _border(keys.get("from"), zone, where, "from")
    end = _border(keys.get("to"), zone, where, "to")
    if end <= start:
        raise DefinitionError(where, "it ends before it starts")
    return Interval(start, end)


def _border(value: object, zone: tzinfo, where: str, key: str) -> datetime:
    """Where time off starts or ends; a date stands for the whole day, the last one included."""
    day = _whole_day(value)
    if day is None:
        return _moment(value, zone, where, key)
    return local_moment(day + _DAY if key == "to" else day, MIDNIGHT, zone)


def _moment(value: object, zone: tzinfo, where: str, key: str) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise DefinitionError(
            where, f"{key} is a moment such as 2026-12-24T00:00:00Z or a date such as 2026-12-24"
        )
    return value if value.tzinfo else value.replace(tzinfo=zone)
