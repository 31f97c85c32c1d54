"""Assignment rules as a folder writes them, checked as far as that goes without Dataverse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from work_assignment.domain.errors import nearest
from work_assignment.domain.segments import DEFAULT_SEGMENT
from work_assignment.domain.text import fold
from work_assignment.services.configuration.fields import (
    LONGEST_HOURS,
    Fields,
    read_text,
    subject_of,
)
from work_assignment.services.configuration.filter_forms import (
    PlacedFilter,
    check_attribute,
    read_filter,
)
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.segment_forms import (
    ACTIVE,
    INACTIVE,
    read_record_type,
)
from work_assignment.services.configuration.yaml_items import Item, MapItem

_KEYS = (
    "name",
    "segment",
    "record_type",
    "order",
    "state",
    "filter",
    "created_within_hours",
    "assign_to",
    "match",
    "list",
    "seller_filter",
    "attributes",
    "distribution",
    "capacity",
    "available_within_hours",
    "on_no_seller",
)
_NEEDS_MATCH = {"list": "list", "seller_filter": "attributes", "attributes": "attributes"}


@dataclass(frozen=True, slots=True)
class PlacedName:
    """A user's name in a list, and where it stands."""

    place: Place
    name: str


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule. `segment` None is the default segment; without `record_type` and `order` they follow
    from the segment and the position, once that is known.
    """

    place: Place
    name: str
    segment: str | None
    segment_place: Place
    record_type: str | None
    order: int | None
    state: str
    filter: PlacedFilter | None
    created_within_hours: int | None
    match: str
    list: tuple[PlacedName, ...]
    seller_filter: PlacedFilter | None
    attributes: PlacedFilter | None
    distribution: str
    capacity: bool
    available_within_hours: int | None
    on_no_seller: str

    @property
    def subject(self) -> str:
        return f"rule '{self.name}'"


def read_rules(items: Iterable[Item], problems: Problems) -> tuple[RuleForm, ...]:
    """Read the entries of `rules`; which segments they are for is for `link_rules` to say."""
    forms = []
    for item in items:
        if isinstance(item, MapItem):
            forms.append(_read_rule(item, problems))
        else:
            problems.add(item.place, "a rule is a mapping with a name and a segment")
    return tuple(forms)


def _read_rule(item: MapItem, problems: Problems) -> RuleForm:
    fields = Fields(item, subject_of(item, "rule"), _KEYS, problems)
    segment = fields.text("segment")
    match = fields.word("match", ("any", "attributes", "list"))
    _check_match(fields, match)
    fields.word("assign_to", ("sellers",), ("team", "queue"))
    return RuleForm(
        place=item.place,
        name=fields.text("name"),
        segment=None if segment == DEFAULT_SEGMENT else segment,
        segment_place=fields.place_of("segment"),
        record_type=read_record_type(fields, required=False)
        if fields.item("record_type")
        else None,
        order=fields.whole("order", None, least=1),
        state=fields.word("state", (ACTIVE, INACTIVE), ("shadow",)),
        filter=read_filter(fields.item("filter"), fields.subject, problems),
        created_within_hours=fields.whole("created_within_hours", most=LONGEST_HOURS),
        match=match,
        list=_read_list(fields),
        seller_filter=read_filter(
            fields.item("seller_filter"), f"{fields.subject}, seller_filter", problems
        ),
        attributes=read_filter(
            fields.item("attributes"), f"{fields.subject}, attributes", problems, check_attribute
        ),
        distribution=fields.word(
            "distribution", ("round robin", "load balancing"), ("best overall", "any one", "none")
        ),
        capacity=fields.flag("capacity", default=False),
        available_within_hours=fields.whole("available_within_hours", most=LONGEST_HOURS),
        on_no_seller=fields.word("on_no_seller", ("next rule", "stop")),
    )


def _check_match(fields: Fields, match: str) -> None:
    for key, needed in _NEEDS_MATCH.items():
        if fields.item(key) is not None and match != needed:
            fields.problem(key, f"'{key}' goes with match: {needed}, not with match: {match}")
    if match != "any" and not any(
        fields.item(key) for key, needed in _NEEDS_MATCH.items() if needed == match
    ):
        wanted = "list" if match == "list" else "attributes or seller_filter"
        fields.problem("match", f"match: {match} needs {wanted}")


def _read_list(fields: Fields) -> tuple[PlacedName, ...]:
    subject = f"{fields.subject}: an entry of 'list'"
    names = [
        PlacedName(item.place, read_text(item, subject, fields.problems, longest=200))
        for item in fields.items("list")
    ]
    if fields.item("list") is not None and not names:
        fields.problem("list", "'list' names nobody")
    return tuple(names)


def link_rules(
    forms: Iterable[RuleForm], segments: Iterable[tuple[str, str]], problems: Problems
) -> tuple[RuleForm, ...]:
    """Give each rule its record type and order, and check that its segment is there.

    `segments` are names and record types. Order defaults to the rule's position among those of its segment.
    """
    known = _by_name(segments)
    linked: list[RuleForm] = []
    places: dict[tuple[str, str], Place] = {}
    positions: dict[tuple[str, str], int] = {}
    for form in forms:
        record_type = _record_type(form, known, problems)
        if record_type is None:
            continue
        slot = (record_type, fold(form.segment or DEFAULT_SEGMENT))
        positions[slot] = positions.get(slot, 0) + 1
        _check_name(form, record_type, places, problems)
        linked.append(replace(form, record_type=record_type, order=form.order or positions[slot]))
    return tuple(linked)


_Known = Mapping[str, tuple[str, tuple[str, ...]]]
"""A segment's name and the record types that have one of that name, by the folded name."""


def _by_name(segments: Iterable[tuple[str, str]]) -> _Known:
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, record_type in segments:
        _, types = found.get(fold(name), (name, ()))
        found[fold(name)] = (name, tuple(dict.fromkeys((*types, record_type))))
    return found


def _record_type(form: RuleForm, segments: _Known, problems: Problems) -> str | None:
    if form.segment is None:
        if form.record_type is None:
            problems.add(form.place, f"{form.subject}: segment: default needs a record_type")
        return form.record_type
    if not form.segment:
        return None
    name, types = segments.get(fold(form.segment), ("", ()))
    if not types:
        known = [*(name for name, _ in segments.values()), DEFAULT_SEGMENT]
        problems.add(
            form.segment_place,
            f"{form.subject}: there is no segment '{form.segment}'",
            nearest(form.segment, known),
        )
    elif form.record_type is None and len(types) > 1:
        problems.add(
            form.segment_place,
            f"{form.subject}: segment '{name}' is there for {' and '.join(types)}; say record_type",
        )
    elif form.record_type is not None and form.record_type not in types:
        problems.add(
            form.place,
            f"{form.subject}: it is for {form.record_type}, but segment '{name}' "
            f"is for {' and '.join(types)}",
        )
    else:
        return form.record_type or types[0]
    return None


def _check_name(
    form: RuleForm, record_type: str, places: dict[tuple[str, str], Place], problems: Problems
) -> None:
    key = (record_type, fold(form.name))
    if form.name and key in places:
        problems.add(
            form.place, f"{form.subject}: there is another one for {record_type} at {places[key]}"
        )
    places.setdefault(key, form.place)
