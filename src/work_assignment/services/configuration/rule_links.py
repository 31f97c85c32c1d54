"""Which segment each rule is for, and with it the rule's record type and order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from work_assignment.domain.defining.segments import DEFAULT_SEGMENT
from work_assignment.domain.errors import nearest
from work_assignment.domain.text import fold
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.rule_forms import RuleForm


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
            form.record_type_place,
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
