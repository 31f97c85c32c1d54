"""Segments as a folder writes them, checked as far as that goes without Dataverse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from work_assignment.domain.defining.segments import DEFAULT_SEGMENT
from work_assignment.domain.text import fold
from work_assignment.services.configuration.fields import Fields, subject_of
from work_assignment.services.configuration.filter_forms import PlacedFilter, read_filter
from work_assignment.services.configuration.problems import Place, PlacedName, Problems
from work_assignment.services.configuration.schedule_forms import read_manager, read_schedule_text
from work_assignment.services.configuration.yaml_items import Item, MapItem

ACTIVE, PAUSED, INACTIVE = "active", "paused", "inactive"
IN_USE = (ACTIVE, PAUSED)
"""The states in which a segment takes records; paused, it runs no rules on them."""

_KEYS = (
    "name",
    "record_type",
    "priority",
    "state",
    "filter",
    "allow_move_in",
    "reassign_on_move",
    "sequence",
    "manager",
    "schedule",
)
_UNSAID = 0
"""Stands for the priority that a segment does not say, until all are read."""
_LOGICAL_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SegmentForm:
    """A segment; `filter` None takes every record. `schedule` is as it is stored."""

    place: Place
    name: str
    record_type: str
    record_type_place: Place
    priority: int
    priority_place: Place
    state: str
    filter: PlacedFilter | None
    allow_move_in: bool
    reassign_on_move: bool
    schedule: str | None = None
    manager: PlacedName | None = None

    @property
    def subject(self) -> str:
        return f"segment '{self.name}'"


def read_segments(items: tuple[Item, ...], problems: Problems) -> tuple[SegmentForm, ...]:
    """Read the entries of `segments`. Priority defaults to the position among its record type's,
    or the next number that no other one says.
    """
    forms: list[SegmentForm] = []
    places: dict[tuple[str, str], Place] = {}
    for item in items:
        if not isinstance(item, MapItem):
            problems.add(item.place, "a segment is a mapping with a name and a record_type")
            continue
        form = _read_segment(item, problems)
        key = (form.record_type, fold(form.name))
        if form.name and key in places:
            problems.add(
                form.place,
                f"{form.subject}: there is another one for {form.record_type} at {places[key]}",
            )
        places.setdefault(key, form.place)
        forms.append(form)
    _check_priorities(forms, problems)
    return tuple(_with_priorities(forms))


def _read_segment(item: MapItem, problems: Problems) -> SegmentForm:
    fields = Fields(item, subject_of(item, "segment"), _KEYS, problems)
    name = fields.text("name")
    if fold(name) == DEFAULT_SEGMENT:
        fields.problem("name", "that name is the built-in last segment's")
    record_type = read_record_type(fields)
    allow_move_in = fields.flag("allow_move_in", default=False)
    reassign_on_move = fields.flag("reassign_on_move", default=allow_move_in)
    fields.refuse("sequence")
    return SegmentForm(
        place=item.place,
        name=name,
        record_type=record_type,
        record_type_place=fields.place_of("record_type"),
        priority=fields.whole("priority", least=1) or _UNSAID,
        priority_place=fields.place_of("priority"),
        state=fields.word("state", (ACTIVE, PAUSED, INACTIVE), ("shadow",)),
        filter=read_filter(
            fields.item("filter"), fields.subject, problems, table=record_type or None
        ),
        allow_move_in=allow_move_in,
        reassign_on_move=reassign_on_move,
        schedule=read_schedule_text(fields),
        manager=read_manager(fields),
    )


def _check_priorities(forms: Iterable[SegmentForm], problems: Problems) -> None:
    """Two segments that take records of one type cannot be tried in the same place."""
    holders: dict[tuple[str, int], SegmentForm] = {}
    for form in forms:
        if form.state not in IN_USE or form.priority == _UNSAID:
            continue
        other = holders.setdefault((form.record_type, form.priority), form)
        if other is not form:
            problems.add(
                form.priority_place,
                f"{form.subject}: priority {form.priority} is that of {other.subject} "
                f"at {other.priority_place}",
            )


def _with_priorities(forms: Sequence[SegmentForm]) -> Iterator[SegmentForm]:
    """Number the segments that do not say their priority, around those that do."""
    said = {(form.record_type, form.priority) for form in forms if form.state in IN_USE}
    positions: Counter[str] = Counter()
    last: Counter[str] = Counter()
    for form in forms:
        kind = form.record_type
        positions[kind] += 1
        if form.priority != _UNSAID:
            yield form
            continue
        free = count(max(positions[kind], last[kind] + 1))
        last[kind] = next(number for number in free if (kind, number) not in said)
        yield replace(form, priority=last[kind])


def read_record_type(fields: Fields) -> str:
    """A record type: the logical name of a table."""
    name = fields.text("record_type")
    check_logical_name(name, fields.place_of("record_type"), fields.subject, fields.problems)
    return name


def check_logical_name(name: str, place: Place, subject: str, problems: Problems) -> None:
    """Note a name that no table can have."""
    if name and not _LOGICAL_NAME.fullmatch(name):
        lower = name.lower()
        problems.add(
            place,
            f"{subject}: a record type is the logical name of a table, such as lead, not '{name}'",
            lower if _LOGICAL_NAME.fullmatch(lower) else None,
        )
