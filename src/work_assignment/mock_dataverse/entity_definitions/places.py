"""Where a path below a set of definitions leads: to many, to one, or to a value in one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..faults import Fault, bad_request, segment_not_found
from ..resource_paths import NAMESPACE, Segment
from ..tables.metadata import Catalog
from ..tables.values import is_guid
from .forms.registry import SETS, TYPES
from .forms.subjects import TableSubject, index_of
from .forms.tables import ENTITY, definition_of_table
from .forms.types import Definition, DefinitionType
from .queries import COLLECTION_OPTIONS

_NAMED_KEY = re.compile(r"\s*(\w+)\s*=\s*'((?:[^']|'')*)'\s*")
_ID_KEY = re.compile(r"\s*(?:MetadataId\s*=\s*)?([0-9A-Fa-f-]{36})\s*")
_ID = "MetadataId"
# Learn, Query table definitions: columns cannot be cast to what their enumerations have in common.
_NO_CAST = frozenset({"EnumAttributeMetadata"})


@dataclass(frozen=True, slots=True)
class Many:
    """Definitions that are seen as one type."""

    type: DefinitionType
    items: Iterable[Definition]
    path: str
    options: frozenset[str] = COLLECTION_OPTIONS


@dataclass(frozen=True, slots=True)
class One:
    """One definition, seen as a type; `path` is the address of the set that it is in."""

    type: DefinitionType
    definition: Definition
    path: str
    own_path: str


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a member, or of something inside of it."""

    value: Any
    path: str


Place: TypeAlias = Many | One | Value


def find_place(catalog: Catalog, segments: tuple[Segment, ...]) -> Place:
    """Follow a path from the root of the service; a step that leads nowhere is a 404."""
    first = segments[0]
    definitions = SETS[first.name]
    items = definitions.read(catalog)
    whole = Many(definitions.type, items, first.name, definitions.options)
    arguments = first.arguments
    place: Place = whole if arguments is None else _keyed(whole, arguments, catalog)
    for segment in segments[1:]:
        place = _next(place, segment, catalog)
    return place


def _next(place: Place, segment: Segment, catalog: Catalog) -> Place:
    if segment.message is not None and segment.arguments is None:
        return _cast(place, segment)
    match place:
        case One():
            return _inside(place, segment, catalog)
        case Value(value=dict()) if segment.name in place.value and segment.arguments is None:
            return Value(place.value[segment.name], f"{place.path}/{segment.name}")
        case _:
            raise segment_not_found(segment.name)


def _inside(place: One, segment: Segment, catalog: Catalog) -> Place:
    way = place.type.navigations.get(segment.name)
    path = f"{place.own_path}/{segment.name}"
    if way is None:
        if segment.name not in place.type.members or segment.arguments is not None:
            raise segment_not_found(segment.name)
        return Value(place.definition.value(segment.name), path)
    related = place.definition.related(segment.name)
    if not way.is_collection:
        found = next(iter(related), None)
        if found is None:
            return Value(None, path)
        return One(found.type, found, path, path)
    several = Many(TYPES[way.target], related, path)
    return several if segment.arguments is None else _keyed(several, segment.arguments, catalog)


def _cast(place: Place, segment: Segment) -> Place:
    kind = TYPES.get(segment.message or "")
    if kind is None or isinstance(place, Value) or not kind.is_a(place.type):
        raise segment_not_found(segment.name)
    if kind.name in _NO_CAST:
        raise bad_request(f"Columns cannot be cast to '{segment.name}', only to a type made of it.")
    path = f"{place.path}/{segment.name}"
    if isinstance(place, Many):
        items = (each for each in place.items if each.type.is_a(kind))
        return Many(kind, items, path, place.options)
    if not place.definition.type.is_a(kind):
        raise segment_not_found(segment.name)
    return One(kind, place.definition, path, f"{place.own_path}/{segment.name}")


def _keyed(place: Many, text: str, catalog: Catalog) -> One:
    """Find one definition by its id or by a name that it alone has."""
    name, value = _read_key(place.type, text)
    found = _find(place, name, value, catalog)
    if found is None:
        raise _not_found(place, name, value)
    shown = value if name == _ID else f"'{value}'"
    return One(place.type, found, place.path, f"{place.path}({shown})")


def _read_key(kind: DefinitionType, text: str) -> tuple[str, str]:
    matched = _ID_KEY.fullmatch(text)
    if matched is not None and is_guid(matched[1]):
        return _ID, matched[1].lower()
    named = _NAMED_KEY.fullmatch(text)
    if named is None or named[1] not in kind.alternate_keys:
        raise bad_request(
            f"The key in the request URI is not valid for resource '{NAMESPACE}{kind.name}'. Ensure"
            " that the names and number of key properties match the declared or alternate key"
            f" properties for the resource '{NAMESPACE}{kind.name}': '{text}'.",
            "0x80060890",
        )
    return named[1], named[2].replace("''", "'")


def _find(place: Many, name: str, value: str, catalog: Catalog) -> Definition | None:
    if place.type is ENTITY:
        return _find_table(catalog, name, value)
    wanted = value.casefold()
    return next((each for each in place.items if each.value(name).casefold() == wanted), None)


def _find_table(catalog: Catalog, name: str, value: str) -> Definition | None:
    """Find a table without a search; the schema name differs from the logical one in case only."""
    by_id = index_of(catalog).table_of_id
    table = by_id.get(value) if name == _ID else catalog.tables.get(value.lower())
    return None if table is None else definition_of_table(TableSubject(catalog, table))


_KINDS_OF_DEFINITIONS = {
    "EntityMetadata": "an entity",
    "AttributeMetadata": "an attribute",
    "EntityKeyMetadata": "an entity key",
    "OptionSetMetadataBase": "an optionset",
}


def _not_found(place: Many, name: str, value: str) -> Fault:
    kind = next(
        (words for base, words in _KINDS_OF_DEFINITIONS.items() if place.type.is_a(TYPES[base])),
        "a relationship",
    )
    is_id = name == _ID
    given_id = value if is_id else "00000000-0000-0000-0000-000000000000"
    given_name = "null" if is_id else value
    inside = f" in {place.path}" if "/" in place.path else ""
    return Fault(
        404,
        "0x80060888",
        f"Could not find {kind} with name {given_name} and id {given_id}{inside}.",
    )
