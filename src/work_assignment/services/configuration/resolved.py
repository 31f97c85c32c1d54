"""Everything that a folder names, looked up in Dataverse; what is not there is noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from work_assignment.domain.defining.definition_rows import (
    RuleRow,
    SegmentRow,
    SettingsRow,
    StoredDefinitions,
    UserRow,
)
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.filtering.schemas import TableSchema
from work_assignment.domain.hours.working_times import read_time_zone
from work_assignment.domain.text import fold
from work_assignment.services.configuration import scope
from work_assignment.services.configuration.filter_forms import PlacedFilter
from work_assignment.services.configuration.filter_resolution import FilterAsked, FilterResolver
from work_assignment.services.configuration.filter_texts import json_text
from work_assignment.services.configuration.folder import Forms
from work_assignment.services.configuration.holdings import Holdings, held_in_dataverse
from work_assignment.services.configuration.notification_form import stored_text
from work_assignment.services.configuration.ports import ConfigurationStore
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.resolution import (
    NameAsked,
    attribute_text,
    find_rows,
    find_users,
    known_names,
)
from work_assignment.services.configuration.rule_forms import RuleForm
from work_assignment.services.configuration.segment_forms import SegmentForm
from work_assignment.services.configuration.seller_forms import SellerForm
from work_assignment.services.configuration.settings_form import check_listed_length
from work_assignment.services.configuration.trigger_columns import (
    check_trigger_columns,
    tables_reached,
)

_TABLES = {"sellers": scope.USERS, "team": "team", "queue": "queue"}
"""Whose columns a rule's seller filter is about, by whom it assigns to."""
_ROLES = "role"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a folder's names stand for.

    `sellers` are forms and users by user id; `ids` are those of users, teams and queues by whom a
    rule assigns to and the folded name; `texts` are filters as they are stored.
    """

    users: Mapping[str, UserRow]
    sellers: Mapping[str, tuple[SellerForm, UserRow]]
    holdings: Holdings
    ids: Mapping[tuple[str, str], str]
    texts: Mapping[FilterAsked, str | None]
    attribute_texts: Mapping[RuleForm, str]
    settings: SettingsRow | None

    def filter_text(self, form: SegmentForm | RuleForm) -> str | None:
        """The form's filter on records, as it is stored."""
        asked = _record_filter(form)
        return None if asked is None else self.texts[asked]

    def seller_filter_text(self, rule: RuleForm) -> str | None:
        """The rule's filter on sellers, teams or queues, as it is stored."""
        asked = _seller_filter(rule)
        return None if asked is None else self.texts[asked]

    def manager_id(self, form: SegmentForm) -> str | None:
        """The user who manages the segment."""
        return None if form.manager is None else self.users[form.manager.name.casefold()].id

    def list_text(self, rule: RuleForm) -> str | None:
        """The rule's list as it is stored: ids."""
        listed = {self.ids[rule.assign_to, fold(placed.name)] for placed in rule.list}
        return json_text(sorted(listed)) if listed else None


def resolve(
    forms: Forms, stored: StoredDefinitions, store: ConfigurationStore, problems: Problems
) -> Resolved:
    """Look everything up, in as few questions as it takes."""
    users = find_users(_users_asked(forms), store, problems)
    holdings = (
        held_in_dataverse(stored) if forms.sellers is None else Holdings.of(forms.sellers, users)
    )
    _check_scope(forms, stored, store, problems)
    asked = list(_filters_asked(forms))
    resolver = FilterResolver(asked, store, _zone(forms, stored), problems)
    texts = {one: resolver.fetchxml(one) for one in asked}
    _check_triggers(forms, stored, texts, store, problems)
    return Resolved(
        users,
        _seller_users(forms.sellers or (), users, problems),
        holdings,
        _ids(forms, users, store, problems),
        texts,
        {
            form: attribute_text(
                form.attributes,
                f"{form.subject}, attributes",
                holdings.known,
                store.schema(form.record_type or ""),
                problems,
            )
            for form in forms.rules or ()
            if form.attributes is not None
        },
        _settings_row(forms, store, problems),
    )


def _check_scope(
    forms: Forms, stored: StoredDefinitions, store: ConfigurationStore, problems: Problems
) -> None:
    """Check the tables that the folder is about, and the columns that settings name."""
    rules, settings = forms.rules or (), forms.settings
    defined = _defined(forms)
    row = settings.row if settings else stored.settings.row if stored.settings else SettingsRow()
    if settings is None:
        scope.check_forms(defined, scope.record_types_in(row), problems)
    else:
        scope.check_left_out(settings, _staying(forms, stored), problems)
    asked = scope.record_types_asked(settings, defined, scope.record_types_in(row))
    facts = scope.check_tables(asked, store, problems)
    schemas = _schemas(facts, store)
    scope.check_queue_rules(rules, facts, problems)
    scope.check_team_rules(rules, row.owner_column, schemas, problems)
    if settings is not None:
        scope.check_score_column(settings, list(schemas.values()), problems)
        scope.check_owner_column(settings, list(schemas.values()), problems)


