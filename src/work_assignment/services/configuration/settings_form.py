"""Settings as a folder writes them."""

from __future__ import annotations

from dataclasses import dataclass

from work_assignment.domain.defining.definition_rows import SettingsRow
from work_assignment.domain.errors import DefinitionError
from work_assignment.domain.hours.working_times import read_time_zone
from work_assignment.services.configuration.fields import LONGEST_HOURS, NONE, Fields, read_text
from work_assignment.services.configuration.filter_texts import json_text
from work_assignment.services.configuration.notification_form import (
    NotificationForm,
    read_notification_form,
)
from work_assignment.services.configuration.problems import Place, PlacedName, Problems
from work_assignment.services.configuration.segment_forms import check_logical_name
from work_assignment.services.configuration.trigger_columns import (
    TableTriggers,
    read_trigger_columns,
    trigger_text,
)
from work_assignment.services.configuration.yaml_items import MapItem, ScalarItem

DEFAULT_RECORD_TYPES = ("lead", "opportunity")
_ALL = "all"
_KEYS = (
    "score_column",
    "round_robin_scope",
    "default_capacity",
    "eligible_roles",
    "record_types",
    "evaluation_time_zone",
    "keep_self_created",
    "flap_limit",
    "owner_column",
    "keep_runs_days",
    "sweep_limit",
    "trigger_columns",
    "notifications",
)
_SCOPES = ("organization", "assignment rule")
_ALSO_SCOPES = {
    "organisation": "organization",
    "per organization": "organization",
    "per organisation": "organization",
    "rule": "assignment rule",
    "per rule": "assignment rule",
    "assignmentrule": "assignment rule",
}
_LONGEST_LIST = 4_000
_FLAP_KEYS = ("moves", "hours")
_LONGEST_KEPT = 36_500
_DEFAULTS = SettingsRow()


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """The settings, as the row that holds them, and what they name, with its places.

    `eligible_roles` None is all; in the row they are only when they are known to exist, as
    `notifications` are.
    """

    place: Place
    row: SettingsRow
    record_types: tuple[PlacedName, ...]
    eligible_roles: tuple[PlacedName, ...] | None
    score_column_place: Place
    owner_column_place: Place
    triggers: tuple[TableTriggers, ...]
    notifications: NotificationForm | None = None


def read_settings(item: MapItem, problems: Problems) -> SettingsForm:
    """Read the mapping under `settings`; keys that are absent have their defaults."""
    fields = Fields(item, "settings", _KEYS, problems)
    record_types = _record_types(fields)
    moves, hours = _flap_limit(fields, problems)
    triggers = read_trigger_columns(fields)
    row = SettingsRow(
        default_capacity=fields.whole("default_capacity", _DEFAULTS.default_capacity, least=1),
        round_robin_scope=fields.word("round_robin_scope", _SCOPES, also=_ALSO_SCOPES),
        evaluation_time_zone=_time_zone(fields),
        record_types=json_text(sorted({placed.name for placed in record_types})),
        keep_self_created=fields.flag("keep_self_created", default=False),
        score_column=fields.name("score_column"),
        owner_column=fields.name("owner_column"),
        flap_limit_moves=moves,
        flap_limit_hours=hours,
        keep_runs_days=_days_kept(fields),
        sweep_limit=fields.whole("sweep_limit", least=1),
        trigger_columns=trigger_text(triggers, fields.place_of("trigger_columns"), problems),
    )
    check_listed_length(row.record_types, "record_types", fields.place_of("record_types"), problems)
    return SettingsForm(
        item.place,
        row,
        record_types,
        None if fields.says("eligible_roles", _ALL) else _roles(fields),
        fields.place_of("score_column"),
        fields.place_of("owner_column"),
        triggers,
        read_notification_form(fields),
    )


def check_listed_length(text: str | None, key: str, place: Place, problems: Problems) -> None:
    """Note a list of names that does not fit into its column."""
    if text is not None and len(text) > _LONGEST_LIST:
        problems.add(place, f"settings: '{key}' is longer than the column that holds it")


def _roles(fields: Fields) -> tuple[PlacedName, ...] | None:
    item = fields.item("eligible_roles")
    if item is None:
        return None
    if fields.says("eligible_roles", NONE):
        fields.problem("eligible_roles", "'eligible_roles' is all or a list, not 'none'")
        return None
    if isinstance(item, ScalarItem):
        name = read_text(item, f"{fields.subject}: 'eligible_roles'", fields.problems, longest=200)
        return (PlacedName(item.place, name),)
    return fields.names("eligible_roles")


def _record_types(fields: Fields) -> tuple[PlacedName, ...]:
    if fields.item("record_types") is None:
        return tuple(PlacedName(fields.place, name) for name in DEFAULT_RECORD_TYPES)
    found = fields.names("record_types")
    for placed in found:
        check_logical_name(placed.name, placed.place, fields.subject, fields.problems)
    return found


def _time_zone(fields: Fields) -> str | None:
    item = fields.item("evaluation_time_zone")
    if item is None:
        return _DEFAULTS.evaluation_time_zone
    name = item.text if isinstance(item, ScalarItem) else ""
    try:
        read_time_zone(name, fields.subject)
    except DefinitionError as exc:
        fields.problem(
            "evaluation_time_zone", f"'evaluation_time_zone': {exc.problem}", exc.suggestion
        )
    return name


def _days_kept(fields: Fields) -> int:
    kept = _DEFAULTS.keep_runs_days
    return fields.whole("keep_runs_days", kept, least=1, most=_LONGEST_KEPT) or kept


def _flap_limit(fields: Fields, problems: Problems) -> tuple[int | None, int | None]:
    item = fields.item("flap_limit")
    moves, hours = _DEFAULTS.flap_limit_moves, _DEFAULTS.flap_limit_hours
    if item is None:
        return moves, hours
    if not isinstance(item, MapItem):
        fields.problem("flap_limit", "'flap_limit' is a mapping of moves and hours")
        return moves, hours
    inner = Fields(item, "settings, flap_limit", _FLAP_KEYS, problems)
    return (
        inner.whole("moves", moves, least=1),
        inner.whole("hours", hours, least=1, most=LONGEST_HOURS),
    )
