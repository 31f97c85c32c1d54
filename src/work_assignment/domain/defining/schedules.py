"""When a segment's unassigned records are tried again: days and times in a zone, and what is due."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeVar

from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.hours.availability import EVERY_DAY, local_moment
from work_assignment.domain.hours.overlaps import LATEST
from work_assignment.domain.hours.working_times import (
    WEEKDAYS,
    read_date,
    read_days,
    read_time_zone,
)

KEYS = ("days", "times", "time_zone", "from", "until")
_DAY = timedelta(days=1)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOUR = re.compile(r"[01]?\d|2[0-3]")
_DAYS_AHEAD = 10
"""More than a week: somewhere in it lies a day of any schedule, also where clocks skip one."""
_FEWEST_IN_A_ROW = 3
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times on some weekdays (Monday is 0) in a time zone, from a first day to a last one.

    A time is due when the local clock first shows it: where clocks go back, the first time round.
    Where they jump over it, it is due at the jump; times that come to the same moment are one.
    """

    days: frozenset[int]
    times: tuple[time, ...]
    zone: tzinfo
    starts_on: date | None = None
    ends_on: date | None = None

    def moments(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """What is due after one moment and up to another, in order."""
        last = after
        for day in self._days_around(after, until):
            for due in self._due_on(day):
                if last < due <= until:
                    last = due
                    yield due

    def newest_due(self, after: datetime, until: datetime) -> datetime | None:
        """The last moment that is due after one moment and up to another."""
        for day in reversed(self._days_around(after, until)):
            for due in reversed(self._due_on(day)):
                if due <= until:
                    return due if due > after else None
        return None

    def next_due(self, after: datetime) -> datetime | None:
        """The first moment that is due after another; None when there is none any more."""
        start = max(self._local_day(after) - _DAY, self.starts_on or date.min)
        for number in range(_DAYS_AHEAD):
            if start > LATEST - number * _DAY:
                break
            for due in self._due_on(start + number * _DAY):
                if due > after:
                    return due
        return None

    def _due_on(self, day: date) -> list[datetime]:
        """The moments that a local day's times stand for."""
        is_out = self.ends_on is not None and day > self.ends_on
        if is_out or day.weekday() not in self.days:
            return []
        return sorted({local_moment(day, at, self.zone) for at in self.times})

    def _days_around(self, after: datetime, until: datetime) -> _Days:
        """The local days whose times can fall between two moments.

        A jump carries a day's last times into the next day, and clocks that go back over midnight
        show a day again that was over: one more day at either end.
        """
        first = self._local_day(after) - _DAY
        last = min(self._local_day(until) + _DAY, LATEST)
        return _Days(
            max(first, self.starts_on) if self.starts_on else first,
            min(last, self.ends_on) if self.ends_on else last,
        )

    def _local_day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def __str__(self) -> str:
        """In words, such as: mon-fri at 08:00, 13:00 (Europe/London), until 2026-12-31."""
        times = ", ".join(f"{at:%H:%M}" for at in self.times)
        said = f"{_day_words(self.days)} at {times} ({self.zone})"
        borders = (("from", self.starts_on), ("until", self.ends_on))
        return said + "".join(f", {word} {day}" for word, day in borders if day is not None)


@dataclass(frozen=True, slots=True)
class _Days:
    """The days from a first to a last one, either way; none where the last comes first."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (self.first + number * _DAY for number in range(self._count))

    def __reversed__(self) -> Iterator[date]:
        return (self.last - number * _DAY for number in range(self._count))

    @property
    def _count(self) -> int:
        return max((self.last - self.first).days + 1, 0)


def _day_words(days: frozenset[int]) -> str:
    if days == EVERY_DAY:
        return "every day"
    found = sorted(days)
    is_run = found[-1] - found[0] == len(found) - 1
    if is_run and len(found) >= _FEWEST_IN_A_ROW:
        return f"{WEEKDAYS[found[0]]}-{WEEKDAYS[found[-1]]}"
    return ", ".join(WEEKDAYS[day] for day in found)


def read_schedule(entry: object, zone: tzinfo, where: str) -> Schedule:
    """A schedule as it is stored; `zone` is for one that names none. Raises DefinitionError."""
    if not isinstance(entry, Mapping):
        raise DefinitionError(where, f"it is a mapping of {', '.join(KEYS)}")
    for key in entry:
        if key not in KEYS:
            raise DefinitionError(where, f"there is no key {key!r}", nearest(str(key), KEYS))
    name = entry.get("time_zone")
    faults: list[DefinitionError] = []
    days = _tried(lambda: read_days(entry.get("days"), where), EVERY_DAY, faults)
    no_times: tuple[time, ...] = ()
    times = _tried(lambda: read_times(entry.get("times"), where), no_times, faults)
    there = _tried(lambda: zone if name is None else read_time_zone(name, where), zone, faults)
    starts_on = _tried(lambda: read_date(entry.get("from"), where, "from"), None, faults)
    ends_on = _tried(lambda: read_date(entry.get("until"), where, "until"), None, faults)
    _tried(lambda: check_span(starts_on, ends_on, where), None, faults)
    if faults:
        raise _together(faults, where)
    return Schedule(days=days, times=times, zone=there, starts_on=starts_on, ends_on=ends_on)


def _tried(read: Callable[[], Found], instead: Found, faults: list[DefinitionError]) -> Found:
    """What is read, or something instead where it cannot be, which is noted."""
    try:
        return read()
    except DefinitionError as exc:
        faults.append(exc)
        return instead


def _together(faults: Sequence[DefinitionError], where: str) -> DefinitionError:
    """Everything that is wrong as one fault; the last one's suggestion stands at the end."""
    *others, last = faults
    said = [str(fault).removeprefix(f"{where}: ") for fault in others]
    return DefinitionError(where, ", and ".join([*said, last.problem]), last.suggestion)


def check_span(starts_on: date | None, ends_on: date | None, where: str) -> None:
    """Refuse an end before the start."""
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise DefinitionError(where, f"it ends ({ends_on}) before it starts ({starts_on})")


def read_times(times: object, where: str) -> tuple[time, ...]:
    """The times of a schedule in order, each once; there must be one."""
    if not isinstance(times, list) or not times:
        instead = "and must be there" if times is None else f"not {times!r}"
        raise DefinitionError(where, f'times is a list such as ["08:00", "13:00"], {instead}')
    found: set[time] = set()
    for text in times:
        at = read_clock(text, where)
        if at in found:
            raise DefinitionError(where, f"the time {text!r} is there twice")
        found.add(at)
    return tuple(sorted(found))


def read_clock(text: object, where: str) -> time:
    """A time of day, such as "08:00"."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        problem = f'a time is hours and minutes from "00:00" to "23:59", not {text!r}'
        raise DefinitionError(where, problem, _meant(str(text)))
    return time(int(found[1]), int(found[2]))


def _meant(text: str) -> str | None:
    if text in ("24:00", "24"):
        return "00:00"
    return f"{int(text):02}:00" if _HOUR.fullmatch(text) else None


def schedule_form(
    days: frozenset[int],
    times: Sequence[time],
    time_zone: str | None,
    starts_on: date | None,
    ends_on: date | None,
) -> dict[str, object]:
    """What is stored of a schedule, always the same for the same one: what says nothing is left out."""
    said = {
        "days": None if days == EVERY_DAY else [WEEKDAYS[day] for day in sorted(days)],
        "times": [f"{at:%H:%M}" for at in sorted(times)],
        "time_zone": time_zone,
        "from": None if starts_on is None else starts_on.isoformat(),
        "until": None if ends_on is None else ends_on.isoformat(),
    }
    return {key: value for key, value in said.items() if value is not None}
