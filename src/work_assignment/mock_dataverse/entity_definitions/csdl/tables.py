"""Tables as entity types: properties, navigation properties, alternate keys, inheritance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...conditions.literals import edm_type
from ...tables.metadata import AlternateKey, Catalog, Column, OneToMany, Table
from ..forms.subjects import index_of
from .elements import Element, described, element, property_element, read_only

ALIAS = "mscrm."
BASE_TYPE, PRINCIPAL, ACTIVITY = "crmbaseentity", "principal", "activitypointer"
PRINCIPALS_SET = "principals"
OWNER = "ownerid"
# Users and teams are principals, so that a row can belong to either (Learn: Web API EntityTypes).
_PRINCIPALS = frozenset({"systemuser", "team"})


@dataclass(frozen=True, slots=True)
class Way:
    """A navigation property; `constraint` pairs a lookup property with what it points at."""

    name: str
    target: str
    is_collection: bool
    partner: str
    constraint: tuple[str, str] | None = None


@dataclass(slots=True)
class TypeModel:
    """What the document says of one table; what its base says is not repeated."""

    name: str
    base: str | None
    key: str | None
    table: Table | None
    columns: list[Column] = field(default_factory=list)
    ways: dict[str, Way] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Models:
    """All types of business data by name, bases before what extends them."""

    catalog: Catalog
    types: dict[str, TypeModel]

    def ways_of(self, name: str) -> dict[str, Way]:
        """Return all navigation properties of a type, with those of its base."""
        model = self.types[name]
        inherited = self.ways_of(model.base) if model.base in self.types else {}
        return {**inherited, **model.ways}


def model_tables(catalog: Catalog) -> Models:
    """Work out the types of all tables and the ways between them."""
    models = Models(catalog, {PRINCIPAL: TypeModel(PRINCIPAL, BASE_TYPE, OWNER, None)})
    for table in sorted(catalog, key=_bases_first):
        models.types[table.logical_name] = _model(table, models)
    for table in catalog:
        _add_ways(table, models)
    return models


def _bases_first(table: Table) -> tuple[bool, str]:
    return table.logical_name != ACTIVITY, table.logical_name


def _model(table: Table, models: Models) -> TypeModel:
    name = table.logical_name
    base = _base(table, models)
    inherited = models.types.get(base)
    known = set(inherited.table.columns) if inherited and inherited.table else set()
    if name in _PRINCIPALS:
        known.add(OWNER)
    key = table.primary_id if base == BASE_TYPE else None
    columns = [column for column in table.columns.values() if column.logical_name not in known]
    return TypeModel(name, base, key, table, columns)


def _base(table: Table, models: Models) -> str:
    if table.logical_name in _PRINCIPALS:
        return PRINCIPAL
    if table.is_activity and table.logical_name != ACTIVITY and ACTIVITY in models.types:
        return ACTIVITY
    return BASE_TYPE


def _add_ways(table: Table, models: Models) -> None:
    catalog, index, name = models.catalog, index_of(models.catalog), table.logical_name
    for relation in index.referencing[name]:
        _add_lookup(relation, models)
    for relation in index.referenced_by[name]:
        if catalog.collection_valued(name, relation.referenced_navigation) is relation:
            _add_collection(relation, models)
    for join in index.joined[name]:
        for ours, navigation, theirs, partner in (
            (join.table1, join.navigation1, join.table2, join.navigation2),
            (join.table2, join.navigation2, join.table1, join.navigation1),
        ):
            if ours == name:
                _add(models, name, Way(navigation, theirs, True, partner))


def _add_lookup(relation: OneToMany, models: Models) -> None:
    target = models.catalog.tables[relation.referenced_table]
    owned = relation.referencing_navigation == OWNER and target.logical_name in _PRINCIPALS
    points_at = OWNER if owned else target.primary_id
    way = Way(
        relation.referencing_navigation,
        PRINCIPAL if owned else target.logical_name,
        False,
        relation.referenced_navigation,
        (f"_{relation.referencing_column}_value", points_at),
    )
    _add(models, relation.referencing_table, way)


def _add_collection(relation: OneToMany, models: Models) -> None:
    """Add the other end of a lookup; what rows are owned is asked of any principal."""
    name = relation.referenced_table
    owned = relation.referencing_navigation == OWNER and name in _PRINCIPALS
    way = Way(
        relation.referenced_navigation,
        relation.referencing_table,
        True,
        relation.referencing_navigation,
    )
    _add(models, PRINCIPAL if owned else name, way)


def _add(models: Models, type_name: str, way: Way) -> None:
    model = models.types[type_name]
    inherited = models.types[model.base].ways if model.base in models.types else {}
    if way.name not in inherited:
        model.ways.setdefault(way.name, way)


def type_elements(models: Models, *, annotated: bool) -> Iterator[Element]:
    """Yield the entity types of business data."""
    yield element("EntityType", {"Name": BASE_TYPE, "Abstract": "true"})
    expando = {"Name": "expando", "BaseType": ALIAS + BASE_TYPE, "OpenType": "true"}
    yield element("EntityType", expando)
    for model in models.types.values():
        yield _type_element(model, annotated=annotated)


def _type_element(model: TypeModel, *, annotated: bool) -> Element:
    made = element(
        "EntityType",
        {
            "Name": model.name,
            "BaseType": None if model.base is None else ALIAS + model.base,
            "Abstract": "true" if model.table is None else None,
        },
    )
    if model.key is not None:
        made.append(element("Key", {}, element("PropertyRef", {"Name": model.key})))
    if model.table is None:
        made.append(property_element(OWNER, "Edm.Guid"))
    made.extend(_column_element(column, annotated=annotated) for column in model.columns)
    made.extend(_way_element(way) for way in model.ways.values())
    if model.table is not None:
        made.extend(_annotations(model.table, annotated=annotated))
    return made


def _column_element(column: Column, *, annotated: bool) -> Element:
    made = property_element(column.wire_name, edm_type(column))
    if annotated:
        made.append(described(column.description or column.label))
        if column.type.is_lookup or not (column.valid_for_create or column.valid_for_update):
            made.extend(read_only())
    return made


def _way_element(way: Way) -> Element:
    target = ALIAS + way.target
    made = element(
        "NavigationProperty",
        {
            "Name": way.name,
            "Type": f"Collection({target})" if way.is_collection else target,
            "Nullable": None if way.is_collection else "false",
            "Partner": way.partner,
        },
    )
    if way.constraint is not None:
        ours, theirs = way.constraint
        pair = {"Property": ours, "ReferencedProperty": theirs}
        made.append(element("ReferentialConstraint", pair))
    return made


def _annotations(table: Table, *, annotated: bool) -> Iterator[Element]:
    """Yield the alternate keys, which are always told, and the description."""
    if table.keys:
        keys = element("Collection", {}, *(_key_record(table, key) for key in table.keys))
        yield element("Annotation", {"Term": "OData.Community.Keys.V1.AlternateKeys"}, keys)
    if annotated:
        yield described(table.description or table.label)


def _key_record(table: Table, key: AlternateKey) -> Element:
    names = (table.columns[name].wire_name for name in key.columns)
    value = _values("Key", (_reference_record(name) for name in names))
    return element("Record", {"Type": "OData.Community.Keys.V1.AlternateKey"}, value)


def _values(name: str, records: Iterable[Element]) -> Element:
    return element("PropertyValue", {"Property": name}, element("Collection", {}, *records))


def _reference_record(name: str) -> Element:
    return element(
        "Record",
        {"Type": "OData.Community.Keys.V1.PropertyRef"},
        element("PropertyValue", {"Property": "Alias", "String": name}),
        element("PropertyValue", {"Property": "Name", "PropertyPath": name}),
    )
