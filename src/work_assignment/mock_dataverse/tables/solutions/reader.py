"""Reads a solution folder in SolutionPackager layout into tables, columns and relationships."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..definitions import Definitions, Link, Part, relationships_of
from ..metadata import AlternateKey, Choice, ColumnType, Table
from ..system_columns import ORGANIZATION_OWNED, USER_OWNED, money_parts, with_system_columns
from ..table_builder import define_intersect
from .columns import Attribute, OptionSets, read_attribute, read_options, read_states
from .relationships import Intersection, LookupLink, read_relationships
from .xml_files import Node, SolutionError, read_xml

FIRST_CUSTOM_TYPE_CODE = 10_700
_OWNERSHIPS = {"UserOwned": USER_OWNED, "OrgOwned": ORGANIZATION_OWNED}
_STATE_COLUMNS = ("statecode", "statuscode")
# What Dataverse adds by itself; an export lists these columns too, and they say nothing new.
_SYSTEM_COLUMNS = frozenset(
    [
        "createdon",
        "createdby",
        "createdonbehalfby",
        "modifiedon",
        "modifiedby",
        "modifiedonbehalfby",
        "ownerid",
        "owninguser",
        "owningteam",
        "owningbusinessunit",
        "organizationid",
        "versionnumber",
        "importsequencenumber",
        "overriddencreatedon",
        "timezoneruleversionnumber",
        "utcconversiontimezonecode",
        "transactioncurrencyid",
        "exchangerate",
        "statecode",
        "statuscode",
    ]
)


@dataclass(frozen=True, slots=True)
class _Entity:
    """One Entity.xml: its columns, its state columns, and the table itself."""

    info: Node
    attributes: tuple[Attribute, ...]
    states: Mapping[str, Node]

    @property
    def logical_name(self) -> str:
        return self.info.attribute("Name").lower()


def add_solution(known: Definitions, folder: Path) -> Definitions:
    """Return what is known so far with a solution's tables, columns and relationships added."""
    if not (folder / "Other" / "Solution.xml").is_file():
        raise SolutionError(folder, "solution", "there is no Other/Solution.xml")
    choices = _read_choices(folder)
    option_sets = {choice.name: choice.options for choice in choices}
    entities = [
        _read_entity(path, option_sets) for path in sorted(folder.glob("Entities/*/Entity.xml"))
    ]
    lookups, intersections = _relationships(folder)
    result = known + Definitions(choices=choices)
    for entity in entities:
        links = lookups.pop(entity.logical_name, {})
        result = _with_entity(result, entity, links)
    for columns in lookups.values():
        for found in columns.values():
            raise found[0].node.error(f"there is no column {found[0].column} for it in Entities/")
    for intersection in intersections:
        result += _intersect(result, intersection)
    _check_targets(result, folder)
    return result


def _read_choices(folder: Path) -> tuple[Choice, ...]:
    """Read the choices that columns share."""
    roots = [read_xml(path) for path in sorted(folder.glob("OptionSets/*.xml"))]
    return tuple(
        Choice(
            name=root.attribute("Name"),
            label=root.label("displaynames/displayname") or root.attribute("Name"),
            options=read_options(root),
            is_custom=True,
        )
        for root in roots
    )


def _read_entity(path: Path, option_sets: OptionSets) -> _Entity:
    root = read_xml(path)
    info = root.child("EntityInfo").child("entity")
    nodes = info.children("attributes/attribute", "PhysicalName")
    states = {name: node for node in nodes if (name := node.text("LogicalName")) in _STATE_COLUMNS}
    attributes = tuple(
        read_attribute(node, option_sets)
        for node in nodes
        if node.text("LogicalName") not in _SYSTEM_COLUMNS
    )
    named = replace(info, name=info.attribute("Name"))
    return _Entity(named, attributes, states)


def _relationships(
    folder: Path,
) -> tuple[dict[str, dict[str, list[LookupLink]]], list[Intersection]]:
    """Sort relationships into those of each table's lookups and the many-to-many ones."""
    lookups: dict[str, dict[str, list[LookupLink]]] = {}
    intersections = []
    for relation in read_relationships(folder):
        if isinstance(relation, Intersection):
            intersections.append(relation)
        elif relation.column not in _SYSTEM_COLUMNS:
            columns = lookups.setdefault(relation.table, defaultdict(list))
            columns[relation.column].append(relation)
    return lookups, intersections


