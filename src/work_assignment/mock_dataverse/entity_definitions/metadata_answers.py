"""Shows definitions as values of complex types: whole, or what changed of them since a version.

Learn, Query schema definitions: all properties are there, those that were not asked for are null.
Learn, Cache schema data: of what changed the whole way down to it comes, `HasChanged` says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..resource_paths import NAMESPACE
from ..storage.definition_changes import DefinitionChanges
from .forms.types import Definition
from .journal import option_id, options_of
from .metadata_queries import COMPLEX, DefinitionQuery, QueryPart

_ID, _CHANGED = "MetadataId", "HasChanged"


def show_table(
    table: Definition, query: DefinitionQuery, since: DefinitionChanges | None
) -> dict[str, Any] | None:
    """Show a table with what the query asks for below it; None if nothing of that has changed."""
    shown = _show(table, query.table)
    for way, part in query.below.items():
        target = table.type.navigations[way].target
        found = (each for each in table.related(way) if part.test(each))
        parts = (_show_below(each, part, since, target) for each in found)
        shown[way] = [each for each in parts if each is not None]
    if since is None:
        return shown
    shown[_CHANGED] = since.has_touched(shown[_ID])
    return shown if shown[_CHANGED] or any(shown[way] for way in query.below) else None


def _show_below(
    definition: Definition, part: QueryPart, since: DefinitionChanges | None, declared: str
) -> dict[str, Any] | None:
    """Show a column, key or relationship; a column leads on to the choice that it has."""
    is_changed = since is not None and since.has_touched(definition.value(_ID))
    shown = {**_type_of(definition, declared), **_show(definition, part)}
    choices = dict(_choices_of(definition, part))
    if since is None:
        return shown | choices
    kept = {
        way: _changed_choice(choice, since, is_whole=is_changed) for way, choice in choices.items()
    }
    if not is_changed and not any(kept.values()):
        return None
    return {**shown, _CHANGED: is_changed, **kept}


def _choices_of(definition: Definition, part: QueryPart) -> Iterator[tuple[str, dict[str, Any]]]:
    for way, navigation in definition.type.navigations.items():
        if part.wants(way) and not navigation.is_collection:
            for choice in definition.related(way):
                members = {name: choice.value(name) for name in choice.type.members}
                yield way, {**_type_of(choice, navigation.target), **members}


def _changed_choice(
    choice: dict[str, Any], since: DefinitionChanges, *, is_whole: bool
) -> dict[str, Any] | None:
    """Show a choice below a column that changed (then whole), or because of its own changes.

    Then all options come, but only those with something new have more than their values.
    """
    ids = {id(option): option_id(choice[_ID], option["Value"]) for option in options_of(choice)}
    is_changed = since.has_touched(choice[_ID])
    if not (is_whole or is_changed or any(since.has_touched(each) for each in ids.values())):
        return None
    choice[_CHANGED] = is_changed
    for option in options_of(choice):
        name = ids[id(option)]
        if name in since.changed:
            option[_CHANGED] = True
        elif name not in since.created and not is_whole:
            option |= {"Label": None, "Description": None, "Color": None}
    return choice


def _type_of(definition: Definition, declared: str) -> dict[str, Any]:
    """Say the type where it is another one than the property holds by its declaration."""
    name = definition.type.name
    return {} if name == declared else {"@odata.type": f"#{NAMESPACE}{COMPLEX}{name}"}


def _show(definition: Definition, part: QueryPart) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, member in definition.type.members.items():
        if part.wants(name):
            shown[name] = definition.value(name)
        else:
            shown[name] = _nothing(is_collection=member.type.startswith("Collection("))
    for name, way in definition.type.navigations.items():
        shown[name] = _nothing(is_collection=way.is_collection)
    return shown


def _nothing(*, is_collection: bool) -> list[Any] | None:
    """Collections are never null in OData, only empty."""
    return [] if is_collection else None
