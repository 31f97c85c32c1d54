"""What cases write more freely than folders do, brought into the form that folders have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from work_assignment.domain.defining.segments import DEFAULT_SEGMENT
from work_assignment.domain.text import fold
from work_assignment.services.cases.case_fields import Notes
from work_assignment.services.configuration.fields import LARGEST_WHOLE, NONE, read_text, subject_of
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.rule_forms import RuleForm
from work_assignment.services.configuration.rule_links import link_rules
from work_assignment.services.configuration.segment_forms import INACTIVE, SegmentForm
from work_assignment.services.configuration.yaml_items import Entry, Item, MapItem, ScalarItem

_SHADOW = "shadow"
_WITHOUT_EFFECT = ("sequence", "manager", "schedule")


def plain_segment(item: Item, default_type: str, notes: Notes) -> Item:
    """A segment that names its record type, and nothing that has no effect on a case."""
    if not isinstance(item, MapItem):
        return item
    _check_without_effect(item, notes.problems)
    entries = {key: entry for key, entry in item.entries.items() if key not in _WITHOUT_EFFECT}
    if "record_type" not in entries:
        given = ScalarItem(item.place, default_type, default_type)
        entries["record_type"] = Entry(item.place, given)
    return without_shadow(MapItem(item.place, entries))


def _check_without_effect(item: MapItem, problems: Problems) -> None:
    """What has no effect is of its type all the same; the sequence is read by itself."""
    subject = subject_of(item, "segment")
    manager, schedule = (_value(item, key) for key in ("manager", "schedule"))
    if manager is not None:
        read_text(manager, f"{subject}: 'manager'", problems)
    if schedule is not None and not isinstance(schedule, MapItem):
        problems.add(schedule.place, f"{subject}: 'schedule' is a mapping")


def _value(item: MapItem, key: str) -> Item | None:
    entry = item.entries.get(key)
    value = entry.item if entry else None
    if isinstance(value, ScalarItem) and value.value in (None, NONE):
        return None
    return value


def without_shadow(item: Item) -> Item:
    """A definition in shadow takes no part in what is decided."""
    state = _value(item, "state") if isinstance(item, MapItem) else None
    if not isinstance(item, MapItem) or not isinstance(state, ScalarItem):
        return item
    if fold(state.text.strip()) != _SHADOW:
        return item
    inactive = ScalarItem(state.place, INACTIVE, INACTIVE)
    return MapItem(item.place, {**item.entries, "state": Entry(state.place, inactive)})


def ties_apart(items: Sequence[Item]) -> tuple[tuple[Item, ...], Mapping[Place, int]]:
    """Segments of which no two of a type name one priority, and the priorities they did name.

    Those that stand later get a number that nobody writes, until they are put `in_order`.
    """
    seen: set[tuple[str, int]] = set()
    named: dict[Place, int] = {}
    found = list(items)
    for number, item in enumerate(items):
        priority = _value(item, "priority") if isinstance(item, MapItem) else None
        if not isinstance(item, MapItem) or not isinstance(priority, ScalarItem):
            continue
        if type(priority.value) is not int:
            continue
        record_type = _value(item, "record_type")
        text = record_type.text if isinstance(record_type, ScalarItem) else ""
        if (text, priority.value) in seen and priority.value > 0:
            named[item.place] = priority.value
            stand_in = LARGEST_WHOLE - number
            given = ScalarItem(priority.place, stand_in, str(stand_in))
            entries = {**item.entries, "priority": Entry(priority.place, given)}
            found[number] = MapItem(item.place, entries)
        seen.add((text, priority.value))
    return tuple(found), named


def in_order(forms: Iterable[SegmentForm], named: Mapping[Place, int]) -> tuple[SegmentForm, ...]:
    """Segments whose priorities are their places; of two alike the one written first is first."""
    forms = tuple(forms)
    ordered = sorted(forms, key=lambda form: named.get(form.place, form.priority))
    places = {form.place: number for number, form in enumerate(ordered, 1)}
    return tuple(replace(form, priority=places[form.place]) for form in forms)


def link_by_segment(
    rules: Sequence[RuleForm], segments: Sequence[tuple[str, str]], problems: Problems
) -> tuple[RuleForm, ...]:
    """Give each rule its record type and order; a name is that of one rule of a segment."""
    by_segment: dict[str, list[RuleForm]] = {}
    for form in rules:
        by_segment.setdefault(fold(form.segment or DEFAULT_SEGMENT), []).append(form)
    linked = [
        form for listed in by_segment.values() for form in link_rules(listed, segments, problems)
    ]
    places = {form.place: number for number, form in enumerate(rules)}
    return tuple(sorted(linked, key=lambda form: places[form.place]))
