"""Columns and choices of an unpacked solution: `<attribute>` and `<optionset>` elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..metadata import Column, ColumnType, DateBehavior, Option
from ..system_columns import ACTIVE_INACTIVE, State
from .xml_files import Node

OptionSets = Mapping[str, tuple[Option, ...]]

_TYPES = {
    "primarykey": ColumnType.UNIQUEIDENTIFIER,
    "nvarchar": ColumnType.STRING,
    "ntext": ColumnType.MEMO,
    "int": ColumnType.INTEGER,
    "bigint": ColumnType.BIGINT,
    "decimal": ColumnType.DECIMAL,
    "float": ColumnType.DOUBLE,
    "money": ColumnType.MONEY,
    "bit": ColumnType.BOOLEAN,
    "picklist": ColumnType.PICKLIST,
    "multiselectpicklist": ColumnType.CHOICES,
    "datetime": ColumnType.DATETIME,
    "lookup": ColumnType.LOOKUP,
    "uniqueidentifier": ColumnType.UNIQUEIDENTIFIER,
}
_BEHAVIORS = {
    "1": DateBehavior.USER_LOCAL,
    "2": DateBehavior.DATE_ONLY,
    "3": DateBehavior.TIME_ZONE_INDEPENDENT,
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """An `<attribute>` that is a column of ours; a lookup gets its targets from relationships."""

    node: Node
    column: Column


def read_options(option_set: Node) -> tuple[Option, ...]:
    """Read the options of a local or global choice."""
    options = []
    for option in option_set.children("options/option", "value"):
        value = _value_of(option, "value")
        label = option.label("labels/label")
        options.append(Option(value, label if label is not None else str(value)))
    return tuple(options)


def read_attribute(node: Node, option_sets: OptionSets) -> Attribute:
    """Read one column."""
    type_name = node.text("Type")
    if type_name not in _TYPES:
        raise node.error(f"columns of type {type_name} are not supported")
    logical_name = node.text("LogicalName")
    column = Column(
        logical_name=logical_name,
        schema_name=node.attribute("PhysicalName"),
        type=_TYPES[type_name],
        label=node.label("displaynames/displayname") or logical_name,
        system_required=node.text("RequiredLevel") == "systemrequired",
        is_primary_id=type_name == "primarykey",
        is_primary_name="PrimaryName" in (node.optional_text("DisplayMask") or "").split("|"),
        valid_for_create=node.flag("ValidForCreateApi", default=True),
        valid_for_update=node.flag("ValidForUpdateApi", default=True),
        valid_for_read=node.flag("ValidForReadApi", default=True),
        **_details(node, _TYPES[type_name], option_sets),
    )
    return Attribute(node, column)


def read_states(state: Node | None, status: Node | None) -> tuple[State, ...]:
    """Read states with their status reasons; what the solution does not say is Active and Inactive."""
    if status is None:
        return ACTIVE_INACTIVE
    labels = {s.value: s.label for s in ACTIVE_INACTIVE} | _state_labels(state)
    reasons: dict[int, list[tuple[int, str]]] = {value: [] for value in labels}
    for reason in status.children("optionset/statuses/status", "value"):
        owner = _value_of(reason, "state")
        if owner not in reasons:
            raise reason.error(f"there is no state {owner}")
        value = _value_of(reason, "value")
        reasons[owner].append((value, reason.label("labels/label") or str(value)))
    for value, found in reasons.items():
        if not found:
            raise status.error(f"the state {value} has no status reason")
    return tuple(State(value, labels[value], tuple(reasons[value])) for value in labels)


def _state_labels(state: Node | None) -> dict[int, str]:
    if state is None:
        return {}
    return {
        _value_of(node, "value"): node.label("labels/label") or node.attribute("value")
        for node in state.children("optionset/states/state", "value")
    }


def _value_of(node: Node, attribute: str) -> int:
    value = node.attribute(attribute)
    try:
        return int(value)
    except ValueError:
        raise node.error(f"{attribute} is no whole number: {value}") from None


def _details(node: Node, kind: ColumnType, option_sets: OptionSets) -> dict[str, Any]:
    read = _DETAILS.get(kind)
    return read(node, option_sets) if read else {}


def _text_details(node: Node, option_sets: OptionSets) -> dict[str, Any]:
    length = node.integer("MaxLength")
    if length is None:
        raise node.error("<MaxLength> is missing or empty")
    return {"max_length": length}


def _number_details(node: Node, option_sets: OptionSets) -> dict[str, Any]:
    precision = node.integer("Accuracy")
    if precision is None:
        precision = node.integer("Precision")
    return {
        "minimum": node.number("MinValue"),
        "maximum": node.number("MaxValue"),
        "precision": 2 if precision is None else precision,
    }


def _integer_details(node: Node, option_sets: OptionSets) -> dict[str, Any]:
    return {"minimum": node.number("MinValue"), "maximum": node.number("MaxValue")}


def _boolean_details(node: Node, option_sets: OptionSets) -> dict[str, Any]:
    options = read_options(node.child("optionset"))
    if {option.value for option in options} != {0, 1}:
        raise node.error("a yes/no column needs exactly the options 0 and 1")
    return {"options": options, "default": node.integer("AppDefaultValue") == 1}


def _choice_details(node: Node, option_sets: OptionSets) -> dict[str, Any]:
    shared = node.optional_text("OptionSetName")
    if shared is not None and shared not in option_sets:
        raise node.error(f"there is no OptionSets/{shared}.xml")
    options = option_sets[shared] if shared else read_options(node.child("optionset"))
    default = node.integer("AppDefaultValue")
    known = any(option.value == default for option in options)
    return {
        "options": options,
        "default": default if known else None,
        "global_choice": shared,
    }


def _choices_details(node: Node, option_sets: OptionSets) -> dict[str, Any]:
    """Read the options of a choices column, which has no default."""
    return _choice_details(node, option_sets) | {"default": None}


def _datetime_details(node: Node, option_sets: OptionSets) -> dict[str, Any]:
    behavior = node.optional_text("Behavior") or "1"
    if behavior not in _BEHAVIORS:
        raise node.error(f"<Behavior> is none of 1, 2, 3: {behavior}")
    return {
        "date_behavior": _BEHAVIORS[behavior],
        "date_only_format": node.optional_text("Format") == "date",
    }


_DETAILS: dict[ColumnType, Callable[[Node, OptionSets], dict[str, Any]]] = {
    ColumnType.STRING: _text_details,
    ColumnType.MEMO: _text_details,
    ColumnType.INTEGER: _integer_details,
    ColumnType.DECIMAL: _number_details,
    ColumnType.DOUBLE: _number_details,
    ColumnType.MONEY: _number_details,
    ColumnType.BOOLEAN: _boolean_details,
    ColumnType.PICKLIST: _choice_details,
    ColumnType.CHOICES: _choices_details,
    ColumnType.DATETIME: _datetime_details,
}
