"""The building blocks of definition types: members, navigation properties, inheritance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from .labels import overlaid

SCHEMA_ALIAS = "mscrm."
EDM_STRING, EDM_BOOLEAN, EDM_INT32 = "Edm.String", "Edm.Boolean", "Edm.Int32"
EDM_GUID, EDM_MOMENT = "Edm.Guid", "Edm.DateTimeOffset"


class Subject(Protocol):
    """What a definition is about; `settings` are members that were given when it was created."""

    @property
    def settings(self) -> Mapping[str, Any]: ...


Reader: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One property of a definition: its type in CSDL, and how it is read from the subject."""

    type: str
    read: Reader


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way from one definition to others; `read` yields them, or one or None if single-valued."""

    target: str
    is_collection: bool
    read: Reader


@dataclass(frozen=True, slots=True)
class DefinitionType:
    """An entity type of definitions, with everything it inherits.

    `alternate_keys` are the members that an item can be addressed by besides its MetadataId.
    """

    name: str
    base: DefinitionType | None
    members: Mapping[str, Member]
    navigations: Mapping[str, Navigation]
    alternate_keys: tuple[str, ...] = ()
    is_abstract: bool = False

    def is_a(self, other: DefinitionType) -> bool:
        return self is other or (self.base is not None and self.base.is_a(other))

    @property
    def own_members(self) -> dict[str, Member]:
        inherited = self.base.members if self.base is not None else {}
        return {name: member for name, member in self.members.items() if name not in inherited}

    @property
    def own_navigations(self) -> dict[str, Navigation]:
        inherited = self.base.navigations if self.base is not None else {}
        return {name: way for name, way in self.navigations.items() if name not in inherited}


def extend(
    name: str,
    base: DefinitionType | None,
    members: Mapping[str, Member],
    navigations: Mapping[str, Navigation] | None = None,
    *,
    alternate_keys: tuple[str, ...] = (),
    is_abstract: bool = False,
) -> DefinitionType:
    """Make a type that has its base's members before its own."""
    inherited = base.members if base is not None else {}
    ways = base.navigations if base is not None else {}
    keys = base.alternate_keys if base is not None else ()
    return DefinitionType(
        name,
        base,
        {**inherited, **members},
        {**ways, **(navigations or {})},
        alternate_keys or keys,
        is_abstract,
    )


@dataclass(frozen=True, slots=True)
class Definition:
    """One thing that is defined, with the most special type that describes it."""

    type: DefinitionType
    subject: Any = field(hash=False)

    def value(self, name: str) -> Any:
        """Read one member; what was given when the definition was created stands."""
        value = self.type.members[name].read(self.subject)
        given = self.subject.settings.get(name)
        return value if given is None else overlaid(value, given)

    def related(self, name: str) -> Iterable[Definition]:
        """Follow a navigation property; a single-valued one yields one definition or none."""
        way = self.type.navigations[name]
        found = way.read(self.subject)
        one: tuple[Definition, ...] = () if found is None else (found,)
        return found if way.is_collection else one


def fixed(edm_type: str, value: Any) -> Member:
    """Describe a member that is the same for all subjects."""
    return Member(edm_type, lambda subject: value)


def text(read: Reader) -> Member:
    return Member(EDM_STRING, read)


def flag(read: Reader) -> Member:
    return Member(EDM_BOOLEAN, read)


def whole(read: Reader) -> Member:
    return Member(EDM_INT32, read)


def flags(*names: str, value: bool = False) -> dict[str, Member]:
    """Describe yes/no members that are the same for all subjects."""
    return {name: fixed(EDM_BOOLEAN, value) for name in names}


def nothing(edm_type: str, *names: str) -> dict[str, Member]:
    """Describe members that are always null here."""
    return {name: fixed(edm_type, None) for name in names}


def managed(name: str, read: Reader, *, can_change: bool = True) -> Member:
    """Describe a yes/no managed property; `name` is its own logical name."""
    return Member(
        f"{SCHEMA_ALIAS}BooleanManagedProperty",
        lambda subject: {
            "Value": read(subject),
            "CanBeChanged": can_change,
            "ManagedPropertyLogicalName": name,
        },
    )


def managed_flag(name: str, value: bool, *, can_change: bool = True) -> Member:
    return managed(name, lambda subject: value, can_change=can_change)
