"""Actions on the options of choices: new ones, other labels, another order, and fewer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..entity_definitions.changes.addresses import find_choice, find_column, find_table
from ..entity_definitions.changes.members import Members
from ..entity_definitions.changes.options import next_value, read_option
from ..entity_definitions.changes.refusals import invalid, missing_member
from ..entity_definitions.journal import change_definitions
from ..requests.exchanges import Response, no_content
from ..tables.edits import with_choice, with_columns
from ..tables.labels import labels_of, merged, used_text
from ..tables.metadata import Catalog, Choice, Column, ColumnType, Option, Table
from .calls import Call

_WHERE = ("OptionSetName", "EntityLogicalName", "AttributeLogicalName", "SolutionUniqueName")
_WORDS = ("Value", "Label", "Description", "Color", "ExternalValue", "ParentValues")
_ONE_OR_SEVERAL = (ColumnType.PICKLIST, ColumnType.CHOICES)
_WITH_LABELS = (*_ONE_OR_SEVERAL, ColumnType.BOOLEAN, ColumnType.STATE, ColumnType.STATUS)
_REDUCIBLE = (*_ONE_OR_SEVERAL, ColumnType.STATUS)

Options = tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where options are: in a global choice, or in one column of a table."""

    choice: Choice | None
    table: Table | None = None
    column: Column | None = None

    @property
    def options(self) -> Options:
        found = self.choice or self.column
        return found.options if found is not None else ()

    @property
    def name(self) -> str:
        if self.choice is not None:
            return self.choice.name
        column, table = self.column, self.table
        return f"{column.logical_name} of {table.logical_name}" if column and table else ""

    def option(self, value: int) -> Option:
        found = next((option for option in self.options if option.value == value), None)
        if found is None:
            raise invalid(f"The option value {value} does not exist in {self.name}.")
        return found

    def with_options(self, catalog: Catalog, options: Options) -> Catalog:
        if self.choice is not None:
            return with_choice(catalog, replace(self.choice, options=options))
        if self.table is None or self.column is None:
            return catalog
        known = {option.value for option in options}
        default = self.column.default if self.column.default in known else None
        changed = replace(self.column, options=options, default=default)
        return with_columns(catalog, self.table.logical_name, (changed,))


def insert_option_value(call: Call) -> Response:
    """Add an option; the value follows the largest one if none is given."""
    members = _members(call, *_WORDS)
    return _inserted(call, members, _ONE_OR_SEVERAL, None)


def insert_status_value(call: Call) -> Response:
    """Add a status reason to a state."""
    members = _members(call, *_WORDS, "StateCode")
    state = members.optional_whole("StateCode")
    if state is None:
        raise missing_member(call.name, "StateCode")
    return _inserted(call, members, (ColumnType.STATUS,), state)


def update_option_value(call: Call) -> Response:
    """Replace the labels of an option."""
    members = _members(call, *_WORDS, "MergeLabels")
    value = _value(members)

    def change(place: _Place) -> Options:
        old = place.option(value)
        new = _relabelled(members, old)
        return tuple(new if option is old else option for option in place.options)

    return _changed(call, members, _WITH_LABELS, change)


def update_state_value(call: Call) -> Response:
    """Replace the labels of a state, and the status reason that it has by default."""
    members = _members(call, *_WORDS, "MergeLabels", "DefaultStatusCode")
    value, default = _value(members), members.optional_whole("DefaultStatusCode")

    def change(place: _Place) -> Options:
        old = place.option(value)
        new = _relabelled(members, old)
        if default is not None:
            _check_default(place, value, default)
            new = replace(new, default_status=default)
        return tuple(new if option is old else option for option in place.options)

    return _changed(call, members, (ColumnType.STATE,), change)


def delete_option_value(call: Call) -> Response:
    """Take an option away; rows that have its value keep it (Learn: Update or delete options)."""
    members = _members(call, "Value")
    value = _value(members)

    def change(place: _Place) -> Options:
        gone = place.option(value)
        rest = tuple(option for option in place.options if option is not gone)
        if gone.state is not None:
            _check_status_can_go(place, gone)
        return rest

    return _changed(call, members, _REDUCIBLE, change)