def _check_triggers(
    forms: Forms,
    stored: StoredDefinitions,
    texts: Mapping[FilterAsked, str | None],
    store: ConfigurationStore,
    problems: Problems,
) -> None:
    """Check the trigger columns against the tables that are routed or that filters lead to."""
    if forms.settings is None or not forms.settings.triggers:
        return
    followed = {placed.name for placed in forms.settings.record_types}
    for asked, text in texts.items():
        if asked.table == asked.record_type or "$(" in (text or ""):
            followed |= tables_reached(text, asked.table, store.schema)
    for row in _staying(forms, stored):
        followed |= tables_reached(row.filter, row.record_type, store.schema)
    check_trigger_columns(
        forms.settings.triggers, followed, store.schema, store.table_names(), problems
    )


def _defined(forms: Forms) -> list[SegmentForm | RuleForm]:
    return [*(forms.segments or ()), *(forms.rules or ())]


def _staying(forms: Forms, stored: StoredDefinitions) -> Iterator[SegmentRow | RuleRow]:
    """The definitions in Dataverse that the folder leaves as they are."""
    if forms.segments is None:
        yield from (one.row for one in stored.segments)
    if forms.rules is None:
        yield from (one.row for one in stored.rules)


def _schemas(tables: Mapping[str, object], store: ConfigurationStore) -> dict[str, TableSchema]:
    found = {table: store.schema(table) for table in sorted(tables)}
    return {table: schema for table, schema in found.items() if schema is not None}


def _settings_row(
    forms: Forms, store: ConfigurationStore, problems: Problems
) -> SettingsRow | None:
    """The settings with the roles that exist; None when the folder has no settings."""
    settings = forms.settings
    if settings is None:
        return None
    told = stored_text(settings.notifications, store, problems)
    row = replace(settings.row, notifications=told)
    if settings.eligible_roles is None:
        return row
    roles = known_names(
        settings.eligible_roles, store.names(_ROLES), "settings", "security role", problems
    )
    text = json_text(roles)
    if settings.eligible_roles:
        place = settings.eligible_roles[0].place
        check_listed_length(text, "eligible_roles", place, problems)
    return replace(row, eligible_roles=text)


def _users_asked(forms: Forms) -> Iterator[NameAsked]:
    for seller in forms.sellers or ():
        yield NameAsked(seller.place, seller.user, seller.subject)
    for segment in forms.segments or ():
        if segment.manager is not None:
            where = f"{segment.subject}, manager"
            yield NameAsked(segment.manager.place, segment.manager.name, where)
    yield from _listed(forms, "sellers")


def _listed(forms: Forms, assign_to: str) -> Iterator[NameAsked]:
    for rule in forms.rules or ():
        if rule.assign_to == assign_to:
            for placed in rule.list:
                yield NameAsked(placed.place, placed.name, rule.subject)


def _ids(
    forms: Forms, users: Mapping[str, UserRow], store: ConfigurationStore, problems: Problems
) -> dict[tuple[str, str], str]:
    found = {
        ("sellers", fold(one.name)): users[one.name.casefold()].id
        for one in _listed(forms, "sellers")
        if one.name.casefold() in users
    }
    for assign_to in ("team", "queue"):
        rows = find_rows(_TABLES[assign_to], _listed(forms, assign_to), store, problems)
        found |= {(assign_to, name): row_id for name, row_id in rows.items()}
    return found


def _seller_users(
    forms: tuple[SellerForm, ...], users: Mapping[str, UserRow], problems: Problems
) -> dict[str, tuple[SellerForm, UserRow]]:
    """The sellers by user id; one user cannot be two sellers under two names."""
    found: dict[str, tuple[SellerForm, UserRow]] = {}
    for form in forms:
        user = users.get(form.user.casefold())
        if user is None:
            continue
        if user.id in found:
            other: Place = found[user.id][0].place
            problems.add(form.place, f"{form.subject}: is the same user as the seller at {other}")
        found.setdefault(user.id, (form, user))
    return found


def _filters_asked(forms: Forms) -> Iterator[FilterAsked]:
    for form in _defined(forms):
        asked = _record_filter(form)
        if asked is not None:
            yield asked
    for rule in forms.rules or ():
        asked = _seller_filter(rule)
        if asked is not None:
            yield asked


def _record_filter(form: SegmentForm | RuleForm) -> FilterAsked | None:
    table = form.record_type or ""
    return _asked(table, table, form.filter, form.subject)


def _seller_filter(rule: RuleForm) -> FilterAsked | None:
    subject = f"{rule.subject}, seller_filter"
    return _asked(_TABLES[rule.assign_to], rule.record_type or "", rule.seller_filter, subject)


def _asked(
    table: str, record_type: str, placed: PlacedFilter | None, subject: str
) -> FilterAsked | None:
    return None if placed is None else FilterAsked(table, record_type, placed, subject)


def _zone(forms: Forms, stored: StoredDefinitions) -> tzinfo:
    """The time zone that dates in filters are meant in."""
    row = forms.settings.row if forms.settings else stored.settings.row if stored.settings else None
    try:
        return read_time_zone((row and row.evaluation_time_zone) or "UTC", "settings")
    except DefinitionError:
        return UTC  # stored by somebody else; the rulebook's reader says so and does the same
