"""What would have to change in Dataverse for it to say what a folder says: compared, not written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from work_assignment.domain.defining.definition_rows import (
    Cell,
    Change,
    CreateRow,
    Kind,
    LinkValue,
    Row,
    RuleRow,
    SegmentRow,
    Stored,
    UnlinkValue,
    UpdateRow,
)
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.fetchxml import read_fetchxml, write_fetchxml
from work_assignment.services.configuration.filter_texts import json_text

Verb = Literal["create", "update", "deactivate", "link", "unlink"]

_NEVER_COMPARED = frozenset({"activated_on", "description", "definitions_version"})
_AS_FETCHXML = frozenset({"filter", "seller_filter"})
_AS_JSON = frozenset(
    {
        "attributes",
        "list",
        "working_hours",
        "time_off",
        "record_types",
        "eligible_roles",
        "trigger_columns",
        "schedule",
    }
)
_TOGETHER = ("assign_to", "distribution")
"""Columns of a rule whose numbers depend on each other: a change of one carries both."""
_WITHOUT_VALUE = {"segment_id": "default", "eligible_roles": "all"}
_IN_USE = {SegmentRow: ("active", "paused"), RuleRow: ("active",)}
"""The states in which a row works on records, and has since it was activated."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_SHOWN = 120
_SHOWN_BEFORE = 30
"""So much of what is alike stands before what differs."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column, what it holds and what it would hold, in words for people."""

    column: str
    old: str
    new: str

    def __str__(self) -> str:
        start = self._where_to_begin()
        old, new = (_shortened(text, start) for text in (self.old, self.new))
        return f"{self.column}: {old} -> {new}"

    def _where_to_begin(self) -> int:
        """The start of both values, or a little before what differs where that lies too far in."""
        pairs = enumerate(zip(self.old, self.new, strict=False))
        shorter = min(len(self.old), len(self.new))
        alike = next((place for place, (one, other) in pairs if one != other), shorter)
        is_seen = alike < _LONGEST_SHOWN - _SHOWN_BEFORE
        return 0 if is_seen else alike - _SHOWN_BEFORE


def _shortened(text: str, start: int) -> str:
    """At most so much of a text, with dots where something is left out."""
    before, shown = ("...", text[start:]) if start else ("", text)
    room = _LONGEST_SHOWN - len(before)
    return before + (shown if len(shown) <= room else shown[: room - 3] + "...")


@dataclass(frozen=True, slots=True)
class Action:
    """One change with its name for people; `activates` stamps the row with the time of applying."""

    verb: Verb
    kind: Kind
    name: str
    change: Change
    columns: tuple[ColumnChange, ...] = ()
    activates: bool = False

    def __str__(self) -> str:
        lines = [f"{self.verb} {self.kind.value} '{self.name}'"]
        return "\n".join([*lines, *(f"    {column}" for column in self.columns)])


