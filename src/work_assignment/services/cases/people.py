"""Sellers, teams and queues of a case."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.sellers import Seller
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.availability import ALWAYS_WORKING, Calendar
from work_assignment.domain.hours.working_times import read_calendar
from work_assignment.domain.records import SellerId, Value
from work_assignment.services.cases.case_fields import Notes
from work_assignment.services.cases.json_items import below, item_of
from work_assignment.services.cases.values import said
from work_assignment.services.configuration.seller_forms import SellerForm, read_sellers

_AS_IN_FOLDERS = ("takes_assignments", "max_capacity", "attributes", "working_hours", "time_off")
_SELLER_KEYS = (
    "id",
    "name",
    "columns",
    "attributes",
    "roles",
    "takes_assignments",
    "max_capacity",
    "active_records",
    "last_assigned_at",
    "working_hours",
    "time_off",
)
_OTHER_KEYS = ("id", "name", "columns", "roles")
_NAME_COLUMNS = {Target.SELLERS: "fullname", Target.TEAM: "name", Target.QUEUE: "name"}


@dataclass(frozen=True, slots=True)
class CaseSeller:
    """A seller and where she stands at the start; `open_records` are counted by type."""

    seller: Seller
    open_records: Mapping[str, int]
    last_assigned_at: datetime | None


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who can be given records."""

    sellers: tuple[CaseSeller, ...]
    others: tuple[TeamOrQueue, ...]

    def names(self, target: Target) -> dict[str, str]:
        """The names of all of a kind by id."""
        if target is Target.SELLERS:
            return {entry.seller.id: entry.seller.name for entry in self.sellers}
        return {entry.id: entry.name for entry in self.others if entry.target is target}


def read_people(case: Mapping[str, object], path: str, capacity: int, notes: Notes) -> People:
    """Read `sellers`, `teams` and `queues`; `capacity` is that of sellers who name none."""
    seen: dict[str, str] = {}
    sellers = tuple(_sellers(case.get("sellers"), below(path, "sellers"), capacity, notes, seen))
    others = [
        other
        for target, key in ((Target.TEAM, "teams"), (Target.QUEUE, "queues"))
        for other in _others(case.get(key), below(path, key), target, notes, seen)
    ]
    return People(sellers, tuple(others))


def _entries(
    raw: object, path: str, known: tuple[str, ...], notes: Notes, seen: dict[str, str]
) -> Iterator[tuple[str, Mapping[str, object], str]]:
    """The entries of a list, each with its id and path. Nobody has the id of another."""
    for number, entry in enumerate(notes.listed([] if raw is None else raw, path)):
        place = f"{path}[{number}]"
        if not isinstance(entry, dict):
            notes.add(place, f"it is a mapping with an id, not {said(entry)}")
            continue
        notes.check_keys(entry, known, place)
        own_id = notes.id_of(entry, place)
        if own_id in seen:
            notes.add(place, f"the id '{own_id}' is that of {seen[own_id]}")
        elif own_id:
            seen[own_id] = place
            yield own_id, entry, place


def _sellers(
    raw: object, path: str, capacity: int, notes: Notes, seen: dict[str, str]
) -> Iterator[CaseSeller]:
    for own_id, entry, place in _entries(raw, path, _SELLER_KEYS, notes, seen):
        form = _form(own_id, entry, place, notes)
        name = _name(entry, own_id, place, notes)
        own = form.max_capacity
        seller = Seller(
            id=SellerId(own_id),
            name=name,
            max_capacity=capacity if own is None else own,
            takes_assignments=form.takes_assignments,
            columns=_columns(entry, Target.SELLERS, place, notes),
            attributes=_by_attribute(form),
            calendar=_calendar(form),
            roles=_roles(entry, place, notes),
        )
        last = entry.get("last_assigned_at")
        yield CaseSeller(
            seller,
            _open_records(entry.get("active_records"), below(place, "active_records"), notes),
            None if last is None else notes.time(last, below(place, "last_assigned_at")),
        )


def _form(own_id: str, entry: Mapping[str, object], place: str, notes: Notes) -> SellerForm:
    """What a case says of a seller as a folder does."""
    shared = {key: entry[key] for key in _AS_IN_FOLDERS if key in entry}
    item = item_of({"user": own_id, **shared}, notes.file, place)
    (form,) = read_sellers([item], notes.problems)
    return form


def _calendar(form: SellerForm) -> Calendar:
    hours, off = (json.loads(text or "[]") for text in (form.working_hours, form.time_off))
    try:
        return read_calendar(hours, off, form.subject)
    except DefinitionError:
        return ALWAYS_WORKING  # the form has noted what is wrong, each with its path


def _by_attribute(form: SellerForm) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for attribute, value in form.attributes:
        found[attribute].append(value)
    return {attribute: tuple(sorted(values)) for attribute, values in found.items()}


def _open_records(raw: object, path: str, notes: Notes) -> dict[str, int]:
    found = {}
    for record_type, count in notes.mapping({} if raw is None else raw, path).items():
        if type(count) is int and count >= 0:
            found[record_type] = count
        else:
            notes.add(below(path, record_type), f"it is a whole number, not {said(count)}")
    return found


def _others(
    raw: object, path: str, target: Target, notes: Notes, seen: dict[str, str]
) -> Iterator[TeamOrQueue]:
    for own_id, entry, place in _entries(raw, path, _OTHER_KEYS, notes, seen):
        name = _name(entry, own_id, place, notes)
        columns = _columns(entry, target, place, notes)
        yield TeamOrQueue(target, own_id, name, columns, _roles(entry, place, notes))


def _name(entry: Mapping[str, object], own_id: str, place: str, notes: Notes) -> str:
    name = entry.get("name")
    if name is None:
        return own_id
    if isinstance(name, str) and name.strip():
        return name.strip()
    notes.add(below(place, "name"), f"'name' is a text, not {said(name)}")
    return own_id


def _columns(
    entry: Mapping[str, object], target: Target, place: str, notes: Notes
) -> dict[str, Value]:
    """The columns given, and the one that holds the name."""
    raw, path = entry.get("columns"), below(place, "columns")
    schema = notes.schema(target.table, path) if raw else None
    columns = notes.columns(raw, schema, path)
    name = entry.get("name")
    return {_NAME_COLUMNS[target]: name, **columns} if isinstance(name, str) else columns


def _roles(entry: Mapping[str, object], place: str, notes: Notes) -> frozenset[str]:
    path = below(place, "roles")
    found = set()
    raw = entry.get("roles")
    for number, role in enumerate(notes.listed([] if raw is None else raw, path)):
        if isinstance(role, str) and role.strip():
            found.add(role.strip())
        else:
            notes.add(f"{path}[{number}]", f"a role is a text, not {said(role)}")
    return frozenset(found)
