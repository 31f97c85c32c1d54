"""Puts the metadata document together, once for each catalog."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from ...resource_paths import NAMESPACE
from ...tables.metadata import Catalog
from ..forms.registry import SETS
from ..forms.vocabulary import COMPLEX_BASES, COMPLEX_TYPES, ENUMS
from .definitions import complex_type_element, definition_type_elements, enum_element
from .elements import Element, element, written
from .metadata_query_types import (
    METADATA_QUERY_BASES,
    METADATA_QUERY_ENUMS,
    METADATA_QUERY_TYPES,
)
from .operation_types import FLAG_ENUMS, OPERATION_ENUMS, OPERATION_TYPES
from .operations import OPERATIONS, import_elements, operation_element
from .query_expressions import QUERY_ENUMS, QUERY_TYPES
from .query_functions import query_function_elements
from .tables import ALIAS, PRINCIPAL, PRINCIPALS_SET, Models, Way, model_tables, type_elements

_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
# Where the words of the annotations are defined.
_VOCABULARIES = {
    "Org.OData.Core.V1": "https://oasis-tcs.github.io/odata-vocabularies/vocabularies/"
    "Org.OData.Core.V1.xml",
    "OData.Community.Keys.V1": "http://vocabularies.odata.org/OData.Community.Keys.V1.xml",
}
_documents: WeakKeyDictionary[Catalog, dict[bool, bytes]] = WeakKeyDictionary()


def metadata_document(catalog: Catalog, *, annotated: bool = False) -> bytes:
    """Return the document of a catalog, which never changes, so that it is written only once."""
    documents = _documents.setdefault(catalog, {})
    if annotated not in documents:
        documents[annotated] = written(_document(model_tables(catalog), annotated=annotated))
    return documents[annotated]


def _document(models: Models, *, annotated: bool) -> Element:
    schema = element(
        "Schema",
        {"Namespace": NAMESPACE.rstrip("."), "Alias": ALIAS.rstrip("."), "xmlns": _EDM},
        *type_elements(models, annotated=annotated),
        *definition_type_elements(),
        *_vocabulary(),
        *(operation_element(operation) for operation in OPERATIONS),
        *query_function_elements(),
        _container(models),
    )
    references = (_reference(name, uri) for name, uri in _VOCABULARIES.items())
    return element(
        "edmx:Edmx",
        {"Version": "4.0", "xmlns:edmx": _EDMX},
        *references,
        element("edmx:DataServices", {}, schema),
    )


def _reference(namespace: str, uri: str) -> Element:
    included = element("edmx:Include", {"Namespace": namespace})
    return element("edmx:Reference", {"Uri": uri}, included)


def _vocabulary() -> Iterator[Element]:
    types = {**COMPLEX_TYPES, **OPERATION_TYPES, **QUERY_TYPES, **METADATA_QUERY_TYPES}
    bases = {**COMPLEX_BASES, **METADATA_QUERY_BASES}
    for name, properties in types.items():
        base = bases.get(name)
        yield complex_type_element(name, properties, (base, types[base]) if base else None)
    enums = {**ENUMS, **OPERATION_ENUMS, **QUERY_ENUMS, **METADATA_QUERY_ENUMS}
    for name, members in enums.items():
        yield enum_element(name, members, are_flags=name in FLAG_ENUMS)


def _container(models: Models) -> Element:
    catalog = models.catalog
    principals = _set_element(models, PRINCIPALS_SET, PRINCIPAL)
    tables = sorted(catalog, key=lambda table: table.entity_set_name)
    return element(
        "EntityContainer",
        {"Name": "System"},
        principals,
        *(_set_element(models, table.entity_set_name, table.logical_name) for table in tables),
        *(_definition_set_element(name, found.type.name) for name, found in SETS.items()),
        *import_elements(),
    )


def _set_element(models: Models, name: str, type_name: str) -> Element:
    bindings = (_binding(models, way) for way in models.ways_of(type_name).values())
    return element("EntitySet", {"Name": name, "EntityType": ALIAS + type_name}, *bindings)


def _binding(models: Models, way: Way) -> Element:
    table = models.types[way.target].table
    target = PRINCIPALS_SET if table is None else table.entity_set_name
    return element("NavigationPropertyBinding", {"Path": way.name, "Target": target})


def _definition_set_element(name: str, type_name: str) -> Element:
    return element("EntitySet", {"Name": name, "EntityType": ALIAS + type_name})
