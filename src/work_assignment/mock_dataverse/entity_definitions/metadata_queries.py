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

from ..faults import Fault, bad_request, invalid_payload, not_emulated, unknown_property
from ..resource_paths import NAMESPACE
from ..tables.metadata import Catalog
from .forms.labels import only_languages
from .forms.registry import TYPES, all_tables
from .forms.tables import ENTITY
from .forms.types import Definition, DefinitionType

COMPLEX = "Complex"
_ALWAYS = ("MetadataId", "HasChanged", "LogicalName")
_RELATIONSHIPS = ("OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships")
# The part of a query that is about what a navigation property leads to.
_PARTS: Mapping[str, str] = {
    "Attributes": "AttributeQuery",
    "Keys": "KeyQuery",
    **dict.fromkeys(_RELATIONSHIPS, "RelationshipQuery"),
}
_MEMBERS = frozenset({"Properties", "Criteria", "LabelQuery", *_PARTS.values()})
_Test: TypeAlias = Callable[[Definition], bool]
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": lambda one, other: one is not None and one > other,
    "LessThan": lambda one, other: one is not None and one < other,
}
_LISTS = {"In": True, "NotIn": False}


@dataclass(frozen=True, slots=True)
class _Part:
    """One level of a query: a test, and the properties asked for; None stands for all."""

    test: _Test
    names: tuple[str, ...] | None

    def wants(self, name: str) -> bool:
        return self.names is None or name in self.names


def find_definitions(catalog: Catalog, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tables that a query asks for, as values of the complex types of definitions."""
    _known(query, _MEMBERS, "EntityQueryExpression")
    own = _read_part(query, (ENTITY,), "EntityQueryExpression")
    inner = {
        way: _read_part(_object(query, part), _types_behind(way), part)
        for way, part in _PARTS.items()
        if own.wants(way)
    }
    found = [_show_table(table, own, inner) for table in all_tables(catalog) if own.test(table)]
    languages = _object(query, "LabelQuery").get("FilterLanguages")
    if not languages:
        return found
    limited: list[dict[str, Any]] = only_languages(found, frozenset(languages))
    return limited


def _show_table(table: Definition, own: _Part, inner: Mapping[str, _Part]) -> dict[str, Any]:
    shown = _show(table, own)
    for way, part in inner.items():
        shown[way] = [
            {"@odata.type": f"#{NAMESPACE}{COMPLEX}{each.type.name}", **_show(each, part)}
            for each in table.related(way)
            if part.test(each)
        ]
    return shown


def _show(definition: Definition, part: _Part) -> dict[str, Any]:
    asked = definition.type.members if part.names is None else (*_ALWAYS, *part.names)
    names = (name for name in dict.fromkeys(asked) if name in definition.type.members)
    return {name: definition.value(name) for name in names}


def _types_behind(way: str) -> tuple[DefinitionType, ...]:
    base = TYPES[ENTITY.navigations[way].target]
    return tuple(kind for kind in TYPES.values() if kind.is_a(base))


def _read_part(query: Mapping[str, Any], kinds: Iterable[DefinitionType], what: str) -> _Part:
    types = tuple(kinds)
    return _Part(_read_filter(_object(query, "Criteria"), types), _read_names(query, types, what))


def _read_names(
    query: Mapping[str, Any], kinds: tuple[DefinitionType, ...], what: str
) -> tuple[str, ...] | None:
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
    return tuple(names)


def _read_filter(criteria: Mapping[str, Any], kinds: tuple[DefinitionType, ...]) -> _Test:
    _known(criteria, {"FilterOperator", "Conditions", "Filters"}, "MetadataFilterExpression")
    tests = [_read_condition(each, kinds) for each in _objects(criteria, "Conditions")]
    tests += [_read_filter(each, kinds) for each in _objects(criteria, "Filters")]
    match criteria.get("FilterOperator", "And"):
        case "And":
            return lambda definition: all(test(definition) for test in tests)
        case "Or":
            return lambda definition: not tests or any(test(definition) for test in tests)
        case other:
            raise _wrong(f"The FilterOperator {other!r} is neither And nor Or.")


def _read_condition(condition: Mapping[str, Any], kinds: tuple[DefinitionType, ...]) -> _Test:
    _known(condition, {"PropertyName", "ConditionOperator", "Value"}, "MetadataConditionExpression")
    name = str(condition.get("PropertyName"))
    if not any(name in kind.members for kind in kinds):
        raise unknown_property(name, kinds[0].name)
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
            raise not_emulated("conditions on properties that are neither simple nor managed")


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
