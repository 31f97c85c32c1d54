"""EntityQueryExpression: which definitions one call asks for, and which properties of them.

Learn, Query schema definitions: conditions name properties, values carry their .NET type, and
`MetadataId`, `LogicalName` and `HasChanged` are answered whatever else is.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..faults import Fault, bad_request, invalid_payload, unknown_property
from ..resource_paths import NAMESPACE
from .forms.registry import TYPES
from .forms.tables import ENTITY
from .forms.types import SCHEMA_ALIAS, Definition, DefinitionType
from .forms.vocabulary import COMPLEX_TYPES, ENUMS

COMPLEX = "Complex"
_ALWAYS = frozenset({"MetadataId", "HasChanged", "LogicalName"})
_DEEPEST = 30
_RELATIONSHIPS = ("OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships")
# The part of a query that is about what a navigation property leads to.
_PARTS: Mapping[str, str] = {
    "Attributes": "AttributeQuery",
    "Keys": "KeyQuery",
    **dict.fromkeys(_RELATIONSHIPS, "RelationshipQuery"),
}
_ALL: Mapping[str, Any] = {"Properties": {"AllProperties": True}}
# Learn, Query schema definitions: without a query it is as if all tables were asked for whole.
EVERYTHING: dict[str, Any] = {**_ALL, **dict.fromkeys(_PARTS.values(), _ALL)}
_MEMBERS = frozenset({"Properties", "Criteria", "LabelQuery", *_PARTS.values()})
_Test: TypeAlias = Callable[[Definition], bool]
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": lambda one, other: None not in (one, other) and one > other,
    "LessThan": lambda one, other: None not in (one, other) and one < other,
}
_LISTS = {"In": True, "NotIn": False}


@dataclass(frozen=True, slots=True)
class QueryPart:
    """One level of a query: a test, and the properties asked for; None stands for all."""

    test: _Test
    names: frozenset[str] | None

    def wants(self, name: str) -> bool:
        return self.names is None or name in self.names or name in _ALWAYS


@dataclass(frozen=True, slots=True)
class DefinitionQuery:
    """What is asked of tables, and of what they lead to by the navigation property's name.

    `languages` are those that labels are limited to, none for all.
    """

    table: QueryPart
    below: Mapping[str, QueryPart]
    languages: frozenset[int]


def read_definition_query(query: Mapping[str, Any]) -> DefinitionQuery:
    """Read an EntityQueryExpression."""
    _known(query, _MEMBERS, "EntityQueryExpression")
    own = _read_part(query, (ENTITY,), "EntityQueryExpression")
    below = {
        way: _read_below(_object(query, part), way, f"{part}Expression")
        for way, part in _PARTS.items()
        if own.wants(way)
    }
    return DefinitionQuery(own, below, _read_languages(_object(query, "LabelQuery")))


def _read_below(query: Mapping[str, Any], way: str, what: str) -> QueryPart:
    _known(query, ("Properties", "Criteria"), what)
    return _read_part(query, _types_behind(way), what)


def _read_languages(query: Mapping[str, Any]) -> frozenset[int]:
    _known(query, {"FilterLanguages", "MissingLabelBehavior"}, "LabelQueryExpression")
    languages = query.get("FilterLanguages") or []
    if not isinstance(languages, list) or not all(type(each) is int for each in languages):
        raise _wrong("The FilterLanguages of the LabelQuery are not an array of whole numbers.")
    return frozenset(languages)


def _types_behind(way: str) -> tuple[DefinitionType, ...]:
    base = TYPES[ENTITY.navigations[way].target]
    return tuple(kind for kind in TYPES.values() if kind.is_a(base))


def _read_part(query: Mapping[str, Any], kinds: Iterable[DefinitionType], what: str) -> QueryPart:
    types = tuple(kinds)
    return QueryPart(
        _read_filter(_object(query, "Criteria"), types), _read_names(query, types, what)
    )


def _read_names(
    query: Mapping[str, Any], kinds: tuple[DefinitionType, ...], what: str
) -> frozenset[str] | None:
    """Read the properties; without any, only those that always come."""
    properties = _object(query, "Properties")
    _known(properties, {"AllProperties", "PropertyNames"}, "MetadataPropertiesExpression")
    if properties.get("AllProperties") is True:
        return None
    names = properties.get("PropertyNames") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _wrong(f"The PropertyNames of the {what} are not an array of texts.")
    for name in names:
        if not any(name in kind.members or name in kind.navigations for kind in kinds):
            raise unknown_property(name, kinds[0].name)
    return frozenset(names)


def _read_filter(
    criteria: Mapping[str, Any], kinds: tuple[DefinitionType, ...], depth: int = 1
) -> _Test:
    if depth > _DEEPEST:
        raise _wrong(f"Its filters are nested deeper than {_DEEPEST} levels.")
    _known(criteria, {"FilterOperator", "Conditions", "Filters"}, "MetadataFilterExpression")
    tests = [_read_condition(each, kinds) for each in _objects(criteria, "Conditions")]
    tests += [_read_filter(each, kinds, depth + 1) for each in _objects(criteria, "Filters")]
    match criteria.get("FilterOperator"):
        case None | "And":
            return lambda definition: all(test(definition) for test in tests)
        case "Or":
            return lambda definition: not tests or any(test(definition) for test in tests)
        case other:
            raise _wrong(f"The FilterOperator {other!r} is neither And nor Or.")


def _read_condition(condition: Mapping[str, Any], kinds: tuple[DefinitionType, ...]) -> _Test:
    _known(condition, {"PropertyName", "ConditionOperator", "Value"}, "MetadataConditionExpression")
    name = str(condition.get("PropertyName"))
    members = [kind.members[name] for kind in kinds if name in kind.members]
    if not members:
        raise unknown_property(name, kinds[0].name)
    if name == "SourceType" or any(_is_manifold(member.type) for member in members):
        raise _wrong(f"The property {name} is not one that conditions can be set on.")
    comparison = str(condition.get("ConditionOperator"))
    given = _object(condition, "Value").get("Value")
    if comparison in _LISTS:
        listed = {_plain(each) for each in _read_list(given, name)}
        return lambda definition: (_value(definition, name) in listed) is _LISTS[comparison]
    compare = _COMPARISONS.get(comparison)
    if compare is None:
        raise _wrong(f"The ConditionOperator {comparison!r} of the condition on {name} is unknown.")
    return _compared(name, compare, _plain(given))


def _compared(name: str, compare: Callable[[Any, Any], bool], wanted: Any) -> _Test:
    def test(definition: Definition) -> bool:
        value = _value(definition, name)
        if isinstance(value, int) and isinstance(wanted, str):
            return wanted.lstrip("-").isdecimal() and compare(value, int(wanted))
        return (value is None or type(value) is type(wanted) or wanted is None) and compare(
            value, wanted
        )

    return test


def _is_manifold(kind: str) -> bool:
    """Tell whether a type is a collection, a Label or another one without a single value."""
    if kind.startswith("Edm."):
        return False
    name = kind.removeprefix(SCHEMA_ALIAS)
    return name not in ENUMS and "Value" not in COMPLEX_TYPES.get(name, ())


def _value(definition: Definition, name: str) -> Any:
    """Return what conditions compare: of a managed property its value, of a flag its text."""
    if name not in definition.type.members:
        return None
    return _plain(definition.value(name))


def _plain(value: Any) -> Any:
    match value:
        case {"Value": inner}:
            return _plain(inner)
        case bool():
            return str(value).casefold()
        case str():
            return value.casefold()
        case int() | float() | None:
            return value
        case _:
            raise _wrong(f"The value {value!r} of a condition is neither simple nor managed.")


def _read_list(given: Any, name: str) -> list[Any]:
    """Read the values of In and NotIn: an array, or one written out in a text."""
    if isinstance(given, str):
        try:
            given = json.loads(given.replace("'", '"'))
        except ValueError as exc:
            raise _wrong(f"The values of the condition on {name} are not an array.") from exc
    if not isinstance(given, list):
        raise _wrong(f"The values of the condition on {name} are not an array.")
    return given


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(f"The {name} of the query is not an object.")
    return value


def _objects(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    values = holder.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise _wrong(f"The {name} of the query are not an array of objects.")
    return values


def _known(given: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    for name in given:
        if "@" not in name and name not in known:
            raise bad_request(f"The property '{name}' does not exist on type '{NAMESPACE}{what}'.")


def _wrong(problem: str) -> Fault:
    return invalid_payload("EntityQueryExpression", problem)
