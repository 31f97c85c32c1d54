"""On which days a calendar rule falls: its recurrence pattern, start and effective interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import EVERY_DAY, MIDNIGHT, WorkingHours

_DAY = timedelta(days=1)
_NOON = time(12)
_NEXT_DAY_BEGINS = time(8)
_LAST_YEAR = 9000
_MOST_OCCURRENCES = 1000
_LONGEST_INTERVAL = 100
_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_ONCE = "FREQ=DAILY;INTERVAL=1;COUNT=1"


class Kind(IntEnum):
    """What sort of rule a pattern makes; a higher sort outranks a lower one on the same day."""

    RECURRING = 0
    CLOSURES = 1
    SINGLE = 2


@dataclass(frozen=True, slots=True)
class Pattern:
    """A recurrence pattern. `weekdays` is None where it names none."""

    frequency: str
    interval: int = 1
    count: int | None = None
    weekdays: frozenset[int] | None = None

    @property
    def kind(self) -> Kind:
        if self.frequency == "YEARLY":
            return Kind.CLOSURES
        return Kind.SINGLE if self.count == 1 else Kind.RECURRING


def read_pattern(text: str | None, where: str) -> Pattern:
    """Read `FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU`; no pattern means once."""
    words = [word.partition("=") for word in (text or _ONCE).upper().replace(" ", "").split(";")]
    parts = {name: value for name, _, value in words if name}
    try:
        pattern = Pattern(
            parts.pop("FREQ"),
            int(parts.pop("INTERVAL", "1")),
            int(parts.pop("COUNT")) if "COUNT" in parts else None,
            frozenset(_WEEKDAYS[day] for day in parts.pop("BYDAY").split(","))
            if "BYDAY" in parts
            else None,
        )
    except (KeyError, ValueError) as exc:
        raise _unsupported(text, where) from exc
    if parts or not _is_supported(pattern):
        raise _unsupported(text, where)
    return pattern


def _is_supported(pattern: Pattern) -> bool:
    if pattern.frequency == "YEARLY":
        return pattern == Pattern("YEARLY")
    return (
        pattern.frequency in ("DAILY", "WEEKLY")
        and 1 <= pattern.interval <= _LONGEST_INTERVAL
        and (pattern.count is None or 1 <= pattern.count <= _MOST_OCCURRENCES)
    )


def _unsupported(text: str | None, where: str) -> DefinitionError:
    return DefinitionError(where, f"the recurrence pattern {text!r} is not supported")


def days_of(
    pattern: Pattern,
    start: date | None,
    effective: tuple[date | None, date | None],
    zone: tzinfo,
    where: str,
) -> WorkingHours:
    """The days of a daily or weekly pattern, as hours from midnight to midnight.

    Occurrences are counted, and weeks and days skipped, from the start; weeks begin on Monday.
    Whether a rule that happens once is effective is not asked.
    """
    if start is None and (pattern.count or pattern.interval > 1 or not pattern.weekdays):
        raise DefinitionError(where, "a rule has no start to count its pattern from")
    weekly = pattern.frequency == "WEEKLY"
    every = frozenset({start.weekday()}) if weekly and start else EVERY_DAY
    days = WorkingHours(
        pattern.weekdays or every,
        MIDNIGHT,
        MIDNIGHT,
        zone,
        first_day=start,
        every_weeks=pattern.interval if weekly else 1,
        every_days=1 if weekly else pattern.interval,
    )
    if start is None or pattern.count is None:
        return _within(days, *effective)
    last = _occurrence(days, start, pattern.count)
    if pattern.count == 1:
        return replace(days, first_day=last, last_day=last, every_weeks=1, every_days=1)
    return _within(replace(days, last_day=last), *effective)


def _occurrence(days: WorkingHours, start: date, count: int) -> date:
    """The day of the n-th occurrence."""
    day = start
    while True:
        count -= days.start_on(day)
        if count == 0:
            return day
        day += _DAY


def _within(days: WorkingHours, first: date | None, last: date | None) -> WorkingHours:
    """Only the days from a first to a last one; what counts from the start goes on in step."""
    if first is not None and (days.first_day is None or first > days.first_day):
        cycle = 7 * days.every_weeks * days.every_days
        possible = (first + number * _DAY for number in range(cycle))
        days = replace(days, first_day=next(filter(days.start_on, possible), first))
    if last is not None and (days.last_day is None or last < days.last_day):
        days = replace(days, last_day=last)
    return days


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day that a rule's time stands for.

    It is written as midnight in UTC, or as midnight somewhere near the zone: then the nearest one
    of the zone is meant.
    """
    utc = moment.astimezone(UTC)
    if utc.time() == MIDNIGHT:
        return utc.date()
    local = utc.astimezone(zone)
    return local.date() + _DAY if local.time() >= _NOON else local.date()


def last_day_of(moment: datetime) -> date | None:
    """The last day of an effective interval, None for an open one.

    A midnight does not belong to it; Microsoft Learn, "Edit work hour calendars by using APIs":
    up to 08:00:00 the day before is the last, later the day itself.
    """
    utc = moment.astimezone(UTC)
    if utc.year > _LAST_YEAR:
        return None
    return utc.date() - _DAY if utc.time() <= _NEXT_DAY_BEGINS else utc.date()
