"""Relationships of an unpacked solution: `Other/Relationships/*.xml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..definitions import Link
from ..metadata import CascadeDelete, CascadeRows, Cascades
from .xml_files import Node, read_xml


@dataclass(frozen=True, slots=True)
class LookupLink:
    """A one-to-many relationship, seen from the lookup that it belongs to."""

    node: Node
    table: str
    column: str
    link: Link


@dataclass(frozen=True, slots=True)
class Intersection:
    """A many-to-many relationship."""

    node: Node
    relationship: str
    intersect_table: str
    tables: tuple[str, str]
    navigations: tuple[str, str]


def read_relationships(folder: Path) -> Iterator[LookupLink | Intersection]:
    """Read the relationships of a solution folder; each must stand in the list of all of them."""
    listing = folder / "Other" / "Relationships.xml"
    if not listing.is_file():
        return
    listed = {node.attribute("Name") for node in _relationships_in(listing)}
    found: set[str] = set()
    for path in sorted((folder / "Other" / "Relationships").glob("*.xml")):
        for node in _relationships_in(path):
            found.add(node.attribute("Name"))
            yield _read(node)
    for name in sorted(listed - found):
        raise read_xml(listing).error(f"the relationship {name} has no file under Relationships/")
    for name in sorted(found - listed):
        raise read_xml(listing).error(f"the relationship {name} is not listed")


def _relationships_in(path: Path) -> list[Node]:
    return read_xml(path).children("EntityRelationship", "Name")


def _read(node: Node) -> LookupLink | Intersection:
    kind = node.text("EntityRelationshipType")
    if kind == "OneToMany":
        return _one_to_many(node)
    if kind == "ManyToMany":
        return _many_to_many(node)
    raise node.error(f"<EntityRelationshipType> is neither OneToMany nor ManyToMany: {kind}")


def _one_to_many(node: Node) -> LookupLink:
    name = node.attribute("Name")
    navigations = _navigations(node, "RelationshipRoleType")
    column = node.text("ReferencingAttributeName")
    cascade = node.text("CascadeDelete")
    if cascade not in list(CascadeDelete):
        raise node.error(f"<CascadeDelete> is unknown: {cascade}")
    link = Link(
        target=node.text("ReferencedEntityName").lower(),
        relationship=name,
        navigation=navigations.get("1", column),
        collection=navigations.get("0", name),
        cascade=CascadeDelete(cascade),
        is_hierarchical=node.flag("IsHierarchical", default=False),
        cascades=_cascades(node),
    )
    return LookupLink(node, node.text("ReferencingEntityName").lower(), column.lower(), link)


def _cascades(node: Node) -> Cascades:
    """Read what else than a deletion goes on to the referencing rows; RemoveLink moves nothing."""
    found = {}
    for action in ("Assign", "Share", "Unshare", "Reparent", "Merge"):
        text = node.optional_text(f"Cascade{action}")
        if text is None or text == CascadeDelete.REMOVE_LINK:
            continue
        if text not in list(CascadeRows):
            raise node.error(f"<Cascade{action}> is unknown: {text}")
        found[action.lower()] = CascadeRows(text)
    return Cascades(**found)


def _many_to_many(node: Node) -> Intersection:
    name = node.attribute("Name")
    navigations = _navigations(node, "AssociationRoleOrdinal")
    return Intersection(
        node,
        relationship=name,
        intersect_table=node.text("IntersectEntityName"),
        tables=(node.text("FirstEntityName").lower(), node.text("SecondEntityName").lower()),
        navigations=(navigations.get("1", name), navigations.get("2", name)),
    )


def _navigations(node: Node, role: str) -> dict[str, str]:
    """Map a role's number to the navigation property that it names."""
    names = {}
    for entry in node.children("EntityRelationshipRoles/EntityRelationshipRole"):
        number, name = entry.optional_text(role), entry.optional_text("NavigationPropertyName")
        if number and name:
            names[number] = name
    return names
