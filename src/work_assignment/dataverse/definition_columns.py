"""Columns of the definitions' tables: rows read into values, and changes made into requests; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar, assert_never

from work_assignment.dataverse import messages
from work_assignment.dataverse.definition_choices import (
    ASSIGN_TO,
    DISTRIBUTION,
    MATCH,
    ON_NO_SELLER,
    ROUND_ROBIN_SCOPE,
    RULE_STATE,
    SEGMENT_STATE,
    SELLER_STATE,
    Choice,
    DistributionChoice,
    StateChoice,
)
from work_assignment.dataverse.mapping import moment
from work_assignment.dataverse.messages import Request, Row, bind, unbind
from work_assignment.dataverse.names import (
    ASSIGNMENT_RULE,
    SEGMENT,
    SELLER,
    SELLER_ATTRIBUTE,
    SELLER_ATTRIBUTE_VALUE,
    SELLER_ATTRIBUTE_VALUE_SYSTEM_USER,
    SETTING,
    SYSTEM_USER,
    AssignmentRuleColumn,
    Common,
    LookupName,
    SegmentColumn,
    SellerAttributeColumn,
    SellerAttributeValueColumn,
    SellerColumn,
    SettingColumn,
    TableName,
)
from work_assignment.domain.defining.definition_rows import (
    AttributeRow,
    Cell,
    Change,
    CreateRow,
    Kind,
    LinkValue,
    RuleRow,
    SegmentRow,
    SellerRow,
    SettingsRow,
    Stored,
    UnlinkValue,
    UpdateRow,
    ValueRow,
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """A lookup and the table it points at."""

    lookup: LookupName
    table: TableName

    def write(self, row_id: Cell) -> dict[str, Any]:
        navigation = self.lookup.navigation
        if row_id is None:
            return unbind(navigation)
        return dict(bind(navigation, self.table.entity_set, str(row_id)))


_Column = str | Choice | DistributionChoice | StateChoice | Pointer

_TABLES: dict[Kind, tuple[TableName, dict[str, _Column]]] = {
    Kind.SEGMENT: (
        SEGMENT,
        {
            "name": SegmentColumn.NAME,
            "record_type": SegmentColumn.RECORD_TYPE,
            "priority": SegmentColumn.PRIORITY,
            "state": SEGMENT_STATE,
            "filter": SegmentColumn.FILTER,
            "allow_move_in": SegmentColumn.ALLOW_MOVE_IN,
            "reassign_on_move": SegmentColumn.REASSIGN_ON_MOVE,
            "activated_on": SegmentColumn.ACTIVATED_ON,
            "description": SegmentColumn.DESCRIPTION,
            "schedule": SegmentColumn.SCHEDULE,
            "manager_id": Pointer(SegmentColumn.MANAGER, SYSTEM_USER),
        },
    ),
    Kind.RULE: (
        ASSIGNMENT_RULE,
        {
            "name": AssignmentRuleColumn.NAME,
            "record_type": AssignmentRuleColumn.RECORD_TYPE,
            "segment_id": Pointer(AssignmentRuleColumn.SEGMENT, SEGMENT),
            "order": AssignmentRuleColumn.EVALUATION_ORDER,
            "state": RULE_STATE,
            "filter": AssignmentRuleColumn.FILTER,
            "created_within_hours": AssignmentRuleColumn.CREATED_WITHIN_HOURS,
            "assign_to": ASSIGN_TO,
            "match": MATCH,
            "list": AssignmentRuleColumn.SELLER_LIST,
            "seller_filter": AssignmentRuleColumn.SELLER_FILTER,
            "attributes": AssignmentRuleColumn.ATTRIBUTE_FILTER,
            "distribution": DISTRIBUTION,
            "capacity": AssignmentRuleColumn.USE_CAPACITY,
            "available_within_hours": AssignmentRuleColumn.AVAILABLE_WITHIN_HOURS,
            "on_no_seller": ON_NO_SELLER,
            "activated_on": AssignmentRuleColumn.ACTIVATED_ON,
            "description": AssignmentRuleColumn.DESCRIPTION,
        },
    ),
    Kind.SELLER: (
        SELLER,
        {
            "name": SellerColumn.NAME,
            "user_id": Pointer(SellerColumn.SYSTEM_USER, SYSTEM_USER),
            "state": SELLER_STATE,
            "takes_assignments": SellerColumn.TAKES_ASSIGNMENTS,
            "max_capacity": SellerColumn.MAX_CAPACITY,
            "working_hours": SellerColumn.WORKING_HOURS,
            "time_off": SellerColumn.TIME_OFF,
        },
    ),
    Kind.ATTRIBUTE: (SELLER_ATTRIBUTE, {"name": SellerAttributeColumn.NAME}),
    Kind.VALUE: (
        SELLER_ATTRIBUTE_VALUE,
        {
            "name": SellerAttributeValueColumn.NAME,
            "attribute_id": Pointer(SellerAttributeValueColumn.SELLER_ATTRIBUTE, SELLER_ATTRIBUTE),
        },
    ),
    Kind.SETTINGS: (
        SETTING,
        {
            "name": SettingColumn.NAME,
            "default_capacity": SettingColumn.DEFAULT_CAPACITY,
            "round_robin_scope": ROUND_ROBIN_SCOPE,
            "evaluation_time_zone": SettingColumn.EVALUATION_TIME_ZONE,
            "eligible_roles": SettingColumn.ELIGIBLE_ROLES,
            "record_types": SettingColumn.RECORD_TYPES,
            "keep_self_created": SettingColumn.KEEP_SELF_CREATED,
            "score_column": SettingColumn.SCORE_COLUMN,
            "owner_column": SettingColumn.OWNER_COLUMN,
            "flap_limit_moves": SettingColumn.FLAP_LIMIT_MOVES,
            "flap_limit_hours": SettingColumn.FLAP_LIMIT_HOURS,
            "keep_runs_days": SettingColumn.KEEP_RUNS_DAYS,
            "sweep_limit": SettingColumn.SWEEP_LIMIT,
            "notifications": SettingColumn.NOTIFICATIONS,
            "trigger_columns": SettingColumn.TRIGGER_COLUMNS,
            "definitions_version": SettingColumn.DEFINITIONS_VERSION,
        },
    ),
}


def _read_names(column: _Column) -> tuple[str, ...]:
    match column:
        case str():
            return (column,)
        case Choice() | DistributionChoice():
            return (column.column,)
        case StateChoice():
            return (Common.STATE, Common.STATUS)
        case Pointer():
            return (column.lookup.value,)
    assert_never(column)


SELECTED: dict[TableName, tuple[str, ...]] = {
    table: (
        table.primary_id,
        *(name for column in columns.values() for name in _read_names(column)),
    )
    for table, columns in _TABLES.values()
}
"""What has to be read of each table."""


def _cell(row: Row, column: _Column) -> Any:
    match column:
        case str():
            return row.get(column)
        case Choice() | DistributionChoice() | StateChoice():
            return column.word(row)
        case Pointer():
            value = row.get(column.lookup.value)
            return None if value is None else str(value).lower()
    assert_never(column)


def _text(value: object) -> str:
    return "" if value is None else str(value)


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("name", "record_type", "user_id", "attribute_id"), _text),
    **dict.fromkeys(("allow_move_in", "reassign_on_move", "capacity", "keep_self_created"), bool),
    "takes_assignments": lambda value: value is None or bool(value),
    "keep_runs_days": lambda value: SettingsRow().keep_runs_days if value is None else value,
    "activated_on": lambda value: moment(value) if value else None,
}


def _values(row: Row, kind: Kind) -> dict[str, Any]:
    """The row's cells; an empty two-option column counts as its default, an empty text as nothing."""
    _, columns = _TABLES[kind]
    cells = {name: _cell(row, column) for name, column in columns.items()}
    return {
        name: _CONVERT[name](value) if name in _CONVERT else (None if value == "" else value)
        for name, value in cells.items()
    }


