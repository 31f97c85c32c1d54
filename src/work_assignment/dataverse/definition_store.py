"""The rulebook read from Dataverse: active segments and rules, those they give to, settings."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta, tzinfo

from work_assignment.dataverse import definition_mapping
from work_assignment.dataverse.choices import RoundRobinScope as StoredScope
from work_assignment.dataverse.choices import SegmentStatus
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.definition_mapping import Language, read_names
from work_assignment.dataverse.errors import AccessDenied, InvalidRequest, NotFound
from work_assignment.dataverse.messages import Row
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    ORGANIZATION,
    SEGMENT,
    SETTING,
    SYSTEM_USER,
    Common,
    OrganizationColumn,
    RoutedColumn,
    SettingColumn,
)
from work_assignment.dataverse.people_store import PeopleStore, usable
from work_assignment.dataverse.queries import Filter, Query, eq, ne, or_
from work_assignment.dataverse.related_reader import RelatedReader
from work_assignment.dataverse.role_reader import RoleReader, Roles
from work_assignment.dataverse.schedule_store import broken_schedules
from work_assignment.dataverse.schemas import read_schema, wire_name
from work_assignment.dataverse.trigger_columns import OUR_COLUMNS, WHERE, read_trigger_columns
from work_assignment.domain.deciding.definitions import Definitions, define
from work_assignment.domain.deciding.related_paths import Reach, reach
from work_assignment.domain.deciding.triggers import usable_extra, watched
from work_assignment.domain.defining.notification_texts import read_notifications
from work_assignment.domain.defining.notifications import Notifications
from work_assignment.domain.defining.policy import FlapLimit, Policy, RoundRobinScope
from work_assignment.domain.defining.recipients import Target
from work_assignment.domain.defining.rules import AssignmentRule
from work_assignment.domain.defining.segments import Segment
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.conditions import record_columns
from work_assignment.domain.filtering.reckoning import FiscalPeriod, FiscalYear, Reckoning
from work_assignment.domain.filtering.rows import Rows
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.filtering.terms import Hierarchy
from work_assignment.domain.filtering.trees import Tree
from work_assignment.domain.hours.working_times import read_time_zone
from work_assignment.domain.runs.facts import Rulebook
from work_assignment.domain.text import fold

_DEFAULT_CAPACITY = 50
_ACTIVE = eq(Common.STATE, 0)
_SUNDAY = 6
_END_DATE = 2
_PERIODS = {period.value: period for period in FiscalPeriod}


class DefinitionStore:
    """Reads definitions; may be shared by sessions that read them anew at any time.

    `schemas` are those of every record type of a rulebook that was read here, each as read last:
    a session may still be at work with a rulebook whose types are not routed any more.
    `newest` is all that was read last.
    """

    def __init__(self, client: DataverseClient) -> None:
        self._client = client
        self._people = PeopleStore(client)
        self._reading = _Reading(client, self._people)
        self._lock = threading.Lock()
        self.schemas: Mapping[str, TableSchema] = {}
        self.newest: Rulebook | None = None

    def rulebook(self) -> Rulebook:
        """Read everything that decides; what cannot be used is kept as a fault of its own."""
        reading = _Reading(self._client, self._people)
        rulebook, routed = reading.rulebook()
        with self._lock:
            # Always another mapping: who looks at the old one sees it whole.
            self.schemas = {**self.schemas, **routed}
            self._reading = reading
            self.newest = rulebook
        return rulebook

    def table(self, name: str) -> TableSchema | None:
        """A table by its name, as of the last reading of the rulebook."""
        return self._reading.table(name)


class _Reading:
    """One reading of all definitions; `faults` is what cannot be used."""

    def __init__(self, client: DataverseClient, people: PeopleStore) -> None:
        self._client = client
        self._people = people
        self._tables: dict[str, TableSchema | None] = {}
        self.faults: list[DefinitionError] = []

    def rulebook(self) -> tuple[Rulebook, Mapping[str, TableSchema]]:
        """The rulebook, and the schemas of its record types."""
        setting = next(iter(self._rows(SETTING.entity_set)), {})
        reckoning = self._reckoning(setting)
        language = Language(self.table, reckoning)
        segments, rules, rule_rows = self._segments_and_rules(setting, language)
        types = sorted({s.record_type for s in segments} | {r.record_type for r in rules})
        routed = self._routed(types, setting)
        segments = [segment for segment in segments if segment.record_type in routed]
        rules = [rule for rule in rules if rule.record_type in routed]
        definitions = self._define(setting, segments, rules, rule_rows)
        self.faults += [entry.fault for entry in segments if entry.fault is not None]
        self.faults += [entry.fault for entry in rules if entry.fault is not None]
        reached = reach(definitions, self.table)
        watched_columns = self._watched(setting, definitions, reached, routed)
        notifications = self._notifications(setting)
        rulebook = Rulebook(
            stamp=str(setting.get(SettingColumn.DEFINITIONS_VERSION) or ""),
            definitions=definitions,
            columns={table: definitions.columns_read(table) for table in routed},
            faults=tuple(self.faults),
            labelled=_labelled(segments, rules),
            reach=reached,
            owner_column=setting.get(SettingColumn.OWNER_COLUMN) or None,
            score_column=setting.get(SettingColumn.SCORE_COLUMN) or None,
            zone=reckoning.zone,
            notifications=notifications,
            watched=watched_columns,
        )
        return rulebook, routed

    def _notifications(self, setting: Row) -> Notifications:
        """How people are told; where that cannot be read, in the app alone."""
        try:
            return read_notifications(setting.get(SettingColumn.NOTIFICATIONS))
        except DefinitionError as exc:
            self.faults.append(exc)
            return Notifications()

    def _watched(
        self, setting: Row, definitions: Definitions, reached: Reach, routed: Collection[str]
    ) -> Mapping[str, frozenset[str]]:
        """The change triggers; a column that cannot be one is a fault, and the others go on."""
        usable: Mapping[str, frozenset[str]] = {}
        try:
            extra = read_trigger_columns(setting)
            usable, faults = usable_extra(
                extra,
                reached,
                self.table,
                routed=routed,
                in_scope=_listed_types(setting),
                never=OUR_COLUMNS,
                where=WHERE,
            )
            self.faults += faults
        except DefinitionError as exc:
            self.faults.append(exc)
        return watched(
            definitions,
            reached,
            self.table,
            routed=routed,
            extra=usable,
            owner_column=setting.get(SettingColumn.OWNER_COLUMN) or None,
            never=OUR_COLUMNS,
        )

    def _rows(self, entity_set: str, filter_: Filter | None = None) -> list[Row]:
        return list(self._client.rows(Query(entity_set, filter=filter_)))

    def table(self, name: str) -> TableSchema | None:
        """A table by its name, read once."""
        if name not in self._tables:
            try:
                self._tables[name] = read_schema(self._client, name, with_labels=False)
            except (NotFound, InvalidRequest):
                self._tables[name] = None
        return self._tables[name]

    def _routed(self, types: Iterable[str], setting: Row) -> dict[str, TableSchema]:
        """The record types that are to be routed and prepared for it; why others are not is a fault."""
        where = "settings, record_types"
        in_scope = None
        try:
            in_scope = read_names(setting.get(SettingColumn.RECORD_TYPES), where)
        except DefinitionError as exc:
            self.faults.append(exc)
        needed = (RoutedColumn.SEGMENT.column, RoutedColumn.ASSIGNMENT_RESULT)
        owner = setting.get(SettingColumn.OWNER_COLUMN)
        found = {}
        for name in types:
            schema = self.table(name)
            if schema is None:
                problem = "there is no such table"
            elif in_scope and name not in in_scope:
                problem = f"{where} do not name it"
            elif missing := [c for c in (*needed, owner) if c and c not in schema.columns]:
                problem = f"the table lacks {' and '.join(missing)}"
            else:
                found[name] = schema
                continue
            self.faults.append(DefinitionError(f"record type {name} is not routed", problem))
        return found

    def _reckoning(self, setting: Row) -> Reckoning:
        organization = next(iter(self._rows(ORGANIZATION.entity_set)), {})
        name = setting.get(SettingColumn.EVALUATION_TIME_ZONE) or "UTC"
        zone: tzinfo = UTC
        try:
            zone = read_time_zone(name, "settings, evaluation_time_zone")
        except DefinitionError as exc:
            self.faults.append(exc)
        first_day = organization.get(OrganizationColumn.WEEK_START_DAY)
        week_start = _SUNDAY if first_day is None else (int(first_day) - 1) % 7
        return Reckoning(zone, week_start, _fiscal_year(organization))

    def _segments_and_rules(
        self, setting: Row, language: Language
    ) -> tuple[list[Segment], list[AssignmentRule], list[Row]]:
        takes_records = or_(_ACTIVE, eq(Common.STATUS, SegmentStatus.PAUSED))
        segment_rows = self._rows(SEGMENT.entity_set, takes_records)
        rule_rows = self._rows(ASSIGNMENT_RULE.entity_set, _ACTIVE)
        segments = usable(
            lambda row: definition_mapping.segment_from_row(row, language),
            segment_rows,
            self.faults,
        )
        self.faults += broken_schedules(segment_rows, language.reckoning.zone)
        rules = usable(
            lambda row: definition_mapping.rule_from_row(row, language), rule_rows, self.faults
        )
        if setting.get(SettingColumn.OWNER_COLUMN):
            rules = [_for_users_only(rule) for rule in rules]
        return segments, rules, rule_rows

    def _define(
        self,
        setting: Row,
        segments: list[Segment],
        rules: list[AssignmentRule],
        rule_rows: list[Row],
    ) -> Definitions:
        policy = self._policy(setting)
        roles = self._roles(policy, rules)
        given = setting.get(SettingColumn.DEFAULT_CAPACITY)
        sellers = self._people.sellers(
            self._table(SYSTEM_USER.logical_name),
            definition_mapping.columns_named(rule_rows, Target.SELLERS),
            _DEFAULT_CAPACITY if given is None else given,
            roles,
            self.faults,
        )
        wanted: dict[Target, tuple[TableSchema, Collection[str]]] = {
            target: (
                self._table(target.table),
                definition_mapping.columns_named(rule_rows, target),
            )
            for target in sorted({rule.target for rule in rules}, key=lambda t: t.value)
            if target is not Target.SELLERS
        }
        others = self._people.teams_and_queues(wanted, roles)
        known: dict[str, list[str]] = {SYSTEM_USER.logical_name: [s.id for s in sellers]}
        for other in others:
            known.setdefault(other.target.table, []).append(other.id)
        rows = self._around(define(segments, rules, sellers, others, policy), known)
        return define(segments, rules, sellers, others, policy, rows)

    def _around(self, definitions: Definitions, known: Mapping[str, list[str]]) -> Rows:
        """The trees that filters ask, and the related rows of those on sellers, teams and queues."""
        reader = RelatedReader(self._client, self._table)
        rows = reader.read(reach(definitions, self.table), known)
        trees: dict[str, Tree] = {}
        unread: dict[str, DefinitionError] = {}
        for hierarchy in definitions.hierarchies():
            try:
                trees[hierarchy.table] = self._tree(hierarchy)
            except AccessDenied as exc:
                unread[hierarchy.table] = DefinitionError(f"rows of {hierarchy.table}", str(exc))
        self.faults += [*rows.faults.values(), *unread.values()]
        return rows.with_others(Rows(trees=trees, faults=unread)) if trees or unread else rows

    def _tree(self, hierarchy: Hierarchy) -> Tree:
        """A whole table's tree, read once."""
        schema = self._table(hierarchy.table)
        parent = wire_name(hierarchy.parent, schema)
        query = Query(schema.entity_set, (parent,), ne(parent, None))
        rows = self._client.rows(query)
        return Tree({str(row[schema.primary_id]): str(row[parent]) for row in rows})

    def _table(self, name: str) -> TableSchema:
        schema = self.table(name)
        if schema is None:
            raise DefinitionError(f"table {name}", "it does not exist")
        return schema

    def _policy(self, setting: Row) -> Policy:
        where = "settings, eligible_roles"
        eligible: frozenset[str] | None = frozenset()  # nobody, as long as it cannot be read
        try:
            names = read_names(setting.get(SettingColumn.ELIGIBLE_ROLES), where)
            eligible = None if names is None else frozenset(map(fold, names))
        except DefinitionError as exc:
            self.faults.append(exc)
        by_rule = setting.get(SettingColumn.ROUND_ROBIN_SCOPE) == StoredScope.ASSIGNMENT_RULE
        return Policy(
            eligible_roles=eligible,
            round_robin_scope=RoundRobinScope.RULE if by_rule else RoundRobinScope.ORGANIZATION,
            keeps_self_created=bool(setting.get(SettingColumn.KEEP_SELF_CREATED)),
            flap_limit=_flap_limit(setting),
        )

    def _roles(self, policy: Policy, rules: Sequence[AssignmentRule]) -> Roles:
        types = sorted({rule.record_type for rule in rules})
        if not types:
            return Roles()
        asks_teams = policy.eligible_roles is not None and any(
            rule.target is Target.TEAM for rule in rules
        )
        try:
            privileges = {table: f"prvRead{table}" for table in types}
            return RoleReader(self._client).roles(privileges, of_teams=asks_teams)
        except AccessDenied as exc:
            # Without roles nobody is eligible where one is needed; Dataverse itself looks after reading.
            self.faults.append(DefinitionError("security roles", str(exc)))
            return Roles()


