"""Working hours and time off as written in definitions, read into calendars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from itertools import pairwise

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.hours.availability import (
    EVERY_DAY,
    MIDNIGHT,
    Calendar,
    Interval,
    WorkingHours,
    local_moment,
)
from work_assignment.domain.hours.overlaps import (
    DAY,
    LATEST,
    seconds_into,
    seconds_until,
    shared_days,
)
from work_assignment.domain.hours.time_zones import time_zone, time_zone_meant
from work_assignment.domain.text import fold

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_NUMBERS = {name: day for names in (WEEKDAYS, _LONG_WEEKDAYS) for day, name in enumerate(names)}
_LONGEST_SHORT = 4
_ALL_DAYS = "every day"
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_END_OF_DAY = ("24:00", "24:00:00")
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
_BREAK_KEYS = ("from", "to")
_MOST_WEEKS = 52
_EARLIEST = date(1900, 1, 1)


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
        raise DefinitionError(where, f"there is no time zone {name!r}", time_zone_meant(str(name)))
    return zone


def check_overlap(earlier: Sequence[WorkingHours], hours: WorkingHours, where: str) -> None:
    """Refuse hours that are worked at the same time as others."""
    for other in earlier:
        days = shared_days(other, hours)
        if days:
            others = "others" if str(other.zone) == str(hours.zone) else f"those of {other.zone}"
            raise DefinitionError(where, f"they overlap with {others} on {WEEKDAYS[min(days)]}")


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
            raise DefinitionError(where, f"there is no key {key!r}", nearest(str(key), allowed))
    return entry


def _needed(keys: Mapping[str, object], key: str, where: str) -> object:
    value = keys.get(key)
    if value is None:
        raise DefinitionError(where, f"'{key}' is missing")
    return value


def _zone(keys: Mapping[str, object], where: str) -> tzinfo:
    name = keys.get("time_zone")
    return read_time_zone("UTC" if name is None else name, where)


def _read_hours(entry: object, where: str) -> WorkingHours:
    keys = _keys(entry, _HOURS_KEYS, where)
    start = _clock(_needed(keys, "from", where), where, "from")
    end = _clock(_needed(keys, "to", where), where, "to")
    if start == end != MIDNIGHT:
        raise DefinitionError(where, "from and to are the same time")
    hours = WorkingHours(
        days=read_days(keys.get("days"), where),
        start=start,
        end=end,
        zone=_zone(keys, where),
        breaks=_breaks(keys.get("breaks"), start, end, where),
        first_day=_bounded(read_date(keys.get("first_day"), where, "first_day")),
        last_day=_bounded(read_date(keys.get("last_day"), where, "last_day")),
        every_weeks=_weeks(keys.get("every_weeks", 1), where),
    )
    _check_span(hours, where)
    return hours


def _check_span(hours: WorkingHours, where: str) -> None:
    if hours.every_weeks > 1 and hours.first_day is None:
        raise DefinitionError(where, "every_weeks needs a first_day to count the weeks from")
    if hours.first_day and hours.last_day and hours.last_day < hours.first_day:
        raise DefinitionError(where, "last_day comes before first_day")


def read_days(days: object, where: str) -> frozenset[int]:
    """Weekdays by name, such as mon, or from one to another, such as mon-fri; Monday is 0.

    None is all of them.
    """
    if days is None:
        return EVERY_DAY
    entries = [days] if isinstance(days, str) else days
    if not isinstance(entries, list) or not entries:
        problem = f"days is a list such as [mon, tue], or days such as mon-fri, not {days!r}"
        raise DefinitionError(where, problem)
    found: set[int] = set()
    for entry in entries:
        numbers = _days(entry, where)
        if numbers & found:
            raise DefinitionError(where, f"the day {entry!r} is there twice")
        found |= numbers
    return frozenset(found)


def _days(entry: object, where: str) -> frozenset[int]:
    """One day, those from a first to a last one, or every day."""
    if not isinstance(entry, str):
        raise DefinitionError(where, f"there is no day {entry!r}")
    if fold(entry) == _ALL_DAYS:
        return EVERY_DAY
    first, dash, last = entry.partition("-")
    start = _day(first, where)
    if not dash:
        return frozenset({start})
    ahead = (_day(last, where) - start) % len(WEEKDAYS)
    return frozenset((start + number) % len(WEEKDAYS) for number in range(ahead + 1))


def _day(text: str, where: str) -> int:
    number = _DAY_NUMBERS.get(fold(text.strip()))
    if number is None:
        names = WEEKDAYS if len(text.strip()) <= _LONGEST_SHORT else _DAY_NUMBERS
        known = nearest(text, names)
        raise DefinitionError(where, f"there is no day {text.strip()!r}", known)
    return number


def _weeks(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_WEEKS:
        raise DefinitionError(
            where, f"every_weeks is a whole number from 1 to {_MOST_WEEKS}, not {value!r}"
        )
    return value


def _breaks(breaks: object, start: time, end: time, where: str) -> tuple[tuple[time, time], ...]:
    found = tuple(_read_breaks(breaks, start, end, where))
    in_order = sorted(found, key=lambda pause: seconds_into(start, pause[0]))
    for (one, until), (other, _) in pairwise(in_order):
        if seconds_into(start, other) < seconds_until(start, until):
            problem = f"the breaks at {one:%H:%M} and {other:%H:%M} overlap"
            raise DefinitionError(where, problem)
    return found


def _read_breaks(breaks: object, start: time, end: time, where: str) -> Iterator[tuple[time, time]]:
    for pause in _listed(breaks, where, "breaks"):
        borders = _borders(pause, where)
        pause_from = _clock(borders[0], where, "from", "a break's ")
        pause_to = _clock(borders[1], where, "to", "a break's ")
        into, until = seconds_into(start, pause_from), seconds_until(start, pause_to)
        if not into < until <= seconds_until(start, end):
            raise DefinitionError(
                where, f"the break {borders[0]} - {borders[1]} does not lie within the hours"
            )
        yield pause_from, pause_to


def _borders(pause: object, where: str) -> tuple[object, object]:
    """From when to when a break lasts, as written."""
    if isinstance(pause, Mapping):
        place = f"{where}, a break"
        keys = _keys(pause, _BREAK_KEYS, place)
        return _needed(keys, "from", place), _needed(keys, "to", place)
    if not isinstance(pause, list) or len(pause) != 2:
        raise DefinitionError(where, 'a break is ["12:00", "13:00"]')
    return pause[0], pause[1]


def _clock(text: object, where: str, key: str, whose: str = "") -> time:
    if key == "to" and text in _END_OF_DAY:
        return MIDNIGHT
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise DefinitionError(where, f'{whose}{key} is a time such as "08:00", not {text!r}')
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def read_date(value: object, where: str, key: str) -> date | None:
    """A day as written, or None for none."""
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
    return value


def _bounded(day: date | None) -> date | None:
    """A day no later than those that can be counted with."""
    return None if day is None else min(day, LATEST)


def _read_time_off(entry: object, where: str) -> Interval:
    keys = _keys(entry, _OFF_KEYS, where)
    zone = _zone(keys, where)
    start = _border(_needed(keys, "from", where), zone, where, "from")
    end = _border(_needed(keys, "to", where), zone, where, "to")
    if end <= start:
        at_once = end == start and _whole_day(keys["to"]) is None
        raise DefinitionError(where, f"it ends {'when' if at_once else 'before'} it starts")
    return Interval(start, end)


def _border(value: object, zone: tzinfo, where: str, key: str) -> datetime:
    """Where time off starts or ends; a date stands for the whole day, the last one included."""
    day = _bounded(_whole_day(value))
    if day is None:
        return _moment(value, zone, where, key)
    return local_moment(day + DAY if key == "to" else day, MIDNIGHT, zone)


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