RowT = TypeVar("RowT")


def _stored(row: Row, kind: Kind, make: Callable[..., RowT]) -> Stored[RowT]:
    table, _ = _TABLES[kind]
    return Stored(row[table.primary_id], row["@odata.etag"], make(**_values(row, kind)))


def segment_row(row: Row) -> Stored[SegmentRow]:
    return _stored(row, Kind.SEGMENT, SegmentRow)


def rule_row(row: Row) -> Stored[RuleRow]:
    return _stored(row, Kind.RULE, RuleRow)


def seller_row(row: Row) -> Stored[SellerRow]:
    return _stored(row, Kind.SELLER, SellerRow)


def attribute_row(row: Row) -> Stored[AttributeRow]:
    return _stored(row, Kind.ATTRIBUTE, AttributeRow)


def value_row(row: Row) -> Stored[ValueRow]:
    return _stored(row, Kind.VALUE, ValueRow)


def settings_row(row: Row) -> Stored[SettingsRow]:
    return _stored(row, Kind.SETTINGS, SettingsRow)


def requests_for(change: Change) -> list[Request]:
    """The requests that carry out one change, in order."""
    match change:
        case CreateRow():
            return _create(change)
        case UpdateRow(kind, row_id, columns, version):
            body = _body(kind, columns)
            return [messages.update(_entity_set(kind), row_id, body, version=version or "*")]
        case LinkValue(value_id, user_id):
            return [
                messages.associate(
                    SELLER_ATTRIBUTE_VALUE.entity_set,
                    value_id,
                    SELLER_ATTRIBUTE_VALUE_SYSTEM_USER,
                    SYSTEM_USER.entity_set,
                    user_id,
                )
            ]
        case UnlinkValue(value_id, user_id):
            return [
                messages.disassociate(
                    SELLER_ATTRIBUTE_VALUE.entity_set,
                    value_id,
                    SELLER_ATTRIBUTE_VALUE_SYSTEM_USER,
                    user_id,
                )
            ]
    assert_never(change)


def _create(change: CreateRow) -> list[Request]:
    """Rows are born active; one that is not to be is changed at once."""
    kind = change.row.kind
    values = {field.name: getattr(change.row, field.name) for field in fields(change.row)}
    state = values.pop("state", "active")
    given = {name: value for name, value in values.items() if value is not None}
    requests = [messages.create(_entity_set(kind), _body(kind, given), row_id=change.id)]
    if state != "active":
        body = _body(kind, {"state": state})
        requests.append(messages.update(_entity_set(kind), change.id, body, version="*"))
    return requests


def _entity_set(kind: Kind) -> str:
    return _TABLES[kind][0].entity_set


def _body(kind: Kind, values: Mapping[str, Cell]) -> dict[str, Any]:
    _, columns = _TABLES[kind]
    body: dict[str, Any] = {}
    for name, value in values.items():
        match columns[name]:
            case str() as column:
                body[column] = value
            case DistributionChoice() as choice:
                body |= choice.write(value, values["assign_to"])
            case column:
                body |= column.write(value)
    return body
