"""Notes which definitions a change creates, changes and deletes, down to labels and options."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..requests.sessions import ChangeOfDefinitions, Session
from ..storage.definition_changes import note_definition_changes
from ..storage.rows import next_version
from ..tables.metadata import Catalog, Table
from .forms.choices import definition_of_choice
from .forms.relationships import all_relations
from .forms.subjects import TableSubject
from .forms.tables import definition_of_table
from .forms.types import Definition

TABLE, COLUMN, KEY, RELATIONSHIP = "Default", "Attribute", "Key", "Relationship"
LABEL, CHOICE, OPTION = "Label", "OptionSet", "Option"
# What moves when other definitions come and go.
_FLEETING = frozenset({"ColumnNumber", "DaysSinceRecordLastModified"})
_OPTION_MEMBERS = ("Options", "TrueOption", "FalseOption")


@dataclass(frozen=True, slots=True)
class _Item:
    kind: str
    content: Any


_Items: TypeAlias = dict[str, _Item]


def change_definitions(session: Session, change: ChangeOfDefinitions) -> None:
    """Change the definitions, and note in the same transaction what became of which."""

    def noted(db: sqlite3.Connection, catalog: Catalog) -> Catalog:
        changed = change(db, catalog)
        _note(db, _items(catalog, changed), _items(changed, catalog))
        return changed

    session.change_definitions(noted)


def option_id(choice_id: str, value: int) -> str:
    """Name an option, which has no MetadataId of its own."""
    return f"{choice_id}:{value}"


def _note(db: sqlite3.Connection, before: _Items, after: _Items) -> None:
    created = {name: item.kind for name, item in after.items() if name not in before}
    deleted = {name: item.kind for name, item in before.items() if name not in after}
    changed = {
        name: item.kind
        for name, item in after.items()
        if name in before and before[name].content != item.content
    }
    if created or deleted or changed:
        version = next_version(db)
        note_definition_changes(db, version, created=created, changed=changed, deleted=deleted)


def _items(catalog: Catalog, other: Catalog) -> _Items:
    """Return what one catalog describes where the other one may describe something else."""
    return dict(_each_item(catalog, other))


def _each_item(catalog: Catalog, other: Catalog) -> Iterator[tuple[str, _Item]]:
    for table in catalog:
        if other.tables.get(table.logical_name) != table:  # it may have been built anew
            yield from _items_of_table(catalog, table)
    relations = {*other.one_to_many, *other.many_to_many}
    for relation in all_relations(catalog):
        if relation.subject.relation not in relations:
            yield from _items_of(RELATIONSHIP, relation)
    for choice in catalog.choices.values():
        if other.choices.get(choice.name) != choice:
            yield from _items_of_choice(definition_of_choice(choice))


def _items_of_table(catalog: Catalog, table: Table) -> Iterator[tuple[str, _Item]]:
    definition = definition_of_table(TableSubject(catalog, table))
    yield from _items_of(TABLE, definition)
    for column in definition.related("Attributes"):
        yield from _items_of(COLUMN, column)
        if "OptionSet" in column.type.navigations:
            for choice in column.related("OptionSet"):
                if not choice.value("IsGlobal"):
                    yield from _items_of_choice(choice)
    for key in definition.related("Keys"):
        yield from _items_of(KEY, key)


def _items_of_choice(choice: Definition) -> Iterator[tuple[str, _Item]]:
    """Yield a choice, which is also changed by a change of which options it has."""
    choice_id = choice.value("MetadataId")
    members = _members(choice)
    options = list(options_of(members))
    plain = {name: value for name, value in members.items() if name not in _OPTION_MEMBERS}
    values = [option["Value"] for option in options]
    yield choice_id, _Item(CHOICE, (plain, values))
    yield from _labels(plain)
    for option in options:
        yield option_id(choice_id, option["Value"]), _Item(OPTION, option)
        yield from _labels(option)


def options_of(choice: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the options of a choice that is shown, wherever it has them."""
    for name in _OPTION_MEMBERS:
        match choice.get(name):
            case list() as several:
                yield from several
            case dict() as one:
                yield one


def _items_of(kind: str, definition: Definition) -> Iterator[tuple[str, _Item]]:
    members = _members(definition)
    yield definition.value("MetadataId"), _Item(kind, members)
    yield from _labels(members)


def _members(definition: Definition) -> dict[str, Any]:
    return {
        name: definition.value(name) for name in definition.type.members if name not in _FLEETING
    }


def _labels(members: Mapping[str, Any]) -> Iterable[tuple[str, _Item]]:
    for value in members.values():
        if isinstance(value, dict) and "LocalizedLabels" in value:
            for text in value["LocalizedLabels"]:
                yield text["MetadataId"], _Item(LABEL, text["Label"])
