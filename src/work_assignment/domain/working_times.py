"""Working hours and time off as written in definitions, read into calendars."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from work_assignment.domain.availability import Calendar, Interval, WorkingHours
from work_assignment.domain.errors import DefinitionError, nearest

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOURS_KEYS = ("days", "from", "to", "breaks", "time_zone")
_OFF_KEYS = ("from", "to")


def read_calendar(hours: object, time_off: object, where: str) -> Calendar:
    """Read both lists; None is an empty one. Raises DefinitionError with `where` and the place."""
    return Calendar(
        tuple(
            _read_hours(entry, f"{where}, working_hours {number}")
            for number, entry in enumerate(_listed(hours, where, "working_hours"), 1)
        ),
        tuple(
            _read_time_off(entry, f"{where}, time_off {number}")
            for number, entry in enumerate(_listed(time_off, where, "time_off"), 1)
        ),
    )


def read_time_zone(name: object, where: str) -> tzinfo:
    """The IANA time zone of that name."""
    if name == "UTC":
        return UTC
    known = _time_zones()
    if not isinstance(name, str) or name not in known:
        raise DefinitionError(where, f"there is no time zone {name!r}", nearest(str(name), known))
    return ZoneInfo(name)


@cache
def _time_zones() -> frozenset[str]:
    """Every zone's name; finding them walks the whole time zone database."""
    return frozenset(available_timezones())


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
    return WorkingHours(
        days=_days(keys.get("days"), where),
        start=start,
        end=end,
        zone=read_time_zone(keys.get("time_zone", "UTC"), where),
        breaks=_breaks(keys.get("breaks"), start, end, where),
    )


def _days(days: object, where: str) -> frozenset[int]:
    if not isinstance(days, list) or not days:
        raise DefinitionError(where, f"days is a list of {', '.join(WEEKDAYS)}")
    for day in days:
        if day not in WEEKDAYS:
            raise DefinitionError(where, f"there is no day {day!r}", nearest(str(day), WEEKDAYS))
    return frozenset(WEEKDAYS.index(day) for day in days)


def _breaks(breaks: object, start: time, end: time, where: str) -> tuple[tuple[time, time], ...]:
    found = []
    for pause in _listed(breaks, where, "breaks"):
        if not isinstance(pause, list) or len(pause) != 2:
            raise DefinitionError(where, 'a break is ["12:00", "13:00"]')
        pause_from, pause_to = (_clock(text, where, "a break") for text in pause)
        if not _into(start, pause_from) < _into(start, pause_to) <= _into(start, end):
            raise DefinitionError(
                where, f"the break {pause[0]} - {pause[1]} does not lie within the hours"
            )
        found.append((pause_from, pause_to))
    return tuple(found)


def _into(start: time, at: time) -> int:
    """How many minutes after the start of a shift a time next comes."""
    minutes = (at.hour - start.hour) * 60 + at.minute - start.minute
    return minutes % (24 * 60)


def _clock(text: object, where: str, key: str) -> time:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise DefinitionError(where, f'{key} is a time such as "08:00", not {text!r}')
    return time(int(found[1]), int(found[2]))


def _read_time_off(entry: object, where: str) -> Interval:
    keys = _keys(entry, _OFF_KEYS, where)
    start, end = _moment(keys.get("from"), where, "from"), _moment(keys.get("to"), where, "to")
    if end <= start:
        raise DefinitionError(where, "it ends before it starts")
    return Interval(start, end)


def _moment(value: object, where: str, key: str) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise DefinitionError(where, f"{key} is a moment such as 2026-12-24T00:00:00Z")
    return value if value.tzinfo else value.replace(tzinfo=UTC)
