"""Settings as a folder writes them."""

from __future__ import annotations

from dataclasses import dataclass

from work_assignment.domain.definition_rows import SettingsRow
from work_assignment.domain.errors import DefinitionError, nearest
from work_assignment.domain.working_times import read_time_zone
from work_assignment.services.configuration.fields import LONGEST_HOURS, Fields
from work_assignment.services.configuration.filter_forms import json_text
from work_assignment.services.configuration.problems import Place, Problems
from work_assignment.services.configuration.segment_forms import RECORD_TYPES
from work_assignment.services.configuration.yaml_items import Item, ListItem, MapItem, ScalarItem

_KEYS = (
    "score_column",
    "round_robin_scope",
    "default_capacity",
    "eligible_roles",
    "record_types",
    "evaluation_time_zone",
    "keep_self_created",
    "flap_limit",
)
_FLAP_KEYS = ("moves", "hours")
_DEFAULTS = SettingsRow()


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """The settings, as the row that holds them, and the record types that they name."""

    place: Place
    row: SettingsRow
    record_types: tuple[str, ...] = RECORD_TYPES


def read_settings(item: MapItem, problems: Problems) -> SettingsForm:
    """Read the mapping under `settings`; keys that are absent have their defaults."""
    fields = Fields(item, "settings", _KEYS, problems)
    fields.refuse("score_column")
    if fields.flag("keep_self_created", default=False):
        fields.problem("keep_self_created", "'keep_self_created: true' is not supported")
    _check_roles(fields)
    record_types = _record_types(fields)
    moves, hours = _flap_limit(fields, problems)
    row = SettingsRow(
        default_capacity=fields.whole("default_capacity", _DEFAULTS.default_capacity, least=1),
        round_robin_scope=fields.word(
            "round_robin_scope", (_DEFAULTS.round_robin_scope,), ("assignment rule",)
        ),
        evaluation_time_zone=_time_zone(fields),
        record_types=json_text(record_types),
        flap_limit_moves=moves,
        flap_limit_hours=hours,
    )
    return SettingsForm(item.place, row, record_types)


def _check_roles(fields: Fields) -> None:
    item = fields.item("eligible_roles")
    if item is not None and not (isinstance(item, ScalarItem) and item.text == "all"):
        fields.problem("eligible_roles", "'eligible_roles' other than all is not supported")


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


def _record_types(fields: Fields) -> tuple[str, ...]:
    item = fields.item("record_types")
    if item is None:
        return RECORD_TYPES
    if not isinstance(item, ListItem) or not item.items:
        fields.problem("record_types", f"'record_types' is a list of {', '.join(RECORD_TYPES)}")
        return RECORD_TYPES
    return tuple(sorted({_record_type(part, fields) for part in item.items}))


def _record_type(item: Item, fields: Fields) -> str:
    name = item.text if isinstance(item, ScalarItem) else ""
    if name not in RECORD_TYPES:
        fields.problems.add(
            item.place,
            f"{fields.subject}: record type '{name}' is not supported",
            nearest(name, RECORD_TYPES),
        )
    return name


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