def _with_entity(
    known: Definitions, entity: _Entity, links: Mapping[str, list[LookupLink]]
) -> Definitions:
    parts = [_part(attribute, links) for attribute in entity.attributes]
    names = {part.column.logical_name for part in parts}
    for column, found in links.items():
        if column not in names:
            raise found[0].node.error(f"there is no column {column} for it in Entities/")
    existing = next((t for t in known.tables if t.logical_name == entity.logical_name), None)
    if existing is not None:
        return _extended(known, existing, parts, tracks_changes=_tracks_changes(entity.info))
    code = FIRST_CUSTOM_TYPE_CODE + sum(table.is_custom for table in known.tables)
    return known + _new_table(entity, parts, code)


def _part(attribute: Attribute, links: Mapping[str, list[LookupLink]]) -> Part:
    column = attribute.column
    if column.type is not ColumnType.LOOKUP:
        return Part(column)
    found: list[Link] = [relation.link for relation in links.get(column.logical_name, [])]
    if not found:
        raise attribute.node.error("the lookup has no relationship under Other/Relationships/")
    return Part(replace(column, targets=tuple(link.target for link in found)), tuple(found))


def _tracks_changes(info: Node) -> bool:
    return info.optional_text("ChangeTrackingEnabled") == "1"


def _extended(
    known: Definitions, table: Table, parts: list[Part], *, tracks_changes: bool
) -> Definitions:
    """Add columns to a table that exists already."""
    added = [
        *parts,
        *(
            part
            for part in money_parts(table.logical_name, tuple(parts))
            if part.column.logical_name not in table.columns
        ),
    ]
    tracking = replace(table, tracks_changes=table.tracks_changes or tracks_changes)
    extended = tracking.with_columns(part.column for part in added)
    tables = tuple(extended if old is table else old for old in known.tables)
    relations = known.one_to_many + relationships_of(table.logical_name, added)
    return replace(known, tables=tables, one_to_many=relations)


def _new_table(entity: _Entity, parts: list[Part], code: int) -> Definitions:
    info = entity.info
    ownership = info.text("OwnershipTypeMask")
    if ownership not in _OWNERSHIPS:
        raise info.error(f"<OwnershipTypeMask> is neither UserOwned nor OrgOwned: {ownership}")
    key = next((p.column for p in parts if p.column.is_primary_id), None)
    name = next((p.column for p in parts if p.column.is_primary_name), None)
    if key is None:
        raise info.error("the table has no column of type primarykey")
    states = read_states(entity.states.get("statecode"), entity.states.get("statuscode"))
    all_parts = with_system_columns(entity.logical_name, _OWNERSHIPS[ownership], states, parts)
    label = info.label("LocalizedNames/LocalizedName") or entity.logical_name
    table = Table(
        logical_name=entity.logical_name,
        schema_name=info.attribute("Name"),
        entity_set_name=info.text("EntitySetName"),
        label=label,
        plural_label=info.label("LocalizedCollectionNames/LocalizedCollectionName") or label,
        primary_id=key.logical_name,
        primary_name=name.logical_name if name else None,
        ownership=_OWNERSHIPS[ownership],
        object_type_code=code,
        keys=_keys(info, {part.column.logical_name for part in all_parts}),
        is_custom=True,
        tracks_changes=_tracks_changes(info),
    ).with_columns(part.column for part in all_parts)
    return Definitions((table,), relationships_of(entity.logical_name, all_parts))


def _keys(info: Node, columns: set[str]) -> tuple[AlternateKey, ...]:
    keys = []
    for node in info.children("EntityKeys/EntityKey"):
        names = tuple(
            (name.element.text or "").strip()
            for name in node.children("EntityKeyAttributes/AttributeName")
        )
        if not names:
            raise node.error("the key has no <AttributeName>")
        for name in names:
            if name not in columns:
                raise node.error(f"there is no column {name} for the key")
        keys.append(AlternateKey(node.text("Name"), names))
    return tuple(keys)


def _intersect(known: Definitions, relation: Intersection) -> Definitions:
    tables = {table.logical_name for table in known.tables}
    for table in relation.tables:
        if table not in tables:
            raise relation.node.error(f"there is no table {table}")
    code = FIRST_CUSTOM_TYPE_CODE + sum(table.is_custom for table in known.tables)
    return define_intersect(
        relation.intersect_table,
        code,
        f"{relation.intersect_table.lower()}set",
        relation.relationship,
        *relation.tables,
        navigations=relation.navigations,
        is_custom=True,
    )


def _check_targets(known: Definitions, folder: Path) -> None:
    tables = {table.logical_name for table in known.tables}
    for relation in known.one_to_many:
        if relation.referenced_table not in tables:
            raise SolutionError(
                folder,
                relation.schema_name,
                f"the relationship points at the table {relation.referenced_table}, which does"
                " not exist",
            )
