"""All types of definitions by name, and the sets at the root of the service that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ...tables.metadata import Catalog
from .base import METADATA_BASE, MODEL_BASE
from .choices import CHOICE, PLAIN_CHOICE, YES_NO_CHOICE, all_choices
from .column_types import CLASSES, ENUM
from .columns import ATTRIBUTE
from .keys import KEY
from .relationships import MANY_TO_MANY, ONE_TO_MANY, RELATIONSHIP, all_relations
from .subjects import TableSubject
from .tables import ENTITY, definition_of_table
from .types import Definition, DefinitionType

# Bases before what extends them, as CSDL lists them.
TYPES: Mapping[str, DefinitionType] = {
    kind.name: kind
    for kind in (
        MODEL_BASE,
        METADATA_BASE,
        ENTITY,
        ATTRIBUTE,
        ENUM,
        *CLASSES.values(),
        KEY,
        RELATIONSHIP,
        ONE_TO_MANY,
        MANY_TO_MANY,
        CHOICE,
        PLAIN_CHOICE,
        YES_NO_CHOICE,
    )
}


@dataclass(frozen=True, slots=True)
class DefinitionSet:
    """An entity set of definitions; `options` are the query options that it takes."""

    type: DefinitionType
    read: Callable[[Catalog], Iterator[Definition]]
    options: frozenset[str] = frozenset({"$select", "$filter", "$expand"})


def all_tables(catalog: Catalog) -> Iterator[Definition]:
    return (definition_of_table(TableSubject(catalog, table)) for table in catalog)


SETS: Mapping[str, DefinitionSet] = {
    "EntityDefinitions": DefinitionSet(ENTITY, all_tables),
    "RelationshipDefinitions": DefinitionSet(RELATIONSHIP, all_relations),
    # Learn, Query table definitions: $filter is not supported on global choices.
    "GlobalOptionSetDefinitions": DefinitionSet(
        CHOICE, all_choices, frozenset({"$select", "$expand"})
    ),
}
