"""A segment copied under a new name, alone or with its rules, for somebody to change and switch on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from uuid import uuid4

from work_assignment.domain.defining.definition_rows import (
    SETTINGS_NAME,
    RuleRow,
    SegmentRow,
    SettingsRow,
    Stored,
    StoredDefinitions,
)
from work_assignment.domain.defining.segments import DEFAULT_SEGMENT
from work_assignment.domain.errors import WorkAssignmentError, nearest
from work_assignment.domain.text import fold
from work_assignment.services.configuration.fields import LARGEST_WHOLE
from work_assignment.services.configuration.planning import Plan, PlanBuilder
from work_assignment.services.configuration.segment_forms import INACTIVE

_LONGEST_NAME = 100


class CannotCopy(WorkAssignmentError):
    """The segment is not there, or the copy cannot be what was asked for; nothing was changed."""


def copy_segment(
    stored: StoredDefinitions,
    name: str,
    new_name: str,
    *,
    record_type: str | None = None,
    priority: int | None = None,
    with_rules: bool = False,
    new_id: Callable[[], str] = lambda: str(uuid4()),
) -> Plan:
    """What has to be written for a copy of a segment; `apply` writes it.

    The copy is inactive, by default behind all others of its record type. Its rules keep their
    states: nothing reaches them before it is switched on. Raises CannotCopy.
    """
    segment = _named(stored, name, record_type)
    new_name = _checked_name(new_name, segment.row.record_type, stored)
    _check_priority(priority)
    builder = PlanBuilder(new_id)
    row = replace(
        segment.row,
        name=new_name,
        priority=priority or _behind_all(stored, segment.row.record_type),
        state=INACTIVE,
        activated_on=None,
    )
    copy_id = builder.put(row, None, f"{new_name} ({row.record_type})", guarded=False)
    for rule in _copied_rules(stored, segment, new_name) if with_rules else ():
        copied = replace(rule, segment_id=copy_id, activated_on=None)
        builder.put(copied, None, f"{copied.name} ({copied.record_type})", guarded=False)
    settings = stored.settings
    if settings is None:
        return builder.plan(builder.put(SettingsRow(), None, SETTINGS_NAME, guarded=False), None)
    return builder.plan(settings.id, settings.version)


def _named(stored: StoredDefinitions, name: str, record_type: str | None) -> Stored[SegmentRow]:
    if fold(name) == DEFAULT_SEGMENT:
        raise CannotCopy("the default segment takes whatever is left; there is nothing to copy")
    of_type = [
        one for one in stored.segments if record_type is None or one.row.record_type == record_type
    ]
    found = [one for one in of_type if fold(one.row.name) == fold(name)]
    if len(found) == 1:
        return found[0]
    if found:
        types = " and ".join(sorted(one.row.record_type for one in found))
        raise CannotCopy(f"segment '{name}' is there for {types}: say the record type")
    near = nearest(name, [one.row.name for one in of_type])
    hint = f"; did you mean '{near}'?" if near else ""
    kind = f" for {record_type}" if record_type else ""
    raise CannotCopy(f"there is no segment '{name}'{kind}{hint}")


def _checked_name(name: str, record_type: str, stored: StoredDefinitions) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise CannotCopy(f"a segment's name has 1 to {_LONGEST_NAME} printable characters")
    if fold(name) == DEFAULT_SEGMENT:
        raise CannotCopy(f"'{name}' is the built-in last segment's name")
    for one in stored.segments:
        if one.row.record_type == record_type and fold(one.row.name) == fold(name):
            raise CannotCopy(f"segment '{one.row.name}' is already there for {record_type}")
    return name


def _check_priority(priority: int | None) -> None:
    if priority is not None and not 1 <= priority <= LARGEST_WHOLE:
        raise CannotCopy(f"a priority is a number from 1 to {LARGEST_WHOLE}, not {priority}")


def _behind_all(stored: StoredDefinitions, record_type: str) -> int:
    taken = [one.row.priority or 0 for one in stored.segments if one.row.record_type == record_type]
    return min(max(taken, default=0) + 1, LARGEST_WHOLE)


def _copied_rules(
    stored: StoredDefinitions, segment: Stored[SegmentRow], new_name: str
) -> Iterator[RuleRow]:
    """The segment's rules in their order, under names that no rule of the record type has."""
    record_type = segment.row.record_type
    taken = {fold(one.row.name) for one in stored.rules if one.row.record_type == record_type}
    rules = [one.row for one in stored.rules if one.row.segment_id == segment.id]
    for rule in sorted(rules, key=lambda row: (row.order or 0, row.name)):
        name = _free_name(rule.name, new_name, taken)
        taken.add(fold(name))
        yield replace(rule, name=name)


def _free_name(name: str, segment: str, taken: Collection[str]) -> str:
    """The rule's name with the copy's behind it, cut to what fits, and a number if need be."""
    number = 1
    while True:
        ending = f" ({segment})" if number == 1 else f" ({segment}, {number})"
        if len(ending) > _LONGEST_NAME // 2:
            ending = f" (copy {number})"
        found = f"{name[: _LONGEST_NAME - len(ending)].rstrip()}{ending}"
        if fold(found) not in taken:
            return found
        number += 1
