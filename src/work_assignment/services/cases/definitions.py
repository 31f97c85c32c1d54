"""Segments, rules and settings of a case, in the form that folders have, made into domain objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from work_assignment.domain.defining.policy import FlapLimit, Policy, RoundRobinScope
from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.rules import (
    AssignmentRule,
    Distribution,
    OnNoSeller,
    SellerMatch,
)
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.filtering.attributes import compile_attributes
from work_assignment.domain.hours.working_times import read_time_zone
from work_assignment.domain.records import RuleId, SegmentId
from work_assignment.domain.text import fold
from work_assignment.services.cases.case_fields import Notes
from work_assignment.services.cases.filters import FilterCompiler, compile_placed
from work_assignment.services.cases.freer_forms import (
    in_order,
    link_by_segment,
    plain_segment,
    ties_apart,
    without_shadow,
)
from work_assignment.services.cases.json_items import below, item_of
from work_assignment.services.cases.people import People
from work_assignment.services.configuration.fields import NONE, read_text
from work_assignment.services.configuration.problems import PlacedName
from work_assignment.services.configuration.rule_forms import RuleForm, read_rules
from work_assignment.services.configuration.scope import check_score_column
from work_assignment.services.configuration.segment_forms import (
    ACTIVE,
    IN_USE,
    PAUSED,
    SegmentForm,
    read_segments,
)
from work_assignment.services.configuration.settings_form import SettingsForm, read_settings
from work_assignment.services.configuration.yaml_items import Item, MapItem, ScalarItem

DEFAULT_TYPE = "lead"
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CaseSettings:
    """What `settings` say. `record_types` None are all that the case names."""

    form: SettingsForm
    record_types: tuple[str, ...] | None
    zone: tzinfo

    @property
    def policy(self) -> Policy:
        row, roles = self.form.row, self.form.eligible_roles
        return Policy(
            eligible_roles=None if roles is None else frozenset(fold(one.name) for one in roles),
            round_robin_scope=RoundRobinScope(row.round_robin_scope),
            keeps_self_created=row.keep_self_created,
            flap_limit=_flap_limit(row.flap_limit_moves, row.flap_limit_hours),
        )

    @property
    def default_capacity(self) -> int:
        return self.form.row.default_capacity or 0


def _flap_limit(moves: int | None, hours: int | None) -> FlapLimit | None:
    if moves is None or hours is None:
        return None
    return FlapLimit(moves, timedelta(hours=hours))


def read_case_settings(raw: object, path: str, notes: Notes) -> CaseSettings:
    """Read `settings`; what is absent has its default."""
    item = item_of({} if raw is None else raw, notes.file, path)
    if not isinstance(item, MapItem):
        notes.add(path, "settings is a mapping")
        item = MapItem(item.place, {})
    form = read_settings(item, notes.problems)
    named = tuple(placed.name for placed in form.record_types)
    try:
        zone = read_time_zone(form.row.evaluation_time_zone or "UTC", "settings")
    except DefinitionError:
        zone = UTC  # the form has noted it
    return CaseSettings(form, named if "record_types" in item.entries else None, zone)


@dataclass(frozen=True, slots=True)
class DefinitionForms:
    """Segments and rules as written; `sequences` are the segments' by type and folded name."""

    segments: tuple[SegmentForm, ...]
    rules: tuple[RuleForm, ...]
    sequences: Mapping[tuple[str, str], str | None]

    @property
    def all(self) -> list[SegmentForm | RuleForm]:
        return [*self.segments, *self.rules]

    @property
    def naming_types(self) -> list[SegmentForm | RuleForm]:
        """Those that say themselves which record type they are for."""
        return [form for form in self.all if isinstance(form, SegmentForm) or not form.segment]

    @property
    def record_types(self) -> set[str]:
        """The record types that they name."""
        return {form.record_type for form in self.all if form.record_type}


def read_forms(
    case: Mapping[str, object], path: str, default_type: str, notes: Notes
) -> DefinitionForms:
    """Read `segments` and `rules`; a segment that names no record type is for the default one."""
    segments = list(_items(case.get("segments"), below(path, "segments"), notes))
    sequences = [_sequence(item, notes) for item in segments]
    plain, named = ties_apart([plain_segment(item, default_type, notes) for item in segments])
    forms = in_order(read_segments(plain, notes.problems), named)
    listed = _items(case.get("rules"), below(path, "rules"), notes)
    rules = read_rules(map(without_shadow, listed), notes.problems)
    by_place = {item.place: name for item, name in zip(segments, sequences, strict=True)}
    return DefinitionForms(
        forms, rules, {(f.record_type, fold(f.name)): by_place[f.place] for f in forms}
    )


def _items(raw: object, path: str, notes: Notes) -> Iterator[Item]:
    for number, entry in enumerate(notes.listed([] if raw is None else raw, path)):
        yield item_of(entry, notes.file, f"{path}[{number}]")


def _sequence(item: Item, notes: Notes) -> str | None:
    """The name of a segment's sequence: a case plays none, and says which there would be."""
    entry = item.entries.get("sequence") if isinstance(item, MapItem) else None
    value = entry.item if entry else None
    if value is None or (isinstance(value, ScalarItem) and value.value in (None, NONE)):
        return None
    return read_text(value, "segment: 'sequence'", notes.problems)


