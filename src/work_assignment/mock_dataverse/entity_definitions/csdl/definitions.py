"""The types of definitions themselves in CSDL: entity types, complex types, enumerations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..forms.registry import TYPES
from ..forms.types import DefinitionType, Navigation
from .elements import Element, element, property_element

_ALIAS = "mscrm."
_KEY = "MetadataId"
_ROWS = frozenset({"mscrm.principal", "mscrm.crmbaseentity"})


def definition_type_elements() -> Iterator[Element]:
    """Yield the entity types of definitions, bases first."""
    for kind in TYPES.values():
        yield _type_element(kind)


def _type_element(kind: DefinitionType) -> Element:
    made = element(
        "EntityType",
        {
            "Name": kind.name,
            "BaseType": None if kind.base is None else _ALIAS + kind.base.name,
            "Abstract": "true" if kind.is_abstract else None,
        },
    )
    if _KEY in kind.own_members:
        made.append(element("Key", {}, element("PropertyRef", {"Name": _KEY})))
    for name, member in kind.own_members.items():
        made.append(property_element(name, member.type, is_optional=name != _KEY))
    for name, way in kind.own_navigations.items():
        made.append(_way_element(name, way))
    return made


def _way_element(name: str, way: Navigation) -> Element:
    target = _ALIAS + way.target
    return element(
        "NavigationProperty",
        {
            "Name": name,
            "Type": f"Collection({target})" if way.is_collection else target,
            "ContainsTarget": "true",
        },
    )


def complex_type_element(
    name: str, properties: Mapping[str, str], base: tuple[str, Mapping[str, str]] | None = None
) -> Element:
    """Describe a complex type; what its base has is not repeated."""
    inherited = base[1] if base is not None else {}
    own = {each: kind for each, kind in properties.items() if each not in inherited}
    return element(
        "ComplexType",
        {"Name": name, "BaseType": None if base is None else _ALIAS + base[0]},
        *(_complex_member(each, kind) for each, kind in own.items()),
    )


def _complex_member(name: str, kind: str) -> Element:
    """Describe a property of a complex type; one that holds a row is a navigation property."""
    if kind in _ROWS:
        return element("NavigationProperty", {"Name": name, "Type": kind, "Nullable": "false"})
    return property_element(name, kind)


def enum_element(name: str, members: Mapping[str, int], *, are_flags: bool = False) -> Element:
    listed = (element("Member", {"Name": each, "Value": str(n)}) for each, n in members.items())
    return element("EnumType", {"Name": name, "IsFlags": "true" if are_flags else None}, *listed)
