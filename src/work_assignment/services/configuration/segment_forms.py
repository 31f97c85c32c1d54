"""Segments as a folder writes them, checked as far as that goes without Dataverse."""

from __future__ import annotations

from dataclasses import dataclass

from work_assignment.domain.segments import DEFAULT_SEGMENT
from work_assignment.domain.text import fold
from work_assignment.services.configuration.fields import Fields, subject_of
from work_assignment.services.configuration.filter_forms import PlacedFilter, read_filter
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.yaml_items import Item, MapItem

RECORD_TYPES = ("lead", "opportunity")
ACTIVE, INACTIVE = "active", "inactive"

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


@dataclass(frozen=True, slots=True)
class SegmentForm:
    """A segment; `filter` None takes every record."""

    place: Place
    name: str
    record_type: str
    priority: int
    state: str
    filter: PlacedFilter | None
    allow_move_in: bool

    @property
    def subject(self) -> str:
        return f"segment '{self.name}'"


def read_segments(items: tuple[Item, ...], problems: Problems) -> tuple[SegmentForm, ...]:
    """Read the entries of `segments`. Priority defaults to the position among its record type's."""
    forms: list[SegmentForm] = []
    places: dict[tuple[str, str], Place] = {}
    for item in items:
        if not isinstance(item, MapItem):
            problems.add(item.place, "a segment is a mapping with a name and a record_type")
            continue
        form = _read_segment(item, forms, problems)
        key = (form.record_type, fold(form.name))
        if form.name and key in places:
            problems.add(
                form.place,
                f"{form.subject}: there is another one for {form.record_type} at {places[key]}",
            )
        places.setdefault(key, form.place)
        forms.append(form)
    return tuple(forms)


def _read_segment(item: MapItem, before: list[SegmentForm], problems: Problems) -> SegmentForm:
    fields = Fields(item, subject_of(item, "segment"), _KEYS, problems)
    name = fields.text("name")
    if fold(name) == DEFAULT_SEGMENT:
        fields.problem("name", "that name is the built-in last segment's")
    record_type = read_record_type(fields, required=True)
    position = 1 + sum(form.record_type == record_type for form in before)
    priority = fields.whole("priority", position, least=1)
    state = fields.word("state", (ACTIVE, INACTIVE), ("paused", "shadow"))
    allow_move_in = fields.flag("allow_move_in", default=False)
    if fields.flag("reassign_on_move", default=allow_move_in) != allow_move_in:
        fields.problem(
            "reassign_on_move", "'reassign_on_move' other than allow_move_in is not supported"
        )
    for key in ("sequence", "manager", "schedule"):
        fields.refuse(key)
    filter_ = read_filter(fields.item("filter"), fields.subject, problems)
    return SegmentForm(
        item.place, name, record_type, priority or position, state, filter_, allow_move_in
    )


def read_record_type(fields: Fields, *, required: bool) -> str:
    """A record type's logical name."""
    return fields.word("record_type", RECORD_TYPES, required=required)
