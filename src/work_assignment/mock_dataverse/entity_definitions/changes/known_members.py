"""Which members a definition may have in a request: those of its type, and what creates others."""

from __future__ import annotations

from collections.abc import Mapping

from ...resource_paths import NAMESPACE
from ..forms.registry import TYPES
from ..metadata_queries import COMPLEX
from .members import Members
from .refusals import unknown_member

TABLE, KEY, CHOICE = "EntityMetadata", "EntityKeyMetadata", "OptionSetMetadata"
ATTRIBUTE, LOOKUP = "AttributeMetadata", "LookupAttributeMetadata"
# Ways that are not followed when definitions are read.
_ONLY_WRITTEN: Mapping[str, frozenset[str]] = {
    "OneToManyRelationshipMetadata": frozenset({"Lookup"}),
    KEY: frozenset({"AsyncJob"}),
    "ManagedPropertyAttributeMetadata": frozenset({"ParentComponentType"}),
}


def check_members(members: Members, usual_type: str) -> None:
    """Refuse a member that the type does not have; `usual_type` counts where none is named."""
    name = (members.type_name or usual_type).removeprefix(COMPLEX)
    kind = TYPES.get(name) or TYPES[usual_type]
    known = {*kind.members, *kind.navigations, *_ONLY_WRITTEN.get(kind.name, ())}
    for given in members.body:
        if "@" not in given and given not in known:
            raise unknown_member(members.what, given, f"{NAMESPACE}{kind.name}")