def _flap_limit(setting: Row) -> FlapLimit | None:
    """The limit of a row; without a row the usual one, and a row that was emptied has none."""
    if not setting:
        return FlapLimit()
    moves, hours = (
        setting.get(SettingColumn.FLAP_LIMIT_MOVES),
        setting.get(SettingColumn.FLAP_LIMIT_HOURS),
    )
    if moves is None or hours is None:
        return None
    return FlapLimit(int(moves), timedelta(hours=int(hours)))


def _listed_types(setting: Row) -> Sequence[str]:
    """The record types that settings list; none where the list cannot be read, which is told elsewhere."""
    try:
        return read_names(setting.get(SettingColumn.RECORD_TYPES), "") or ()
    except DefinitionError:
        return ()


def _for_users_only(rule: AssignmentRule) -> AssignmentRule:
    """A rule where owners go to a column of their own, which takes users alone."""
    if rule.target is not Target.TEAM or rule.fault is not None:
        return rule
    problem = "it gives to teams, which the settings' owner_column cannot hold"
    return replace(rule, fault=DefinitionError(f"rule '{rule.name}'", problem))


def _labelled(segments: Iterable[Segment], rules: Iterable[AssignmentRule]) -> frozenset[str]:
    """The record's columns that `$(column)` stands for, of which what people read may be meant."""
    filters = [segment.filter for segment in segments]
    for rule in rules:
        filters += [rule.filter, rule.match.columns, rule.match.attributes]
    return frozenset().union(*map(record_columns, filters))


def _fiscal_year(organization: Row) -> FiscalYear:
    period = organization.get(OrganizationColumn.FISCAL_PERIOD_TYPE) or 0
    start = str(organization.get(OrganizationColumn.FISCAL_CALENDAR_START) or "")[5:10]
    usual = FiscalYear()
    if not start:
        return usual
    return FiscalYear(
        start_month=int(start[:2]),
        start_day=int(start[3:]),
        period=_PERIODS.get(period, usual.period),
        named_after_end=organization.get(OrganizationColumn.FISCAL_YEAR_DISPLAY) == _END_DATE,
    )
