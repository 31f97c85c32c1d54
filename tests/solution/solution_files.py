"""A solution folder in SolutionPackager's layout, read into plain values for the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

SOLUTION = Path(__file__).parents[2] / "solution"


@dataclass(frozen=True, slots=True)
class ColumnXml:
    physical_name: str
    logical_name: str
    type: str
    label: str
    description: str
    choice: str | None
    options: dict[int, str]


@dataclass(frozen=True, slots=True)
class TableXml:
    schema_name: str
    entity_set: str | None
    label: str | None
    plural: str | None
    description: str | None
    columns: dict[str, ColumnXml]
    keys: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RelationshipXml:
    name: str
    file: str
    type: str
    values: dict[str, str] = field(default_factory=dict)
    navigations: tuple[str, ...] = ()


def text_of(element: Element, path: str) -> str:
    """The text at `path`, which has to be there."""
    found = element.find(path)
    assert found is not None, f"{element.tag} has no {path}"
    return found.text or ""


def description_at(element: Element, path: str) -> str | None:
    found = element.find(path)
    return None if found is None else found.get("description")


def options_of(element: Element) -> dict[int, str]:
    """Value -> label of a choice, two-option or status column."""
    found = [*element.iter("option"), *element.iter("status")]
    return {
        int(option.attrib["value"]): description_at(option, "labels/label") or ""
        for option in found
    }


def root_of(file: Path) -> Element:
    """The outermost element of a file."""
    root = parse(file).getroot()
    assert root is not None
    return root


@cache
def tables(root: Path = SOLUTION) -> dict[str, TableXml]:
    """Every Entities/*/Entity.xml by logical name."""
    read = [_table(root_of(file)) for file in sorted(root.glob("Entities/*/Entity.xml"))]
    return {table.schema_name.lower(): table for table in read}


def _table(document: Element) -> TableXml:
    entity = document.find("EntityInfo/entity")
    assert entity is not None
    keys = {
        text_of(key, "LogicalName"): tuple(
            name.text or "" for name in key.findall("EntityKeyAttributes/AttributeName")
        )
        for key in entity.findall("EntityKeys/EntityKey")
    }
    columns = [_column(attribute) for attribute in entity.findall("attributes/attribute")]
    entity_set = entity.find("EntitySetName")
    return TableXml(
        schema_name=entity.attrib["Name"],
        entity_set=None if entity_set is None else entity_set.text,
        label=description_at(entity, "LocalizedNames/LocalizedName"),
        plural=description_at(entity, "LocalizedCollectionNames/LocalizedCollectionName"),
        description=description_at(entity, "Descriptions/Description"),
        columns={column.logical_name: column for column in columns},
        keys=keys,
    )


def _column(attribute: Element) -> ColumnXml:
    choice = attribute.find("OptionSetName")
    return ColumnXml(
        physical_name=attribute.attrib["PhysicalName"],
        logical_name=text_of(attribute, "LogicalName"),
        type=text_of(attribute, "Type"),
        label=description_at(attribute, "displaynames/displayname") or "",
        description=description_at(attribute, "Descriptions/Description") or "",
        choice=None if choice is None else choice.text,
        options=options_of(attribute),
    )


@cache
def choices(root: Path = SOLUTION) -> dict[str, dict[int, str]]:
    """Every OptionSets/*.xml: name -> value -> label."""
    documents = [root_of(file) for file in sorted(root.glob("OptionSets/*.xml"))]
    return {document.attrib["Name"]: options_of(document) for document in documents}


@cache
def relationships(root: Path = SOLUTION) -> dict[str, RelationshipXml]:
    """Every relationship in Other/Relationships/*.xml by name."""
    found: dict[str, RelationshipXml] = {}
    for file in sorted(root.glob("Other/Relationships/*.xml")):
        for element in root_of(file).findall("EntityRelationship"):
            relationship = _relationship(element, file.stem)
            assert relationship.name not in found, f"{relationship.name} is there twice"
            found[relationship.name] = relationship
    return found


def _relationship(element: Element, file: str) -> RelationshipXml:
    return RelationshipXml(
        name=element.attrib["Name"],
        file=file,
        type=text_of(element, "EntityRelationshipType"),
        values={child.tag: (child.text or "").strip() for child in element},
        navigations=tuple(
            text_of(role, "NavigationPropertyName")
            for role in element.findall("EntityRelationshipRoles/EntityRelationshipRole")
        ),
    )


def listed_relationships(root: Path = SOLUTION) -> set[str]:
    """The names in the index, Other/Relationships.xml."""
    document = root_of(root / "Other" / "Relationships.xml")
    return {element.attrib["Name"] for element in document.findall("EntityRelationship")}


def root_components(root: Path = SOLUTION) -> list[tuple[int, str, int]]:
    """Type, name and behavior of every RootComponent."""
    manifest = root_of(root / "Other" / "Solution.xml")
    return [
        (int(c.attrib["type"]), c.attrib["schemaName"], int(c.attrib["behavior"]))
        for c in manifest.iter("RootComponent")
    ]


def manifest_text(path: str, root: Path = SOLUTION) -> str:
    """The text at `path` under SolutionManifest."""
    manifest = root_of(root / "Other" / "Solution.xml").find("SolutionManifest")
    assert manifest is not None
    return text_of(manifest, path)
