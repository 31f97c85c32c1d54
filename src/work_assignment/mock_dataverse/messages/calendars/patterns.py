"""Recurrence patterns of calendar rules: `FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU` and their days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice

from ...faults import Fault, not_emulated

_DAYS = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "COUNT"})
_ONE_DAY = timedelta(days=1)


class Frequency(StrEnum):
    """How often a rule recurs; YEARLY is for lists of holidays only."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed pattern; no weekdays means every day, or in WEEKLY that of the first day."""

    frequency: Frequency
    interval: int = 1
    weekdays: frozenset[int] = frozenset()
    count: int | None = None

    @property
    def is_single(self) -> bool:
        return self.count == 1

    @property
    def is_holiday_list(self) -> bool:
        """The one yearly pattern in use: it points at a calendar whose rules have dates."""
        return self == Pattern(Frequency.YEARLY)


ONCE = Pattern(Frequency.DAILY, count=1)


def read_pattern(text: str | None) -> Pattern:
    """Parse a pattern; without one a rule happens once. What is beyond the mock is a 501."""
    if not text or not text.strip():
        return ONCE
    parts = dict(_part(text, part) for part in text.strip().strip(";").split(";"))
    if set(parts) - _PARTS or parts.get("FREQ") not in list(Frequency):
        raise _beyond(text)
    pattern = Pattern(
        Frequency(parts["FREQ"]),
        _number(text, parts.get("INTERVAL", "1")),
        _weekdays(text, parts.get("BYDAY", "")),
        _number(text, parts["COUNT"]) if "COUNT" in parts else None,
    )
    if pattern.frequency is Frequency.YEARLY and not pattern.is_holiday_list:
        raise _beyond(text)
    return pattern


def _part(text: str, part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if not value:
        raise _beyond(text)
    return name.strip().upper(), value.strip().upper()


def _number(text: str, value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise _beyond(text)
    return int(value)


def _weekdays(text: str, value: str) -> frozenset[int]:
    names = [name.strip() for name in value.split(",")] if value else []
    if not set(names) <= set(_DAYS):
        raise _beyond(text)
    return frozenset(_DAYS[name] for name in names)


def _beyond(text: str) -> Fault:
    return not_emulated(f"the calendar rule pattern '{text}'")


def days_of(pattern: Pattern, first: date, until: date) -> Iterator[date]:
    """Yield the days of a pattern that starts on `first`, up to and including `until`."""
    return islice(_recurring(pattern, first, until), pattern.count)


def _recurring(pattern: Pattern, first: date, until: date) -> Iterator[date]:
    """Yield days whatever their count; weeks begin on Monday, the first one is that of `first`."""
    weekdays = pattern.weekdays
    is_weekly = pattern.frequency is Frequency.WEEKLY
    if is_weekly and not weekdays:
        weekdays = frozenset({first.weekday()})
    monday = first - timedelta(days=first.weekday())
    day = first
    while day <= until:
        passed = (day - monday).days // 7 if is_weekly else (day - first).days
        if passed % pattern.interval == 0 and (not weekdays or day.weekday() in weekdays):
            yield day
        day += _ONE_DAY
