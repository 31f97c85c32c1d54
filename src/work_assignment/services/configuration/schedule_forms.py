"""A segment's schedule and manager as a folder writes them, checked without Dataverse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from functools import partial
from typing import TypeVar

from work_assignment.domain.defining.schedules import (
    KEYS,
    check_span,
    read_clock,
    read_times,
    schedule_form,
)
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import EVERY_DAY
from work_assignment.domain.hours.working_times import read_date, read_days, read_time_zone
from work_assignment.services.configuration.fields import NONE, Fields, read_text
from work_assignment.services.configuration.filter_texts import json_text
from work_assignment.services.configuration.problems import Place, PlacedName
from work_assignment.services.configuration.yaml_items import (
    Item,
    ListItem,
    MapItem,
    ScalarItem,
    plain,
)

LONGEST_SCHEDULE = 20_000
Found = TypeVar("Found")


def read_manager(fields: Fields) -> PlacedName | None:
    """Who is told of a segment's overdue records: a domain name or e-mail address, or nobody."""
    item = fields.item("manager")
    if item is None or fields.says("manager", NONE):
        return None
    name = read_text(item, f"{fields.subject}: 'manager'", fields.problems, longest=200)
    return PlacedName(item.place, name) if name else None


def read_schedule_text(fields: Fields) -> str | None:
    """A segment's schedule as it is stored, or nothing; what is wrong is noted where it stands."""
    item = fields.item("schedule")
    if item is None or fields.says("schedule", NONE):
        return None
    if not isinstance(item, MapItem):
        fields.problem("schedule", f"'schedule' is a mapping of {', '.join(KEYS)}")
        return None
    text = json_text(
        _Reading(Fields(item, f"{fields.subject}, schedule", KEYS, fields.problems)).form()
    )
    if len(text) > LONGEST_SCHEDULE:
        fields.problem("schedule", "'schedule' is longer than the column that holds it")
    return text


class _Reading:
    """Reads the keys of one schedule."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def form(self) -> dict[str, object]:
        starts_on, ends_on = self._date("from"), self._date("until")
        place = self._fields.place_of("until")
        self._checked(lambda: check_span(starts_on, ends_on, self._subject), None, place)
        return schedule_form(self._days(), self._times(), self._zone(), starts_on, ends_on)

    @property
    def _subject(self) -> str:
        return self._fields.subject

    def _checked(self, read: Callable[[], Found], instead: Found, place: Place) -> Found:
        try:
            return read()
        except DefinitionError as exc:
            self._fields.problems.add_error(place, exc)
            return instead

    def _days(self) -> frozenset[int]:
        item = self._fields.item("days")
        if not isinstance(item, ListItem) or not item.items:
            given = None if item is None else _said(item)
            place = self._fields.place_of("days")
            return self._checked(lambda: read_days(given, self._subject), EVERY_DAY, place)
        found: set[int] = set()
        for entry in item.items:
            nothing: frozenset[int] = frozenset()
            found |= self._checked(partial(self._day, entry, set(found)), nothing, entry.place)
        return frozenset(found) or EVERY_DAY

    def _day(self, item: Item, earlier: set[int]) -> frozenset[int]:
        found = read_days([plain(item)], self._subject)
        if found & earlier:
            raise DefinitionError(self._subject, f"the day {plain(item)!r} is there twice")
        return found

    def _times(self) -> tuple[time, ...]:
        item = self._fields.item("times")
        if not isinstance(item, ListItem) or not item.items:
            given = None if item is None else _said(item)
            place = self._fields.place_of("times")
            return self._checked(lambda: read_times(given, self._subject), (), place)
        found: set[time] = set()
        for entry in item.items:
            at = self._checked(partial(self._time, entry, set(found)), None, entry.place)
            if at is not None:
                found.add(at)
        return tuple(found)

    def _time(self, item: Item, earlier: set[time]) -> time | None:
        text = item.text if isinstance(item, ScalarItem) else plain(item)
        found = read_clock(text, self._subject)
        if found in earlier:
            raise DefinitionError(self._subject, f"the time {text!r} is there twice")
        return found

    def _zone(self) -> str | None:
        item = self._fields.item("time_zone")
        if item is None:
            return None
        name = item.text if isinstance(item, ScalarItem) else str(plain(item))
        self._checked(lambda: read_time_zone(name, self._subject), None, item.place)
        return name

    def _date(self, key: str) -> date | None:
        item = self._fields.item(key)
        if item is None or self._fields.says(key, NONE):
            return None
        return self._checked(lambda: read_date(plain(item), self._subject, key), None, item.place)


def _said(item: Item) -> object:
    """A single value as it was written, since YAML takes some times for numbers."""
    return item.text if isinstance(item, ScalarItem) else plain(item)