def link_forms(
    forms: DefinitionForms, types: Sequence[str], allowed: Sequence[str] | None, notes: Notes
) -> DefinitionForms:
    """Give each rule its segment. `types` are those in use: where there is one only, a rule of the
    default segment need not name it. `allowed` are those that the settings name.
    """
    only = types[0] if len(types) == 1 else None
    given = [
        replace(form, record_type=form.record_type or only) if form.segment is None else form
        for form in forms.rules
    ]
    there = [(form.name, form.record_type) for form in forms.segments]
    linked = replace(forms, rules=link_by_segment(given, there, notes.problems))
    if allowed is not None:
        for form in linked.naming_types:
            if form.record_type and form.record_type not in allowed:
                notes.problems.add(
                    form.record_type_place,
                    f"{form.subject}: settings have no {form.record_type} in their record_types",
                    nearest(form.record_type, allowed),
                )
    return linked


def check_tables(forms: DefinitionForms, settings: CaseSettings, notes: Notes) -> None:
    """Where tables are known: the record types are there, and one of them has the scores."""
    if notes.tables is None:
        return
    schemas = {name: notes.tables.schema(name) for name in sorted(forms.record_types)}
    for form in forms.naming_types:
        if form.record_type and schemas[form.record_type] is None:
            suggestion = nearest(form.record_type, notes.tables.table_names())
            said = f"{form.subject}: there is no table '{form.record_type}'"
            notes.problems.add(form.record_type_place, said, suggestion)
    known = [schema for schema in schemas.values() if schema is not None]
    check_score_column(settings.form, known, notes.problems)


class Definer:
    """Makes segments and rules of forms; what is wrong with them is noted."""

    def __init__(self, people: People, filters: FilterCompiler, notes: Notes) -> None:
        self._people = people
        self._filters = filters
        self._notes = notes

    def segments(self, forms: DefinitionForms) -> tuple[Segment, ...]:
        """Those that take records; a case's definitions count as active since ever."""
        found = [self._segment(form, forms) for form in forms.segments]
        return tuple(
            segment
            for form, segment in zip(forms.segments, found, strict=True)
            if form.state in IN_USE
        )

    def _segment(self, form: SegmentForm, forms: DefinitionForms) -> Segment:
        return Segment(
            id=_segment_id(form.record_type, form.name),
            name=form.name,
            record_type=form.record_type,
            priority=form.priority,
            active_since=_EVER,
            filter=self._filters.record_filter(form.filter, form.record_type, form.subject),
            allow_move_in=form.allow_move_in,
            reassign_on_move=form.reassign_on_move,
            is_paused=form.state == PAUSED,
            sequence=forms.sequences[form.record_type, fold(form.name)],
        )

    def rules(self, forms: DefinitionForms) -> tuple[AssignmentRule, ...]:
        """Those that are active."""
        found = [self._rule(form, form.record_type or DEFAULT_TYPE) for form in forms.rules]
        return tuple(
            rule for form, rule in zip(forms.rules, found, strict=True) if form.state == ACTIVE
        )

    def _rule(self, form: RuleForm, record_type: str) -> AssignmentRule:
        segment = form.segment
        return AssignmentRule(
            id=_rule_id(record_type, segment, form.name),
            name=form.name,
            segment_id=None if segment is None else _segment_id(record_type, segment),
            record_type=record_type,
            order=form.order or 1,
            active_since=_EVER,
            filter=self._filters.record_filter(form.filter, record_type, form.subject),
            created_within=_hours(form.created_within_hours),
            target=Target(form.assign_to),
            match=self._match(form, record_type),
            distribution=Distribution(form.distribution),
            uses_capacity=form.capacity,
            available_within=_hours(form.available_within_hours),
            on_no_seller=OnNoSeller(form.on_no_seller),
        )

    def _match(self, form: RuleForm, record_type: str) -> SellerMatch:
        target = Target(form.assign_to)
        subject = f"{form.subject}, attributes"
        tables = self._notes.tables
        record = None if tables is None else tables.schema(record_type)
        return SellerMatch(
            self._listed(form, target) if form.list else None,
            self._filters.seller_filter(
                form.seller_filter, target.table, record_type, f"{form.subject}, seller_filter"
            ),
            compile_placed(
                form.attributes,
                lambda tree: compile_attributes(tree, subject, record=record),
                self._notes.problems,
            ),
        )

    def _listed(self, form: RuleForm, target: Target) -> tuple[str, ...]:
        """The ids of those whom a list names."""
        names = self._people.names(target)
        return tuple(
            found for placed in form.list for found in self._meant(placed, names, form, target)
        )

    def _meant(
        self, placed: PlacedName, names: Mapping[str, str], form: RuleForm, target: Target
    ) -> Iterable[str]:
        if placed.name in names:
            return (placed.name,)
        meant = [own_id for own_id, name in names.items() if fold(name) == fold(placed.name)]
        if len(meant) == 1:
            return meant
        kind = "seller" if target is Target.SELLERS else target.value
        if meant:
            said = f"{len(meant)} {kind}s are named '{placed.name}': say the id"
            self._notes.problems.add(placed.place, f"{form.subject}: {said}", meant[0])
        else:
            known = [*names, *names.values()]
            said = f"there is no {kind} '{placed.name}'"
            suggestion = nearest(placed.name, known)
            self._notes.problems.add(placed.place, f"{form.subject}: {said}", suggestion)
        return ()


def _segment_id(record_type: str, name: str) -> SegmentId:
    return SegmentId(f"{record_type} {fold(name)}")


def _rule_id(record_type: str, segment: str | None, name: str) -> RuleId:
    """No name has a line's end in it, so that no two rules have one id."""
    return RuleId("\n".join((record_type, fold(segment or ""), fold(name))))


def _hours(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(hours=value)