def order_option(call: Call) -> Response:
    """Put options into another order, which `Values` lists."""
    members = _members(call, "Values")
    values = members.body.get("Values")
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise invalid(f"The Values of {call.name} are {values}; they are an array of numbers.")

    def change(place: _Place) -> Options:
        by_value = {option.value: option for option in place.options}
        if sorted(values) != sorted(by_value):
            raise invalid(f"The Values {values} are not the values of all options of {place.name}.")
        return tuple(by_value[value] for value in values)

    return _changed(call, members, _ONE_OR_SEVERAL, change)


def _relabelled(members: Members, old: Option) -> Option:
    keeps_others = members.flag("MergeLabels")
    labels = merged(
        labels_of(old.labels, old.label), members.labels("Label"), keeps_others=keeps_others
    )
    descriptions = members.labels("Description")
    if descriptions:
        descriptions = merged(old.descriptions, descriptions, keeps_others=keeps_others)
    return replace(
        old,
        label=used_text(labels) or old.label,
        labels=labels or old.labels,
        descriptions=descriptions or old.descriptions,
        color=members.text("Color") or old.color,
        external_value=members.text("ExternalValue") or old.external_value,
    )


def _inserted(
    call: Call, members: Members, kinds: tuple[ColumnType, ...], state: int | None
) -> Response:
    added: list[int] = []

    def change(place: _Place) -> Options:
        given = members.optional_whole("Value")
        value = next_value(place.options) if given is None else given
        if any(option.value == value for option in place.options):
            raise invalid(f"The option value {value} exists already in {place.name}.")
        if state is not None:
            _check_state(place, state)
        added.append(value)
        return (*place.options, replace(read_option(members, value), state=state))

    _changed(call, members, kinds, change)
    return call.answer({"NewOptionValue": added[0]})


def _changed(
    call: Call,
    members: Members,
    kinds: tuple[ColumnType, ...],
    change: Callable[[_Place], Options],
) -> Response:
    def apply(db: sqlite3.Connection, catalog: Catalog) -> Catalog:
        place = _place(catalog, members, kinds)
        return place.with_options(catalog, change(place))

    change_definitions(call.session, apply)
    return no_content()


def _members(call: Call, *names: str) -> Members:
    return Members(call.arguments(*_WHERE, *names).body, call.name)


def _value(members: Members) -> int:
    value = members.optional_whole("Value")
    if value is None:
        raise missing_member(members.what, "Value")
    return value


def _place(catalog: Catalog, members: Members, kinds: tuple[ColumnType, ...]) -> _Place:
    """Find the options that a call means, in a column of one of these types or a global choice."""
    name = members.text("OptionSetName")
    if name is not None:
        return _Place(find_choice(catalog, f"Name='{name}'"))
    entity = members.required_text("EntityLogicalName")
    attribute = members.required_text("AttributeLogicalName")
    table = find_table(catalog, f"LogicalName='{entity}'")
    column = find_column(table, f"LogicalName='{attribute}'")
    if column.type not in kinds:
        raise invalid(
            f"{members.what} is not for {attribute} of {entity}, which is of the type {column.type}."
        )
    if column.global_choice in catalog.choices:
        raise invalid(
            f"The options of {attribute} of {entity} are those of the global choice"
            f" {column.global_choice}; name that as OptionSetName."
        )
    return _Place(None, table, column)


def _check_state(place: _Place, state: int) -> None:
    states = place.table.columns["statecode"].options if place.table is not None else ()
    if all(option.value != state for option in states):
        raise invalid(f"The StateCode {state} does not exist for {place.name}.")


def _check_default(place: _Place, state: int, default: int) -> None:
    reasons = place.table.columns["statuscode"].options if place.table is not None else ()
    if all((option.value, option.state) != (default, state) for option in reasons):
        raise invalid(f"The DefaultStatusCode {default} is no status reason of the state {state}.")


def _check_status_can_go(place: _Place, gone: Option) -> None:
    """Refuse to delete the status reason that a state has by default."""
    states = place.table.columns["statecode"].options if place.table is not None else ()
    if any(state.default_status == gone.value for state in states):
        raise invalid(
            f"The option value {gone.value} of {place.name} is the default of its state and cannot"
            " be deleted."
        )
