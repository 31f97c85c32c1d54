"""Sellers as a folder writes them, checked as far as that goes without Dataverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import WorkingHours
from work_assignment.domain.hours.working_times import check_overlap, read_calendar
from work_assignment.domain.text import fold
from work_assignment.services.configuration.fields import (
    LARGEST_WHOLE,
    Fields,
    read_text,
    subject_of,
)
from work_assignment.services.configuration.filter_texts import json_text
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.yaml_items import (
    Item,
    ListItem,
    MapItem,
    ScalarItem,
    plain,
)

_KEYS = ("user", "takes_assignments", "max_capacity", "attributes", "working_hours", "time_off")


@dataclass(frozen=True, slots=True)
class SellerForm:
    """A seller. `attributes` are pairs of attribute and value; hours and time off are JSON."""

    place: Place
    user: str
    takes_assignments: bool
    max_capacity: int | None
    attributes: tuple[tuple[str, str], ...]
    working_hours: str | None
    time_off: str | None

    @property
    def subject(self) -> str:
        return f"seller '{self.user}'"


def read_sellers(items: Iterable[Item], problems: Problems) -> tuple[SellerForm, ...]:
    """Read the entries of `sellers`."""
    forms: list[SellerForm] = []
    places: dict[str, Place] = {}
    for item in items:
        if not isinstance(item, MapItem):
            problems.add(item.place, "a seller is a mapping with a user")
            continue
        form = _read_seller(item, problems)
        key = form.user.casefold()
        if key and key in places:
            problems.add(form.place, f"{form.subject}: is there already at {places[key]}")
        places.setdefault(key, form.place)
        forms.append(form)
    return tuple(forms)


def _read_seller(item: MapItem, problems: Problems) -> SellerForm:
    fields = Fields(item, subject_of(item, "seller", "user"), _KEYS, problems)
    return SellerForm(
        place=item.place,
        user=fields.text("user", longest=200),
        takes_assignments=fields.flag("takes_assignments", default=True),
        max_capacity=fields.whole("max_capacity", least=-LARGEST_WHOLE),
        attributes=tuple(_read_attributes(fields)),
        working_hours=_read_hours(fields),
        time_off=_read_time_off(fields),
    )


def _read_attributes(fields: Fields) -> Iterator[tuple[str, str]]:
    item = fields.item("attributes")
    if item is None or (isinstance(item, ListItem) and not item.items):
        return
    if not isinstance(item, MapItem):
        fields.problem("attributes", "'attributes' is a mapping of attributes to lists of values")
        return
    names: dict[str, str] = {}
    for written, entry in item.entries.items():
        name = written.strip()
        if not name or len(name) > 100 or not name.isprintable():
            fields.problems.add(
                entry.place, f"{fields.subject}: an attribute's name has 1 to 100 letters"
            )
        if fold(name) in names:
            fields.problems.add(entry.place, f"{fields.subject}: attribute '{name}' is there twice")
        names[fold(name)] = name
        values = _values(entry.item)
        subject = f"{fields.subject}: a value of attribute '{name}'"
        found = {
            fold(text): text for text in (read_text(v, subject, fields.problems) for v in values)
        }
        yield from ((name, text) for text in found.values())


def _values(item: Item) -> tuple[Item, ...]:
    """The values of an attribute: a list, a single one, or none."""
    if isinstance(item, ListItem):
        return item.items
    return () if isinstance(item, ScalarItem) and item.value is None else (item,)


def _read_hours(fields: Fields) -> str | None:
    entries = fields.items("working_hours")
    found: list[WorkingHours] = []
    for item in entries:
        try:
            (hours,) = read_calendar([plain(item)], None, fields.subject).hours
            check_overlap(found, hours, fields.subject)
        except DefinitionError as exc:
            fields.problems.add(
                item.place, f"{fields.subject}: working_hours: {exc.problem}", exc.suggestion
            )
        else:
            found.append(hours)
    return _json(fields, "working_hours", entries)


def _read_time_off(fields: Fields) -> str | None:
    entries = fields.items("time_off")
    for item in entries:
        try:
            read_calendar(None, [plain(item)], fields.subject)
        except DefinitionError as exc:
            fields.problems.add(
                item.place, f"{fields.subject}: time_off: {exc.problem}", exc.suggestion
            )
    return _json(fields, "time_off", entries)


def _json(fields: Fields, key: str, entries: tuple[Item, ...]) -> str | None:
    text = json_text([plain(item) for item in entries]) if entries else None
    if text is not None and len(text) > 100_000:
        fields.problem(key, f"'{key}' is longer than the column that holds it")
    return text
