"""A case read whole, with everything wrong in it told at once, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from work_assignment.domain.defining.policy import Policy
from work_assignment.domain.defining.recipients import Target, TeamOrQueue
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.errors import WorkAssignmentError
from work_assignment.domain.filtering.rows import id_column, parent_column
from work_assignment.services.cases.case_fields import COMMON_LOOKUPS, Notes
from work_assignment.services.cases.definitions import (
    DEFAULT_TYPE,
    CaseSettings,
    Definer,
    DefinitionForms,
    check_tables,
    link_forms,
    read_case_settings,
    read_forms,
)
from work_assignment.services.cases.event_reading import STANDARD_TYPES, EventReader, Setting
from work_assignment.services.cases.events import Event
from work_assignment.services.cases.expectations import Expectation, read_expectations
from work_assignment.services.cases.filters import FilterCompiler, hierarchical, lookups
from work_assignment.services.cases.json_items import below, read_json
from work_assignment.services.cases.live_rows import LiveRows
from work_assignment.services.cases.people import CaseSeller, read_people
from work_assignment.services.cases.related import read_rows
from work_assignment.services.cases.tables import CaseTables, Metadata
from work_assignment.services.configuration.filter_forms import PlacedFilter
from work_assignment.services.configuration.problems import Problems

_KEYS = (
    "at",
    "sellers",
    "teams",
    "queues",
    "segments",
    "rules",
    "settings",
    "related",
    "events",
)
_NEEDED = ("at", "sellers", "segments", "rules", "events")
_OUTER_KEYS = ("says", "case", "expect", "name", "description")


@dataclass(frozen=True)
class Case:
    """A case: from when on, with whom and by which definitions, and what happens.

    `expect` None says that the file has no expectations.
    """

    at: datetime
    sellers: tuple[CaseSeller, ...]
    others: tuple[TeamOrQueue, ...]
    segments: tuple[Segment, ...]
    rules: tuple[AssignmentRule, ...]
    policy: Policy
    score_column: str | None
    rows: LiveRows
    events: tuple[Event, ...]
    expect: tuple[Expectation, ...] | None = None


def read_case(text: str, file: str, metadata: Metadata | None = None) -> Case:
    """Read a case, or a golden file with a case in it; raises ConfigurationErrors."""
    problems = Problems()
    root = read_json(text, file, problems)
    notes = Notes(file, problems)
    raw = notes.mapping(root, "") if not problems else {}
    problems.raise_any()
    try:
        case = _read(raw, notes, metadata)
    except RecursionError:
        raise TooDeep(file) from None
    problems.raise_any()
    return case


class TooDeep(WorkAssignmentError):
    """Lists and mappings are nested beyond what anybody writes."""

    def __init__(self, file: str) -> None:
        super().__init__(f"{file}: lists and mappings are nested too deeply")


def _read(raw: Mapping[str, object], notes: Notes, metadata: Metadata | None) -> Case:
    if "case" not in raw:
        return _Reader(raw, "", notes, metadata).case(None)
    notes.check_keys(raw, _OUTER_KEYS, "")
    expect = read_expectations(raw["expect"], notes) if "expect" in raw else None
    return _Reader(notes.mapping(raw["case"], "case"), "case", notes, metadata).case(expect)


class _Reader:
    def __init__(
        self, raw: Mapping[str, object], path: str, notes: Notes, metadata: Metadata | None
    ) -> None:
        self._raw = raw
        self._path = path
        self._notes = notes
        self._metadata = metadata

    def case(self, expect: tuple[Expectation, ...] | None) -> Case:
        raw, path = self._raw, self._path
        self._check_keys()
        at = self._at()
        settings = read_case_settings(raw.get("settings"), below(path, "settings"), self._notes)
        forms = self._forms(settings)
        people = read_people(raw, path, settings.default_capacity, self._notes)
        rows = read_rows(raw.get("related"), below(path, "related"), people, self._notes)
        known_types = {*forms.record_types, *(settings.record_types or STANDARD_TYPES)}
        types = _types(forms, settings, raw.get("events"))
        forms = link_forms(forms, types, settings.record_types, self._notes)
        check_tables(forms, settings, self._notes)
        definer = Definer(people, FilterCompiler(settings.zone, self._notes), self._notes)
        return Case(
            at,
            people.sellers,
            people.others,
            definer.segments(forms),
            definer.rules(forms),
            settings.policy,
            settings.form.row.score_column,
            rows,
            self._events(
                at,
                Setting(
                    people,
                    rows,
                    [form.name for form in forms.segments],
                    settings.record_types,
                    types[0] if len(types) == 1 else DEFAULT_TYPE,
                    known_types,
                ),
            ),
            expect,
        )

    def _check_keys(self) -> None:
        self._notes.check_keys(self._raw, _KEYS, self._path)
        for key in _NEEDED:
            if self._raw.get(key) is None:
                self._notes.add(self._path, f"'{key}' is missing")

    def _forms(self, settings: CaseSettings) -> DefinitionForms:
        """Segments and rules; with metadata, from then on tables are known."""
        named = settings.record_types or ()
        default_type = named[0] if len(named) == 1 else DEFAULT_TYPE
        forms = read_forms(self._raw, self._path, default_type, self._notes)
        filters = [form.filter for form in forms.all]
        filters += [form.seller_filter for form in forms.rules]
        self._notes = replace(self._notes, lookups=self._lookups(filters, forms))
        if self._metadata is not None:
            columns = frozenset[str]().union(*map(hierarchical, filters))
            self._notes = replace(self._notes, tables=CaseTables(self._metadata, columns))
        return forms

    def _lookups(
        self, filters: Sequence[PlacedFilter | None], forms: DefinitionForms
    ) -> frozenset[str]:
        """The columns known to hold ids: those of owners, those that filters follow, and ids."""
        related = self._raw.get("related")
        tables = {*(target.table for target in Target), DEFAULT_TYPE, *forms.record_types}
        if isinstance(related, list):
            related = {str(row.get("table")) for row in related if isinstance(row, dict)}
        tables |= set(related) if isinstance(related, dict | set) else set()
        tables |= set(_types_of_new(self._raw.get("events")))
        parents = filter(None, map(parent_column, tables))
        followed = set[str]().union(*map(lookups, filters))
        return COMMON_LOOKUPS | followed | {*map(id_column, tables), *parents}

    def _events(self, at: datetime, setting: Setting) -> tuple[Event, ...]:
        raw = self._raw.get("events")
        path = below(self._path, "events")
        return EventReader(setting, self._notes, at).read([] if raw is None else raw, path)

    def _at(self) -> datetime:
        found = None
        if self._raw.get("at") is not None:
            found = self._notes.time(self._raw["at"], below(self._path, "at"))
        return found or datetime(2000, 1, 1, tzinfo=UTC)


def _types(forms: DefinitionForms, settings: CaseSettings, events: object) -> Sequence[str]:
    """The record types in use: those that definitions or, beyond them, new records name."""
    named = forms.record_types | set(_types_of_new(events))
    return sorted(named) or settings.record_types or [DEFAULT_TYPE]


def _types_of_new(events: object) -> list[str]:
    bodies = [
        event["new"]
        for event in (events if isinstance(events, list) else ())
        if isinstance(event, dict) and isinstance(event.get("new"), dict)
    ]
    return [body["type"] for body in bodies if isinstance(body.get("type"), str)]