@dataclass(frozen=True, slots=True)
class Removal:
    """How many active rows of a kind the folder does not have, out of how many."""

    kind: Kind
    removed: int
    active: int

    @property
    def is_large(self) -> bool:
        """Whether it looks like the wrong folder."""
        return self.removed > 2 and self.removed * 2 > self.active


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions in the order in which they are carried out; an action on the settings comes last.

    `settings_id` and `settings_version` say where the stamp of the definitions is kept.
    """

    actions: tuple[Action, ...] = ()
    removals: tuple[Removal, ...] = ()
    settings_id: str = ""
    settings_version: str | None = None

    def __bool__(self) -> bool:
        return bool(self.actions)

    def __str__(self) -> str:
        return "\n".join(map(str, self.actions)) or "no changes"


class PlanBuilder:
    """Compares rows with those that exist and collects the actions."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._actions: list[Action] = []
        self._removals: list[Removal] = []
        self._names: dict[str, str] = {}

    def know(self, row_id: str, name: str) -> None:
        """Show this name instead of the id."""
        self._names[row_id] = name

    @property
    def has_actions(self) -> bool:
        return bool(self._actions)

    def put(self, row: Row, existing: Stored[Row] | None, name: str, *, guarded: bool) -> str:
        """Create the row, or bring the existing one into its form; gives its id.

        With `guarded` an existing row is changed only in the version it was read in.
        """
        row_id = existing.id if existing else self._new_id()
        self.know(row_id, name)
        if existing is None:
            self._add(
                "create", row.kind, name, CreateRow(row_id, row), activates=_starts(row, None)
            )
            return row_id
        self._update("update", existing, _differences(existing.row, row), name, guarded=guarded)
        return row_id

    def remove(
        self, existing: Stored[Row], changes: Mapping[str, Cell], name: str, *, guarded: bool
    ) -> None:
        """Take an existing row out of use."""
        self._update("deactivate", existing, changes, name, guarded=guarded)

    def note_removal(self, removal: Removal) -> None:
        """Remember how many rows of a kind go out of use."""
        self._removals.append(removal)

    def link(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Give users attribute values: pairs of value and user."""
        for value_id, user_id in sorted(pairs, key=self._pair):
            name = self._pair((value_id, user_id))
            self._add("link", Kind.VALUE, name, LinkValue(value_id, user_id))

    def unlink(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take attribute values from users: pairs of value and user."""
        for value_id, user_id in sorted(pairs, key=self._pair):
            name = self._pair((value_id, user_id))
            self._add("unlink", Kind.VALUE, name, UnlinkValue(value_id, user_id))

    def plan(self, settings_id: str, settings_version: str | None) -> Plan:
        return Plan(tuple(self._actions), tuple(self._removals), settings_id, settings_version)

    def _pair(self, pair: tuple[str, str]) -> str:
        value, user = (self._names.get(row_id, row_id) for row_id in pair)
        return f"{user}, {value}"

    def _update(
        self,
        verb: Verb,
        existing: Stored[Row],
        changes: Mapping[str, Cell],
        name: str,
        *,
        guarded: bool,
    ) -> None:
        activates = _starts(existing.row, changes)
        if not changes and not activates:
            return
        change = UpdateRow(
            existing.row.kind, existing.id, changes, existing.version if guarded else None
        )
        shown = [
            self._column(existing.row, column, new)
            for column, new in changes.items()
            if new != getattr(existing.row, column)
        ]
        if activates:
            since = getattr(existing.row, "activated_on", None)
            shown.append(ColumnChange("activated_on", str(since or "none"), "now"))
        self._add(verb, existing.row.kind, name, change, tuple(shown), activates=activates)

    def _column(self, row: Row, column: str, new: Cell) -> ColumnChange:
        old = getattr(row, column)
        return ColumnChange(column, self._shown(column, old), self._shown(column, new))

    def _add(
        self,
        verb: Verb,
        kind: Kind,
        name: str,
        change: Change,
        columns: tuple[ColumnChange, ...] = (),
        *,
        activates: bool = False,
    ) -> None:
        self._actions.append(Action(verb, kind, name, change, columns, activates))

    def _shown(self, column: str, value: Cell) -> str:
        if value is None:
            return _WITHOUT_VALUE.get(column, "none")
        if isinstance(value, bool):
            return str(value).lower()
        return _ID.sub(lambda found: self._names.get(found[0], found[0]), str(value))


def _starts(row: Row, changes: Mapping[str, Cell] | None) -> bool:
    """Whether the row comes into use, or is in use without saying since when."""
    if not isinstance(row, SegmentRow | RuleRow):
        return False
    states = _IN_USE[type(row)]
    was_in_use = changes is not None and row.state in states and row.activated_on is not None
    will_be_in_use = (changes or {}).get("state", row.state) in states
    return will_be_in_use and not was_in_use


def _differences(old: Row, new: Row) -> dict[str, Cell]:
    """The columns of the new row whose value is another, in the order of the row."""
    changed = {
        field.name
        for field in fields(new)
        if field.name not in _NEVER_COMPARED
        and _canonical(field.name, getattr(old, field.name))
        != _canonical(field.name, getattr(new, field.name))
    }
    if changed.intersection(_TOGETHER):
        changed.update(_TOGETHER)
    return {field.name: getattr(new, field.name) for field in fields(new) if field.name in changed}


def _canonical(column: str, value: Cell) -> Cell:
    """The value in the form in which equal ones are the same, however an editor wrote it."""
    if not isinstance(value, str):
        return value
    try:
        if column in _AS_FETCHXML:
            return write_fetchxml(read_fetchxml(value, column))
        if column in _AS_JSON:
            return json_text(json.loads(value))
    except (DefinitionError, ValueError, RecursionError):
        return value
    return value
